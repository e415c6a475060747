#include "cli/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct given {
    const struct option_spec *spec;
    const char *value;
};

struct invocation {
    const struct command *command;
    const char **args;
    int n_args;
    struct given *given;
    int n_given;
};

/* An argument may hold anything, a terminal escape included: what is echoed is made harmless. Further lines of a
 * message (faults of a configuration) are set in, so that none can pass for another message. */
static void complain(const struct command *c, const char *text)
{
    fprintf(stderr, "hinge %s: ", c->name);
    for (; *text; text++) {
        if (*text == '\n')
            fputs("\n  ", stderr);
        else
            fputc((unsigned char)*text < 0x20 || *text == 0x7F ? '?' : *text, stderr);
    }
    fputc('\n', stderr);
}

int inv_fail(const struct invocation *inv, const struct error *err)
{
    complain(inv->command, err->text);
    return err->code == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

int inv_usage(const struct invocation *inv, const char *fmt, ...)
{
    struct str text = {0};
    va_list args;
    va_start(args, fmt);
    str_vaddf(&text, fmt, args);
    va_end(args);
    str_addf(&text, "; 'hinge help %s' shows how it is used", inv->command->name);
    complain(inv->command, str_z(&text));
    str_free(&text);
    return EXIT_USAGE;
}

const char *inv_command(const struct invocation *inv)
{
    return inv->command->name;
}

int inv_count(const struct invocation *inv)
{
    return inv->n_args;
}

const char *inv_arg(const struct invocation *inv, int i)
{
    return i < inv->n_args ? inv->args[i] : NULL;
}

static const struct given *find(const struct invocation *inv, const char *name)
{
    for (int i = inv->n_given - 1; i >= 0; i--) /* the last one given counts */
        if (strcmp(inv->given[i].spec->name, name) == 0)
            return &inv->given[i];
    return NULL;
}

bool inv_flag(const struct invocation *inv, const char *name)
{
    return find(inv, name) != NULL;
}

const char *inv_option(const struct invocation *inv, const char *name, const char *fallback)
{
    const struct given *g = find(inv, name);
    return g ? g->value : fallback;
}

long inv_number(const struct invocation *inv, const char *name, long fallback, long min, long max,
                bool *ok)
{
    const char *text = inv_option(inv, name, NULL);
    if (!text)
        return fallback;
    char *end;
    long value = strtol(text, &end, 10);
    if (end != text && !*end && value >= min && value <= max)
        return value;
    inv_usage(inv, "--%s takes a whole number from %ld to %ld, not '%s'", name, min, max, text);
    *ok = false;
    return fallback;
}

/* The option that word ("--name", "--name=value" or "-x") names; *value is what follows '='. */
static const struct option_spec *match(const struct option_spec *o, const char *word,
                                       const char **value)
{
    size_t len = strcspn(word, "=");
    *value = word[len] ? word + len + 1 : NULL;
    for (; o && o->name; o++) {
        bool is_long = strncmp(word, "--", 2) == 0 && strlen(o->name) == len - 2 &&
                       strncmp(word + 2, o->name, len - 2) == 0;
        bool is_short = word[1] == o->letter && o->letter && !word[2];
        if (is_long || is_short)
            return o;
    }
    return NULL;
}

/* An argument word like "human|json" lists the values allowed; N at its end is any whole number. */
static bool allowed(const char *choices, const char *value)
{
    if (!strchr(choices, '|'))
        return true;
    size_t len = strlen(value), digits = len ? strspn(value, "0123456789") : 1;
    for (const char *at = choices; at; at = strchr(at, '|'), at = at ? at + 1 : NULL)
        if ((strcspn(at, "|") == len && strncmp(at, value, len) == 0) || (strcmp(at, "N") == 0 && digits == len))
            return true;
    return false;
}

/* Reads one option at argv[*i]; EXIT_OK, or EXIT_USAGE when reported. */
static int read_option(struct invocation *inv, int argc, char **argv, int *i)
{
    const char *value, *word = argv[*i];
    const struct option_spec *o = match(inv->command->options, word, &value);
    if (!o)
        return inv_usage(inv, "there is no option %s", word);
    if (!o->arg && value)
        return inv_usage(inv, "--%s takes no value", o->name);
    if (o->arg && !value) {
        if (*i + 1 >= argc)
            return inv_usage(inv, "--%s needs a value (%s)", o->name, o->arg);
        value = argv[++*i];
    }
    if (o->arg && !allowed(o->arg, value))
        return inv_usage(inv, "--%s is one of %s, not '%s'", o->name, o->arg, value);
    inv->given[inv->n_given++] = (struct given){o, value};
    return EXIT_OK;
}

static int parse(struct invocation *inv, int argc, char **argv)
{
    bool options = true;
    for (int i = 1; i < argc; i++) {
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && argv[i][0] == '-' && argv[i][1]) {
            int code = read_option(inv, argc, argv, &i);
            if (code != EXIT_OK)
                return code;
        } else {
            inv->args[inv->n_args++] = argv[i];
        }
    }
    const struct command *c = inv->command;
    if (inv->n_args < c->min_args)
        return inv_usage(inv, "needs %s", c->args);
    if (c->max_args >= 0 && inv->n_args > c->max_args)
        return inv_usage(inv, "'%s' is one argument too many", inv->args[c->max_args]);
    return EXIT_OK;
}

int command_run(const struct command *command, int argc, char **argv)
{
    struct invocation inv = {.command = command};
    inv.args = mem_zalloc((size_t)argc + 1, sizeof *inv.args);
    inv.given = mem_zalloc((size_t)argc + 1, sizeof *inv.given);
    int code = parse(&inv, argc, argv);
    if (code == EXIT_OK)
        code = command->run(&inv);
    if (fflush(stdout) != 0 && code == EXIT_OK) {
        complain(command, "cannot write to standard output");
        code = EXIT_FAILED;
    }
    mem_free(inv.args);
    mem_free(inv.given);
    return code;
}
