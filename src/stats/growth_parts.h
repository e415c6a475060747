/* Private to growth.c and growth_gsl.c. */
#ifndef STATS_GROWTH_PARTS_H
#define STATS_GROWTH_PARTS_H

#include "stats/growth.h"

struct growth_points {
    double *n, *s; /* n scaled to 0..1 */
    size_t count;
};

/* Bounds of ln c on the scale where the largest n is 1. */
#define GROWTH_LOG_C 6.907755278982137 /* ln 1000 */

/* The best a and b for a given c; returns the sum of squared residuals. */
double growth_line(const struct growth_points *p, double c, double *a, double *b);

/* Sets state (GROWTH_FITTED or GROWTH_FAILED; GROWTH_ABSENT without GSL), a, b, c, rss, at_bound from points of
 * at least three counts that are not flat. */
void growth_search(struct growth *g, const struct growth_points *p, int starts);

#endif
