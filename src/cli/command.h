/*
 * A subcommand is a row in the table of commands.c; `hinge help`, the man page and the shell
 * completions are printed from the same rows, so there is one list for one fact.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Exit codes of every command. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* One option. arg NULL makes it a flag; otherwise arg is the word shown in help ("FILE", or
 * "human|json", whose alternatives are checked and completed). */
struct option_spec {
    const char *name; /* without the dashes */
    char letter;      /* short form, 0 for none */
    const char *arg;
    const char *help;
};

struct invocation;

struct command {
    const char *name;
    const char *args;    /* "DB FILE..." as shown in the synopsis */
    const char *summary; /* one line, no full stop; "" keeps it out of help, manual and completions */
    const char *details; /* paragraphs for help and the man page; "" for none */
    const struct option_spec *options; /* ends with a NULL name; NULL for none */
    int min_args, max_args;            /* positional; max -1 for any number */
    int (*run)(struct invocation *inv);
};

/* What a command's run function asks about its command line. All strings are borrowed. */
const char *inv_command(const struct invocation *inv);             /* the command's name */
int inv_count(const struct invocation *inv);                       /* positional arguments */
const char *inv_arg(const struct invocation *inv, int i);          /* NULL past the end */
bool inv_flag(const struct invocation *inv, const char *name);
const char *inv_option(const struct invocation *inv, const char *name, const char *fallback);
/* Value of a numeric option in [min, max]; a bad one is reported and makes *ok false. */
long inv_number(const struct invocation *inv, const char *name, long fallback, long min, long max,
                bool *ok);

/* Reports on standard error as "hinge COMMAND: text" (control characters made visible) and returns
 * EXIT_FAILED, or EXIT_USAGE when err->code is ERR_USAGE: `return inv_fail(inv, &err);` */
int inv_fail(const struct invocation *inv, const struct error *err);
/* The same for a message made here. */
int inv_usage(const struct invocation *inv, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Parses argv[1..] against the row and runs it: options may stand anywhere before "--". */
int command_run(const struct command *command, int argc, char **argv);

#endif
