/* A project in a folder of its own, with records made up by number. */
#ifndef TESTS_DB_FIXTURE_H
#define TESTS_DB_FIXTURE_H

#include "db/record_store.h"
#include "db/store.h"

struct fixture {
    char *dir;
    char *path; /* of the project */
    struct store *s;
    int64_t alice, bob;
};

void fixture_open(struct fixture *f); /* an empty project with two reviewers */
void fixture_close(struct fixture *f);

/* Puts the record "rN": task t(N % 3), score N % 7 of 6, a candidate where N is even. */
int64_t fixture_record(struct fixture *f, int n);
/* The record of a JSON line. */
int64_t fixture_put(struct fixture *f, const char *line, enum record_put *what);
/* Runs SQL past the stores. 0, or the primary code of SQLite, with its message in a static
 * buffer. */
int fixture_sql(struct store *s, const char *sql);
const char *fixture_said(void);
/* First column of the first row, -999 when there is none. */
int64_t fixture_number(struct store *s, const char *sql);
/* How many faults store_check finds; with report NULL they are printed, as none is expected. */
size_t fixture_faults(struct store *s, struct str *report);

#endif
