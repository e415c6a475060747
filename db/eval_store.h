/*
 * Evals: a model (a checkpoint of a run, a base model, an endpoint) on held-out records, what came out and what the
 * graders said of it; beside them, what each rule is worth in log-probability and on how many records its mistake
 * still happens. Scores are "normalised" to 0..1 on the grader's scale; raw ones are kept beside them.
 */
#ifndef DB_EVAL_STORE_H
#define DB_EVAL_STORE_H

#include "base/arena.h"
#include "db/record_store.h"

enum eval_kind {
    EVAL_OUTPUTS, /* outputs generated and graded */
    EVAL_NATS     /* log-probabilities of y* with and without rules: what rules are worth */
};
enum eval_state {
    EVAL_WAITING, /* no worker is at it yet */
    EVAL_RUNNING, /* its job has a living lease */
    EVAL_STOPPED, /* its job paused, failed, was cancelled or lost: it can go on */
    EVAL_DONE,
    EVAL_STATES
};
const char *eval_state_name(enum eval_state state); /* "waiting", ... */

struct eval { /* strings in the list's arena; NULL and 0: not known, unless said otherwise */
    int64_t id;
    enum eval_kind kind;
    enum eval_state state; /* told by its job; never stored */
    const char *identity;  /* hash of all that decides the results */
    const char *name;      /* "rgt-1 step 40 think" */
    const char *run_uuid, *run_name, *run_folder, *method; /* NULL: of no run */
    int64_t step;          /* -1: no checkpoint */
    int64_t examples;      /* that training had seen by that step; -1: not known */
    int64_t seed;          /* of the training; -1: not known */
    const char *base_model, *adapter, *adapter_hash, *endpoint;
    bool think;
    const char *split;
    const char *graders;   /* JSON: [{"name", "task", "hash"}] */
    int64_t max_tokens;
    const char *sampling;  /* JSON: temperature, top_p, seed; "{}" takes the likeliest token */
    const char *snapshot;  /* of training */
    int64_t planned, refused; /* records to do; left out because training had seen them */
    int64_t created, finished; /* ms; 0: not yet */
    int64_t job;           /* 0: none */
    const char *said;      /* the job's last word, "" */
    /* Of its items (kind EVAL_OUTPUTS): */
    int64_t n;             /* with a score */
    int64_t failed;        /* without one: the fault is in the item */
    int64_t perfect;       /* with the top score */
    double mean, spread;   /* of normalised scores, standard deviation of the sample; 0 where n is 0 */
    int64_t tokens_out;
};
struct evals {
    struct eval *items;
    size_t count;
    struct arena arena;
};
void evals_free(struct evals *e);

/* --- making and filling; each call is one transaction --- */

/* Finds the eval of that identity, or makes it from e (identity, kind, name ... snapshot; the rest is ignored).
 * *made (may be NULL): it is new. */
int eval_store_put(struct store *s, const struct eval *e, int64_t *id, bool *made, struct error *err);
/* 1 found, 0 not, -1 failed. */
int eval_store_find(struct store *s, const char *identity, int64_t *id, struct error *err);
/* A job takes it up: it tells the state from now on; planned is at least what it has results of; finished is taken
 * back. */
int eval_store_begin(struct store *s, int64_t eval, int64_t job, int64_t planned, struct error *err);
int eval_store_finish(struct store *s, int64_t eval, struct error *err);
/* Takes an eval with all that hangs on it out of the project (records that went back to experts stay).
 * ERR_CONFLICT while its job is unfinished. */
int eval_store_delete(struct store *s, int64_t eval, struct error *err);

struct eval_item { /* strings in the arena of whoever reads; borrowed when put */
    int64_t eval, record;
    int revision;          /* of the record; put 0: its current one */
    const char *key, *task; /* of the record; ignored when put */
    bool has_score;
    double score, score_max, normalised;
    const char *fault;     /* NULL: it has a score */
    int64_t tokens_in, tokens_out, milliseconds, created;
    const char *call;      /* hash of the call that made the output */
    /* Texts: read by eval_store_item alone. */
    const char *output, *thought, *rationale;
    const struct record_span *spans; /* code points of the output */
    size_t n_spans;
    const char *parts;     /* JSON: [{"grader","score","score_max","normalised","rationale","fault"}] */
};
struct eval_items {
    struct eval_item *items;
    size_t count;
    struct arena arena;
};
void eval_items_free(struct eval_items *e);
/* One record's result; one that was there is replaced (a retried failure). */
int eval_store_put_item(struct store *s, const struct eval_item *item, struct error *err);
/* Thins the array to the records that have no score there yet, in their order; *n says how many. */
int eval_store_missing(struct store *s, int64_t eval, int64_t *records, size_t *n, struct error *err);

