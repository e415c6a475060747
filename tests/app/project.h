/* A small project on disk for the tests of app: real files, the real store. */
#ifndef TESTS_APP_PROJECT_H
#define TESTS_APP_PROJECT_H

#include "app/session.h"

struct project {
    char *dir;
    char path[512];
};

/* Makes a project of n records: "rec-0", ...; every second one has a candidate. */
void project_make(struct project *p, int n);
void project_remove(struct project *p);
/* Opens it as that reviewer; fails the test and returns NULL when it cannot be. */
struct session *project_open(const struct project *p, const char *reviewer);
/* The record's number. */
int64_t project_record(struct session *s, int n);

#endif
