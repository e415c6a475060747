#include "base/array.h"

#include <assert.h>
#include <stdint.h>

#include "base/mem.h"

void *array_reserve(void *items, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap)
        return items;
    size_t grown = *cap < 8 ? 8 : *cap + *cap / 2;
    if (grown < need)
        grown = need;
    assert(grown <= SIZE_MAX / size);
    *cap = grown;
    return mem_resize(items, grown * size);
}
