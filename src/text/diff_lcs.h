/*
 * The longest common subsequence of two lists of ids: trimmed ends, then Myers' greedy search where
 * the difference is small, then Hyyrö's bit-parallel LCS (2004), divided by Hirschberg's method
 * where its table would not fit, then anchors of rare n-grams where even that is too much work. Work
 * is counted in cells of the table, never in time.
 */
#ifndef TEXT_DIFF_LCS_H
#define TEXT_DIFF_LCS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/diff_chain.h"

struct lcs_list {
    const uint32_t *ids;
    size_t count; /* at most UINT32_MAX / 2 */
};

/* Sets keep_a[i] and keep_b[j] to 1 for the members of the subsequence (the k-th kept of a stands for the
 * k-th kept of b); both arrays are zeroed by the caller. Ids are below n_ids. Pins are pairs to be
 * kept in any case, rising on both sides. True when it is a longest one, false when the budget ended
 * first, or more was pinned than a common beginning and end, and it is a good one. */
bool lcs_mark(struct lcs_list a, struct lcs_list b, size_t n_ids, const struct anchor *pins,
              size_t n_pins, uint8_t *keep_a, uint8_t *keep_b);

#endif
