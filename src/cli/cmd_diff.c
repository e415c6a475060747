#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/diff_paint.h"
#include "text/diff.h"

enum { TEXT_MAX = 1 << 30 };

const struct option_spec diff_options[] = {
    {"format", 'f', "human|json", "for people (default), or byte offsets of every op"},
    {"layer", 'l', "exact|readable", "the shortest difference, or the one to read (default)"},
    {"colour", 0, "auto|always|never", "colour the changes; auto: on a terminal, without NO_COLOR"},
    {.name = NULL},
};

/* Reads one text. What is no text is refused by its kind. */
static int read_text(const char *path, struct str *out, struct error *err)
{
    struct stat st;
    if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return error_set(err, ERR_INPUT, "%s is a folder; name a file in it", path);
    if (file_read(path, TEXT_MAX, out, err) != 0)
        return -1;
    const char *nul = out->len ? memchr(out->at, '\0', out->len) : NULL;
    if (nul)
        return error_set(err, ERR_INPUT, "%s is no text: byte %zu is zero", path,
                         (size_t)(nul - out->at));
    return 0;
}

/* Many numbers are written: snprintf would take longer than the diff. */
static void add_number(struct str *out, size_t n)
{
    char digits[24];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + n % 10);
    while (n /= 10);
    str_add(out, digits + at, sizeof digits - at);
}

static void add_range(struct str *out, const char *name, size_t from, size_t to)
{
    str_adds(out, name);
    add_number(out, from);
    str_addc(out, ',');
    add_number(out, to);
    str_addc(out, ']');
}

static void add_json(struct str *out, const struct diff *d)
{
    str_adds(out, "{\"ops\":[");
    for (size_t i = 0; i < d->n_ops; i++) {
        const struct diff_op *op = &d->ops[i];
        str_adds(out, i ? ",\n{\"op\":\"" : "\n{\"op\":\"");
        str_addc(out, (char)op->kind);
        add_range(out, "\",\"a\":[", op->a_from, op->a_to);
        add_range(out, ",\"b\":[", op->b_from, op->b_to);
        str_addc(out, '}');
    }
    str_adds(out, "],\n\"moves\":[");
    for (size_t i = 0; i < d->n_moves; i++) {
        const struct diff_move *m = &d->moves[i];
        add_range(out, i ? ",\n{\"a\":[" : "\n{\"a\":[", m->a_from, m->a_to);
        add_range(out, ",\"b\":[", m->b_from, m->b_to);
        str_addc(out, '}');
    }
    str_addf(out, "],\n\"exact\":%s}\n", d->exact ? "true" : "false");
}

/* Terminals whose only attributes are bold and reverse get signs. */
static bool wants_colour(const struct invocation *inv)
{
    const char *choice = inv_option(inv, "colour", "auto");
    if (strcmp(choice, "auto") != 0)
        return strcmp(choice, "always") == 0;
    const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(none && *none) && term && *term &&
           strcmp(term, "dumb") != 0 && strncmp(term, "vt", 2) != 0;
}

int cmd_diff(struct invocation *inv)
{
    struct error err = {0};
    struct str a = {0}, b = {0}, out = {0};
    int code = EXIT_OK;
    if (read_text(inv_arg(inv, 0), &a, &err) != 0 || read_text(inv_arg(inv, 1), &b, &err) != 0) {
        code = inv_fail(inv, &err);
    } else {
        bool exact = strcmp(inv_option(inv, "layer", "readable"), "exact") == 0;
        struct diff *d = diff_texts(str_slice(&a), str_slice(&b), exact ? DIFF_EXACT : DIFF_READABLE);
        if (strcmp(inv_option(inv, "format", "human"), "json") == 0)
            add_json(&out, d);
        else
            diff_paint(&out, &(struct diff_paint){.a = str_slice(&a),
                                                  .b = str_slice(&b),
                                                  .diff = d,
                                                  .colour = wants_colour(inv)});
        fwrite(out.at, 1, out.len, stdout);
        diff_free(d);
    }
    str_free(&a);
    str_free(&b);
    str_free(&out);
    return code;
}
