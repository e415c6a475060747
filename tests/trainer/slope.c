#include "tests/trainer/slope.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "trainer/tensor/rng.h"

static double value_at(slope_fn *value, void *ctx, float *x, float moved)
{
    float was = *x;
    *x = moved;
    double v = value(ctx);
    *x = was;
    return v;
}

static double slope_of(slope_fn *value, void *ctx, float *x)
{
    const float h = 1.0F / 32;
    double near_by = value_at(value, ctx, x, *x + h) - value_at(value, ctx, x, *x - h);
    double far = value_at(value, ctx, x, *x + 2 * h) - value_at(value, ctx, x, *x - 2 * h);
    return (8 * near_by - far) / (12 * (double)h);
}

bool slope_fits(const char *what, slope_fn *value, void *ctx, float *x, size_t count, const float *grad)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++)
        largest = fabs(grad[i]) > largest ? fabs(grad[i]) : largest;
    for (size_t i = 0; i < count; i++) {
        double slope = slope_of(value, ctx, &x[i]);
        if (fabs(slope - grad[i]) <= SLOPE_TOLERANCE * largest)
            continue;
        printf("%s: gradient %zu is %g, the slope %g (the largest gradient %g)\n", what, i,
               (double)grad[i], slope, largest);
        return false;
    }
    if (largest == 0)
        printf("%s: all gradients are zero\n", what);
    return largest > 0;
}

bool near(const char *what, const float *got, const double *want, size_t count, double tolerance)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++)
        largest = fabs(want[i]) > largest ? fabs(want[i]) : largest;
    for (size_t i = 0; i < count; i++) {
        if (fabs(got[i] - want[i]) <= tolerance * largest)
            continue;
        printf("%s: number %zu is %.9g, not %.9g\n", what, i, (double)got[i], want[i]);
        return false;
    }
    return true;
}

float *no_numbers(struct backend *b, size_t count)
{
    struct error err = {0};
    float *x = b->ops->alloc(b, count, &err);
    if (!x) {
        fprintf(stderr, "slope: %s\n", err.text);
        exit(1);
    }
    return x;
}

float *some_numbers(struct backend *b, size_t count, int seed)
{
    struct rng rng;
    float *x = no_numbers(b, count);
    rng_seed(&rng, (uint64_t)seed, 77);
    for (size_t i = 0; i < count; i++)
        x[i] = (float)(2 * rng_unit(&rng) - 1);
    return x;
}

double weighted(const float *weights, const float *x, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)weights[i] * x[i];
    return sum;
}
