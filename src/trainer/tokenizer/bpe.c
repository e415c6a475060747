#include "trainer/tokenizer/bpe.h"

#include <string.h>

#include "base/array.h"
#include "base/mem.h"

enum { NONE = -1 };

struct rule {
    uint64_t pair; /* left << 32 | right, plus 1: 0 is a free slot */
    uint32_t rank;
    int merged;
};

/* A merge that was possible when it was queued. It is stale when the symbol at its place is no
 * longer left or the one after it no longer right; stale ones are passed over when they come up. */
struct candidate {
    uint32_t rank, at;
    int left, right, merged;
};

struct bpe {
    struct rule *rules; /* open addressing; a power of two, at most half full */
    size_t rules_count, rules_size;
    struct candidate *heap;
    size_t heap_count, heap_cap;
    int *next, *previous; /* the list of living symbols */
    size_t links_cap;
};

void ids_add(struct ids *list, int id)
{
    ids_append(list, &id, 1);
}

void ids_append(struct ids *list, const int *items, size_t count)
{
    if (count == 0)
        return;
    list->items = array_reserve(list->items, &list->cap, list->count + count, sizeof *items);
    memcpy(list->items + list->count, items, count * sizeof *items);
    list->count += count;
}

void ids_free(struct ids *list)
{
    mem_free(list->items);
    *list = (struct ids){0};
}

struct bpe *bpe_new(void)
{
    struct bpe *b = mem_zalloc(1, sizeof *b);
    b->rules_size = 1024;
    b->rules = mem_zalloc(b->rules_size, sizeof *b->rules);
    return b;
}

void bpe_free(struct bpe *b)
{
    if (!b)
        return;
    mem_free(b->rules);
    mem_free(b->heap);
    mem_free(b->next);
    mem_free(b->previous);
    mem_free(b);
}

static uint64_t pair_of(int left, int right)
{
    return ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) + 1;
}

static struct rule *slot_of(const struct bpe *b, uint64_t pair)
{
    uint64_t h = pair * 0x9E3779B97F4A7C15U;
    size_t at = (size_t)(h >> 20) & (b->rules_size - 1);
    while (b->rules[at].pair != 0 && b->rules[at].pair != pair)
        at = (at + 1) & (b->rules_size - 1);
    return &b->rules[at];
}

static void grow(struct bpe *b)
{
    struct rule *old = b->rules;
    size_t size = b->rules_size;
    b->rules_size *= 2;
    b->rules = mem_zalloc(b->rules_size, sizeof *b->rules);
    for (size_t i = 0; i < size; i++) {
        if (old[i].pair)
            *slot_of(b, old[i].pair) = old[i];
    }
    mem_free(old);
}

void bpe_add_merge(struct bpe *b, int left, int right, uint32_t rank, int merged)
{
    if ((b->rules_count + 1) * 2 > b->rules_size)
        grow(b);
    struct rule *r = slot_of(b, pair_of(left, right));
    if (r->pair)
        return;
    *r = (struct rule){pair_of(left, right), rank, merged};
    b->rules_count++;
}

static bool before(const struct candidate *a, const struct candidate *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->at < b->at;
}

static void heap_push(struct bpe *b, struct candidate c)
{
    b->heap = array_reserve(b->heap, &b->heap_cap, b->heap_count + 1, sizeof *b->heap);
    size_t i = b->heap_count++;
    while (i > 0 && before(&c, &b->heap[(i - 1) / 2])) {
        b->heap[i] = b->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    b->heap[i] = c;
}

static struct candidate heap_pop(struct bpe *b)
{
    struct candidate top = b->heap[0], last = b->heap[--b->heap_count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= b->heap_count)
            break;
        if (child + 1 < b->heap_count && before(&b->heap[child + 1], &b->heap[child]))
            child++;
        if (!before(&b->heap[child], &last))
            break;
        b->heap[i] = b->heap[child];
        i = child;
    }
    b->heap[i] = last;
    return top;
}

static void offer(struct bpe *b, const int *symbols, int left_at, int right_at)
{
    if (left_at == NONE || right_at == NONE)
        return;
    int left = symbols[left_at], right = symbols[right_at];
    const struct rule *r = slot_of(b, pair_of(left, right));
    if (r->pair)
        heap_push(b, (struct candidate){r->rank, (uint32_t)left_at, left, right, r->merged});
}

static void reserve_links(struct bpe *b, size_t count)
{
    size_t cap = b->links_cap;
    b->next = array_reserve(b->next, &b->links_cap, count, sizeof *b->next);
    b->previous = array_reserve(b->previous, &cap, count, sizeof *b->previous);
}

static void join(struct bpe *b, int *symbols, const struct candidate *c)
{
    int at = (int)c->at, gone = b->next[at], after = b->next[gone];
    symbols[at] = c->merged;
    symbols[gone] = NONE;
    b->next[at] = after;
    if (after != NONE)
        b->previous[after] = at;
    offer(b, symbols, b->previous[at], at);
    offer(b, symbols, at, after);
}

size_t bpe_merge(struct bpe *b, int *symbols, size_t count)
{
    if (count < 2)
        return count;
    reserve_links(b, count);
    b->heap_count = 0;
    for (int i = 0; i < (int)count; i++) {
        b->previous[i] = i - 1; /* NONE for the first */
        b->next[i] = i + 1 < (int)count ? i + 1 : NONE;
        offer(b, symbols, i - 1, i);
    }
    while (b->heap_count > 0) {
        struct candidate c = heap_pop(b);
        int after = symbols[c.at] == c.left ? b->next[c.at] : NONE;
        if (after != NONE && symbols[after] == c.right)
            join(b, symbols, &c);
    }
    size_t kept = 0;
    for (int i = 0; i != NONE; i = b->next[i])
        symbols[kept++] = symbols[i];
    return kept;
}
