/* Lines that stand unchanged in both of two large texts, so that their words need not be looked at. Not
 * for anyone outside the diff. */
#ifndef TEXT_DIFF_LINES_H
#define TEXT_DIFF_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Bytes that are equal in both texts, whole lines. */
struct diff_block {
    size_t a_from, b_from, len;
};

struct diff_blocks {
    struct diff_block *items; /* in order; freed with mem_free */
    size_t count, cap;
    bool chosen; /* more than the texts' common beginning and end was paired */
};

void diff_lines(struct diff_blocks *out, struct slice a, struct slice b);

#endif
