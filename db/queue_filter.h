/* The SQL of queries over records, built term by term. For the queue alone. */
#ifndef DB_QUEUE_FILTER_H
#define DB_QUEUE_FILTER_H

#include "base/arena.h"
#include "db/queue_store.h"
#include "db/sql.h"

/* A statement under construction: its text and the values for its question marks, in order.
 * Zero-initialise. */
struct query {
    struct str text;
    struct query_value *values;
    size_t count, cap;
    struct arena arena; /* made texts that values point to */
    const char *shy;    /* "+" before a column keeps SQLite from searching by it, "" does not */
};

void query_free(struct query *q);
void query_int(struct query *q, int64_t n);
/* The prepared statement with its values bound; q must live until it is done. */
sqlite3_stmt *query_prepare(struct store *s, const struct query *q, struct error *err);
/* Its first column of its first row; frees q. 1, 0 or -1 as sql_one. */
int query_one(struct store *s, struct query *q, int64_t *out, struct error *err);

enum { QUEUE_PLAN_TERMS = 60 }; /* more are searched by no index */

/* How a list is best read. */
struct queue_plan {
    /* No term picks out few records: the list is read along its order, looking at every record on
     * the way. Otherwise the few are found and sorted. */
    bool walk;
    unsigned long long few; /* bits of the terms that pick out few records */
    bool few_states;        /* so do the states asked for besides */
};

/* A list is read along its order when every term lets through so many records that a page is found
 * soon: a walk looks at PAGE * all / n records for a page, sorting at n. SQLite cannot know n; here
 * it is counted, up to the border between the two. states: more states asked for (bits), 0 for
 * none. */
int queue_plan(struct store *s, const struct queue_query *q, unsigned states,
               struct queue_plan *out, struct error *err);

/* " WHERE ..." with every term; always something, so that a place can follow with AND. plan NULL
 * leaves all to SQLite. */
void query_filter(struct query *q, const struct queue_query *from, const struct queue_plan *plan);

/* The number of a state's name, or -1. */
int queue_state_of(struct slice name);

#endif
