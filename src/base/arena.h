/* Many small allocations with one lifetime, freed together. Returned memory is aligned for any
 * type and lives until arena_reset or arena_free. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

struct arena_block;

/* Zero-initialise before use. */
struct arena {
    struct arena_block *top;
    size_t used;
};

void *arena_alloc(struct arena *a, size_t size);               /* uninitialised */
void *arena_zalloc(struct arena *a, size_t count, size_t size); /* zeroed; product checked */
char *arena_strndup(struct arena *a, const char *text, size_t len);
struct slice arena_copy(struct arena *a, struct slice text); /* followed by a NUL */
/* Moves an array grown with array_reserve into the arena and frees the original (NULL is fine). */
void *arena_take(struct arena *a, void *items, size_t count, size_t size);
void arena_reset(struct arena *a);                           /* keeps one block for reuse */
void arena_free(struct arena *a);

#endif
