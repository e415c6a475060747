/* Sequences of ops that are asked for again. */
#include "trainer/backend/cuda_parts.h"

void cuda_repeat(struct backend *b, uint64_t like, void (*body)(void *ctx), void *ctx)
{
    (void)b, (void)like;
    body(ctx);
}
