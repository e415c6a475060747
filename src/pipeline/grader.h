/* What gives verdicts: a model with a rubric, patterns, or a program; and how several of them combine. */
#ifndef PIPELINE_GRADER_H
#define PIPELINE_GRADER_H

#include "domain/record.h"
#include "llm/endpoint.h"
#include "text/pattern.h"

enum grader_kind { GRADER_LLM, GRADER_PATTERNS, GRADER_PROGRAM };

struct grader { /* as configured; strings borrowed */
    const char *name;
    enum grader_kind kind;
    double scale_min, scale_max;    /* 0..6, 1..5; normalised = (score - min) / (max - min) */
    double weight;                  /* in "mean" */
    const struct endpoint *model;   /* llm */
    const char *rubric;             /* llm: its text */
    int samples;                    /* llm: answers; the median counts, the spread is kept */
    const char *patterns_path;      /* patterns: the file, see grader_patterns.h */
    const char *const *program;     /* program: argv, ends with NULL; no shell */
    double seconds;                 /* program: time limit */
    int64_t memory;                 /* program: bytes of address space */
};

/* mean: weighted mean of the normalised scores; min: the strictest; first: the first that is not perfect. Rationales
 * are joined in order, spans united. The combined score is normalised x the first grader's scale. */
enum combine { COMBINE_MEAN, COMBINE_MIN, COMBINE_FIRST };
struct task_graders {
    const char *task; /* NULL: every task without a row of its own */
    const struct grader *const *graders;
    size_t n;
    enum combine combine;
};
const struct task_graders *task_graders_find(const struct task_graders *list, size_t n, const char *task);

#endif
