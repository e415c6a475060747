/* A CUnit program in one table: name and function, run in order, exit status 1 on any failure. */
#ifndef SUPPORT_SUITE_H
#define SUPPORT_SUITE_H

#include <CUnit/CUnit.h>
#include <stddef.h>

struct test {
    const char *name;
    void (*run)(void);
};

/* Runs tests (ended by a NULL name) as one suite and returns main's exit status. A test whose name
 * holds argv[1], where given, runs alone. */
int suite_run(const char *suite, const struct test *tests, int argc, char **argv);

#endif
