/*
 * One expert at one project: opened once by main and passed down to every view and action. Holds the store,
 * who the reviewer is, and since when the record on screen has been looked at.
 */
#ifndef APP_SESSION_H
#define APP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "db/decision_store.h"

struct session;

struct session_options {
    const char *project;  /* path of the database */
    const char *reviewer; /* --reviewer, or NULL: see app/reviewer.h */
    bool read_only;       /* open without writing, even where writing is possible */
};

/* A project that is missing is ERR_ABSENT and the message says how one is made. One that may not be written
 * is opened for reading; session_read_only then says so. NULL and err on failure; session_close frees. */
struct session *session_open(const struct session_options *options, struct error *err);
void session_close(struct session *s); /* NULL is fine */

struct store *session_store(const struct session *s);
const char *session_reviewer(const struct session *s);
int64_t session_reviewer_id(const struct session *s); /* 0 in a read-only project that does not know the name */
const char *session_project(const struct session *s); /* the file's name without folder and ".db" */
bool session_read_only(const struct session *s);

/* The expert begins to look at a record: decisions on it store the time since. Gaps of more than five minutes
 * without session_touch (a key was pressed) do not count as work. */
void session_look_at(struct session *s, int64_t record);
void session_touch(struct session *s);
/* Milliseconds of work on that record since session_look_at; 0 when another one is looked at. */
int64_t session_worked_ms(const struct session *s, int64_t record);

/* For the status bar: see struct pace. Asks the store at most once a second unless something was decided. */
int session_pace(struct session *s, struct pace *out, struct error *err);

#endif
