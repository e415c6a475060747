/* The figures of the report in cells. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "ui/views/report_state.h"
#include "ui/widgets/plot.h"

enum { FIT_POINTS = 64 };

enum look report_look(const struct report *r, size_t method)
{
    int style = report_style(r, method);
    return style == REPORT_STYLES - 1 ? LOOK_DIM : plot_look((size_t)style);
}

/* ---- bars: figures 1, 3, 4 ------------------------------------------------------------------------ */

struct bar_page {
    const char **groups, **names;
    enum look *looks;
    struct plot_bar *bars;
    size_t n_groups, n_names;
    struct arena arena;
};

static void begin(struct bar_page *b, size_t groups, size_t names)
{
    b->groups = arena_zalloc(&b->arena, groups + 1, sizeof *b->groups);
    b->names = arena_zalloc(&b->arena, names + 1, sizeof *b->names);
    b->looks = arena_zalloc(&b->arena, names + 1, sizeof *b->looks);
    b->bars = arena_zalloc(&b->arena, groups * names + 1, sizeof *b->bars);
    for (size_t i = 0; i < groups * names; i++)
        b->bars[i] = (struct plot_bar){NAN, NAN, NAN, NULL};
    b->n_groups = groups;
    b->n_names = names;
}

static const char *note(struct bar_page *b, struct str *text)
{
    const char *kept = arena_strndup(&b->arena, str_z(text), text->len);
    str_free(text);
    return kept;
}

static struct plot_bar bar_of(struct bar_page *b, const struct interval *i, size_t n, size_t seeds)
{
    struct str text = {0};
    str_addf(&text, "n %zu", n);
    if (seeds > 1)
        str_addf(&text, " × %zu", seeds);
    return (struct plot_bar){i->estimate, i->low, i->high, note(b, &text)};
}

static void finals(struct bar_page *b, const struct report *r)
{
    begin(b, r->n_tasks + 1, r->n_methods);
    b->groups[0] = r->n_tasks ? "all tasks" : "";
    for (size_t t = 0; t < r->n_tasks; t++)
        b->groups[t + 1] = r->tasks[t];
    for (size_t m = 0; m < r->n_methods; m++) {
        b->names[m] = r->methods[m].name;
        b->looks[m] = report_look(r, m);
    }
    for (size_t i = 0; i < r->n_finals; i++) {
        const struct report_score *f = &r->finals[i];
        size_t group = 0;
        for (size_t t = 0; f->task && t < r->n_tasks; t++)
            if (strcmp(r->tasks[t], f->task) == 0)
                group = t + 1;
        b->bars[group * b->n_names + f->method] = bar_of(b, &f->score, f->n, f->seeds);
    }
}

static void thinking(struct bar_page *b, const struct report *r)
{
    begin(b, r->n_thinking, 2);
    b->names[0] = "off";
    b->names[1] = "on";
    b->looks[0] = LOOK_SERIES_1;
    b->looks[1] = LOOK_SERIES_2;
    for (size_t i = 0; i < r->n_thinking; i++) {
        const struct report_thinking *t = &r->thinking[i];
        b->groups[i] = r->methods[t->method].name;
        b->bars[2 * i] = bar_of(b, &t->off, t->n, t->seeds);
        b->bars[2 * i + 1] = bar_of(b, &t->on, t->n, t->seeds);
    }
}

/* Where the ratio's upper bound is "not reached" the bar has no interval: the numbers below say it. */
static struct plot_bar need_of(struct bar_page *b, const struct needed *it, const struct interval *ratio)
{
    struct str text = {0};
    if (it->state == NEEDED_REACHED || it->state == NEEDED_BEYOND)
        str_addf(&text, "%.0f examples%s", it->examples, it->state == NEEDED_BEYOND ? "*" : "");
    else
        report_examples(&text, it);
    double value = isfinite(ratio->estimate) ? ratio->estimate : NAN;
    return (struct plot_bar){value, ratio->low, ratio->high, note(b, &text)};
}

static void needs(struct bar_page *b, const struct report *r)
{
    begin(b, r->n_needs, 2);
    b->names[0] = "fit";
    b->names[1] = "points";
    b->looks[0] = LOOK_SERIES_1;
    b->looks[1] = LOOK_SERIES_2;
    for (size_t i = 0; i < r->n_needs; i++) {
        const struct needed_answer *a = &r->needs[i].answer;
        b->groups[i] = r->methods[r->needs[i].method].name;
        b->bars[2 * i] = need_of(b, &a->fit, &a->fit_ratio);
        b->bars[2 * i + 1] = need_of(b, &a->lines, &a->lines_ratio);
    }
}

static void make_bars(struct bar_page *b, const struct report *r, int page)
{
    if (page == 1)
        finals(b, r);
    else if (page == 3)
        thinking(b, r);
    else
        needs(b, r);
}

