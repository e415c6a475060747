/*
 * SQL for the rooms of db/ alone: statements prepared once per connection and found again by their
 * text, values bound by a format, errors turned into messages.
 */
#ifndef DB_SQL_H
#define DB_SQL_H

#include <sqlite3.h>

#include "base/arena.h"
#include "base/str.h"
#include "db/store.h"

enum { STORE_DEPTH = 8 }; /* transactions nest no deeper */

struct store {
    sqlite3 *db;
    char *path;
    bool read_only;
    int depth; /* of nested transactions */
    struct map *statements; /* SQL text -> sqlite3_stmt */
    /* Records that wait for the search index until the outermost commit (texts.h): id to enter, -id
     * when it was taken back since. marks: how many there were where each level began. */
    int64_t *waiting;
    size_t n_waiting, cap_waiting, marks[STORE_DEPTH];
};

/* The statement for sql, reset, with the values bound in order; NULL and err on failure. Borrowed
 * until the store closes. Letters of types: i int64_t, d double, z const char * (NULL gives NULL),
 * s struct slice (at NULL gives NULL), n NULL without an argument. The texts must live until the
 * statement is done. */
sqlite3_stmt *sql(struct store *s, struct error *err, const char *text, const char *types, ...);

/* 1 a row, 0 done (and reset), -1 failed (and reset). */
int sql_step(struct store *s, sqlite3_stmt *st, struct error *err);

/* Runs a statement that gives no rows; *changes (may be NULL) is the number of rows changed. */
int sql_run(struct store *s, struct error *err, const char *text, const char *types, ...);

/* First column of the first row into *out: 1, or 0 when there was no row (or NULL), -1 failed. */
int sql_one(struct store *s, struct error *err, int64_t *out, const char *text, const char *types,
            ...);

/* Columns of the current row. */
struct slice sql_text(sqlite3_stmt *st, int column);          /* borrowed until the next step */
char *sql_strdup(struct arena *a, sqlite3_stmt *st, int column); /* NULL stays NULL */
bool sql_is_null(sqlite3_stmt *st, int column);

/* Writes the last error of the connection as a message: "cannot WHAT: why". Returns -1. */
int sql_fail(struct store *s, struct error *err, const char *what);
/* The same from a result code. */
int sql_fail_code(const char *path, int code, const char *detail, struct error *err);

#endif
