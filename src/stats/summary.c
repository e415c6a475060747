#include "stats/summary.h"

#include <math.h>
#include <stdlib.h>

double mean_of(const double *values, size_t count)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (isnan(values[i]))
            continue;
        sum += values[i];
        n++;
    }
    return n ? sum / (double)n : NAN;
}

double quantile_of(const double *sorted, size_t count, double q)
{
    if (count == 0)
        return NAN;
    double at = q * (double)(count - 1);
    size_t below = (size_t)floor(at);
    if (below + 1 >= count)
        return sorted[count - 1];
    double part = at - (double)below;
    /* equal neighbours (both infinite, too) need no arithmetic */
    if (part <= 0 || sorted[below] >= sorted[below + 1])
        return sorted[below];
    return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct interval interval_of(double estimate, double *replicates, size_t count, double level)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(replicates[i]))
            replicates[n++] = replicates[i];
    qsort(replicates, n, sizeof *replicates, by_size);
    double tail = (1 - level) / 2;
    return (struct interval){estimate, quantile_of(replicates, n, tail), quantile_of(replicates, n, 1 - tail)};
}

double normal_above(double z)
{
    return erfc(z / sqrt(2)) / 2;
}
