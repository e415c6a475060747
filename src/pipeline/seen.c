#include "pipeline/seen.h"

#include "base/hash.h"
#include "base/mem.h"

/* Puts hash into its slot; true when it was there. There is a free slot. */
static bool place(struct seen_shard *s, uint64_t hash)
{
    uint32_t at = (uint32_t)((hash & UINT32_MAX) * s->cap >> 32);
    while (s->slots[at] && s->slots[at] != hash)
        at = at + 1 < s->cap ? at + 1 : 0;
    bool there = s->slots[at] == hash;
    s->slots[at] = hash;
    return there;
}

static void grow(struct seen_shard *s)
{
    struct seen_shard larger = {.count = s->count, .cap = s->cap ? s->cap + s->cap / 4 : 64};
    larger.slots = mem_zalloc(larger.cap, sizeof *larger.slots);
    for (uint32_t i = 0; i < s->cap; i++)
        if (s->slots[i])
            place(&larger, s->slots[i]);
    mem_free(s->slots);
    *s = larger;
}

bool seen_add(struct seen *s, struct slice id)
{
    uint64_t hash = hash64(id);
    struct seen_shard *shard = &s->shards[hash >> 58];
    if (shard->count >= shard->cap - shard->cap / 8)
        grow(shard);
    if (place(shard, hash ? hash : 1))
        return true;
    shard->count++;
    return false;
}

void seen_free(struct seen *s)
{
    for (size_t i = 0; i < SEEN_SHARDS; i++)
        mem_free(s->shards[i].slots);
    *s = (struct seen){0};
}
