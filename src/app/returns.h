/*
 * Back to the experts: what a model still gets wrong becomes a record of its own in the review queue. Its prompt and y*
 * are the held-out record's, its y0 is what the model wrote, under the model's name, with the grader's score
 * and rationale. It is of no split: what experts make of it is trained on, and from then on the record it came from is
 * refused by evals as seen.
 */
#ifndef APP_RETURNS_H
#define APP_RETURNS_H

#include "app/actions.h"

/* Sends n records of an eval, one transaction. Those that were sent before, failed without an output or have the top
 * score are left out and counted in out->said; out->record is the first new record, out->records how many there are.
 * out may be NULL. ERR_ABSENT when none could be sent: err says why. */
int returns_send(struct session *s, int64_t eval, const int64_t *records, size_t n, struct outcome *out,
                 struct error *err);

/* Where a record came from: "rgt-1 step 40 on ed-0143". 1 and out appended, 0 when it came from no eval, -1. */
int returns_origin(struct store *s, int64_t record, struct str *out, int64_t *eval, int64_t *original,
                   struct error *err);

#endif
