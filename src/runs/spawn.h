/* Programs as processes: argv is given as it is, no shell is between. */
#ifndef RUNS_SPAWN_H
#define RUNS_SPAWN_H

#include <sys/types.h>

#include "base/str.h"

struct spawn {
    const char *const *argv; /* ended by NULL; argv[0] is looked for in PATH */
    const char *folder;      /* to work in; NULL: this one */
    struct slice input;      /* for its standard input; empty: /dev/null */
    bool quiet;              /* its standard output is nobody's */
    void (*idle)(void *context); /* called a few times a second while it runs; NULL: none */
    void *idle_context;
};

/* How a process ended: exit status, or the signal that ended it. */
struct spawn_end {
    int exit, signal;
};

/* What a process says on its standard error, line by line, without the line end. */
typedef void spawn_said_fn(void *context, struct slice line);

/* Runs it to its end. out (may be NULL): what it writes to standard output, at most max bytes; more is ERR_LIMIT and ends
 * it. said may be NULL. -1 and err when it could not be run; how it ended is in *end. */
int spawn_run(const struct spawn *s, struct str *out, size_t max, spawn_said_fn *said, void *context, struct spawn_end *end,
              struct error *err);
/* The same for a program that answers on standard output: -1 and its last complaint in err where it ended with anything
 * but 0. what names it in messages. */
int spawn_ask(const struct spawn *s, const char *what, struct str *out, size_t max, struct error *err);

/* A process that goes on beside this one. Its standard error, and its standard output unless quiet, are pipes. */
struct spawn_child {
    pid_t pid;
    int in, out, err; /* -1: none; non-blocking. in: what is to be written to it */
};
int spawn_start(const struct spawn *s, bool wants_input, struct spawn_child *out, struct error *err);
/* Closes the pipes and waits. */
void spawn_wait(struct spawn_child *c, struct spawn_end *end);

#endif
