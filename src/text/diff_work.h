/* What the parts of the exact alignment (diff_lcs.c, diff_myers.c, diff_bits.c, diff_anchor.c)
 * share. Not for anyone else. */
#ifndef TEXT_DIFF_WORK_H
#define TEXT_DIFF_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A part of the table: a[a_from, a_to) against b[b_from, b_to). */
struct lcs_box {
    size_t a_from, a_to, b_from, b_to;
};

struct lcs_work {
    const uint32_t *a, *b;
    uint8_t *keep_a, *keep_b;
    size_t n_ids;
    uint64_t cells;  /* what is left of the budget for tables */
    uint64_t places; /* and of that for looking for anchors, in members looked at */
    bool exact;
    uint32_t *last; /* for each id: 1 + its last place in the box's a, or 0; all 0 between calls */
    uint32_t *before; /* for each place in a: 1 + the place before it with the same id, or 0 */
    uint64_t *rows;   /* scratch of the bit vectors */
    size_t cap_rows;
    int32_t *trace; /* scratch of the greedy search */
    size_t cap_trace;
};

/* Greedy search for at most max_edits edits; false, with nothing marked, when there are more. */
bool lcs_myers(struct lcs_work *w, struct lcs_box box, size_t max_edits);
/* Exact for any box; work and memory bounded by the caller's choice of box. */
void lcs_bits(struct lcs_work *w, struct lcs_box box);
/* Any box: the budget decides which of the above. */
void lcs_solve(struct lcs_work *w, struct lcs_box box);
/* Cuts a box too large to be solved at once and solves its parts; clears w->exact. */
void lcs_anchored(struct lcs_work *w, struct lcs_box box);

#endif
