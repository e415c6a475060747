/*
 * LCS by bit vectors, after H. Hyyrö, "Bit-parallel LCS-length computation revisited" (2004). Bit i
 * of row j is 0 where the table grows from column i to i + 1: row' = (row + u) | (row & ~u) with
 * u = row & matches. Small tables keep every row and are walked back; larger ones are halved
 * (D. S. Hirschberg, 1975) until they are small.
 */
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "text/diff_work.h"

enum { WORD = 64, ROWS_MAX = 1 << 15 /* words: 256 KiB */ };

static size_t words_for(size_t bits)
{
    return (bits + WORD - 1) / WORD;
}

/* Lists the places of each id of a's part. */
static void index_a(struct lcs_work *w, struct lcs_box box)
{
    for (size_t i = box.a_from; i < box.a_to; i++) {
        w->before[i] = w->last[w->a[i]];
        w->last[w->a[i]] = (uint32_t)i + 1;
    }
}

static void forget_a(struct lcs_work *w, struct lcs_box box)
{
    for (size_t i = box.a_from; i < box.a_to; i++)
        w->last[w->a[i]] = 0;
}

/* One step of the table: the row after `row`, given where a equals the member of b; may be the same
 * array. */
static void step(const uint64_t *row, const uint64_t *matches, uint64_t *next, size_t words)
{
    uint64_t carry = 0;
    for (size_t k = 0; k < words; k++) {
        uint64_t old = row[k], u = old & matches[k], sum = old + u, all = sum + carry;
        carry = (uint64_t)(sum < old) | (uint64_t)(all < sum);
        next[k] = all | (old & ~u);
    }
}

static bool bit(const uint64_t *row, size_t i)
{
    return row[i / WORD] >> i % WORD & 1;
}

static uint64_t *rows(struct lcs_work *w, size_t words)
{
    w->rows = array_reserve(w->rows, &w->cap_rows, words, sizeof *w->rows);
    return w->rows;
}

/* Where each id of a's part stands, as one bit vector for each; last[id] - 1 is the number of its vector.
 * Returns how many there are. */
static size_t index_vectors(struct lcs_work *w, struct lcs_box box, uint64_t *vectors, size_t words)
{
    size_t count = 0;
    for (size_t i = box.a_from; i < box.a_to; i++) {
        uint32_t *number = &w->last[w->a[i]];
        if (!*number) {
            memset(vectors + count * words, 0, words * sizeof *vectors);
            *number = (uint32_t)++count;
        }
        size_t at = i - box.a_from;
        vectors[(*number - 1) * words + at / WORD] |= (uint64_t)1 << at % WORD;
    }
    return count;
}

/* Every row of the table, the first of all ones. */
static const uint64_t *all_rows(struct lcs_work *w, struct lcs_box box)
{
    size_t n = box.a_to - box.a_from, m = box.b_to - box.b_from, words = words_for(n);
    uint64_t *row = rows(w, (m + 1 + n) * words), *vectors = row + (m + 1) * words;
    index_vectors(w, box, vectors, words);
    memset(row, 0xFF, words * sizeof *row);
    for (size_t j = box.b_from; j < box.b_to; j++, row += words) {
        uint32_t number = w->last[w->b[j]];
        if (number)
            step(row, vectors + (number - 1) * words, row + words, words);
        else
            memcpy(row + words, row, words * sizeof *row);
    }
    forget_a(w, box);
    return w->rows;
}

/* Walks back from the corner: a 0 in two rows running stands for the same length, so that b's member is not
 * needed; a 0 that is new is a match. */
static void solve_small(struct lcs_work *w, struct lcs_box box)
{
    size_t i = box.a_to - box.a_from, j = box.b_to - box.b_from, words = words_for(i);
    const uint64_t *all = all_rows(w, box);
    while (i > 0 && j > 0) {
        if (bit(all + j * words, i - 1)) {
            i--;
        } else if (j-- > 1 && !bit(all + j * words, i - 1)) {
            continue;
        } else {
            i--;
            w->keep_a[box.a_from + i] = 1;
            w->keep_b[box.b_from + j] = 1;
        }
    }
}

/* A large box from its beginning or from its end, in one row; `matches` is 0 between steps. */
struct view {
    struct lcs_box box;
    bool backwards;
    size_t words;
    uint64_t *matches;
};

static void flip_matches(const struct lcs_work *w, const struct view *v, uint32_t id)
{
    for (uint32_t at = w->last[id]; at; at = w->before[at - 1]) {
        size_t place = v->backwards ? v->box.a_to - at : at - 1 - v->box.a_from;
        v->matches[place / WORD] ^= (uint64_t)1 << place % WORD;
    }
}

/* Row after all of b's part, in one array. */
static void run(const struct lcs_work *w, const struct view *v, uint64_t *row)
{
    memset(row, 0xFF, v->words * sizeof *row);
    for (size_t j = v->box.b_from; j < v->box.b_to; j++) {
        size_t at = v->backwards ? v->box.b_to - 1 - (j - v->box.b_from) : j;
        uint32_t id = w->b[at];
        if (!w->last[id])
            continue;
        flip_matches(w, v, id);
        step(row, v->matches, row, v->words);
        flip_matches(w, v, id);
    }
}

/* Where a is best cut when b is cut at b_middle: the lengths from both ends add up to the most. */
static size_t best_cut(struct lcs_work *w, struct lcs_box box, size_t b_middle)
{
    size_t n = box.a_to - box.a_from, words = words_for(n);
    uint64_t *head = rows(w, 3 * words), *tail = head + words, *matches = tail + words;
    memset(matches, 0, words * sizeof *matches);
    index_a(w, box);
    struct lcs_box top = box, bottom = box;
    top.b_to = bottom.b_from = b_middle;
    run(w, &(struct view){.box = top, .words = words, .matches = matches}, head);
    run(w, &(struct view){.box = bottom, .backwards = true, .words = words, .matches = matches},
        tail);
    forget_a(w, box);
    /* length of the tail for all of a first, then one column less at each step */
    int64_t sum = 0, best = 0;
    size_t cut = 0;
    for (size_t i = 0; i < n; i++) {
        sum += !bit(head, i);
        sum -= !bit(tail, n - 1 - i);
        if (sum > best) {
            best = sum;
            cut = i + 1;
        }
    }
    return box.a_from + cut;
}

/* A single member of b is kept where it first stands in a. */
static void solve_single(struct lcs_work *w, struct lcs_box box)
{
    size_t i = box.a_from;
    while (i < box.a_to && w->a[i] != w->b[box.b_from])
        i++;
    if (i < box.a_to)
        w->keep_a[i] = w->keep_b[box.b_from] = 1;
}

void lcs_bits(struct lcs_work *w, struct lcs_box box)
{
    size_t n = box.a_to - box.a_from, m = box.b_to - box.b_from;
    if (!n || !m)
        return;
    if (m == 1) {
        solve_single(w, box);
        return;
    }
    if (words_for(n) * (m + 1 + n) <= ROWS_MAX) {
        solve_small(w, box);
        return;
    }
    size_t b_middle = box.b_from + m / 2;
    size_t a_middle = best_cut(w, box, b_middle);
    lcs_bits(w, (struct lcs_box){box.a_from, a_middle, box.b_from, b_middle});
    lcs_bits(w, (struct lcs_box){a_middle, box.a_to, b_middle, box.b_to});
}
