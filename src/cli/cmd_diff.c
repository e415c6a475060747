#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/diff_paint.h"
#include "text/diff.h"
#include "text/hinge.h"

enum { TEXT_MAX = 1 << 30 };

const struct option_spec diff_options[] = {
    {"format", 'f', "human|json", "for people (default), or byte offsets of every op"},
    {"layer", 'l', "exact|readable", "the shortest difference, or the one to read (default)"},
    {"prompt", 'p', "FILE", "what the texts were written from: lights the changes that decide"},
    {"rationale", 'r', "TEXT", "what a grader says is wrong with A; lights what it speaks of"},
    {"colour", 0, "auto|always|never", "colour the changes; auto: on a terminal, without NO_COLOR"},
    {.name = NULL},
};

/* Reads one text. A zero byte is a control character like others: it is shown by a mark. */
static int read_text(const char *path, struct str *out, struct error *err)
{
    struct stat st;
    if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return error_set(err, ERR_INPUT, "%s is a folder; name a file in it", path);
    return file_read(path, TEXT_MAX, out, err);
}

/* A short piece of text being put together; many are written, and printf would take longer than the
 * diff. */
struct piece {
    char text[128]; /* four numbers of at most 20 digits and the names around them */
    size_t len;
};

static void piece_text(struct piece *p, const char *text)
{
    while (*text)
        p->text[p->len++] = *text++;
}

static void piece_number(struct piece *p, size_t n)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + n % 10);
    while (n /= 10);
    while (at < sizeof digits)
        p->text[p->len++] = digits[at++];
}

static void piece_range(struct piece *p, const char *name, size_t from, size_t to)
{
    piece_text(p, name);
    piece_number(p, from);
    piece_text(p, ",");
    piece_number(p, to);
    piece_text(p, "]");
}

static void add_range(struct str *out, const char *name, size_t from, size_t to)
{
    struct piece p = {.len = 0};
    piece_range(&p, name, from, to);
    str_add(out, p.text, p.len);
}

static void add_hinge(struct str *out, const struct hinge *h)
{
    struct str why = {0};
    hinge_reasons(&why, h->reasons);
    str_addf(out, "{\"side\":\"%s\"", h->side == HINGE_Y0 ? "a" : "b");
    add_range(out, ",\"at\":[", h->from, h->to);
    str_addf(out, ",\"score\":%.4f,\"lit\":%s,\"hunk\":%d,\"clause\":%d,\"why\":", h->score,
             h->lit ? "true" : "false", h->hunk, h->clause);
    json_quote(out, str_slice(&why));
    str_addc(out, '}');
    str_free(&why);
}

static void add_hinges(struct str *out, const struct hinges *h)
{
    str_adds(out, ",\n\"hinges\":[");
    for (size_t i = 0; i < h->count; i++) {
        str_adds(out, i ? ",\n" : "\n");
        add_hinge(out, &h->items[i]);
    }
    str_adds(out, "],\n\"clauses\":[");
    for (size_t i = 0; i < h->n_clauses; i++) {
        add_range(out, i ? ",\n{\"at\":[" : "\n{\"at\":[", h->clauses[i].from, h->clauses[i].to);
        str_addf(out, ",\"hunk\":%d}", h->clauses[i].hunk);
    }
    str_addc(out, ']');
}

static void add_ops(struct str *out, const struct diff *d)
{
    for (size_t i = 0; i < d->n_ops; i++) {
        const struct diff_op *op = &d->ops[i];
        struct piece p;
        p.len = 0;
        piece_text(&p, i ? ",\n{\"op\":\"" : "\n{\"op\":\"");
        p.text[p.len++] = (char)op->kind;
        piece_range(&p, "\",\"a\":[", op->a_from, op->a_to);
        piece_range(&p, ",\"b\":[", op->b_from, op->b_to);
        piece_text(&p, "}");
        str_add(out, p.text, p.len);
    }
}

static void add_moves(struct str *out, const struct diff *d)
{
    for (size_t i = 0; i < d->n_moves; i++) {
        const struct diff_move *m = &d->moves[i];
        add_range(out, i ? ",\n{\"a\":[" : "\n{\"a\":[", m->a_from, m->a_to);
        add_range(out, ",\"b\":[", m->b_from, m->b_to);
        str_addc(out, '}');
    }
}

static void add_json(struct str *out, const struct diff_paint *p)
{
    str_adds(out, "{\"ops\":[");
    add_ops(out, p->diff);
    str_adds(out, "],\n\"moves\":[");
    add_moves(out, p->diff);
    str_addf(out, "],\n\"exact\":%s", p->diff->exact ? "true" : "false");
    if (p->hinges)
        add_hinges(out, p->hinges);
    str_adds(out, "}\n");
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

/* Hinges where there is something to find them by; NULL otherwise. */
static struct hinges *find_hinges(struct slice a, struct slice b, struct slice prompt,
                                  const char *rationale)
{
    if (!prompt.len && !rationale)
        return NULL;
    struct diff *exact = diff_texts(a, b, DIFF_EXACT);
    struct hinges *found = hinges_find(
        &(struct hinge_input){
            .prompt = prompt, .y0 = a, .y_star = b, .rationale = slice_of(rationale)},
        exact);
    diff_free(exact);
    return found;
}

static void print_diff(const struct invocation *inv, struct slice a, struct slice b,
                       struct slice prompt)
{
    struct str out = {0};
    bool exact = strcmp(inv_option(inv, "layer", "readable"), "exact") == 0;
    struct diff *d = diff_texts(a, b, exact ? DIFF_EXACT : DIFF_READABLE);
    struct hinges *hinges = find_hinges(a, b, prompt, inv_option(inv, "rationale", NULL));
    struct diff_paint paint = {
        .a = a, .b = b, .diff = d, .hinges = hinges, .colour = wants_colour(inv)};
    if (strcmp(inv_option(inv, "format", "human"), "json") == 0)
        add_json(&out, &paint);
    else
        diff_paint(&out, &paint);
    fwrite(out.at, 1, out.len, stdout);
    hinges_free(hinges);
    diff_free(d);
    str_free(&out);
}

int cmd_diff(struct invocation *inv)
{
    struct error err = {0};
    struct str a = {0}, b = {0}, prompt = {0};
    const char *prompt_path = inv_option(inv, "prompt", NULL);
    int code = EXIT_OK;
    if (strcmp(inv_arg(inv, 0), "-") == 0 && strcmp(inv_arg(inv, 1), "-") == 0)
        return inv_usage(inv, "only one of the two texts can be standard input");
    if (read_text(inv_arg(inv, 0), &a, &err) != 0 || read_text(inv_arg(inv, 1), &b, &err) != 0 ||
        (prompt_path && read_text(prompt_path, &prompt, &err) != 0))
        code = inv_fail(inv, &err);
    else
        print_diff(inv, str_slice(&a), str_slice(&b), str_slice(&prompt));
    str_free(&a);
    str_free(&b);
    str_free(&prompt);
    return code;
}
