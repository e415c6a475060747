/* The command line of hinge-train: one table of options a command, checked before anything runs. */
#ifndef TRAINER_RUN_OPTIONS_H
#define TRAINER_RUN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { OPTIONS_MAX = 40 };

struct option_spec {
    const char *name;     /* without dashes */
    const char *arg;      /* word for the help; "a|b" is checked ("a|N": or a whole number); NULL: a flag */
    const char *fallback; /* value when absent; NULL: none */
    const char *help;
};

struct options {
    const struct option_spec *specs; /* ends with a NULL name */
    const char *values[OPTIONS_MAX]; /* by spec; "yes" for a given flag */
    const char *args[2];             /* what is no option */
    int arg_count;
};

/* Reads argv[1..]; values are borrowed from argv. ERR_USAGE on failure. */
int options_parse(const struct option_spec *specs, int argc, char **argv, int max_args,
                  struct options *out, struct error *err);
/* The option of specs that is likely meant by a word of len bytes that is none of them; NULL: no guess. */
const char *option_hint(const struct option_spec *specs, const char *word, size_t len);
const char *option(const struct options *o, const char *name); /* NULL when absent */
bool option_flag(const struct options *o, const char *name);
/* ERR_USAGE when absent. */
int option_need(const struct options *o, const char *name, struct error *err);
int option_int(const struct options *o, const char *name, long min, long max, int *out, struct error *err);
int option_real(const struct options *o, const char *name, double min, double max, double *out,
                struct error *err);
/* One line an option on standard output. */
void options_help(const struct option_spec *specs);

#endif
