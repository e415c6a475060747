/*
 * Other people's programs, run beside the work: bytes in on standard input, bytes out on standard output, each in a
 * process group of its own under limits of time, memory and output, a few at once. No shell, no inherited descriptor,
 * an environment of harmless names alone (PATH, HOME, LANG ...: no key gets there). Nothing here blocks.
 *
 * The group is killed when its leader ends or breaks a limit, so that what a program leaves running does not live
 * on. One that starts a session of its own is beyond that reach.
 */
#ifndef PIPELINE_PROGRAMS_H
#define PIPELINE_PROGRAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct pollfd;
struct programs; /* programs_close kills what still runs */

enum { PROGRAM_OUTPUT_MAX = 1024 * 1024, PROGRAM_SAID_MAX = 200 };

/* At most at_once run at the same time (0: one a processor), the others wait. SIGPIPE is ignored until programs_close. */
struct programs *programs_open(size_t at_once);
void programs_close(struct programs *p); /* NULL is fine */

struct program { /* borrowed for the call */
    const char *const *argv; /* argv[0] is a path, or looked for in PATH */
    double seconds;          /* of its whole life; 0: 60 */
    int64_t memory;          /* bytes of address space; 0: no limit */
};
/* Queues a run; input is copied. */
void programs_start(struct programs *p, const struct program *what, struct slice input, void *owner);

struct program_end { /* program_end_free */
    void *owner;
    bool fine;          /* ended by itself with status 0 and within all limits */
    struct error error; /* why not, when not: never holds what the program printed */
    struct str output;
    struct str said;    /* start of what it wrote to standard error, on one line: may hold patient text */
};
void program_end_free(struct program_end *e);

/* For poll: at most programs_fds_max of them; the longest time to wait (ms; -1: no limit). */
size_t programs_fds_max(const struct programs *p);
size_t programs_fds(const struct programs *p, struct pollfd *fds);
int programs_timeout(const struct programs *p);
/* Moves bytes, ends who must end, starts who may start. */
void programs_step(struct programs *p);
/* Kills and forgets all, calling gone for each owner. */
void programs_forget(struct programs *p, void (*gone)(void *owner));
bool programs_next(struct programs *p, struct program_end *out);
size_t programs_running(const struct programs *p); /* and waiting, and ended but not given out */

#endif
