/*
 * How many examples a method needs until it scores a target, asked in two ways: on the fitted growth curve
 * (growth.h) by bisection, and on straight lines between the points. "Not reached" is an answer.
 */
#ifndef STATS_NEEDED_H
#define STATS_NEEDED_H

#include <stddef.h>
#include <stdint.h>

#include "stats/growth.h"
#include "stats/scores.h"
#include "stats/summary.h"

enum needed_state {
    NEEDED_REACHED,
    NEEDED_BEYOND, /* reached on the fit, past the last point: an extrapolation */
    NEEDED_NEVER,  /* not reached: within the points, or within the reach of the fit */
    NEEDED_UNKNOWN /* no target (no base), no points, or no fit */
};

struct needed {
    enum needed_state state;
    double examples; /* INFINITY for NEEDED_NEVER, NaN for NEEDED_UNKNOWN */
};

/* The smallest n in [0, reach * most] with g(n) >= target. most: the largest n that was measured. */
struct needed needed_on_fit(const struct growth *g, double target, double most, double reach);

/* The first n at which the line through the points (sorted by n, NaN scores left out) rises to target. */
struct needed needed_on_lines(const double *n, const double *s, size_t count, double target);

/* One method's learning curve: scores[i] are those after n[i] examples, n rising. All tables have the same seeds
 * and records (rows and columns mean the same in each); what is missing is NaN. */
struct curve {
    size_t points;
    const double *n;
    const struct scores *scores;
};

struct needed_question {
    struct scores base;   /* before training; its records are the columns of the curves */
    double gain;          /* 0.25: the target is 1.25 times the base's mean */
    double target;        /* used instead of the gain where it is not NaN */
    double reach;         /* how far the fit may be followed, as a multiple of the last point's n */
    size_t resamples;     /* of the bootstrap */
    double level;         /* of the intervals, 0.95 */
    uint64_t seed;
    size_t reference;     /* which curve the ratios are relative to */
};

struct needed_answer {
    struct needed fit, lines;
    struct growth growth;
    /* examples needed; a bound of INFINITY: not reached in that tail of the resamples */
    struct interval fit_examples, lines_examples;
    /* examples needed divided by the reference's; NaN where the reference never gets there */
    struct interval fit_ratio, lines_ratio;
};

/* The target score the question asks for; NaN where there is no base, or the base scores 0 and a gain is asked. */
double needed_target(const struct needed_question *q);

/* Answers for count curves into out[0..count). Each resample draws records once for the base and all curves (they
 * are the same records) and seeds for each curve on its own, takes the means, the target, the fits and the ratios
 * anew: what the choice of records and seeds does to every one of them is in the intervals. */
void needed_ask(const struct needed_question *q, const struct curve *curves, size_t count,
                struct needed_answer *out);

#endif
