#include <stdio.h>
#include <string.h>

#include "app/hinge_find.h"
#include "app/project.h"
#include "base/lines.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "domain/record.h"

enum { MAX_LINE = 256 << 20 };

/* One record, from a project or a file. */
struct report {
    bool json;
    const char *id, *y0, *y_star, *rationale;
    struct hinges *hinges; /* freed by print_report */
};

static struct slice side_text(const struct report *r, const struct hinge *h)
{
    return slice_sub(slice_of(h->side == HINGE_Y0 ? r->y0 : r->y_star), h->from, h->to);
}

static struct slice clause_text(const struct report *r, int clause)
{
    if (clause < 0)
        return slice_of(NULL);
    const struct hinge_clause *c = &r->hinges->clauses[clause];
    return slice_sub(slice_of(r->rationale), c->from, c->to);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static struct json *item_json(const struct report *r, const struct hinge *h)
{
    struct json *j = json_new_object();
    struct str why = {0};
    hinge_reasons(&why, h->reasons);
    json_set_string(j, "side", h->side == HINGE_Y0 ? "y0" : "y_star");
    json_set_int(j, "from", (int64_t)h->from);
    json_set_int(j, "to", (int64_t)h->to);
    json_set(j, "text", json_new_slice(side_text(r, h)));
    json_set_number(j, "score", (double)(int)(h->score * 10000 + 0.5) / 10000);
    json_set_bool(j, "lit", h->lit);
    json_set_int(j, "hunk", h->hunk);
    json_set_int(j, "clause", h->clause);
    json_set_string(j, "why", str_z(&why));
    str_free(&why);
    return j;
}

static struct json *clause_json(const struct hinge_clause *c)
{
    struct json *j = json_new_object();
    json_set_int(j, "from", (int64_t)c->from);
    json_set_int(j, "to", (int64_t)c->to);
    json_set_int(j, "hunk", c->hunk);
    return j;
}

static int print_report_json(const struct report *r, struct error *err)
{
    struct json *root = json_new_object(), *items = json_new_array(), *clauses = json_new_array();
    json_set_string(root, "id", r->id);
    json_set_int(root, "hinges", (int64_t)r->hinges->n_lit_hunks);
    json_set_int(root, "changes", (int64_t)r->hinges->n_hunks);
    for (size_t i = 0; i < r->hinges->count; i++)
        json_push(items, item_json(r, &r->hinges->items[i]));
    for (size_t i = 0; i < r->hinges->n_clauses; i++)
        json_push(clauses, clause_json(&r->hinges->clauses[i]));
    json_set(root, "items", items);
    json_set(root, "clauses", clauses);
    return print_json(root, err);
}

/* ---- for people ------------------------------------------------------------------------------ */

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* The lit words of one side of the items [from, to), after a sign. */
static void add_words(struct str *out, const struct report *r, size_t from, size_t to,
                      enum hinge_side side, const char *sign)
{
    const struct hinge *last = NULL;
    for (size_t i = from; i < to; i++) {
        const struct hinge *h = &r->hinges->items[i];
        if (h->side != side || !h->lit || h->from == h->to)
            continue;
        str_adds(out, !last ? sign : h->from > last->to ? " " : "");
        print_cell(out, side_text(r, h), 0);
        last = h;
    }
}

/* One hunk: the items [from, to). Nothing when none is lit. */
static void add_hunk(struct str *out, const struct report *r, size_t from, size_t to)
{
    const struct hinge *best = NULL;
    for (size_t i = from; i < to; i++) {
        const struct hinge *h = &r->hinges->items[i];
        if (h->lit && (!best || h->score > best->score))
            best = h;
    }
    if (!best)
        return;
    str_addf(out, "  %.2f", best->score);
    add_words(out, r, from, to, HINGE_Y0, "  - ");
    add_words(out, r, from, to, HINGE_Y_STAR, "  + ");
    str_adds(out, "\n          ");
    if (best->reasons)
        hinge_reasons(out, best->reasons);
    else
        str_adds(out, "changed");
    struct slice clause = clause_text(r, best->clause);
    if (clause.len) {
        str_adds(out, ": ");
        print_cell(out, clause, 0);
    }
    str_addc(out, '\n');
}

static int print_report_people(const struct report *r, struct error *err)
{
    const struct hinges *h = r->hinges;
    struct str out = {0};
    print_cell(&out, slice_of(r->id), 0);
    str_addf(&out, "  %zu hinge%s in %zu change%s\n", h->n_lit_hunks, plural(h->n_lit_hunks),
             h->n_hunks, plural(h->n_hunks));
    for (size_t from = 0, to; from < h->count; from = to) {
        for (to = from + 1; to < h->count && h->items[to].hunk == h->items[from].hunk; to++)
            ;
        add_hunk(&out, r, from, to);
    }
    return print_out(&out, err);
}

static int print_report(struct report *r, struct error *err)
{
    int result = r->json ? print_report_json(r, err) : print_report_people(r, err);
    hinges_free(r->hinges);
    return result;
}

/* ---- a file ---------------------------------------------------------------------------------- */

static int report_line(struct slice line, bool json, struct error *err)
{
    struct record r = {.id = NULL};
    struct str text = {0};
    size_t repaired = 0;
    if (!utf8_valid(line)) {
        utf8_repair(&text, line);
        line = str_slice(&text);
    }
    int result = record_parse(&r, line, &repaired, err);
    if (result == 0) {
        struct report report = {json, r.id, r.y0, r.y_star, r.rationale, file_record_hinges(&r)};
        result = print_report(&report, err);
    }
    record_free(&r);
    str_free(&text);
    return result;
}

static int report_file(const char *path, bool json, struct error *err)
{
    struct lines *lines = lines_open(path, MAX_LINE, err);
    struct slice line;
    int result = lines ? 0 : -1;
    enum lines_result got = LINES_END;
    while (result == 0 && (got = lines_next(lines, &line, err)) == LINES_LINE) {
        if (slice_trim(line).len && report_line(line, json, err) < 0) {
            unsigned long long number = lines_number(lines);
            result = error_prefix(err, "%s: line %llu: ", path, number);
        }
    }
    if (result == 0 && got == LINES_TOO_LONG)
        result = error_set(err, ERR_LIMIT, "%s: a line is longer than %d MiB", path, MAX_LINE >> 20);
    lines_close(lines);
    return result < 0 || got == LINES_FAILED ? -1 : 0;
}

/* ---- a project ------------------------------------------------------------------------------- */

struct walk {
    struct store *store;
    bool json;
    struct error *err;
};

static int report_stored(void *context, int64_t id)
{
    struct walk *w = context;
    struct stored_record r = {.id = 0};
    int result = record_store_load(w->store, id, &r, w->err);
    if (result == 0) {
        const struct stored_output *y0 = stored_y0(&r), *y_star = stored_y_star(&r);
        struct report report = {w->json, r.key, y0 ? y0->text : NULL, y_star ? y_star->text : NULL,
                                y0 ? y0->rationale : NULL, record_hinges(&r)};
        result = print_report(&report, w->err);
    }
    stored_record_free(&r);
    return result;
}

static int report_project(const char *path, bool json, struct error *err)
{
    struct store *s = project_open(path, STORE_OPEN, err);
    struct walk w = {.store = s, .json = json, .err = err};
    int result = s ? record_store_each(s, report_stored, &w, err) : -1;
    store_close(s);
    return result;
}

/* Every SQLite file begins with these bytes. */
static bool is_project(const char *path)
{
    static const char magic[] = "SQLite format 3";
    char head[sizeof magic] = {0};
    FILE *f = fopen(path, "rb");
    bool same = f && fread(head, 1, sizeof head, f) == sizeof head &&
                memcmp(head, magic, sizeof head) == 0;
    if (f)
        fclose(f);
    return same;
}

int cmd_hinges(struct invocation *inv)
{
    struct error err = {0};
    const char *path = inv_arg(inv, 0);
    bool json = inv_flag(inv, "json");
    int result =
        is_project(path) ? report_project(path, json, &err) : report_file(path, json, &err);
    return result < 0 ? inv_fail(inv, &err) : EXIT_OK;
}
