/*
 * What rules are worth: how much better a model knows y* when it is told one rule. hinge-train score gives the
 * log-probability of each token of y* after the prompt, once with the empty think block and once for each rule that the
 * record cites, with that rule alone as the strategy, written as in training. What a rule saves on a record is the
 * difference in nats: over all of y* with the end of the turn, and over the tokens that the record's hinges light (for
 * words only taken out of y0, the token of y* that stands where they stood). Its worth is the mean over the records
 * that cite it, with a 95% interval by Student's t: it helps when that lies above 0, harms below, else it is worthless.
 * Cf. pointwise V-information (Ethayarajh et al., "Understanding Dataset Difficulty with V-Usable Information", 2022).
 */
#ifndef APP_WEIGH_H
#define APP_WEIGH_H

#include "app/eval_parts.h"

/* The job: for eval_run_job, with a request that says weigh. An enum step_end, or -1. */
int weigh_run(struct worker *w, const struct eval_request *q, struct str *said, struct error *err);

/* A record as it is scored, with what is needed to read the answer. */
struct weighed {
    struct stored_record record;
    const char *y0, *y_star; /* borrowed from it */
    struct hinge_span *lit;  /* bytes of y* */
    size_t n_lit;
};
/* -1 and why when it cannot be weighed (no y*, no prompt, no rule with words). weighed_free frees in any case. */
int weighed_load(struct weighed *out, struct store *s, int64_t id, struct error *why);
void weighed_free(struct weighed *w);
/* Appends the line for hinge-train score: branches y*, y* with each rule, y0. Its id is the record's number. */
void weighed_line(struct str *out, const struct weighed *w);
/* Reads what came of it into list (n_rules + 2 of them); *n says how many. detail texts are in arena. */
int weighed_read(const struct weighed *w, int64_t eval, const struct json *answer, struct eval_nats *list, size_t *n,
                 struct arena *arena, struct error *err);

#endif
