/*
 * Scores of the same records under several seeds (a run each): a table of seeds x records. Seeds and records are
 * crossed, not nested: every seed is graded on the same held-out records. A resample therefore draws rows and
 * columns independently, with replacement (the "pigeonhole" bootstrap: Owen 2007, "The pigeonhole bootstrap",
 * Annals of Applied Statistics 1:386-411; a little wide rather than too narrow). With one seed it is the plain
 * bootstrap over records, and says nothing of what another seed would have given.
 */
#ifndef STATS_SCORES_H
#define STATS_SCORES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats/rng.h"
#include "stats/summary.h"

struct scores {
    const double *at; /* [seeds][records]; NaN where not measured */
    size_t seeds, records;
};

/* Mean of all that was measured; with rows or columns (each NULL for all, in order) of the drawn ones alone. rows
 * has t->seeds indices, columns t->records. */
double scores_mean(const struct scores *t, const size_t *rows, const size_t *columns);

/* The mean of each record over its seeds, into out[0..records). */
void scores_by_record(const struct scores *t, double *out);

/* How many records have at least one score. */
size_t scores_measured(const struct scores *t);

struct bootstrap {
    size_t resamples;
    double level;
    uint64_t seed;
};

/* The mean and its percentile interval. */
struct interval scores_interval(const struct scores *t, const struct bootstrap *how);

/* Mean of a minus mean of b on the records that both have, with its interval. Records are drawn once for both
 * (paired). same_seeds: row i of a and of b is the same run (think on against off), so rows are drawn once, too. */
struct interval scores_difference(const struct scores *a, const struct scores *b, bool same_seeds,
                                  const struct bootstrap *how);

#endif
