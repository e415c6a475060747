/* Against what numpy and scipy say of the same numbers (reference.py), and what no library says: degenerate data. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "stats/growth.h"
#include "stats/needed.h"
#include "stats/paired.h"
#include "stats/rng.h"
#include "stats/scores.h"
#include "stats/summary.h"
#include "tests/support/suite.h"

static struct json *reference(void)
{
    struct str text = {0}, path = {0};
    struct error err = {0};
    str_adds(&path, getenv("srcdir") ? getenv("srcdir") : ".");
    str_adds(&path, "/tests/stats/reference.json");
    CU_ASSERT_FATAL(file_read(str_z(&path), 1 << 20, &text, &err) == 0);
    str_free(&path);
    struct json *j = json_parse(str_slice(&text), NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(j);
    str_free(&text);
    return j;
}

static double number(const struct json *j, const char *name)
{
    return json_number(json_get(j, name), NAN);
}

/* The caller frees. null is NaN. */
static double *numbers(const struct json *j, const char *name, size_t *count)
{
    const struct json *list = json_get(j, name);
    double *out = mem_zalloc(json_size(list) + 1, sizeof *out);
    *count = 0;
    for (const struct json *c = json_first(list); c; c = json_next(c))
        out[(*count)++] = json_number(c, NAN);
    return out;
}

static void close_to(const char *what, const char *which, double got, double expected, double tolerance)
{
    bool fits = isnan(expected) ? isnan(got) : fabs(got - expected) <= tolerance;
    if (!fits)
        fprintf(stderr, "\n%s of %s: %.12g, not %.12g +- %.3g\n", what, which, got, expected, tolerance);
    CU_ASSERT(fits);
}

static const char *name_of(const struct json *j)
{
    return json_string(json_get(j, "name"), "?");
}

static void quantiles(void)
{
    struct json *all = reference();
    const struct json *j = json_get(all, "quantiles");
    size_t n, m;
    double *sorted = numbers(j, "sorted", &n), *q = numbers(j, "q", &m), *value = numbers(j, "value", &m);
    for (size_t i = 0; i < m; i++)
        close_to("quantile", "normal numbers", quantile_of(sorted, n, q[i]), value[i], 1e-14);
    mem_free(q);
    mem_free(value);
    double *z = numbers(j, "z", &m), *above = numbers(j, "above", &m);
    for (size_t i = 0; i < m; i++)
        close_to("tail", "the normal curve", normal_above(z[i]), above[i], 1e-15);
    mem_free(sorted);
    mem_free(z);
    mem_free(above);
    json_free(all);
    CU_ASSERT(isnan(quantile_of(NULL, 0, 0.5)));
    double never[] = {1, 2, INFINITY, INFINITY};
    CU_ASSERT(quantile_of(never, 4, 1) == INFINITY);
    CU_ASSERT(quantile_of(never, 4, 0.9) == INFINITY);
    CU_ASSERT(quantile_of(never, 4, 0) == 1);
}

static void draws(void)
{
    struct rng r, again;
    size_t seen[6] = {0};
    rng_seed(&r, 1);
    rng_seed(&again, 1);
    for (int i = 0; i < 60000; i++) {
        size_t x = rng_below(&r, 6);
        CU_ASSERT_EQUAL(x, rng_below(&again, 6));
        seen[x]++;
    }
    for (int i = 0; i < 6; i++) /* 10,000 each; six standard deviations are 548 */
        CU_ASSERT(seen[i] > 9450 && seen[i] < 10550);
    /* Blackman and Vigna's reference code from the state 1, 2, 3, 4 */
    struct rng fixed = {{1, 2, 3, 4}};
    CU_ASSERT_EQUAL(rng_next(&fixed), 11520);
    CU_ASSERT_EQUAL(rng_next(&fixed), 0);
    CU_ASSERT_EQUAL(rng_next(&fixed), 1509978240);
    CU_ASSERT_EQUAL(rng_next(&fixed), 1215971899390074240);
}

