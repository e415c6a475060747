/*
 * Boxes beyond the budget. Runs of members that stand once in a's part and once in b's are paired,
 * the longest rising chain of the pairs is taken for kept, and what lies between is solved by itself. A
 * box without such pairs is cut into blocks of a size that is affordable for any length.
 */
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "text/diff_work.h"

enum { BLOCK = 1536 }; /* members of a and b together in a block without anchors */

struct anchor {
    uint32_t a, b; /* places */
};

struct anchors {
    struct anchor *items;
    size_t count, cap;
};

/* One slot for each n-gram: where it was seen in a and in b, and how often (at most 2 counted). */
struct gram {
    uint64_t hash;
    uint32_t a, b;
    uint8_t in_a, in_b;
};

struct grams {
    struct gram *slots;
    size_t mask;
};

static uint64_t hash_run(const uint32_t *ids, size_t n)
{
    uint64_t h = 0x9E3779B97F4A7C15u;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ ids[i]) * 0xBF58476D1CE4E5B9u;
        h ^= h >> 29;
    }
    return h | 1; /* 0 is an empty slot */
}

static struct gram *slot_of(struct grams *g, uint64_t hash)
{
    size_t at = (hash >> 20) & g->mask;
    while (g->slots[at].hash && g->slots[at].hash != hash)
        at = (at + 1) & g->mask;
    return &g->slots[at];
}

static void count_a(struct grams *g, const struct lcs_work *w, struct lcs_box box, size_t n)
{
    for (size_t i = box.a_from; i + n <= box.a_to; i++) {
        uint64_t hash = hash_run(w->a + i, n);
        struct gram *slot = slot_of(g, hash);
        slot->hash = hash;
        slot->a = (uint32_t)i;
        slot->in_a += slot->in_a < 2;
    }
}

static void count_b(struct grams *g, const struct lcs_work *w, struct lcs_box box, size_t n)
{
    for (size_t j = box.b_from; j + n <= box.b_to; j++) {
        struct gram *slot = slot_of(g, hash_run(w->b + j, n));
        slot->b = (uint32_t)j;
        slot->in_b += slot->hash && slot->in_b < 2;
    }
}

/* Pairs of n-grams that stand once on both sides, in a's order. Equal hashes are not trusted. */
static void find_pairs(struct anchors *out, const struct lcs_work *w, struct lcs_box box, size_t n)
{
    size_t size = 64;
    while (size < 2 * (box.a_to - box.a_from))
        size *= 2;
    struct grams g = {.slots = mem_zalloc(size, sizeof *g.slots), .mask = size - 1};
    count_a(&g, w, box, n);
    count_b(&g, w, box, n);
    for (size_t i = box.a_from; i + n <= box.a_to; i++) {
        const struct gram *slot = slot_of(&g, hash_run(w->a + i, n));
        if (slot->in_a != 1 || slot->in_b != 1 ||
            memcmp(w->a + i, w->b + slot->b, n * sizeof *w->a) != 0)
            continue;
        out->items = array_reserve(out->items, &out->cap, out->count + 1, sizeof *out->items);
        out->items[out->count++] = (struct anchor){(uint32_t)i, slot->b};
    }
    mem_free(g.slots);
}

/* Keeps of the pairs (rising in a) a longest chain that rises in b too, by patience sorting. */
static void keep_chain(struct anchors *p)
{
    if (!p->count)
        return;
    uint32_t *piles = mem_alloc(p->count * sizeof *piles); /* top of each pile: index of a pair */
    uint32_t *below = mem_alloc(p->count * sizeof *below); /* 1 + pair under it, or 0 */
    size_t n_piles = 0;
    for (size_t i = 0; i < p->count; i++) {
        size_t low = 0, high = n_piles;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (p->items[piles[middle]].b < p->items[i].b)
                low = middle + 1;
            else
                high = middle;
        }
        below[i] = low ? piles[low - 1] + 1 : 0;
        piles[low] = (uint32_t)i;
        n_piles += low == n_piles;
    }
    /* the chain from its end, moved to the front of an array that it cannot outgrow */
    struct anchor *chain = mem_alloc(n_piles * sizeof *chain);
    size_t at = n_piles;
    for (uint32_t i = piles[n_piles - 1] + 1; i; i = below[i - 1])
        chain[--at] = p->items[i - 1];
    memcpy(p->items, chain, n_piles * sizeof *chain);
    p->count = n_piles;
    mem_free(chain);
    mem_free(piles);
    mem_free(below);
}

/* No anchors: both sides are cut in proportion, so that the work is linear. */
static void solve_blocks(struct lcs_work *w, struct lcs_box box)
{
    size_t n = box.a_to - box.a_from, m = box.b_to - box.b_from;
    size_t blocks = (n + m + BLOCK - 1) / BLOCK;
    struct lcs_box part = {.a_to = box.a_from, .b_to = box.b_from};
    for (size_t k = 1; k <= blocks; k++) {
        part.a_from = part.a_to;
        part.b_from = part.b_to;
        part.a_to = box.a_from + (size_t)((uint64_t)n * k / blocks);
        part.b_to = box.b_from + (size_t)((uint64_t)m * k / blocks);
        lcs_bits(w, part);
    }
}

static void solve_between(struct lcs_work *w, struct lcs_box box, const struct anchors *chain,
                          size_t n)
{
    struct lcs_box part = {.a_from = box.a_from, .b_from = box.b_from};
    for (size_t i = 0; i < chain->count; i++) {
        part.a_to = chain->items[i].a;
        part.b_to = chain->items[i].b;
        if (part.a_to < part.a_from || part.b_to < part.b_from)
            continue; /* inside what an earlier anchor already keeps */
        lcs_solve(w, part);
        for (size_t k = 0; k < n; k++)
            w->keep_a[part.a_to + k] = w->keep_b[part.b_to + k] = 1;
        part.a_from = part.a_to + n;
        part.b_from = part.b_to + n;
    }
    part.a_to = box.a_to;
    part.b_to = box.b_to;
    lcs_solve(w, part);
}

void lcs_anchored(struct lcs_work *w, struct lcs_box box)
{
    static const size_t lengths[] = {6, 3, 1};
    w->exact = false;
    for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
        uint64_t cost = box.a_to - box.a_from + box.b_to - box.b_from;
        if (cost <= BLOCK || cost > w->places)
            break;
        w->places -= cost;
        struct anchors found = {.items = NULL};
        find_pairs(&found, w, box, lengths[k]);
        keep_chain(&found);
        if (found.count)
            solve_between(w, box, &found, lengths[k]);
        mem_free(found.items);
        if (found.count)
            return;
    }
    solve_blocks(w, box);
}
