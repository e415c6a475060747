#include "pipeline/seen.h"

#include "base/hash.h"
#include "base/mem.h"

/* Puts hash into its slot; true when it was there. There is a free slot. */
static bool place(struct seen *s, uint64_t hash)
{
    size_t at = (size_t)hash & (s->cap - 1);
    while (s->slots[at] && s->slots[at] != hash)
        at = (at + 1) & (s->cap - 1);
    bool there = s->slots[at] == hash;
    s->slots[at] = hash;
    return there;
}

static void grow(struct seen *s)
{
    struct seen larger = {.count = s->count, .cap = s->cap ? s->cap * 2 : 1024};
    larger.slots = mem_zalloc(larger.cap, sizeof *larger.slots);
    for (size_t i = 0; i < s->cap; i++)
        if (s->slots[i])
            place(&larger, s->slots[i]);
    mem_free(s->slots);
    *s = larger;
}

bool seen_add(struct seen *s, struct slice id)
{
    uint64_t hash = hash64(id);
    if (s->count >= s->cap - s->cap / 4)
        grow(s);
    if (place(s, hash ? hash : 1))
        return true;
    s->count++;
    return false;
}

void seen_free(struct seen *s)
{
    mem_free(s->slots);
    *s = (struct seen){0};
}
