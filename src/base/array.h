/* Growable arrays of plain structs: keep `T *items; size_t count, cap;` and call array_reserve. */
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include <stddef.h>

/* Makes room for need elements of size bytes and returns the array, moved or not:
 *     a->items = array_reserve(a->items, &a->cap, a->count + 1, sizeof *a->items); */
void *array_reserve(void *items, size_t *cap, size_t need, size_t size);

#endif
