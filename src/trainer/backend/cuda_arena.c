#include "trainer/backend/cuda_arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"

enum { ALIGN = 256 };
static const size_t PIECE = (size_t)256 << 20, SMALL = (size_t)2 << 20;

/* Ranges cover their piece from its beginning to its end, in order; two free ones never lie side by side. */
struct range {
    size_t at, size;
    bool used;
};

struct piece {
    char *base;
    struct range *ranges;
    size_t count, cap;
};

struct cuda_arena {
    struct arena_source source;
    struct piece *pieces;
    size_t count, cap, idle;
    size_t usual; /* bytes of a piece that is needed unplanned */
};

struct cuda_arena *cuda_arena_new(const struct arena_source *source)
{
    struct cuda_arena *a = mem_zalloc(1, sizeof *a);
    a->source = *source;
    a->usual = PIECE;
    return a;
}

void cuda_arena_free(struct cuda_arena *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->count; i++) {
        a->source.give(a->source.ctx, a->pieces[i].base);
        mem_free(a->pieces[i].ranges);
    }
    mem_free(a->pieces);
    mem_free(a);
}

size_t cuda_arena_size(size_t bytes)
{
    if (bytes > SIZE_MAX - ALIGN)
        return SIZE_MAX;
    return bytes ? (bytes + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
}

static void *take_from(struct piece *p, size_t size)
{
    for (size_t i = 0; i < p->count; i++) {
        struct range *r = &p->ranges[i];
        if (r->used || r->size < size)
            continue;
        if (r->size > size) {
            p->ranges = array_reserve(p->ranges, &p->cap, p->count + 1, sizeof *p->ranges);
            r = &p->ranges[i];
            memmove(r + 1, r, (p->count - i) * sizeof *r);
            p->count++;
            r[1].at += size;
            r[1].size -= size;
            r->size = size;
        }
        r->used = true;
        return p->base + r->at;
    }
    return NULL;
}

static struct piece *ask_source(struct cuda_arena *a, size_t bytes)
{
    char *base = a->source.take(a->source.ctx, bytes);
    if (!base)
        return NULL;
    a->pieces = array_reserve(a->pieces, &a->cap, a->count + 1, sizeof *a->pieces);
    struct piece *p = &a->pieces[a->count++];
    *p = (struct piece){.base = base};
    p->ranges = array_reserve(NULL, &p->cap, 1, sizeof *p->ranges);
    p->ranges[0] = (struct range){0, bytes, false};
    p->count = 1;
    a->idle += bytes;
    return p;
}

/* A new piece: as large as is usual, or as large as is asked; where memory runs out as large as is needed. */
static struct piece *add_piece(struct cuda_arena *a, size_t size)
{
    struct piece *p = ask_source(a, size > a->usual ? size : a->usual);
    return p || size >= a->usual ? p : ask_source(a, size);
}

static void give_back(struct cuda_arena *a, struct piece *p)
{
    a->source.give(a->source.ctx, p->base);
    a->idle -= p->ranges[0].size;
    mem_free(p->ranges);
}

int cuda_arena_reserve(struct cuda_arena *a, size_t bytes)
{
    size_t left = 0;
    for (size_t i = 0; i < a->count; i++) {
        if (a->pieces[i].count == 1 && !a->pieces[i].ranges[0].used)
            give_back(a, &a->pieces[i]);
        else
            a->pieces[left++] = a->pieces[i];
    }
    a->count = left;
    a->usual = SMALL;
    return bytes <= a->idle || ask_source(a, cuda_arena_size(bytes - a->idle)) ? 0 : -1;
}

void *cuda_arena_take(struct cuda_arena *a, size_t bytes)
{
    size_t size = cuda_arena_size(bytes);
    void *p = NULL;
    for (size_t i = 0; !p && i < a->count; i++)
        p = take_from(&a->pieces[i], size);
    struct piece *fresh = p || size == SIZE_MAX ? NULL : add_piece(a, size);
    if (fresh)
        p = take_from(fresh, size);
    a->idle -= p ? size : 0;
    return p;
}

/* Joins range i with the one after it when both are free. */
static void join(struct piece *p, size_t i)
{
    struct range *r = &p->ranges[i];
    if (i + 1 >= p->count || r->used || r[1].used)
        return;
    r->size += r[1].size;
    memmove(r + 1, r + 2, (p->count - i - 2) * sizeof *r);
    p->count--;
}

static size_t give_to(struct piece *p, size_t at)
{
    for (size_t i = 0; i < p->count; i++) {
        size_t size = p->ranges[i].size;
        if (p->ranges[i].at != at || !p->ranges[i].used)
            continue;
        p->ranges[i].used = false;
        join(p, i);
        if (i > 0)
            join(p, i - 1);
        return size;
    }
    return 0;
}

size_t cuda_arena_give(struct cuda_arena *a, void *q)
{
    for (size_t i = 0; i < a->count; i++) {
        struct piece *p = &a->pieces[i];
        struct range last = p->ranges[p->count - 1];
        char *at = q;
        if (at < p->base || at >= p->base + last.at + last.size)
            continue;
        size_t size = give_to(p, (size_t)(at - p->base));
        a->idle += size;
        return size;
    }
    return 0;
}

size_t cuda_arena_idle(const struct cuda_arena *a)
{
    return a->idle;
}
