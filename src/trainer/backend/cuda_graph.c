/* Sequences of ops that are asked for again. */
#include <string.h>

#include "base/array.h"
#include "trainer/backend/cuda_parts.h"

struct cuda_look {
    unsigned char *key;
    size_t count, cap;
};

void cuda_note(struct cuda_look *look, const void *bytes, size_t count)
{
    look->key = array_reserve(look->key, &look->cap, look->count + count, 1);
    memcpy(look->key + look->count, bytes, count);
    look->count += count;
}

void cuda_repeat(struct backend *b, uint64_t like, void (*body)(void *ctx), void *ctx)
{
    (void)b, (void)like;
    body(ctx);
}
