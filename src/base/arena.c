#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

struct arena_block {
    struct arena_block *below;
    size_t size;
    alignas(max_align_t) char bytes[];
};

enum { BLOCK = 16 * 1024 };

static void push_block(struct arena *a, size_t need)
{
    size_t size = need > BLOCK ? need : BLOCK;
    struct arena_block *block = mem_alloc(sizeof *block + size);
    block->below = a->top;
    block->size = size;
    a->top = block;
    a->used = 0;
}

void *arena_alloc(struct arena *a, size_t size)
{
    size_t align = alignof(max_align_t);
    assert(size < SIZE_MAX / 2);
    size = (size + align - 1) / align * align;
    if (!a->top || a->top->size - a->used < size)
        push_block(a, size);
    void *ptr = a->top->bytes + a->used;
    a->used += size;
    return ptr;
}

void *arena_zalloc(struct arena *a, size_t count, size_t size)
{
    assert(size == 0 || count <= SIZE_MAX / 2 / size);
    void *ptr = arena_alloc(a, count * size);
    memset(ptr, 0, count * size);
    return ptr;
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
    char *copy = arena_alloc(a, len + 1);
    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

struct slice arena_copy(struct arena *a, struct slice text)
{
    return (struct slice){arena_strndup(a, text.at, text.len), text.len};
}

void *arena_take(struct arena *a, void *items, size_t count, size_t size)
{
    void *copy = arena_zalloc(a, count, size);
    if (items && count)
        memcpy(copy, items, count * size);
    mem_free(items);
    return copy;
}

void arena_reset(struct arena *a)
{
    while (a->top && a->top->below) {
        struct arena_block *below = a->top->below;
        mem_free(a->top);
        a->top = below;
    }
    a->used = 0;
}

void arena_free(struct arena *a)
{
    arena_reset(a);
    mem_free(a->top);
    *a = (struct arena){0};
}
