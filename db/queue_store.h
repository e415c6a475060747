/*
 * The queue: slim rows of records under a filter and an order, fetched in windows, so that a list
 * of a million opens as fast as one of ten. No text is read, except where a filter asks for one.
 */
#ifndef DB_QUEUE_STORE_H
#define DB_QUEUE_STORE_H

#include "db/store.h"
#include "domain/state.h"

enum queue_field {
    QUEUE_STATE,  /* values: names of states */
    QUEUE_TASK,   /* values: a task's name; where there is none of it, the beginning of names */
    QUEUE_SCORE,  /* number */
    QUEUE_HINGES, /* number */
    QUEUE_ROUNDS, /* number */
    QUEUE_TEXT,   /* values: words or phrases in prompt, outputs, rationale; "hypert*" begins a word */
    QUEUE_RULE,   /* values: numbers of rules, "none", "any" */
    QUEUE_REVIEWER, /* values: names */
    QUEUE_TAG,      /* values: tags */
    QUEUE_SPLIT,    /* values: train, valid, test, none */
    QUEUE_EVAL,     /* values: numbers of evals, "none", "any": records that went back to the experts from them */
    QUEUE_ID,       /* values: an id in files, or its beginning */
    QUEUE_PICKED /* the ids of queue_store_pick: what a pattern found, or a set of the caller's */
};
enum queue_op { QUEUE_IS, QUEUE_LESS, QUEUE_LESS_IS, QUEUE_MORE, QUEUE_MORE_IS };

struct queue_term { /* values are alternatives; all terms must hold */
    enum queue_field field;
    enum queue_op op;
    bool negated;
    double number;
    const struct slice *values; /* borrowed while the filter is used */
    size_t n_values;
};

enum queue_sort {
    SORT_IMPORT,   /* as the files had them */
    SORT_STATE,
    SORT_SCORE,    /* score as a share of the maximum; records without one last */
    SORT_HINGES,
    SORT_KEY,
    SORT_TASK,
    SORT_DECIDED,  /* latest decision first */
    QUEUE_SORTS
};

struct queue_query {
    const struct queue_term *terms;
    size_t n_terms;
    enum queue_sort sort;
    bool descending;
};

enum { QUEUE_HEADLINE = 160 };

struct queue_row {
    int64_t id;
    char *key, *task;
    char *headline; /* the rule, else the candidate, else the rationale, cut */
    char *reviewer;              /* NULL when undecided */
    char *split;                 /* or NULL */
    enum record_state state;
    bool has_score, has_score_max;
    double score, score_max;
    int n_hinges; /* -1: not counted */
    int n_rounds;
    int64_t decided, rule;
    bool tagged;
};

struct queue_rows {
    struct queue_row *items;
    size_t count;
    void *arena; /* private */
};
void queue_rows_free(struct queue_rows *r);

/* Rows strictly after (or, backward, strictly before) the record from in the query's order, nearest
 * first; from 0 starts at the top (or, backward, at the bottom). out is zero-initialised. from need
 * not fit the filter any more: its place in the order counts. */
int queue_store_window(struct store *s, const struct queue_query *q, int64_t from, bool backward,
                       size_t limit, struct queue_rows *out, struct error *err);
/* The row of one record, whatever the filter; ERR_ABSENT when there is none. */
int queue_store_row(struct store *s, int64_t id, struct queue_rows *out, struct error *err);
/* How many records the filter lets through; no scan when there is no filter or a state alone. */
int queue_store_count(struct store *s, const struct queue_query *q, int64_t *count,
                      struct error *err);
/* How many of them stand before record id: its place in the list. */
int queue_store_rank(struct store *s, const struct queue_query *q, int64_t id, int64_t *rank,
                     struct error *err);
/* The record at a place (0 is the top), for jumps; *id 0 past the end. */
int queue_store_at(struct store *s, const struct queue_query *q, int64_t place, int64_t *id,
                   struct error *err);
/* The next record in one of the states (bits 1 << enum record_state) after from, going round at the
 * end; *id 0 when there is none but from itself. */
int queue_store_next(struct store *s, const struct queue_query *q, int64_t from, unsigned states,
                     int64_t *id, struct error *err);

/* Fills the set behind QUEUE_PICKED, in memory of this connection alone. */
int queue_store_pick(struct store *s, const int64_t *ids, size_t count, struct error *err);
/* The texts of a record for a pattern: prompt, outputs, rationales, rules, one call each, until
 * each returns non-zero, which is returned. */
typedef int queue_text_fn(void *context, struct slice text);
int queue_store_texts(struct store *s, int64_t id, queue_text_fn *each, void *context,
                      struct error *err);

#endif
