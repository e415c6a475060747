/* The question of refine, for asking it and for estimating it. Private to src/pipeline/step*.c. */
#ifndef PIPELINE_STEP_REFINE_H
#define PIPELINE_STEP_REFINE_H

#include "pipeline/inquiry.h"

struct refine_round { /* y_k with its verdict; strings borrowed */
    int64_t output;
    int round;
    const char *text, *rationale;
    bool graded;
    double score, score_max, normalised;
};

struct refine_words {
    struct str system, user, label;
    struct chat_message messages[2];
};
/* Asks for the round after the last of those given (n > 0). Fills spec but for what is done with the answer; it
 * borrows from words, which the caller frees. */
int refine_question(struct inquiry_spec *spec, struct refine_words *w, const struct prompts *p,
                    const struct step_settings *o, const struct loop_record *r, const struct refine_round *rounds,
                    size_t n, int last_round, struct error *err);
void refine_words_free(struct refine_words *w);

/* y0 and the rounds there are, in order; the caller frees with mem_free. */
struct refine_round *refine_rounds(const struct loop_record *r, size_t *n);

/* Appends "- y0 (2 of 6): RATIONALE" for each round that has one. */
void refine_history(struct str *out, const struct refine_round *rounds, size_t n);

#endif
