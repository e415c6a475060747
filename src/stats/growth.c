#include "stats/growth.h"

#include <math.h>

#include "base/mem.h"
#include "stats/growth_parts.h"
#include "stats/summary.h"

double growth_at(const struct growth *g, double n)
{
    switch (g->state) {
    case GROWTH_FITTED:
    case GROWTH_FALLING: return g->a + g->b * log1p(n / g->c);
    case GROWTH_FLAT: return g->a;
    default: return NAN;
    }
}

const char *growth_says(const struct growth *g)
{
    switch (g->state) {
    case GROWTH_FITTED: return g->at_bound ? "the points lie as well on a line: c is at its bound" : "";
    case GROWTH_FLAT: return "flat: all scores are the same";
    case GROWTH_FALLING: return "falling: more examples made it worse";
    case GROWTH_FEW: return "too few points: three different counts of examples are needed";
    case GROWTH_FAILED: return "no fit was found";
    case GROWTH_ABSENT: return "no fit: built without GSL";
    }
    return "";
}

/* a and b are linear once c is known: ordinary least squares on x = ln(1 + n/c). Returns rss. */
double growth_line(const struct growth_points *p, double c, double *a, double *b)
{
    double mean_x = 0, mean_s = 0, xx = 0, xs = 0, rss = 0;
    for (size_t i = 0; i < p->count; i++) {
        mean_x += log1p(p->n[i] / c) / (double)p->count;
        mean_s += p->s[i] / (double)p->count;
    }
    for (size_t i = 0; i < p->count; i++) {
        double x = log1p(p->n[i] / c) - mean_x;
        xx += x * x;
        xs += x * (p->s[i] - mean_s);
    }
    *b = xx > 0 ? xs / xx : 0;
    *a = mean_s - *b * mean_x;
    for (size_t i = 0; i < p->count; i++) {
        double r = p->s[i] - *a - *b * log1p(p->n[i] / c);
        rss += r * r;
    }
    return rss;
}

/* Points with both numbers, n scaled so that the largest is 1; returns the scale, 0 where there is none. */
static double take_points(struct growth_points *p, const double *n, const double *s, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(n[i]) || !isfinite(s[i]) || n[i] < 0)
            continue;
        p->n[p->count] = n[i];
        p->s[p->count++] = s[i];
        most = fmax(most, n[i]);
    }
    for (size_t i = 0; i < p->count && most > 0; i++)
        p->n[i] /= most;
    return most;
}

static bool three_counts(const struct growth_points *p)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < p->count; i++) {
        low = fmin(low, p->n[i]);
        high = fmax(high, p->n[i]);
    }
    for (size_t i = 0; i < p->count; i++)
        if (p->n[i] > low && p->n[i] < high)
            return true;
    return false;
}

static bool is_flat(const struct growth_points *p)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < p->count; i++) {
        low = fmin(low, p->s[i]);
        high = fmax(high, p->s[i]);
    }
    return high - low <= 1e-12 * fmax(1, fabs(high));
}

static double squares_about_mean(const struct growth_points *p)
{
    double mean = mean_of(p->s, p->count), sum = 0;
    for (size_t i = 0; i < p->count; i++)
        sum += (p->s[i] - mean) * (p->s[i] - mean);
    return sum;
}

static void fit_points(struct growth *g, const struct growth_points *p, double scale, int starts)
{
    g->points = p->count;
    if (p->count == 0 || !three_counts(p)) {
        g->state = GROWTH_FEW;
        return;
    }
    if (is_flat(p)) {
        *g = (struct growth){GROWTH_FLAT, .a = mean_of(p->s, p->count), .c = scale, .r2 = NAN, .points = p->count};
        return;
    }
    growth_search(g, p, starts);
    if (g->state != GROWTH_FITTED)
        return;
    g->c *= scale;
    g->r2 = 1 - g->rss / squares_about_mean(p);
    if (g->b <= 0)
        g->state = GROWTH_FALLING;
}

struct growth growth_fit(const double *n, const double *s, size_t count, int starts)
{
    struct growth g = {GROWTH_ABSENT, .a = NAN, .b = NAN, .c = NAN, .rss = NAN, .r2 = NAN};
    if (!growth_available())
        return g;
    struct growth_points p = {mem_zalloc(count + 1, sizeof(double)), mem_zalloc(count + 1, sizeof(double)), 0};
    double scale = take_points(&p, n, s, count);
    fit_points(&g, &p, scale, starts < 1 ? 1 : starts);
    mem_free(p.n);
    mem_free(p.s);
    return g;
}
