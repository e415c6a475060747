/* Figure 2 as shapes. */
#include <math.h>

#include "app/report_chart_parts.h"

enum { FIT_POINTS = 81 };

/* Examples are seen on a grid of powers, and the base has seen none: the axis is ln(1 + n/unit), which shows both. unit is
 * the smallest count that was evaluated. */
struct count_axis {
    double unit, most;
};

static struct count_axis count_axis(const struct report *r)
{
    struct count_axis a = {INFINITY, 1};
    for (size_t i = 0; i < r->n_points; i++) {
        double n = r->points[i].examples;
        if (n > 0)
            a.unit = fmin(a.unit, n);
        a.most = fmax(a.most, n);
    }
    a.unit = isfinite(a.unit) ? a.unit : 1;
    return a;
}

static double count_at(const struct count_axis *a, double n)
{
    return log1p(n / a->unit) / log1p(a->most / a->unit);
}

static double count_of(const struct count_axis *a, double at)
{
    return a->unit * expm1(at * log1p(a->most / a->unit));
}

/* The smallest count above `last` whose label does not run into the one before; INFINITY where there is none. */
static double next_count(const struct chart *c, const struct report *r, const struct count_axis *a, double last)
{
    double found = INFINITY, apart = 0.07, before = c->x_ticks[c->n_x - 1].at;
    for (size_t i = 0; i < r->n_points; i++) {
        double n = r->points[i].examples;
        if (n > last && count_at(a, n) - before > apart)
            found = fmin(found, n);
    }
    return found;
}

/* The counts themselves are the marks. */
static void count_ticks(struct chart *c, const struct report *r, const struct count_axis *a)
{
    c->x_ticks = arena_zalloc(&c->arena, CHART_TICKS, sizeof *c->x_ticks);
    chart_add_tick(c, c->x_ticks, &c->n_x, 0, "%.0f", 0);
    double n = next_count(c, r, a, 0);
    while (isfinite(n) && c->n_x < CHART_TICKS) {
        chart_add_tick(c, c->x_ticks, &c->n_x, count_at(a, n), "%.0f", n);
        n = next_count(c, r, a, n);
    }
}

static struct chart_axis score_axis(struct chart *c, const struct report *r)
{
    struct chart_axis a = {0};
    for (size_t i = 0; i < r->n_points; i++) {
        chart_axis_widen(&a, r->points[i].score.estimate);
        chart_axis_widen(&a, r->points[i].score.low);
        chart_axis_widen(&a, r->points[i].score.high);
    }
    if (r->n_points && r->target <= 1)
        chart_axis_widen(&a, r->target);
    chart_axis_finish(c, &a, &c->y_ticks, &c->n_y);
    return a;
}

static double *doubles(struct chart *c, size_t n)
{
    return arena_zalloc(&c->arena, n + 1, sizeof(double));
}

static void take_points(struct chart *c, struct chart_line *l, const struct report_score *p, size_t n,
                        const struct count_axis *x, const struct chart_axis *y)
{
    *l = (struct chart_line){.method = p->method, .n = n, .x = doubles(c, n), .y = doubles(c, n), .low = doubles(c, n),
                             .high = doubles(c, n)};
    for (size_t i = 0; i < n; i++) {
        l->x[i] = count_at(x, p[i].examples);
        l->y[i] = chart_axis_at(y, p[i].score.estimate);
        l->low[i] = chart_axis_at(y, p[i].score.low);
        l->high[i] = chart_axis_at(y, p[i].score.high);
    }
}

static void take_fit(struct chart *c, struct chart_line *l, const struct report *r, const struct count_axis *x,
                     const struct chart_axis *y)
{
    for (size_t k = 0; k < r->n_needs; k++) {
        const struct growth *g = &r->needs[k].answer.growth;
        if (r->needs[k].method != l->method || (g->state != GROWTH_FITTED && g->state != GROWTH_FALLING))
            continue;
        l->n_fit = FIT_POINTS;
        l->fit_x = doubles(c, FIT_POINTS);
        l->fit_y = doubles(c, FIT_POINTS);
        for (int i = 0; i < FIT_POINTS; i++) {
            l->fit_x[i] = (double)i / (FIT_POINTS - 1);
            double at = chart_axis_at(y, growth_at(g, count_of(x, l->fit_x[i])));
            l->fit_y[i] = at >= 0 && at <= 1 ? at : NAN;
        }
    }
}

void chart_make_lines(struct chart *c, const struct report *r)
{
    struct count_axis x = count_axis(r);
    struct chart_axis y = score_axis(c, r);
    count_ticks(c, r, &x);
    c->lines = arena_zalloc(&c->arena, r->n_methods + 1, sizeof *c->lines);
    for (size_t i = 0, end; i < r->n_points; i = end) {
        for (end = i + 1; end < r->n_points && r->points[end].method == r->points[i].method;)
            end++;
        struct chart_line *l = &c->lines[c->n_lines++];
        take_points(c, l, &r->points[i], end - i, &x, &y);
        take_fit(c, l, r, &x, &y);
    }
    c->x_label = "training examples seen (log scale from the first point on)";
    c->y_label = "normalised score";
    c->level = r->target <= 1 ? chart_axis_at(&y, r->target) : NAN;
    struct str label = {0};
    if (isnan(r->asked.target))
        str_addf(&label, "+%.0f%% over the base", 100 * r->asked.gain);
    else
        str_addf(&label, "target %.3f", r->asked.target);
    c->level_label = arena_strndup(&c->arena, label.at, label.len);
    str_free(&label);
}
