#include "base/map.h"

#include <assert.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/hash.h"
#include "base/mem.h"

struct entry {
    struct slice key;
    uint64_t hash, value;
};

/* slots holds entry index + 1, 0 for empty; its size is a power of two, at most 5/8 full. */
struct map {
    struct arena keys;
    struct entry *entries;
    size_t count, cap;
    uint32_t *slots;
    size_t mask;
};

struct map *map_new(void)
{
    struct map *m = mem_zalloc(1, sizeof *m);
    m->mask = 15;
    m->slots = mem_zalloc(m->mask + 1, sizeof *m->slots);
    return m;
}

void map_free(struct map *m)
{
    if (!m)
        return;
    arena_free(&m->keys);
    mem_free(m->entries);
    mem_free(m->slots);
    mem_free(m);
}

size_t map_count(const struct map *m)
{
    return m->count;
}

/* The slot that holds key, or the empty one where it belongs. */
static size_t find(const struct map *m, struct slice key, uint64_t hash)
{
    size_t at = hash & m->mask;
    while (m->slots[at]) {
        const struct entry *e = &m->entries[m->slots[at] - 1];
        if (e->hash == hash && slice_eq(e->key, key))
            break;
        at = (at + 1) & m->mask;
    }
    return at;
}

static void rehash(struct map *m)
{
    m->mask = m->mask * 2 + 1;
    mem_free(m->slots);
    m->slots = mem_zalloc(m->mask + 1, sizeof *m->slots);
    for (size_t i = 0; i < m->count; i++) {
        size_t at = m->entries[i].hash & m->mask;
        while (m->slots[at])
            at = (at + 1) & m->mask;
        m->slots[at] = (uint32_t)(i + 1);
    }
}

static void append(struct map *m, size_t slot, struct slice key, uint64_t hash, uint64_t value)
{
    assert(m->count < UINT32_MAX - 1);
    m->entries = array_reserve(m->entries, &m->cap, m->count + 1, sizeof *m->entries);
    m->entries[m->count++] = (struct entry){arena_copy(&m->keys, key), hash, value};
    m->slots[slot] = (uint32_t)m->count;
    if (m->count * 8 > (m->mask + 1) * 5)
        rehash(m);
}

bool map_get(const struct map *m, struct slice key, uint64_t *value)
{
    size_t slot = find(m, key, hash64(key));
    if (!m->slots[slot])
        return false;
    if (value)
        *value = m->entries[m->slots[slot] - 1].value;
    return true;
}

bool map_put(struct map *m, struct slice key, uint64_t value)
{
    uint64_t hash = hash64(key);
    size_t slot = find(m, key, hash);
    if (m->slots[slot]) {
        m->entries[m->slots[slot] - 1].value = value;
        return false;
    }
    append(m, slot, key, hash, value);
    return true;
}

uint64_t map_intern(struct map *m, struct slice key)
{
    uint64_t hash = hash64(key);
    size_t slot = find(m, key, hash);
    if (m->slots[slot])
        return m->entries[m->slots[slot] - 1].value;
    uint64_t value = m->count;
    append(m, slot, key, hash, value);
    return value;
}

struct slice map_key(const struct map *m, size_t i)
{
    assert(i < m->count);
    return m->entries[i].key;
}

uint64_t map_value(const struct map *m, size_t i)
{
    assert(i < m->count);
    return m->entries[i].value;
}