static void growth_of(const struct json *c)
{
    size_t count;
    double *n = numbers(c, "n", &count), *s = numbers(c, "s", &count);
    double a = number(c, "a"), b = number(c, "b"), size = number(c, "c"), rss = number(c, "rss");
    double target = number(c, "target"), needed = number(c, "needed"), lines = number(c, "lines");
    if (growth_available()) {
        struct growth g = growth_fit(n, s, count, 8);
        CU_ASSERT_EQUAL(g.state, b < 0 ? GROWTH_FALLING : GROWTH_FITTED);
        close_to("a", name_of(c), g.a, a, 1e-5);
        close_to("b", name_of(c), g.b, b, 1e-4 * fabs(b));
        close_to("c", name_of(c), g.c, size, 1e-3 * size);
        close_to("rss", name_of(c), g.rss, rss, 1e-7 * rss + 1e-12);
        struct needed on_fit = needed_on_fit(&g, target, n[count - 1], number(c, "reach"));
        if (isnan(needed)) {
            CU_ASSERT(on_fit.state == NEEDED_NEVER && on_fit.examples == INFINITY);
        } else
            close_to("needed", name_of(c), on_fit.examples, needed, 1e-3 * needed);
    }
    struct needed on_lines = needed_on_lines(n, s, count, target);
    if (isnan(lines)) {
        CU_ASSERT(on_lines.state == NEEDED_NEVER);
    } else
        close_to("lines", name_of(c), on_lines.examples, lines, 1e-9 * lines);
    mem_free(n);
    mem_free(s);
}

static void growth_reference(void)
{
    struct json *all = reference();
    for (const struct json *c = json_first(json_get(all, "growth")); c; c = json_next(c))
        growth_of(c);
    json_free(all);
}

static void growth_degenerate(void)
{
    double n[] = {0, 10, 100, 1000, 2000}, flat[] = {0.5, 0.5, 0.5, 0.5, 0.5}, up[] = {0.5, 0.6, 0.7, 0.8, NAN};
    double line[] = {0.1, 0.101, 0.11, 0.2, 0.3}, same[] = {5, 5, 5, 5, 5}, step[] = {0.2, 0.7, 0.71, 0.72, 0.723};
    if (!growth_available()) {
        struct growth g = growth_fit(n, up, 5, 8);
        CU_ASSERT_EQUAL(g.state, GROWTH_ABSENT);
        CU_ASSERT_EQUAL(needed_on_fit(&g, 0.6, 1000, 10).state, NEEDED_UNKNOWN);
        return;
    }
    struct growth g = growth_fit(n, flat, 5, 8);
    CU_ASSERT_EQUAL(g.state, GROWTH_FLAT);
    CU_ASSERT_EQUAL(needed_on_fit(&g, 0.6, 2000, 10).state, NEEDED_NEVER);
    CU_ASSERT(growth_at(&g, 77) == 0.5);
    CU_ASSERT_EQUAL(growth_fit(n, up, 2, 8).state, GROWTH_FEW);
    CU_ASSERT_EQUAL(growth_fit(same, up, 4, 8).state, GROWTH_FEW);
    CU_ASSERT_EQUAL(growth_fit(n, up, 0, 8).state, GROWTH_FEW);
    CU_ASSERT_EQUAL(growth_fit(n, up, 5, 8).points, 4);
    g = growth_fit(n, line, 5, 8); /* a straight line: c as large as it may be */
    CU_ASSERT(g.state == GROWTH_FITTED && g.at_bound);
    close_to("middle", "a line", growth_at(&g, 500), 0.15, 1e-3);
    g = growth_fit(n, step, 5, 8); /* a step and a plateau: c as small as it may be, and a fit that says it is poor */
    CU_ASSERT(g.state == GROWTH_FITTED && g.at_bound && g.r2 < 0.8);
    close_to("c", "a step", g.c, 2, 1e-6);
    CU_ASSERT_EQUAL(needed_on_fit(&g, 0.1, 2000, 10).examples, 0);
    struct needed beyond = needed_on_fit(&g, growth_at(&g, 2500), 2000, 100);
    CU_ASSERT(beyond.state == NEEDED_BEYOND && fabs(beyond.examples - 2500) < 0.01);
    CU_ASSERT_EQUAL(needed_on_fit(&g, NAN, 2000, 100).state, NEEDED_UNKNOWN);
}

static void lines(void)
{
    double n[] = {0, 10, 20, 40}, s[] = {0.4, NAN, 0.6, 0.5}, none[] = {NAN, NAN, NAN, NAN};
    CU_ASSERT_DOUBLE_EQUAL(needed_on_lines(n, s, 4, 0.5).examples, 10, 1e-9);
    CU_ASSERT_EQUAL(needed_on_lines(n, s, 4, 0.3).examples, 0);
    CU_ASSERT_EQUAL(needed_on_lines(n, s, 4, 0.7).state, NEEDED_NEVER);
    CU_ASSERT_EQUAL(needed_on_lines(n, none, 4, 0.7).state, NEEDED_UNKNOWN);
    CU_ASSERT_EQUAL(needed_on_lines(n, s, 4, NAN).state, NEEDED_UNKNOWN);
}

