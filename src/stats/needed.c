#include "stats/needed.h"

#include <math.h>

#include "base/mem.h"

static const struct needed unknown = {NEEDED_UNKNOWN, NAN}, never = {NEEDED_NEVER, INFINITY};

struct needed needed_on_fit(const struct growth *g, double target, double most, double reach)
{
    enum { HALVINGS = 200 };
    if (isnan(growth_at(g, 0)) || isnan(target))
        return unknown;
    double low = 0, high = most * reach;
    if (growth_at(g, 0) >= target)
        return (struct needed){NEEDED_REACHED, 0};
    if (growth_at(g, high) < target)
        return never;
    /* The curve is monotonic: below target at low, not below at high, in every round. */
    for (int i = 0; i < HALVINGS && high - low > 1e-9 * high; i++) {
        double middle = low + (high - low) / 2;
        if (growth_at(g, middle) < target)
            low = middle;
        else
            high = middle;
    }
    return (struct needed){high <= most ? NEEDED_REACHED : NEEDED_BEYOND, high};
}

struct needed needed_on_lines(const double *n, const double *s, size_t count, double target)
{
    size_t before = count; /* the point before, once there was one */
    if (isnan(target))
        return unknown;
    for (size_t i = 0; i < count; i++) {
        if (isnan(s[i]))
            continue;
        if (s[i] >= target && before == count)
            return (struct needed){NEEDED_REACHED, n[i]};
        if (s[i] >= target) {
            double part = (target - s[before]) / (s[i] - s[before]);
            return (struct needed){NEEDED_REACHED, n[before] + part * (n[i] - n[before])};
        }
        before = i;
    }
    return before == count ? unknown : never;
}

static double target_of(const struct needed_question *q, double base)
{
    if (!isnan(q->target))
        return q->target;
    return base > 0 ? base * (1 + q->gain) : NAN;
}

double needed_target(const struct needed_question *q)
{
    return target_of(q, scores_mean(&q->base, NULL, NULL));
}

/* Which rows and columns a resample drew; NULLs for the data as they are. */
struct drawn {
    size_t *rows, *columns, *base_rows;
    double *means;
};

/* The means of a curve's points under a draw, and both answers on them. */
static void ask_curve(const struct needed_question *q, const struct curve *c, double target, int starts,
                      const struct drawn *d, struct needed_answer *out)
{
    double most = 0;
    for (size_t i = 0; i < c->points; i++) {
        d->means[i] = scores_mean(&c->scores[i], d->rows, d->columns);
        if (!isnan(d->means[i]))
            most = fmax(most, c->n[i]);
    }
    out->growth = growth_fit(c->n, d->means, c->points, starts);
    out->fit = needed_on_fit(&out->growth, target, most, q->reach);
    out->lines = needed_on_lines(c->n, d->means, c->points, target);
}

/* How often the reference's examples are needed. Where the reference needs none there is no ratio. */
static double ratio(const struct needed *it, const struct needed *reference)
{
    if (it == reference)
        return isfinite(it->examples) ? 1 : NAN;
    if (!isfinite(reference->examples) || reference->examples <= 0)
        return NAN;
    return it->examples / reference->examples;
}

enum { FIT, LINES, FIT_RATIO, LINES_RATIO, QUANTITIES };

/* Replicates of a curve's four quantities: [quantity][resample]. */
static void note_replicate(double *of, size_t resamples, size_t r, const struct needed_answer *it,
                           const struct needed_answer *reference)
{
    of[FIT * resamples + r] = it->fit.examples;
    of[LINES * resamples + r] = it->lines.examples;
    of[FIT_RATIO * resamples + r] = ratio(&it->fit, &reference->fit);
    of[LINES_RATIO * resamples + r] = ratio(&it->lines, &reference->lines);
}

static void resample_all(const struct needed_question *q, const struct curve *curves, size_t count, struct drawn *d,
                         double *replicates)
{
    struct needed_answer *now = mem_zalloc(count, sizeof *now);
    struct rng rng;
    rng_seed(&rng, q->seed);
    for (size_t r = 0; r < q->resamples; r++) {
        rng_resample(&rng, q->base.records, d->columns, q->base.records);
        rng_resample(&rng, q->base.seeds, d->base_rows, q->base.seeds);
        double target = target_of(q, scores_mean(&q->base, d->base_rows, d->columns));
        for (size_t i = 0; i < count; i++) {
            size_t seeds = curves[i].points ? curves[i].scores[0].seeds : 0;
            rng_resample(&rng, seeds, d->rows, seeds);
            ask_curve(q, &curves[i], target, 1, d, &now[i]);
        }
        for (size_t i = 0; i < count; i++)
            note_replicate(replicates + i * QUANTITIES * q->resamples, q->resamples, r, &now[i], &now[q->reference]);
    }
    mem_free(now);
}

/* An unknown answer has no interval, whatever single resamples said. */
static struct interval bounds(const struct needed_question *q, double estimate, double *replicates)
{
    if (isnan(estimate))
        return (struct interval){NAN, NAN, NAN};
    return interval_of(estimate, replicates, q->resamples, q->level);
}

static void finish(const struct needed_question *q, const struct needed_answer *reference, double *replicates,
                   struct needed_answer *out)
{
    size_t n = q->resamples;
    out->fit_examples = bounds(q, out->fit.examples, replicates + FIT * n);
    out->lines_examples = bounds(q, out->lines.examples, replicates + LINES * n);
    out->fit_ratio = bounds(q, ratio(&out->fit, &reference->fit), replicates + FIT_RATIO * n);
    out->lines_ratio = bounds(q, ratio(&out->lines, &reference->lines), replicates + LINES_RATIO * n);
}

void needed_ask(const struct needed_question *q, const struct curve *curves, size_t count,
                struct needed_answer *out)
{
    size_t points = 0, seeds = 0;
    for (size_t i = 0; i < count; i++) {
        size_t of = curves[i].points ? curves[i].scores[0].seeds : 0;
        points = curves[i].points > points ? curves[i].points : points;
        seeds = of > seeds ? of : seeds;
    }
    double *means = mem_zalloc(points + 1, sizeof *means);
    struct drawn as_is = {.means = means};
    for (size_t i = 0; i < count; i++)
        ask_curve(q, &curves[i], needed_target(q), 8, &as_is, &out[i]);
    struct drawn d = {mem_zalloc(seeds + 1, sizeof *d.rows), mem_zalloc(q->base.records + 1, sizeof *d.columns),
                      mem_zalloc(q->base.seeds + 1, sizeof *d.base_rows), means};
    double *replicates = mem_zalloc(count * QUANTITIES * q->resamples + 1, sizeof *replicates);
    if (!isnan(needed_target(q)))
        resample_all(q, curves, count, &d, replicates);
    for (size_t i = 0; i < count; i++)
        finish(q, &out[q->reference], replicates + i * QUANTITIES * q->resamples, &out[i]);
    mem_free(replicates);
    mem_free(d.rows);
    mem_free(d.columns);
    mem_free(d.base_rows);
    mem_free(means);
}
