/* Figures as shapes: axes, and the rows of figures 1, 3 and 4. Figure 2 is in report_chart_lines.c. */
#include "app/report_chart.h"

#include <math.h>
#include <string.h>

#include "app/report_chart_parts.h"

int report_style(const struct report *r, size_t method)
{
    static const char *const known[] = {"rgt", "isft", "sft"};
    int others = 0;
    if (r->methods[method].base)
        return REPORT_STYLES - 1;
    for (size_t m = 0; m <= method; m++) {
        int style = -1;
        for (int k = 0; k < 3; k++)
            if (!r->methods[m].endpoint && strcmp(r->methods[m].name, known[k]) == 0)
                style = k;
        if (style >= 0 && m == method)
            return style;
        others += style < 0;
    }
    return 3 + (others - 1) % (REPORT_STYLES - 4);
}

const char *chart_colour(int style)
{
    static const char *const colours[REPORT_STYLES] = {"#0072b2", "#d55e00", "#009e73", "#b5579a",
                                                      "#3f8fd0", "#9a7200", "#7048b8", "#6b6b6b"};
    return colours[style];
}

const char *chart_dark_colour(int style)
{
    static const char *const colours[REPORT_STYLES] = {"#56b4e9", "#ff8c42", "#2fd0a0", "#e69ac8",
                                                      "#9cc9f5", "#e0b840", "#b79cf0", "#a8a8a8"};
    return colours[style];
}

/* ---- axes ------------------------------------------------------------------------------------------ */

/* 1, 2 or 5 times a power of ten: about `parts` steps in a span. */
static double round_step(double span, int parts)
{
    double raw = span / parts, power = pow(10, floor(log10(raw))), lead = raw / power;
    return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
}

void chart_axis_widen(struct chart_axis *a, double v)
{
    if (!isfinite(v) || (a->log && v <= 0))
        return;
    if (!a->any || v < a->from)
        a->from = v;
    if (!a->any || v > a->to)
        a->to = v;
    a->any = true;
}

double chart_axis_at(const struct chart_axis *a, double v)
{
    if (isnan(v))
        return NAN;
    if (a->log)
        return v > 0 ? log(v / a->from) / log(a->to / a->from) : 0;
    return (v - a->from) / (a->to - a->from);
}

void chart_add_tick(struct chart *c, struct chart_tick *ticks, size_t *n, double at, const char *fmt, double value)
{
    struct str label = {0};
    if (*n == CHART_TICKS || at < -1e-9 || at > 1 + 1e-9)
        return;
    str_addf(&label, fmt, value); /* NOLINT: formats are this room's own */
    ticks[(*n)++] = (struct chart_tick){at, arena_strndup(&c->arena, str_z(&label), label.len)};
    str_free(&label);
}

/* Ticks at round places, the axis ending on them. */
static void linear_axis(struct chart *c, struct chart_axis *a, struct chart_tick *ticks, size_t *n)
{
    double least = 0.02;
    if (a->to - a->from < least) {
        double middle = (a->from + a->to) / 2;
        a->from = middle - least / 2;
        a->to = middle + least / 2;
    }
    double step = round_step(a->to - a->from, 5);
    a->from = floor(a->from / step + 1e-9) * step;
    a->to = ceil(a->to / step - 1e-9) * step;
    for (int i = 0; a->from + i * step <= a->to + step / 2; i++)
        chart_add_tick(c, ticks, n, chart_axis_at(a, a->from + i * step), step < 0.01 ? "%.3f" : step < 0.1 ? "%.2f" : "%.1f",
                       a->from + i * step);
}

static void log_axis(struct chart *c, struct chart_axis *a, struct chart_tick *ticks, size_t *n)
{
    static const double leads[] = {1, 2, 5};
    a->from = fmin(a->from, 1) / 1.25;
    a->to = fmax(a->to, 2) * 1.25;
    bool wide = a->to / a->from > 300;
    for (int e = (int)floor(log10(a->from)); pow(10, e) <= a->to; e++) {
        double power = pow(10, e);
        for (int k = 0; k < (wide ? 1 : 3); k++)
            if (leads[k] * power >= a->from && leads[k] * power <= a->to)
                chart_add_tick(c, ticks, n, chart_axis_at(a, leads[k] * power), "%g×", leads[k] * power);
    }
}

void chart_axis_finish(struct chart *c, struct chart_axis *a, struct chart_tick **ticks, size_t *n)
{
    *ticks = arena_zalloc(&c->arena, CHART_TICKS, sizeof **ticks);
    if (!a->any) {
        a->from = a->log ? 1 : 0;
        a->to = a->log ? 2 : 1;
    }
    if (a->log)
        log_axis(c, a, *ticks, n);
    else
        linear_axis(c, a, *ticks, n);
}

/* ---- rows ------------------------------------------------------------------------------------------- */

static void widen_by(struct chart_axis *a, const struct interval *i)
{
    chart_axis_widen(a, i->estimate);
    chart_axis_widen(a, i->low);
    chart_axis_widen(a, i->high);
}

static struct chart_row *add_row(struct chart *c, const char *label, size_t method)
{
    struct chart_row *row = &c->rows[c->n_rows++];
    *row = (struct chart_row){.label = label, .method = method, .at = NAN, .low = NAN, .high = NAN};
    return row;
}

static void place(struct chart_row *row, const struct chart_axis *a, const struct interval *i)
{
    row->at = isinf(i->estimate) ? INFINITY : chart_axis_at(a, i->estimate);
    row->low = isinf(i->low) ? NAN : chart_axis_at(a, i->low);
    row->high = isinf(i->high) ? 1 : chart_axis_at(a, i->high);
    row->open = isinf(i->high);
}

