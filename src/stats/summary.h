/* Small sums over numbers. A NaN stands for "was not measured" and is left out. */
#ifndef STATS_SUMMARY_H
#define STATS_SUMMARY_H

#include <stddef.h>

/* Mean of what was measured; NaN where nothing was. */
double mean_of(const double *values, size_t count);

/* The q-quantile (0..1) of sorted values, interpolated between neighbours as numpy's default does
 * (Hyndman and Fan 1996, type 7). Values may be infinite; count 0 gives NaN. */
double quantile_of(const double *sorted, size_t count, double q);

/* An estimate and the interval that holds it. Where a bound is INFINITY the quantity was not reached in
 * that tail of the resamples. NaN in both: no interval can be given (nothing to draw from). */
struct interval {
    double estimate, low, high;
};

/* The percentile interval of replicates at a level such as 0.95 (Efron and Tibshirani 1993, chapter 13).
 * Sorts replicates; NaNs are left out. */
struct interval interval_of(double estimate, double *replicates, size_t count, double level);

/* Probability that a standard normal variable lies above z. */
double normal_above(double z);

#endif
