#include "stats/paired.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "stats/rng.h"
#include "stats/summary.h"

static const struct test_result untested = {NAN, NAN, 0, 0};

/* What was measured, into out; returns how many. */
static size_t measured(const double *from, size_t count, double *out)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(from[i]))
            out[n++] = from[i];
    return n;
}

static double signed_sum(const double *d, size_t n, uint64_t signs)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += signs >> i & 1 ? -d[i] : d[i];
    return sum;
}

/* As far from zero as what was seen, or farther; sums that differ by rounding alone are equal. */
static bool as_far(double sum, double seen, double rounding)
{
    return fabs(sum) >= fabs(seen) - rounding;
}

static double count_signs(const double *d, size_t n, double seen, double rounding)
{
    uint64_t all = (uint64_t)1 << n, hits = 0;
    for (uint64_t signs = 0; signs < all; signs++)
        hits += as_far(signed_sum(d, n, signs), seen, rounding);
    return (double)hits / (double)all;
}

static double draw_signs(const double *d, size_t n, double seen, double rounding, size_t draws, uint64_t seed)
{
    struct rng rng;
    size_t hits = 0;
    rng_seed(&rng, seed);
    for (size_t k = 0; k < draws; k++) {
        double sum = 0;
        for (size_t i = 0; i < n; i += 64)
            sum += signed_sum(d + i, n - i < 64 ? n - i : 64, rng_next(&rng));
        hits += as_far(sum, seen, rounding);
    }
    return ((double)hits + 1) / ((double)draws + 1);
}

struct test_result permutation_test(const double *differences, size_t count, size_t draws, uint64_t seed)
{
    enum { EXACT_MAX = 16 };
    double *d = mem_zalloc(count + 1, sizeof *d), size = 0, seen = 0;
    struct test_result out = untested;
    size_t n = measured(differences, count, d);
    for (size_t i = 0; i < n; i++) {
        seen += d[i];
        size += fabs(d[i]);
    }
    if (n >= 2) {
        out = (struct test_result){seen / (double)n, 1, n, n <= EXACT_MAX};
        out.p = out.exact ? count_signs(d, n, seen, 1e-12 * size) : draw_signs(d, n, seen, 1e-12 * size, draws, seed);
    }
    mem_free(d);
    return out;
}

static int by_distance(const void *a, const void *b)
{
    double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
    return (x > y) - (x < y);
}

struct ranks {
    double above; /* sum of ranks of positive differences */
    double ties;  /* sum of t^3 - t over groups of ties */
};

/* Differences that ought to be equal (0.3 - 0.1 and 0.2) are ties in spite of rounding. */
static bool tied(double a, double b)
{
    return fabs(b) - fabs(a) <= 1e-12 * fabs(b);
}

static struct ranks rank(const double *d, size_t n)
{
    struct ranks r = {0, 0};
    for (size_t i = 0, end; i < n; i = end) {
        end = i + 1;
        while (end < n && tied(d[end - 1], d[end]))
            end++;
        double size = (double)(end - i), mean = ((double)i + 1 + (double)end) / 2;
        for (size_t k = i; k < end; k++)
            r.above += d[k] > 0 ? mean : 0;
        r.ties += size * size * size - size;
    }
    return r;
}

/* P(sum of ranks <= w): how many of the 2^n choices of ranks 1..n have a sum of at most w. */
static double exact_below(size_t n, double w)
{
    size_t most = n * (n + 1) / 2;
    double *ways = mem_zalloc(most + 1, sizeof *ways), all = 0, below = 0;
    ways[0] = 1;
    for (size_t rank_now = 1; rank_now <= n; rank_now++)
        for (size_t sum = most; sum >= rank_now; sum--)
            ways[sum] += ways[sum - rank_now];
    for (size_t sum = 0; sum <= most; sum++) {
        all += ways[sum];
        below += (double)sum <= w ? ways[sum] : 0;
    }
    mem_free(ways);
    return below / all;
}

static struct test_result of_ranks(const double *d, size_t n, bool zeros)
{
    enum { EXACT_MAX = 50 };
    struct ranks r = rank(d, n);
    double k = (double)n, total = k * (k + 1) / 2, smaller = fmin(r.above, total - r.above);
    struct test_result out = {smaller, 1, n, n <= EXACT_MAX && !zeros && r.ties == 0};
    if (out.exact) {
        out.p = fmin(1, 2 * exact_below(n, smaller));
        return out;
    }
    double spread = sqrt((k * (k + 1) * (2 * k + 1) - r.ties / 2) / 24);
    out.p = spread > 0 ? fmin(1, 2 * normal_above(fabs(r.above - total / 2) / spread)) : 1;
    return out;
}

struct test_result wilcoxon_test(const double *differences, size_t count)
{
    double *d = mem_zalloc(count + 1, sizeof *d);
    struct test_result out = untested;
    size_t pairs = measured(differences, count, d), n = 0;
    for (size_t i = 0; i < pairs; i++)
        if (d[i] != 0)
            d[n++] = d[i];
    qsort(d, n, sizeof *d, by_distance);
    if (pairs >= 2 && n == 0)
        out = (struct test_result){0, 1, 0, 0};
    else if (pairs >= 2)
        out = of_ranks(d, n, n < pairs);
    mem_free(d);
    return out;
}

struct numbered {
    double p;
    size_t at;
};

static int by_p(const void *a, const void *b)
{
    const struct numbered *x = a, *y = b;
    return (x->p > y->p) - (x->p < y->p);
}

void holm_adjust(const double *p, size_t count, double *out)
{
    struct numbered *sorted = mem_zalloc(count + 1, sizeof *sorted);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        out[i] = p[i];
        if (!isnan(p[i]))
            sorted[n++] = (struct numbered){p[i], i};
    }
    qsort(sorted, n, sizeof *sorted, by_p);
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fmin(1, sorted[i].p * (double)(n - i)));
        out[sorted[i].at] = most;
    }
    mem_free(sorted);
}
