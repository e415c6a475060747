/* Having one output graded by all graders of its task: verdicts stored, the one that counts handed on. */
#ifndef PIPELINE_GRADING_H
#define PIPELINE_GRADING_H

#include "pipeline/inquiry.h"
#include "pipeline/verdict.h"

struct graded_part { /* what one of the graders said; borrowed for the call */
    const char *grader;
    const struct verdict *verdict;
};

struct grading_spec {
    int64_t output; /* that the verdicts are stored with; 0: they are not stored, but given to kept */
    const char *text, *name; /* of the output; copied */
    size_t index;            /* given back */
    /* total is stored already; NULL when no verdict could be had, and fault says why. Called in the transaction that
     * stores the verdicts. */
    int (*graded)(struct flow *f, size_t index, const struct verdict *total, const char *fault, struct error *err);
    /* Without an output, instead of graded: the same, and what each grader that was asked said. */
    int (*kept)(struct flow *f, const struct verdict *total, const char *fault, const struct graded_part *parts, size_t n,
                struct error *err);
};

int grading_start(struct flow *f, const struct grading_spec *spec, struct error *err);
/* The graders of a record, or NULL and why there are none. */
const struct task_graders *grading_of(const struct step_settings *o, const struct loop_record *r, struct error *why);

/* For the run: a program has ended whose owner is a grading's. */
int grading_program(void *owner, const struct program_end *end, struct error *err);
struct flow *grading_program_flow(void *owner);
void grading_program_free(void *owner);

/* The question to a grader that is a model, for an answer's number: fills spec but for what is done with it. The words
 * are in system and user, which the caller frees. */
struct grade_words {
    struct str system, user, label;
    struct chat_message messages[2];
};
int grade_question(struct inquiry_spec *spec, struct grade_words *words, const struct prompts *p,
                   const struct grader *g, const struct loop_record *r, const char *name, const char *text,
                   int sample, struct error *err);
void grade_words_free(struct grade_words *w);

#endif