static void intervals(void)
{
    struct json *all = reference();
    for (const struct json *c = json_first(json_get(all, "intervals")); c; c = json_next(c)) {
        size_t count;
        double *at = numbers(c, "at", &count);
        struct scores t = {at, (size_t)number(c, "seeds"), (size_t)number(c, "records")};
        CU_ASSERT_EQUAL_FATAL(count, t.seeds * t.records);
        struct bootstrap how = {(size_t)number(c, "resamples"), 0.95, 7};
        struct interval i = scores_interval(&t, &how), again = scores_interval(&t, &how);
        close_to("mean", name_of(c), i.estimate, number(c, "mean"), 1e-12);
        close_to("low", name_of(c), i.low, number(c, "low"), number(c, "tolerance"));
        close_to("high", name_of(c), i.high, number(c, "high"), number(c, "tolerance"));
        CU_ASSERT(i.low == again.low && i.high == again.high);
        mem_free(at);
    }
    json_free(all);
    double nothing[] = {NAN, NAN};
    struct scores none = {nothing, 1, 2};
    CU_ASSERT(isnan(scores_interval(&none, &(struct bootstrap){100, 0.95, 1}).low));
    CU_ASSERT_EQUAL(scores_measured(&none), 0);
}

static void difference(void)
{
    struct json *all = reference();
    const struct json *c = json_get(all, "difference");
    size_t count, records = (size_t)number(c, "records");
    double *a = numbers(c, "a", &count), *b = numbers(c, "b", &count);
    struct scores x = {a, (size_t)number(c, "a_seeds"), records}, y = {b, (size_t)number(c, "b_seeds"), records};
    struct bootstrap how = {(size_t)number(c, "resamples"), 0.95, 7};
    struct interval i = scores_difference(&x, &y, false, &how);
    close_to("difference", "a and b", i.estimate, number(c, "difference"), 1e-12);
    close_to("low", "a and b", i.low, number(c, "low"), number(c, "tolerance"));
    close_to("high", "a and b", i.high, number(c, "high"), number(c, "tolerance"));
    i = scores_difference(&x, &x, true, &how); /* a run against itself: nothing is left to chance */
    CU_ASSERT(i.estimate == 0 && i.low == 0 && i.high == 0);
    i = scores_difference(&x, &x, false, &how);
    CU_ASSERT(i.low < 0 && i.high > 0);
    mem_free(a);
    mem_free(b);
    json_free(all);
}

static void paired(void)
{
    struct json *all = reference();
    for (const struct json *c = json_first(json_get(all, "paired")); c; c = json_next(c)) {
        size_t count;
        double *d = numbers(c, "d", &count);
        struct test_result p = permutation_test(d, count, (size_t)number(c, "draws"), 3), w = wilcoxon_test(d, count);
        close_to("mean", name_of(c), p.statistic, number(c, "mean"), 1e-12);
        close_to("permutation p", name_of(c), p.p, number(c, "permutation"), number(c, "tolerance"));
        close_to("rank sum", name_of(c), w.statistic, number(c, "statistic"), 1e-9);
        close_to("wilcoxon p", name_of(c), w.p, number(c, "wilcoxon"), 1e-12);
        CU_ASSERT_EQUAL(p.exact, count <= 16);
        mem_free(d);
    }
    json_free(all);
    double one[] = {0.3, NAN};
    CU_ASSERT(isnan(permutation_test(one, 2, 100, 1).p));
    CU_ASSERT(isnan(wilcoxon_test(one, 2).p));
}

static void holm(void)
{
    struct json *all = reference();
    for (const struct json *c = json_first(json_get(all, "holm")); c; c = json_next(c)) {
        size_t count;
        double *p = numbers(c, "p", &count), *expected = numbers(c, "holm", &count);
        double *got = mem_zalloc(count, sizeof *got);
        holm_adjust(p, count, got);
        for (size_t i = 0; i < count; i++)
            close_to("p", "Holm", got[i], expected[i], 1e-14);
        mem_free(p);
        mem_free(expected);
        mem_free(got);
    }
    json_free(all);
    double p[] = {0.01, NAN, 0.04}, got[3];
    holm_adjust(p, 3, got);
    CU_ASSERT(got[0] == 0.02 && isnan(got[1]) && got[2] == 0.04);
}