struct eval_refusal { /* borrowed for the call */
    int64_t record;
    const char *key, *twin; /* the record's id; the training example's */
    double likeness;        /* 1: the same prompt */
};
int eval_store_put_refused(struct store *s, int64_t eval, const struct eval_refusal *list, size_t n,
                           struct error *err);
typedef int eval_refusal_fn(void *context, const struct eval_refusal *r); /* non-zero stops and is returned */
int eval_store_refused(struct store *s, int64_t eval, eval_refusal_fn *each, void *context, struct error *err);

/* --- reading; callbacks that return non-zero stop, and that is returned --- */

struct eval_filter {
    bool any_kind;          /* else kind alone */
    enum eval_kind kind;
    const char *run_uuid;   /* NULL: all */
    const char *split;      /* NULL: all */
    int64_t job;            /* 0: all */
};
/* Newest first. out is zero-initialised. */
int eval_store_list(struct store *s, const struct eval_filter *f, struct evals *out, struct error *err);
int eval_store_get(struct store *s, int64_t id, struct evals *out, struct error *err); /* ERR_ABSENT */
/* A run's learning curve: its evals of outputs that have scores, by think, then step. The base model (step 0) is in
 * it where one was evaluated with the same split and think setting. out is zero-initialised. */
int eval_store_curve(struct store *s, const char *run_uuid, struct evals *out, struct error *err);

struct eval_mean { /* of one task, or of all where task is NULL; borrowed for the call */
    const char *task;      /* "" where the records have none */
    int64_t n, failed, perfect;
    double mean, spread;
};
typedef int eval_mean_fn(void *context, const struct eval_mean *m);
/* First all together, then task by task in the order of their names. */
int eval_store_means(struct store *s, int64_t eval, eval_mean_fn *each, void *context, struct error *err);

enum eval_order {
    EVAL_BY_SCORE, /* the worst first; failed ones before all */
    EVAL_BY_KEY,
    EVAL_BY_RECORD, /* as records were imported */
    EVAL_ORDERS
};
struct eval_page {
    enum eval_order order;
    bool descending;
    const char *task;      /* NULL: all; "": those without */
    bool failures;         /* below the top score, or without one */
    size_t offset, limit;  /* limit 0: all */
};
/* Rows without texts. out is zero-initialised; *total (may be NULL): how many there are in all pages. */
int eval_store_items(struct store *s, int64_t eval, const struct eval_page *page, struct eval_items *out,
                     int64_t *total, struct error *err);
/* One result with its texts in out->items[0]; ERR_ABSENT when that record has none. */
int eval_store_item(struct store *s, int64_t eval, int64_t record, struct eval_items *out, struct error *err);

/* Two evals on the records that both have a score for. */
enum eval_change { EVAL_REGRESSED, EVAL_FIXED, EVAL_SAME, EVAL_CHANGES }; /* b below a, above a, equal */
const char *eval_change_name(enum eval_change c); /* "regressed", "fixed", "same" */
struct eval_pair {
    int64_t record;
    const char *key, *task; /* borrowed for the call */
    double a, b;            /* normalised */
    enum eval_change change;
};
typedef int eval_pair_fn(void *context, const struct eval_pair *p);
/* Regressions (the largest first), then fixes (the largest first), then what is the same; only: bits 1 << enum
 * eval_change, 0 for all. */
int eval_store_pairs(struct store *s, int64_t a, int64_t b, unsigned only, eval_pair_fn *each, void *context,
                     struct error *err);
struct eval_comparison {
    int64_t pairs, by_change[EVAL_CHANGES];
    int64_t only_a, only_b; /* records with a score in one alone */
    double mean_a, mean_b;  /* over the pairs */
    double difference, spread; /* mean of b - a and the standard deviation of a pair's */
};
int eval_store_compare(struct store *s, int64_t a, int64_t b, struct eval_comparison *out, struct error *err);

/* Every score of an eval in order of records, for statistics: *records (ids), *scores (normalised) and *tasks (number
 * of the task, 0 for none; may be NULL) have *n entries and are freed by the caller with mem_free. */
int eval_store_scores(struct store *s, int64_t eval, int64_t **records, double **scores, int64_t **tasks, size_t *n,
                      struct error *err);
/* The other evals that have this record, newest first, for "what did others make of it". */
int eval_store_of_record(struct store *s, int64_t record, struct eval_items *out, struct error *err);

/* --- what rules are worth --- */

