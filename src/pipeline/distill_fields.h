/* What the template "distill" is filled with. Private to the distilling files of src/pipeline and to step_plan.c. */
#ifndef PIPELINE_DISTILL_FIELDS_H
#define PIPELINE_DISTILL_FIELDS_H

#include "db/rule_store.h"
#include "pipeline/inquiry.h"

/* Read once for a record; the same for every attempt. */
struct distill_matter {
    struct str prompt, rationales, diff, hinges, library;
    const char *y0, *y_star; /* borrowed from the record */
    bool imperfect;          /* there is no y*: y_star is the best round */
};
/* ERR_ABSENT with the reason when the record has nothing to distil from. */
int distill_matter_read(struct distill_matter *m, struct store *s, const struct loop_record *r, struct error *err);
void distill_matter_free(struct distill_matter *m);

/* The candidate before this attempt and why it was refused; empty for the first. */
struct distill_refusal {
    struct str mistake, guardrail, why;
};

struct distill_words {
    struct str system, user, label;
    struct chat_message messages[2];
};
/* attempt: 0, 1, 2. Fills spec but for what is done with the answer; it borrows from words, which the caller frees. */
int distill_question(struct inquiry_spec *spec, struct distill_words *w, const struct prompts *p,
                     const struct endpoint *model, const struct loop_record *r, const struct distill_matter *m,
                     const struct distill_refusal *before, int attempt, struct error *err);
void distill_words_free(struct distill_words *w);

/* Appends a text in which what was taken out stands in [-...-] and what was put in in {+...+}; long stretches that
 * are the same are cut to their ends. */
void distill_diff(struct str *out, struct slice a, struct slice b);

#endif
