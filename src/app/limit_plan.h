/*
 * A limit as the store can use it. Everything but patterns becomes terms of a query at once; patterns are
 * looked for record by record in small steps, so that the screen stays alive while a million records are read:
 * what was found so far is shown, and the list grows until the plan is done.
 */
#ifndef APP_LIMIT_PLAN_H
#define APP_LIMIT_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "app/limit.h"
#include "app/session.h"
#include "db/queue_store.h"

struct limit_plan;

/* Reads text and makes its plan; empty text lets everything through. Only the newest plan of a session may be
 * used: its patterns' finds are kept in one set of the connection. On failure NULL, err says why and
 * *error_at (may be NULL) where. */
struct limit_plan *limit_plan_new(struct session *s, struct slice text, enum queue_sort sort, bool descending,
                                  size_t *error_at, struct error *err);
void limit_plan_free(struct limit_plan *p); /* NULL is fine */

/* The query for the queue store; borrowed from the plan. */
const struct queue_query *limit_plan_query(const struct limit_plan *p);
/* Another order, the same limit. */
void limit_plan_sort(struct limit_plan *p, enum queue_sort sort, bool descending);
struct slice limit_plan_text(const struct limit_plan *p); /* trimmed; empty: no limit */

/* True while patterns are not looked for everywhere yet. */
bool limit_plan_searching(const struct limit_plan *p);
struct limit_progress {
    int64_t looked_at, of, found;
    int64_t gave_up; /* records whose text was too much for the pattern: not shown, but counted */
};
struct limit_progress limit_plan_progress(const struct limit_plan *p);
/* Looks through the next records, at most `records` of them. 0, or -1 and err. When *grew, what the query gives
 * has changed. */
int limit_plan_step(struct limit_plan *p, size_t records, bool *grew, struct error *err);

#endif
