/*
 * Boxes beyond the budget. Members that stand once in a's part and once in b's are paired (or runs of
 * three of them, where no single one does), the longest rising chain of the pairs is taken for kept,
 * and what lies between is solved by itself. A box without such pairs is cut into blocks of a size that
 * is affordable for any length.
 */
#include <string.h>

#include "base/mem.h"
#include "text/diff_chain.h"
#include "text/diff_work.h"

enum {
    BLOCK = 1536, /* members of a and b together in a block without anchors */
    RUN = 3
};

/* Where an id stands in each part: 0 not seen, 1 + place, or MANY. */
struct seen {
    uint32_t a, b;
};
static const uint32_t MANY = UINT32_MAX;

static uint32_t see(uint32_t seen, size_t place)
{
    return seen ? MANY : (uint32_t)place + 1;
}

static bool inside(struct lcs_box box, int64_t i, int64_t j)
{
    return i >= (int64_t)box.a_from && i < (int64_t)box.a_to && j >= (int64_t)box.b_from &&
           j < (int64_t)box.b_to;
}

/* Whether the members beside a pair are equal too, on one side at least. */
static bool has_company(const struct lcs_work *w, struct lcs_box box, size_t i, size_t j)
{
    return (inside(box, (int64_t)i - 1, (int64_t)j - 1) && w->a[i - 1] == w->b[j - 1]) ||
           (inside(box, (int64_t)i + 1, (int64_t)j + 1) && w->a[i + 1] == w->b[j + 1]);
}

/* Pairs of members that stand once on both sides; with company, where any has it. */
static void find_single(struct anchors *out, const struct lcs_work *w, struct lcs_box box)
{
    struct seen *seen = mem_zalloc(w->n_ids, sizeof *seen);
    for (size_t i = box.a_from; i < box.a_to; i++)
        seen[w->a[i]].a = see(seen[w->a[i]].a, i);
    for (size_t j = box.b_from; j < box.b_to; j++)
        seen[w->b[j]].b = see(seen[w->b[j]].b, j);
    for (int alone = 0; alone <= 1 && !out->count; alone++)
        for (size_t i = box.a_from; i < box.a_to; i++) {
            struct seen s = seen[w->a[i]];
            if (s.a != MANY && s.b != 0 && s.b != MANY &&
                (alone || has_company(w, box, i, s.b - 1)))
                anchors_add(out, i, s.b - 1);
        }
    mem_free(seen);
}

/* One slot for each run of RUN members, found by its hash. */
struct run {
    uint64_t hash; /* 0: empty */
    struct seen at;
};

struct runs {
    struct run *slots;
    size_t mask;
};

static uint64_t hash_run(const uint32_t *ids)
{
    uint64_t h = 0x9E3779B97F4A7C15u;
    for (size_t i = 0; i < RUN; i++) {
        h = (h ^ ids[i]) * 0xBF58476D1CE4E5B9u;
        h ^= h >> 29;
    }
    return h | 1;
}

static struct run *slot_of(const struct runs *r, uint64_t hash)
{
    size_t at = (hash >> 20) & r->mask;
    while (r->slots[at].hash && r->slots[at].hash != hash)
        at = (at + 1) & r->mask;
    return &r->slots[at];
}

/* Pairs of runs that stand once on both sides. Equal hashes are not trusted. */
static void find_runs(struct anchors *out, const struct lcs_work *w, struct lcs_box box)
{
    size_t size = 64;
    while (size < 2 * (box.a_to - box.a_from))
        size *= 2;
    struct runs r = {.slots = mem_zalloc(size, sizeof *r.slots), .mask = size - 1};
    for (size_t i = box.a_from; i + RUN <= box.a_to; i++) {
        uint64_t hash = hash_run(w->a + i);
        struct run *slot = slot_of(&r, hash);
        slot->hash = hash;
        slot->at.a = see(slot->at.a, i);
    }
    for (size_t j = box.b_from; j + RUN <= box.b_to; j++) {
        struct run *slot = slot_of(&r, hash_run(w->b + j));
        slot->at.b = see(slot->at.b, j);
    }
    for (size_t i = box.a_from; i + RUN <= box.a_to; i++) {
        struct seen s = slot_of(&r, hash_run(w->a + i))->at;
        if (s.a != MANY && s.b != 0 && s.b != MANY &&
            !memcmp(w->a + i, w->b + s.b - 1, RUN * sizeof *w->a))
            anchors_add(out, i, s.b - 1);
    }
    mem_free(r.slots);
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

/* The chain's pairs, of n members each, and what lies between them. */
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
    uint64_t cost = box.a_to - box.a_from + box.b_to - box.b_from;
    w->exact = false;
    if (cost > BLOCK && cost + w->n_ids <= w->places) {
        w->places -= cost + w->n_ids;
        struct anchors found = {.items = NULL};
        find_single(&found, w, box);
        size_t n = found.count ? 1 : RUN;
        if (!found.count)
            find_runs(&found, w, box);
        anchors_keep_chain(&found);
        bool any = found.count > 0;
        if (any)
            solve_between(w, box, &found, n);
        mem_free(found.items);
        if (any)
            return;
    }
    solve_blocks(w, box);
}