static const char *note_of(struct chart *c, const struct interval *i, int digits, size_t n, size_t seeds)
{
    struct str text = {0};
    report_interval(&text, i, digits);
    str_addf(&text, " · n %zu", n);
    if (seeds > 1)
        str_addf(&text, " × %zu runs", seeds);
    const char *kept = arena_strndup(&c->arena, text.at, text.len);
    str_free(&text);
    return kept;
}

/* Figure 1: all tasks first, then each, with a row for each method. */
static void finals(struct chart *c, const struct report *r)
{
    struct chart_axis a = {0};
    for (size_t i = 0; i < r->n_finals; i++)
        widen_by(&a, &r->finals[i].score);
    chart_axis_finish(c, &a, &c->x_ticks, &c->n_x);
    c->rows = arena_zalloc(&c->arena, r->n_finals + r->n_tasks + 2, sizeof *c->rows);
    for (size_t t = 0; t <= r->n_tasks && r->n_finals; t++) {
        const char *task = t ? r->tasks[t - 1] : NULL;
        if (r->n_tasks)
            add_row(c, task ? task : "all tasks", 0)->head = true;
        for (size_t i = 0; i < r->n_finals; i++) {
            const struct report_score *f = &r->finals[i];
            if (task ? !f->task || strcmp(f->task, task) != 0 : f->task != NULL)
                continue;
            struct chart_row *row = add_row(c, r->methods[f->method].name, f->method);
            place(row, &a, &f->score);
            row->note = note_of(c, &f->score, 3, f->n, f->seeds);
        }
    }
    c->x_label = "normalised score, 95% interval";
}

static void thinking(struct chart *c, const struct report *r)
{
    struct chart_axis a = {0};
    for (size_t i = 0; i < r->n_thinking; i++) {
        widen_by(&a, &r->thinking[i].off);
        widen_by(&a, &r->thinking[i].on);
    }
    chart_axis_finish(c, &a, &c->x_ticks, &c->n_x);
    c->rows = arena_zalloc(&c->arena, 2 * r->n_thinking + 1, sizeof *c->rows);
    for (size_t i = 0; i < r->n_thinking; i++) {
        const struct report_thinking *t = &r->thinking[i];
        struct chart_row *off = add_row(c, r->methods[t->method].name, t->method), *on = add_row(c, NULL, t->method);
        off->hollow = true;
        place(off, &a, &t->off);
        place(on, &a, &t->on);
        off->note = note_of(c, &t->off, 3, t->n, t->seeds);
        on->note = note_of(c, &t->on, 3, t->n, t->seeds);
    }
    c->filled = "thinking on";
    c->hollow = "thinking off";
    c->x_label = "normalised score, 95% interval";
}

/* "1.67× (1.47 to 1.89)  116 examples (84 to 153)" */
static const char *need_note(struct chart *c, const struct needed *it, const struct interval *examples,
                             const struct interval *ratio, bool reference)
{
    struct str text = {0};
    if (it->state == NEEDED_REACHED || it->state == NEEDED_BEYOND) {
        if (!isnan(ratio->estimate))
            str_addf(&text, reference ? "%.0f× · " : "%.2f×", ratio->estimate);
        if (!isnan(ratio->estimate) && !reference) {
            str_addf(&text, " (%.2f to ", ratio->low);
            str_addf(&text, isinf(ratio->high) ? "never) · " : "%.2f) · ", ratio->high);
        }
        str_addf(&text, "%.0f%s examples", examples->estimate, it->state == NEEDED_BEYOND ? "*" : "");
    } else
        report_examples(&text, it);
    const char *kept = arena_strndup(&c->arena, str_z(&text), text.len);
    str_free(&text);
    return kept;
}

static void needs(struct chart *c, const struct report *r)
{
    struct chart_axis a = {.log = true};
    for (size_t i = 0; i < r->n_needs; i++) {
        widen_by(&a, &r->needs[i].answer.fit_ratio);
        widen_by(&a, &r->needs[i].answer.lines_ratio);
    }
    chart_axis_finish(c, &a, &c->x_ticks, &c->n_x);
    c->rows = arena_zalloc(&c->arena, 2 * r->n_needs + 1, sizeof *c->rows);
    for (size_t i = 0; i < r->n_needs && !isnan(r->target); i++) {
        const struct report_need *n = &r->needs[i];
        const struct needed_answer *w = &n->answer;
        struct chart_row *fit = add_row(c, r->methods[n->method].name, n->method), *lines = add_row(c, NULL, n->method);
        lines->hollow = true;
        place(fit, &a, &w->fit_ratio);
        place(lines, &a, &w->lines_ratio);
        fit->note = need_note(c, &w->fit, &w->fit_examples, &w->fit_ratio, i == r->reference);
        lines->note = need_note(c, &w->lines, &w->lines_examples, &w->lines_ratio, i == r->reference);
    }
    c->filled = "on the fitted curve";
    c->hollow = "between the points";
    struct str label = {0};
    report_title_of(&label, r, 4);
    c->title = arena_strndup(&c->arena, label.at, label.len);
    str_clear(&label);
    str_addf(&label, "examples needed, relative to %s (95%% interval, log scale)",
             r->n_needs ? r->methods[r->needs[r->reference].method].name : "RGT");
    c->x_label = arena_strndup(&c->arena, label.at, label.len);
    str_free(&label);
}

void chart_make(struct chart *out, const struct report *r, int figure)
{
    static void (*const makers[])(struct chart *, const struct report *) = {finals, chart_make_lines, thinking, needs};
    out->figure = figure;
    out->title = report_title(figure);
    out->level = NAN;
    makers[figure - 1](out, r);
}

void chart_free(struct chart *c)
{
    arena_free(&c->arena);
    *c = (struct chart){0};
}
