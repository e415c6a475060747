/*
 * Logarithmic growth: s(n) = a + b * ln(1 + n / c), the score after n examples. a is the score before
 * training, b how much a doubling is worth late on (b * ln 2), c where growth turns logarithmic. Fitted by
 * nonlinear least squares: Levenberg-Marquardt (GSL's gsl_multifit_nlinear) over a, b and ln c, from several
 * starts, the best kept.
 */
#ifndef STATS_GROWTH_H
#define STATS_GROWTH_H

#include <stdbool.h>
#include <stddef.h>

enum growth_state {
    GROWTH_FITTED,
    GROWTH_FLAT,    /* all scores are the same: b = 0, c means nothing */
    GROWTH_FALLING, /* fitted, and b < 0: more examples made it worse */
    GROWTH_FEW,     /* fewer than three different counts of examples: three parameters cannot be told */
    GROWTH_FAILED,  /* no start led anywhere (numbers that are not finite) */
    GROWTH_ABSENT   /* this program was built without GSL */
};

struct growth {
    enum growth_state state;
    /* c ran into a bound of [n_max/1000, n_max*1000]: the points are as well on a straight line (upper) or on a
     * step followed by ln n (lower). The curve is good within the points; its c says nothing. */
    bool at_bound;
    double a, b, c;
    double rss; /* sum of squared residuals */
    double r2;  /* 1 - rss / (sum of squares about the mean) */
    size_t points;
};

/* Can this program fit at all (was it built with GSL)? */
bool growth_available(void);

/* Fits count points (n >= 0, s); those with a NaN are left out. starts: how many values of c to descend from,
 * each the best of its part of the range; at least 1 (8 is thorough, 1 enough for a resample). */
struct growth growth_fit(const double *n, const double *s, size_t count, int starts);

/* s(n); NaN where nothing was fitted. */
double growth_at(const struct growth *g, double n);

/* One line for a person: what the state means. "" for GROWTH_FITTED inside the bounds. */
const char *growth_says(const struct growth *g);

#endif