enum { NATS_PLAIN = 0, NATS_Y0 = -1 };
struct eval_nats { /* one text scored once */
    int64_t eval, record, rule; /* y* with that rule as strategy; NATS_PLAIN: y* without one; NATS_Y0: y0 without one */
    int64_t tokens, hinge_tokens;
    double nats, hinge_nats;    /* minus log-probability: of all tokens, of those in hinges */
    double entropy;             /* mean over tokens */
    const char *detail;         /* JSON: [[from, to, nats, entropy], ...], bytes of the text; NULL with a rule */
};
int eval_store_put_nats(struct store *s, const struct eval_nats *list, size_t n, struct error *err);
/* The newest detail of a record's y* (NATS_PLAIN) or y0 (NATS_Y0): appends, 1 found, 0 none, -1 failed. */
int eval_store_detail(struct store *s, int64_t record, int64_t which, struct str *out, struct error *err);
/* Thins the array to the records that are not scored there with every rule they cite now; *n says how many. */
int eval_store_unscored(struct store *s, int64_t eval, int64_t *records, size_t *n, struct error *err);
struct nats_saved { /* what one rule saved on one record, against no strategy */
    int64_t rule, record;
    double total, at_hinges; /* elsewhere: the rest */
};
typedef int nats_saved_fn(void *context, const struct nats_saved *n); /* by rule, then record */
int eval_store_saved(struct store *s, int64_t eval, nats_saved_fn *each, void *context, struct error *err);

enum worth_verdict {
    WORTH_UNKNOWN,   /* fewer than WORTH_RECORDS records: nothing can be said */
    WORTH_HELPS,     /* the interval lies above 0 */
    WORTH_NOTHING,   /* the interval covers 0 */
    WORTH_HARMS,     /* the interval lies below 0 */
    WORTH_VERDICTS
};
enum { WORTH_RECORDS = 3, WORTH_WIDE = 1000000 };
const char *worth_verdict_name(enum worth_verdict v); /* "unknown", "helps", "worthless", "harmful" */
struct rule_worth {
    int64_t rule, eval, records;
    double total, at_hinges, elsewhere; /* nats a record saved on y*, means */
    double spread, low, high;           /* of total: standard deviation over records, 95% interval of the mean
                                         * (below WORTH_RECORDS records it is as wide as WORTH_WIDE) */
    enum worth_verdict verdict;
    const char *model;                  /* the eval's name; borrowed for the call */
};
/* Replaces what the eval says of rules; model and verdict are ignored. */
int eval_store_put_worth(struct store *s, int64_t eval, const struct rule_worth *list, size_t n, struct error *err);
typedef int rule_worth_fn(void *context, const struct rule_worth *w);
/* eval 0: each rule by the newest eval that weighed it. The most valuable first. */
int eval_store_worth(struct store *s, int64_t eval, rule_worth_fn *each, void *context, struct error *err);
/* One rule by its newest eval: 1 found, 0 none, -1 failed. model is NULL. */
int eval_store_worth_of(struct store *s, int64_t rule, struct rule_worth *out, struct error *err);

/* --- rules still broken --- */

struct rule_mark { /* one record of an eval shows the rule's mistake */
    int64_t rule, record;
    double likeness; /* 0..1, how sure: app/broken.h says how it is told */
};
/* Replaces all marks of an eval. */
int eval_store_put_broken(struct store *s, int64_t eval, const struct rule_mark *list, size_t n, struct error *err);

struct rule_broken {
    int64_t rule, eval;
    int64_t broken, of;     /* records: with the mistake, with a score */
    const char *name;       /* the eval's; borrowed for the call */
    const char *run_uuid;   /* or NULL */
    int64_t step;
    bool think;
};
typedef int rule_broken_fn(void *context, const struct rule_broken *b);
/* rule 0: all rules that have marks; eval 0: all evals. By rule, then newest eval first. An eval that was looked
 * through and shows none of a rule gives a row with broken 0 when rule is asked for. */
int eval_store_broken(struct store *s, int64_t rule, int64_t eval, rule_broken_fn *each, void *context,
                      struct error *err);
/* The records of an eval on which a rule's mistake still happens, the surest first; rule 0: for one record (not 0), the
 * rules it breaks. */
typedef int rule_mark_fn(void *context, const struct rule_mark *m);
int eval_store_marks(struct store *s, int64_t eval, int64_t rule, int64_t record, rule_mark_fn *each, void *context,
                     struct error *err);

/* --- back to the experts --- */

/* Notes that a failure became a record of its own; the same again is an ERR_CONFLICT. */
int eval_store_put_return(struct store *s, int64_t eval, int64_t record, int64_t returned, struct error *err);
/* The record it became: 1 found, 0 not, -1. */
int eval_store_returned(struct store *s, int64_t eval, int64_t record, int64_t *returned, struct error *err);
/* What a returned record was: 1 and eval and record, 0 it is none, -1. */
int eval_store_origin(struct store *s, int64_t returned, int64_t *eval, int64_t *record, struct error *err);
/* How many of an eval's failures went back, and how many of those are decided. */
int eval_store_returns(struct store *s, int64_t eval, int64_t *returned, int64_t *decided, struct error *err);

#endif
