#include "text/diff_lcs.h"

#include "base/mem.h"
#include "text/diff_work.h"

/* The budget: cells of the table, of which a step of the bit vector does 64 at once. Once it is clear
 * that the result will not be exact, a box is worth less. */
static const uint64_t CELLS_MAX = (uint64_t)1 << 28;
static const uint64_t BOX_MAX = (uint64_t)1 << 18;

static void trim(struct lcs_work *w, struct lcs_box *box)
{
    while (box->a_from < box->a_to && box->b_from < box->b_to &&
           w->a[box->a_from] == w->b[box->b_from]) {
        w->keep_a[box->a_from++] = 1;
        w->keep_b[box->b_from++] = 1;
    }
    while (box->a_from < box->a_to && box->b_from < box->b_to &&
           w->a[box->a_to - 1] == w->b[box->b_to - 1]) {
        w->keep_a[--box->a_to] = 1;
        w->keep_b[--box->b_to] = 1;
    }
}

/* Edits up to which the greedy search is no slower than the bit vectors: its work grows with their
 * square, that of the vectors with the table. */
static size_t greedy_reach(uint64_t cells)
{
    size_t edits = 8;
    while (edits < 512 && (uint64_t)edits * edits * 256 < cells)
        edits *= 2;
    return edits;
}

void lcs_solve(struct lcs_work *w, struct lcs_box box)
{
    trim(w, &box);
    uint64_t n = box.a_to - box.a_from, m = box.b_to - box.b_from;
    if (!n || !m)
        return;
    if (lcs_myers(w, box, greedy_reach(n * m)))
        return;
    if (n * m <= w->cells && (w->exact || n * m <= BOX_MAX)) {
        w->cells -= n * m;
        lcs_bits(w, box);
        return;
    }
    lcs_anchored(w, box);
}

bool lcs_mark(struct lcs_list a, struct lcs_list b, size_t n_ids, const struct anchor *pins,
              size_t n_pins, uint8_t *keep_a, uint8_t *keep_b)
{
    struct lcs_work w = {.a = a.ids,
                         .b = b.ids,
                         .keep_a = keep_a,
                         .keep_b = keep_b,
                         .n_ids = n_ids,
                         .cells = CELLS_MAX,
                         .places = 16 * ((uint64_t)a.count + b.count + n_ids),
                         .exact = n_pins <= 2};
    w.last = mem_zalloc(n_ids + 1, sizeof *w.last);
    w.before = mem_alloc((a.count + 1) * sizeof *w.before);
    struct lcs_box box = {.a_from = 0};
    for (size_t i = 0; i < n_pins; i++) {
        box.a_to = pins[i].a;
        box.b_to = pins[i].b;
        lcs_solve(&w, box);
        keep_a[box.a_to] = keep_b[box.b_to] = 1;
        box.a_from = box.a_to + 1;
        box.b_from = box.b_to + 1;
    }
    box.a_to = a.count;
    box.b_to = b.count;
    lcs_solve(&w, box);
    mem_free(w.last);
    mem_free(w.before);
    mem_free(w.rows);
    mem_free(w.trace);
    return w.exact;
}
