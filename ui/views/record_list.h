/*
 * The rows of the queue around its cursor: a buffer over the store's windows, fetched anew when the cursor comes
 * near its end, so that a list of a million records costs what its screen shows.
 *
 * Invariants: rows are contiguous in the query's order; cursor < count unless the list is empty; the place of
 * row i in the whole list is first_place + i.
 */
#ifndef UI_VIEWS_RECORD_LIST_H
#define UI_VIEWS_RECORD_LIST_H

#include "base/error.h"
#include "db/queue_store.h"

enum {
    LIST_REACH = 160,  /* rows kept on each side of the cursor */
    LIST_LONG = 20000, /* a limited list of more is counted when it is opened, not after every decision */
};

/* Zero-initialise; free with record_list_free. */
struct record_list {
    struct store *store;
    const struct queue_query *query; /* borrowed; the owner keeps it alive */
    struct queue_row **rows;         /* borrowed from the fetches below, in order */
    size_t count, cap;
    struct queue_rows before, after;
    size_t cursor;
    int64_t first_place, total;
    bool at_top, at_bottom; /* nothing before the first row, or after the last */
};

void record_list_free(struct record_list *l);

/* Shows query from its top. */
int record_list_open(struct record_list *l, struct store *store, const struct queue_query *query,
                     struct error *err);
/* Reads the rows again: the cursor stays on its record, or where that is gone, on the one after it. In a long
 * list the total then follows what is seen to change; it is exact again when the list is opened. */
int record_list_refresh(struct record_list *l, struct error *err);
/* Puts the cursor on a record, or on the one that stands after where it would be. */
int record_list_go(struct record_list *l, int64_t record, struct error *err);
/* Moves the cursor; stops at the ends. */
int record_list_move(struct record_list *l, long steps, struct error *err);
int record_list_first(struct record_list *l, struct error *err);
int record_list_last(struct record_list *l, struct error *err);

/* The row under the cursor, NULL when the list is empty. */
struct queue_row *record_list_here(const struct record_list *l);
/* Place of the cursor in the list from 0. */
int64_t record_list_place(const struct record_list *l);

#endif
