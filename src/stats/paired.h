/* Does one method score higher than another on the same records? Tests on the differences of pairs. */
#ifndef STATS_PAIRED_H
#define STATS_PAIRED_H

#include <stddef.h>
#include <stdint.h>

/* p of a test and how it was computed. NaN: no test (fewer than two pairs). */
struct test_result {
    double statistic, p;
    size_t n;        /* pairs that took part */
    int exact;       /* all possibilities counted; otherwise drawn (permutation) or by the normal curve (Wilcoxon) */
};

/*
 * Permutation of signs: under "no difference" each difference is as likely to have either sign. Two-sided on the
 * mean. All 2^n signs are counted for n <= 16; above, `draws` of them are drawn and p = (hits + 1) / (draws + 1),
 * which never claims 0 (Phipson and Smyth 2010). NaN differences are left out. statistic: the mean.
 */
struct test_result permutation_test(const double *differences, size_t count, size_t draws, uint64_t seed);

/*
 * Wilcoxon's signed ranks, two-sided; differences of zero are left out (Wilcoxon's own way), ties share their mean
 * rank. Exact for n <= 50 without ties and zeros; else the normal curve with the tie correction, without a
 * continuity correction (as scipy.stats.wilcoxon does by default). statistic: the smaller sum of ranks.
 */
struct test_result wilcoxon_test(const double *differences, size_t count);

/* Holm's step-down correction (Holm 1979) of count p values, NaNs left as they are and not counted; into out. */
void holm_adjust(const double *p, size_t count, double *out);

#endif