static void bars(struct report_view *v, const struct paint *p, int top, int rows)
{
    struct bar_page b = {0};
    make_bars(&b, &v->report, v->page);
    struct plot_bars plot = {.label = v->page == 4 ? "times the examples" : "score, 95% intervals",
                             .groups = b.groups, .n_groups = b.n_groups, .names = b.names, .looks = b.looks,
                             .n_series = b.n_names, .bars = b.bars};
    /* The bars go along with the rows of numbers. */
    size_t lines = plot_bars_lines(&plot), seen = rows > 1 ? (size_t)rows - 1 : 1;
    if (lines > seen && v->sheet.rows > 1)
        plot.first = (lines - seen) * v->list.cursor / (v->sheet.rows - 1);
    plot_bars_paint(&plot, p, (struct plot_rect){top, 0, rows, p->cols});
    arena_free(&b.arena);
}

int report_plot_wants(const struct report_view *v)
{
    struct bar_page b = {0};
    if (v->page == 2 || v->page == REPORT_PAGE_TESTS)
        return v->page == 2 ? 40 : 0;
    make_bars(&b, &v->report, v->page);
    int lines = (int)(b.n_groups * (b.n_names + 1)) + 1;
    arena_free(&b.arena);
    return lines > PLOT_ROWS_MIN ? lines : PLOT_ROWS_MIN;
}

/* ---- lines: figure 2 ---------------------------------------------------------------------------------- */

struct line_page {
    struct plot_series *series;
    size_t count;
    struct arena arena;
};

static void add_curve(struct line_page *l, const struct report *r, const struct report_score *from, size_t n)
{
    struct plot_series *s = &l->series[l->count++];
    double *at = arena_zalloc(&l->arena, 4 * n, sizeof *at);
    for (size_t i = 0; i < n; i++) {
        at[i] = from[i].examples;
        at[n + i] = from[i].score.estimate;
        at[2 * n + i] = from[i].score.low;
        at[3 * n + i] = from[i].score.high;
    }
    *s = (struct plot_series){.name = r->methods[from->method].name, .x = at, .y = at + n, .low = at + 2 * n,
                              .high = at + 3 * n, .n = n, .look = report_look(r, from->method), .marks = true,
                              .line = PLOT_SOLID};
}

static void add_fit(struct line_page *l, const struct report *r, const struct report_need *need, double first)
{
    struct plot_series *s = &l->series[l->count++];
    double *at = arena_zalloc(&l->arena, 2 * FIT_POINTS, sizeof *at);
    for (int i = 0; i < FIT_POINTS; i++) {
        at[i] = first * pow(need->last / first, (double)i / (FIT_POINTS - 1));
        at[FIT_POINTS + i] = growth_at(&need->answer.growth, at[i]);
    }
    *s = (struct plot_series){.x = at, .y = at + FIT_POINTS, .n = FIT_POINTS, .look = report_look(r, need->method),
                              .line = PLOT_DOTTED};
}

/* The smallest count but 0: where a logarithmic axis begins. */
static double first_count(const struct report *r)
{
    double first = INFINITY;
    for (size_t i = 0; i < r->n_points; i++)
        if (r->points[i].examples > 0)
            first = fmin(first, r->points[i].examples);
    return first;
}

static void make_lines(struct line_page *l, const struct report_view *v)
{
    const struct report *r = &v->report;
    l->series = arena_zalloc(&l->arena, 2 * r->n_methods + 1, sizeof *l->series);
    for (size_t i = 0, end; i < r->n_points; i = end) {
        for (end = i + 1; end < r->n_points && r->points[end].method == r->points[i].method;)
            end++;
        add_curve(l, r, &r->points[i], end - i);
    }
    for (size_t i = 0; v->fit && i < r->n_needs; i++)
        if (isfinite(first_count(r)) && !isnan(growth_at(&r->needs[i].answer.growth, 0)))
            add_fit(l, r, &r->needs[i], first_count(r));
}

static void lines(struct report_view *v, const struct paint *p, int top, int rows)
{
    struct line_page l = {0};
    make_lines(&l, v);
    double target = v->report.target;
    const struct plot plot = {.x = {.label = "examples", .log = !v->linear}, .y = {.label = "score"}, .series = l.series,
                              .n_series = l.count, .levels = &target, .n_levels = target <= 1,
                              .signs = desk_signs(v->desk), .empty = "no learning curve yet"};
    plot_paint(&plot, p, (struct plot_rect){top, 0, rows, p->cols});
    arena_free(&l.arena);
}

void report_plot(struct report_view *v, const struct paint *p, int top, int rows)
{
    if (v->page == 2)
        lines(v, p, top, rows);
    else if (v->page != REPORT_PAGE_TESTS)
        bars(v, p, top, rows);
}
