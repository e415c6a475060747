/*
 * E. W. Myers, "An O(ND) difference algorithm and its variations" (1986): the greedy forward
 * search, with the furthest reach of every diagonal kept for each number of edits, so that the
 * path can be walked back. Fit for a few hundred edits; memory grows with their square.
 */
#include "base/array.h"
#include "text/diff_work.h"

/* Reach of diagonal k (= x - y) after d edits: trace holds one triangle row for each d, of 2d + 1 places
 * from k = -d; only every other one is used. */
static size_t place(size_t d, int64_t k)
{
    return d * d + (size_t)(k + (int64_t)d);
}

/* Where the search arrives on diagonal k with its d-th edit, before it follows equal members. */
static int64_t arrive(const int32_t *trace, size_t d, int64_t k)
{
    if (d == 0)
        return 0;
    int64_t deepest = (int64_t)d;
    bool from_above = k == -deepest ||
                      (k != deepest && trace[place(d - 1, k - 1)] < trace[place(d - 1, k + 1)]);
    return from_above ? trace[place(d - 1, k + 1)] : trace[place(d - 1, k - 1)] + 1;
}

static int64_t follow(const struct lcs_work *w, const struct lcs_box *box, int64_t x, int64_t k)
{
    const uint32_t *a = w->a + box->a_from, *b = w->b + box->b_from;
    int64_t n = (int64_t)(box->a_to - box->a_from), m = (int64_t)(box->b_to - box->b_from);
    while (x < n && x - k < m && a[x] == b[x - k])
        x++;
    return x;
}

/* From the end back: each row says where its edit began, and what lies behind that was equal. */
static void walk_back(struct lcs_work *w, const struct lcs_box *box, size_t d, int64_t x, int64_t k)
{
    for (;; d--) {
        int64_t start = arrive(w->trace, d, k);
        while (x > start) {
            x--;
            w->keep_a[box->a_from + (size_t)x] = 1;
            w->keep_b[box->b_from + (size_t)(x - k)] = 1;
        }
        if (d == 0)
            return;
        int64_t deepest = (int64_t)d;
        bool from_above = k == -deepest || (k != deepest && w->trace[place(d - 1, k - 1)] <
                                                               w->trace[place(d - 1, k + 1)]);
        x = from_above ? start : start - 1;
        k += from_above ? 1 : -1;
    }
}

bool lcs_myers(struct lcs_work *w, struct lcs_box box, size_t max_edits)
{
    int64_t n = (int64_t)(box.a_to - box.a_from), m = (int64_t)(box.b_to - box.b_from);
    size_t least = (size_t)(n > m ? n - m : m - n);
    if (least > max_edits || n > INT32_MAX || m > INT32_MAX)
        return false;
    uint64_t steps = 0; /* texts that repeat themselves have long runs on every diagonal */
    for (size_t d = 0; d <= max_edits && steps <= 4 * (uint64_t)(n + m); d++) {
        w->trace = array_reserve(w->trace, &w->cap_trace, (d + 1) * (d + 1), sizeof *w->trace);
        for (int64_t k = -(int64_t)d; k <= (int64_t)d; k += 2) {
            int64_t x = arrive(w->trace, d, k);
            bool outside = x > n || x - k > m || x - k < 0;
            int64_t start = x;
            if (!outside)
                x = follow(w, &box, x, k);
            steps += (uint64_t)(x - start);
            w->trace[place(d, k)] = (int32_t)x;
            if (!outside && x == n && x - k == m) {
                walk_back(w, &box, d, x, k);
                return true;
            }
        }
    }
    return false;
}
