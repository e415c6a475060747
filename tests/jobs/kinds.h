/* Job kinds for tests: the worker is this very program, called as `PROGRAM work PROJECT ID`. */
#ifndef TESTS_JOBS_KINDS_H
#define TESTS_JOBS_KINDS_H

#include "jobs/jobs.h"

/* "make": gives each record its y0, in options {"ms": how long each takes, "fail": every n-th fails}; "stuck": waits
 * until it must stop; "broken": fails at once. */
extern const struct job_kind test_kinds[];

/* The worker's main where argv asks for it: its exit status, else -1. */
int kinds_main(int argc, char **argv);

#endif