/* Two methods whose records all follow known curves: c of 20 and of 60, so three times the examples. */
enum { POINTS = 8, RECORDS = 60, SEEDS = 3 };

static void fill_curve(double c, struct rng *rng, double *n, double *at, struct scores *tables)
{
    for (size_t i = 0; i < POINTS; i++) {
        n[i] = i ? 5 * pow(2, (double)i) : 0;
        for (size_t k = 0; k < SEEDS * RECORDS; k++) {
            double noise = (double)rng_below(rng, 2001) / 10000 - 0.1, own = (double)(k % RECORDS % 7) / 70;
            at[i * SEEDS * RECORDS + k] = 0.4 + own + 0.1 * log1p(n[i] / c) + noise;
        }
        tables[i] = (struct scores){at + i * SEEDS * RECORDS, SEEDS, RECORDS};
    }
}

static void needed_between_methods(void)
{
    static double at[2][POINTS * SEEDS * RECORDS], n[POINTS], base[RECORDS];
    static struct scores tables[3][POINTS];
    struct rng rng;
    rng_seed(&rng, 5);
    fill_curve(20, &rng, n, at[0], tables[0]);
    fill_curve(60, &rng, n, at[1], tables[1]);
    scores_by_record(&tables[0][0], base);
    static double still[SEEDS * RECORDS];
    for (size_t k = 0; k < SEEDS * RECORDS; k++)
        still[k] = base[k % RECORDS];
    for (size_t i = 0; i < POINTS; i++)
        tables[2][i] = (struct scores){still, SEEDS, RECORDS};
    struct curve curves[] = {{POINTS, n, tables[0]}, {POINTS, n, tables[1]}, {POINTS, n, tables[2]}};
    struct needed_question q = {{base, 1, RECORDS}, 0.25, NAN, 10, 400, 0.95, 11, 0};
    struct needed_answer a[3];
    needed_ask(&q, curves, 3, a);
    CU_ASSERT(a[0].lines.state == NEEDED_REACHED && a[1].lines.state == NEEDED_REACHED);
    CU_ASSERT(a[0].lines_ratio.estimate == 1 && a[0].lines_ratio.low == 1 && a[0].lines_ratio.high == 1);
    CU_ASSERT(a[1].lines_ratio.low < 3 && a[1].lines_ratio.high > 3 && a[1].lines_ratio.low > 1.5);
    CU_ASSERT(a[2].lines.state == NEEDED_NEVER && a[2].lines_ratio.estimate == INFINITY);
    CU_ASSERT(a[2].lines_examples.high == INFINITY);
    if (growth_available()) {
        CU_ASSERT(a[1].fit_ratio.low < 3 && a[1].fit_ratio.high > 3 && a[1].fit_ratio.low > 1.5);
        CU_ASSERT(a[0].fit_examples.low < a[0].fit_examples.estimate);
        CU_ASSERT(a[2].growth.state == GROWTH_FLAT && a[2].fit.state == NEEDED_NEVER);
    } else {
        CU_ASSERT(isnan(a[1].fit_ratio.estimate) && a[1].fit.state == NEEDED_UNKNOWN);
    }
    memset(base, 0, sizeof base); /* a base that scores nothing has no gain in per cent */
    needed_ask(&q, curves, 3, a);
    CU_ASSERT(isnan(needed_target(&q)) && a[0].lines.state == NEEDED_UNKNOWN && isnan(a[0].lines_examples.low));
    q.target = 0.6;
    needed_ask(&q, curves, 3, a);
    CU_ASSERT_EQUAL(a[0].lines.state, NEEDED_REACHED);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"quantiles", quantiles},
        {"numbers drawn", draws},
        {"growth curves against scipy", growth_reference},
        {"growth curves of degenerate data", growth_degenerate},
        {"lines between points", lines},
        {"intervals against numpy and scipy", intervals},
        {"difference of two tables", difference},
        {"paired tests against scipy", paired},
        {"Holm's correction", holm},
        {"examples needed, with ratios", needed_between_methods},
        {NULL, NULL},
    };
    return suite_run("stats", tests, argc, argv);
}
