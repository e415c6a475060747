#include "trainer/run/options.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int find(const struct option_spec *specs, const char *name, size_t len)
{
    for (int i = 0; specs[i].name; i++) {
        if (strlen(specs[i].name) == len && strncmp(specs[i].name, name, len) == 0)
            return i;
    }
    return -1;
}

static bool allowed(const struct option_spec *spec, const char *value)
{
    if (!strchr(spec->arg, '|'))
        return true;
    size_t len = strlen(value), digits = len ? strspn(value, "0123456789") : 1; /* N at the end: any whole number */
    for (const char *at = spec->arg; *at; at += *at == '|') {
        size_t n = strcspn(at, "|");
        if ((n == len && strncmp(at, value, n) == 0) || (strcmp(at, "N") == 0 && digits == len))
            return true;
        at += n;
    }
    return false;
}

static int unknown(const struct option_spec *specs, const char *word, size_t len, struct error *err)
{
    const char *hint = option_hint(specs, word, len);
    int shown = len > 40 ? 40 : (int)len;
    if (hint)
        return error_set(err, ERR_USAGE, "there is no option --%.*s here; is --%s meant? (--help lists all)",
                         shown, word, hint);
    return error_set(err, ERR_USAGE, "there is no option --%.*s here (--help lists all)", shown, word);
}

static int set(const struct option_spec *specs, char **argv, int argc, int *i, struct options *out,
               struct error *err)
{
    const char *word = argv[*i] + 2, *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) : strlen(word);
    int at = find(specs, word, len);
    if (at < 0)
        return unknown(specs, word, len, err);
    const char *value = equals ? equals + 1 : NULL;
    if (!specs[at].arg) {
        if (equals)
            return error_set(err, ERR_USAGE, "--%s takes no value", specs[at].name);
        value = "yes";
    } else if (!value) {
        if (*i + 1 >= argc)
            return error_set(err, ERR_USAGE, "--%s needs %s", specs[at].name, specs[at].arg);
        value = argv[++*i];
    }
    if (specs[at].arg && !allowed(&specs[at], value))
        return error_set(err, ERR_USAGE, "--%s is one of %s, not '%.40s'", specs[at].name, specs[at].arg, value);
    out->values[at] = value;
    return 0;
}

int options_parse(const struct option_spec *specs, int argc, char **argv, int max_args,
                  struct options *out, struct error *err)
{
    *out = (struct options){.specs = specs};
    for (int i = 0; specs[i].name; i++) {
        assert(i < OPTIONS_MAX);
        out->values[i] = specs[i].fallback;
    }
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0 && argv[i][2]) {
            if (set(specs, argv, argc, &i, out, err) != 0)
                return -1;
        } else if (out->arg_count < max_args) {
            out->args[out->arg_count++] = argv[i];
        } else {
            return error_set(err, ERR_USAGE, "'%.60s' is one argument too many", argv[i]);
        }
    }
    return 0;
}

const char *option(const struct options *o, const char *name)
{
    int at = find(o->specs, name, strlen(name));
    assert(at >= 0);
    return o->values[at];
}

bool option_flag(const struct options *o, const char *name)
{
    return option(o, name) != NULL;
}

int option_need(const struct options *o, const char *name, struct error *err)
{
    return option(o, name) ? 0 : error_set(err, ERR_USAGE, "--%s is needed", name);
}

/* A finite number from min to max. */
static bool read_number(const char *text, double min, double max, double *out)
{
    char *end = NULL;
    double v = text ? strtod(text, &end) : 0;
    *out = v;
    return text && *text && !*end && v >= min && v <= max;
}

int option_real(const struct options *o, const char *name, double min, double max, double *out,
                struct error *err)
{
    const char *text = option(o, name);
    if (read_number(text, min, max, out))
        return 0;
    return error_set(err, ERR_USAGE, "--%s is a number from %g to %g, not '%.40s'", name, min, max,
                     text ? text : "");
}

int option_int(const struct options *o, const char *name, long min, long max, int *out, struct error *err)
{
    const char *text = option(o, name);
    double v;
    if (read_number(text, (double)min, (double)max, &v) && v == (int)v) {
        *out = (int)v;
        return 0;
    }
    return error_set(err, ERR_USAGE, "--%s is a whole number from %ld to %ld, not '%.40s'", name, min, max,
                     text ? text : "");
}

void options_help(const struct option_spec *specs)
{
    for (int i = 0; specs[i].name; i++) {
        char left[64];
        snprintf(left, sizeof left, "--%s %s", specs[i].name, specs[i].arg ? specs[i].arg : "");
        printf("  %-34s %s", left, specs[i].help);
        printf(specs[i].fallback ? " (%s)\n" : "%s\n", specs[i].fallback ? specs[i].fallback : "");
    }
}
