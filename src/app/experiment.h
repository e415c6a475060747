/*
 * Experiments that ship: a whole way from records to figures with one call, through the same doors as people use. All that
 * is made stands in one folder: a project (records, verdicts, rules, decisions, snapshots, evals), its runs, the report
 * and RESULTS.md. Whatever ended it, the same call goes on where it stopped.
 */
#ifndef APP_EXPERIMENT_H
#define APP_EXPERIMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct experiment_size {
    const char *name;            /* "small" */
    const char *about;           /* one line */
    int train, valid, test;      /* visits of each split */
    int seeds;                   /* trainings of each method */
    int first;                   /* examples before the first checkpoint; then twice, four times ... as many */
    int batch, rank;
    const char *alpha, *lr;
    const char *model;           /* under the folder of what hinge brings along; NULL: --model must say */
    int max_new;                 /* tokens of a note, its thinking included */
};
/* Ends with a NULL name; the first one is the default. */
const struct experiment_size *experiment_sizes(void);

struct experiment_row {
    const char *name, *about;
};
/* Ends with a NULL name. */
extern const struct experiment_row experiments[];

struct experiment_request { /* borrowed; NULL and 0: not given */
    const char *name;       /* "scribe" */
    const char *size;       /* of experiment_sizes */
    const char *model;      /* folder or GGUF; else the size's */
    const char *device;     /* auto, cpu, cuda */
    const char *out;        /* the folder; else NAME-SIZE in the one at work */
    const char *endpoint;   /* of the configuration: it writes, mends and distils instead of the recording */
    int seeds;              /* else the size's */
};

/* Told what is being done, for a line on a terminal or in a log: stage ("refine", "rgt-2"), how far (0..1, negative: not
 * known), seconds left (negative: not known) and words. Borrowed for the call. */
struct experiment_news {
    const char *stage;
    double share, seconds_left;
    const char *said;
};
typedef void experiment_news_fn(void *context, const struct experiment_news *news);

/* Does all of it; returns when RESULTS.md is written. results (may be NULL) is set to its path. */
int experiment_run(const struct experiment_request *q, experiment_news_fn *news, void *context, struct str *results,
                   struct error *err);

/* The same as a process of its own that outlives the terminal, with its log in FOLDER/log.txt; folder is set. For views.
 * ERR_CONFLICT while one works in that folder. */
int experiment_start(const struct experiment_request *q, struct str *folder, struct error *err);

/* The scribe's grader as a program (src/experiments/scribe_answer.h): appends the answer. */
int experiment_grade(struct str *out, struct slice question, struct error *err);

/* ROUGE-L against meta.reference as a program (src/experiments/rouge.h): appends the answer. */
int experiment_rouge(struct str *out, struct slice question, struct error *err);

/* What the small model is pre-trained on: count lines of the corpus from that index, by seed; appended. kind: corpus,
 * drill, noise or wide (src/experiments/scribe_corpus.h). */
int experiment_corpus(struct str *out, const char *kind, uint64_t seed, uint64_t from, uint64_t count, struct error *err);

#endif
