#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/project.h"
#include "app/report.h"
#include "app/report_files.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "text/visible.h"

/* ---- for people --------------------------------------------------------------------------------- */

static void widths_of(const struct report_sheet *s, size_t *widths)
{
    for (size_t c = 0; c < s->columns; c++)
        widths[c] = visible_width(slice_of(s->heads[c]));
    for (size_t i = 0; i < s->rows * s->columns; i++) {
        size_t w = visible_width(slice_of(s->cells[i]));
        if (w > widths[i % s->columns])
            widths[i % s->columns] = w < 40 ? w : 40;
    }
}

static void add_row(struct str *out, const struct report_sheet *s, const char *const *cells, const size_t *widths)
{
    str_adds(out, " ");
    for (size_t c = 0; c < s->columns; c++) {
        str_addc(out, ' ');
        print_cell(out, slice_of(cells[c]), widths[c]);
    }
    while (out->len && out->at[out->len - 1] == ' ')
        str_cut(out, out->len - 1);
    str_addc(out, '\n');
}

static void add_sheet(struct str *out, const struct report *r, int figure)
{
    struct report_sheet s = {0};
    size_t widths[REPORT_COLUMNS_MAX];
    report_sheet(&s, r, figure);
    if (s.rows) {
        str_addc(out, '\n');
        if (figure <= REPORT_FIGURES)
            str_addf(out, "Figure %d. ", figure);
        str_addf(out, "%s. ", s.title);
        print_cell(out, slice_of(s.about), 0);
        str_addc(out, '\n');
        widths_of(&s, widths);
        add_row(out, &s, s.heads, widths);
        for (size_t i = 0; i < s.rows; i++)
            add_row(out, &s, s.cells + i * s.columns, widths);
    }
    report_sheet_free(&s);
}

static int print_people(const struct report *r, const struct report_written *w, struct error *err)
{
    struct str out = {0};
    str_addf(&out, "%zu eval%s, think %s, %.0f%% intervals\n", r->n_used, r->n_used == 1 ? "" : "s",
             r->think ? "on" : "off", 100 * r->asked.level);
    for (int figure = 1; figure <= REPORT_FIGURES + 1; figure++)
        add_sheet(&out, r, figure);
    for (size_t i = 0; i < r->n_notes; i++) {
        str_adds(&out, i ? "note: " : "\nnote: ");
        print_cell(&out, slice_of(r->notes[i]), 0);
        str_addc(&out, '\n');
    }
    if (w->files) {
        str_addf(&out, "\n%zu files in ", w->files);
        print_cell(&out, slice_of(w->folder), 0);
        str_adds(&out, ": report.html is the whole\n");
    }
    if (w->said.len) {
        str_adds(&out, "note: ");
        print_cell(&out, str_slice(&w->said), 0);
        str_addc(&out, '\n');
    }
    return print_out(&out, err);
}

static int print_tree(const struct report *r, const struct report_written *w, struct error *err)
{
    struct json *root = report_json(r);
    if (w->files) {
        json_set_string(root, "folder", w->folder);
        json_set_int(root, "files", (int64_t)w->files);
        json_set_bool(root, "drawn", w->drawn);
    }
    return print_json(root, err);
}

/* ---- what is asked -------------------------------------------------------------------------------- */

/* A number that may have a fraction, in [min, max]. */
static int number_option(const struct invocation *inv, const char *name, double min, double max, double *out)
{
    const char *text = inv_option(inv, name, NULL);
    char *end = NULL;
    if (!text)
        return 0;
    double v = strtod(text, &end);
    if (end == text || *end || !(v >= min && v <= max)) {
        inv_usage(inv, "--%s is a number from %g to %g, not '%s'", name, min, max, text);
        return -1;
    }
    *out = v;
    return 0;
}

static enum report_think think_option(const struct invocation *inv)
{
    const char *think = inv_option(inv, "think", "auto");
    return strcmp(think, "on") == 0 ? REPORT_THINK_ON : strcmp(think, "off") == 0 ? REPORT_THINK_OFF : REPORT_THINK_AUTO;
}

static int read_options(const struct invocation *inv, struct report_request *q)
{
    bool ok = true;
    report_request_defaults(q);
    q->split = inv_option(inv, "split", NULL);
    q->base_model = inv_option(inv, "base-model", NULL);
    q->think = think_option(inv);
    q->by_name = strcmp(inv_option(inv, "by", "method"), "name") == 0;
    q->resamples = (size_t)inv_number(inv, "resamples", (long)q->resamples, 100, 100000, &ok);
    q->seed = (uint64_t)inv_number(inv, "seed", (long)q->seed, 0, 2000000000, &ok);
    if (!ok || number_option(inv, "threshold", 0.0001, 1000, &q->gain) != 0 ||
        number_option(inv, "target", 0, 1, &q->target) != 0 || number_option(inv, "reach", 1, 1000000, &q->reach) != 0)
        return -1;
    return 0;
}

int cmd_report(struct invocation *inv)
{
    struct error err = {0};
    struct report_request q;
    struct report r = {0};
    struct report_written written = {0};
    if (read_options(inv, &q) != 0)
        return EXIT_USAGE;
    char *text = NULL;
    const char *folder = inv_option(inv, "output", NULL);
    report_patterns(&q, inv_option(inv, "runs", NULL), &text);
    struct store *s = project_open(inv_arg(inv, 0), STORE_OPEN, &err);
    int result = s ? report_make(s, &q, &r, &err) : -1;
    if (result == 0 && folder)
        result = report_write(s, &r, folder, &written, &err);
    if (result == 0)
        result = inv_flag(inv, "json") ? print_tree(&r, &written, &err) : print_people(&r, &written, &err);
    report_written_free(&written);
    report_free(&r);
    store_close(s);
    report_patterns_free(&q, text);
    return result < 0 ? inv_fail(inv, &err) : EXIT_OK;
}
