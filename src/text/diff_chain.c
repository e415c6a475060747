#include "text/diff_chain.h"

#include <string.h>

#include "base/array.h"
#include "base/mem.h"

void anchors_add(struct anchors *p, size_t a, size_t b)
{
    p->items = array_reserve(p->items, &p->cap, p->count + 1, sizeof *p->items);
    p->items[p->count++] = (struct anchor){(uint32_t)a, (uint32_t)b};
}

/* Patience sorting: piles by what they end with in b. */
void anchors_keep_chain(struct anchors *p)
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
