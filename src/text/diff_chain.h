/* Pairs of places that may be the same in both texts, and the longest chain of them. Not for
 * anyone outside the diff. */
#ifndef TEXT_DIFF_CHAIN_H
#define TEXT_DIFF_CHAIN_H

#include <stddef.h>
#include <stdint.h>

struct anchor {
    uint32_t a, b; /* places */
};

struct anchors {
    struct anchor *items; /* freed with mem_free */
    size_t count, cap;
};

void anchors_add(struct anchors *p, size_t a, size_t b);
/* Keeps of the pairs, which rise in a, a longest chain that rises in b too. */
void anchors_keep_chain(struct anchors *p);

#endif
