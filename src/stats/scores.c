#include "stats/scores.h"

#include <assert.h>
#include <math.h>

#include "base/mem.h"

double scores_mean(const struct scores *t, const size_t *rows, const size_t *columns)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < t->seeds; i++) {
        const double *row = t->at + (rows ? rows[i] : i) * t->records;
        for (size_t k = 0; k < t->records; k++) {
            double v = row[columns ? columns[k] : k];
            if (!isnan(v)) {
                sum += v;
                n++;
            }
        }
    }
    return n ? sum / (double)n : NAN;
}

void scores_by_record(const struct scores *t, double *out)
{
    for (size_t k = 0; k < t->records; k++) {
        double sum = 0;
        size_t n = 0;
        for (size_t i = 0; i < t->seeds; i++) {
            double v = t->at[i * t->records + k];
            if (!isnan(v)) {
                sum += v;
                n++;
            }
        }
        out[k] = n ? sum / (double)n : NAN;
    }
}

size_t scores_measured(const struct scores *t)
{
    size_t n = 0;
    for (size_t k = 0; k < t->records; k++)
        for (size_t i = 0; i < t->seeds; i++)
            if (!isnan(t->at[i * t->records + k])) {
                n++;
                break;
            }
    return n;
}

static const struct interval unknown = {NAN, NAN, NAN};

struct interval scores_interval(const struct scores *t, const struct bootstrap *how)
{
    double estimate = scores_mean(t, NULL, NULL);
    if (isnan(estimate))
        return unknown;
    size_t *rows = mem_zalloc(t->seeds, sizeof *rows), *columns = mem_zalloc(t->records, sizeof *columns);
    double *replicates = mem_zalloc(how->resamples, sizeof *replicates);
    struct rng rng;
    rng_seed(&rng, how->seed);
    for (size_t r = 0; r < how->resamples; r++) {
        rng_resample(&rng, t->seeds, rows, t->seeds);
        rng_resample(&rng, t->records, columns, t->records);
        replicates[r] = scores_mean(t, rows, columns);
    }
    struct interval out = interval_of(estimate, replicates, how->resamples, how->level);
    mem_free(rows);
    mem_free(columns);
    mem_free(replicates);
    return out;
}

/* Columns that both tables have, as a table of its own; the caller frees at. */
static struct scores common_columns(const struct scores *t, const bool *both, size_t kept)
{
    double *at = mem_zalloc(t->seeds * kept, sizeof *at);
    for (size_t i = 0; i < t->seeds; i++)
        for (size_t k = 0, to = 0; k < t->records; k++)
            if (both[k])
                at[i * kept + to++] = t->at[i * t->records + k];
    return (struct scores){at, t->seeds, kept};
}

static size_t mark_common(const struct scores *a, const struct scores *b, bool *both)
{
    double *of_a = mem_zalloc(a->records, sizeof *of_a), *of_b = mem_zalloc(b->records, sizeof *of_b);
    size_t kept = 0;
    scores_by_record(a, of_a);
    scores_by_record(b, of_b);
    for (size_t k = 0; k < a->records; k++)
        kept += both[k] = !isnan(of_a[k]) && !isnan(of_b[k]);
    mem_free(of_a);
    mem_free(of_b);
    return kept;
}

static struct interval paired_interval(const struct scores *a, const struct scores *b, bool same_seeds,
                                       const struct bootstrap *how)
{
    size_t seeds = a->seeds > b->seeds ? a->seeds : b->seeds;
    size_t *of_a = mem_zalloc(seeds, sizeof *of_a), *of_b = mem_zalloc(seeds, sizeof *of_b);
    size_t *columns = mem_zalloc(a->records, sizeof *columns);
    double *replicates = mem_zalloc(how->resamples, sizeof *replicates);
    struct rng rng;
    rng_seed(&rng, how->seed);
    for (size_t r = 0; r < how->resamples; r++) {
        rng_resample(&rng, a->seeds, of_a, a->seeds);
        if (!same_seeds)
            rng_resample(&rng, b->seeds, of_b, b->seeds);
        rng_resample(&rng, a->records, columns, a->records);
        replicates[r] = scores_mean(a, of_a, columns) - scores_mean(b, same_seeds ? of_a : of_b, columns);
    }
    double estimate = scores_mean(a, NULL, NULL) - scores_mean(b, NULL, NULL);
    struct interval out = interval_of(estimate, replicates, how->resamples, how->level);
    mem_free(of_a);
    mem_free(of_b);
    mem_free(columns);
    mem_free(replicates);
    return out;
}

struct interval scores_difference(const struct scores *a, const struct scores *b, bool same_seeds,
                                  const struct bootstrap *how)
{
    assert(a->records == b->records && (!same_seeds || a->seeds == b->seeds));
    bool *both = mem_zalloc(a->records, sizeof *both);
    size_t kept = mark_common(a, b, both);
    struct interval out = unknown;
    if (kept) {
        struct scores x = common_columns(a, both, kept), y = common_columns(b, both, kept);
        out = paired_interval(&x, &y, same_seeds, how);
        mem_free((double *)(size_t)x.at);
        mem_free((double *)(size_t)y.at);
    }
    mem_free(both);
    return out;
}
