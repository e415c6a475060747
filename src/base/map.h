/* A hash table from bytes to a number (an index, an id, or a pointer cast to uintptr_t). Keys are
 * copied in. Iteration is in order of insertion, so that what is printed from a map is stable. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct map; /* the caller frees with map_free */

struct map *map_new(void);
void map_free(struct map *m); /* NULL is fine */
size_t map_count(const struct map *m);

/* Value of key into *value (which may be NULL); false when absent. */
bool map_get(const struct map *m, struct slice key, uint64_t *value);
/* Sets key to value; true when the key is new. */
bool map_put(struct map *m, struct slice key, uint64_t value);
/* Interns: value of key if present, otherwise stores and returns map_count before the call. */
uint64_t map_intern(struct map *m, struct slice key);
/* The i-th key put in, 0 <= i < map_count; the slice is borrowed until map_free. */
struct slice map_key(const struct map *m, size_t i);
uint64_t map_value(const struct map *m, size_t i);

#endif
