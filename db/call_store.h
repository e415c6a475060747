/* Replies that were paid for, under a hash of the whole request: what was asked once is never asked again. */
#ifndef DB_CALL_STORE_H
#define DB_CALL_STORE_H

#include "base/arena.h"
#include "db/store.h"

struct stored_call { /* strings in the arena of whoever reads, borrowed when put; NULL: not known */
    const char *hash, *endpoint, *model; /* model as the server reported it */
    const char *step;        /* generate, grade, refine, distill */
    const char *prompt_hash; /* of the template the question was made from */
    const char *parameters;  /* JSON */
    const char *text;        /* the reply */
    const char *finish;
    int64_t tokens_in, tokens_out, tokens_cached; /* -1: not known */
    double cost;             /* negative: not known */
    int64_t milliseconds, created, job, record;
    int attempts;
};

/* 1 found, 0 not there, -1 failed. */
int call_store_find(struct store *s, const char *hash, struct stored_call *out, struct arena *a, struct error *err);
/* Commits before it returns (unless the caller has begun a transaction). The same hash twice keeps the first. */
int call_store_put(struct store *s, const struct stored_call *c, struct error *err);

struct call_sum {
    int64_t calls, tokens_in, tokens_out, tokens_cached;
    double cost;           /* of the calls whose price is known */
    int64_t without_price; /* calls whose price is not */
};
/* Of one job, or of the project when job is 0. */
int call_store_sum(struct store *s, int64_t job, struct call_sum *out, struct error *err);
/* The mean tokens of a step's latest thousand calls to an endpoint, for estimates: calls 0 when there are none. */
int call_store_mean(struct store *s, const char *step, const char *endpoint, struct call_sum *out, struct error *err);

#endif
