/* Memory of a device, taken in large pieces and given out in small ones: the driver is slow to ask. */
#ifndef TRAINER_BACKEND_CUDA_ARENA_H
#define TRAINER_BACKEND_CUDA_ARENA_H

#include <stddef.h>

struct cuda_arena;

/* Where pieces come from and go to; take returns NULL when there is no more. */
struct arena_source {
    void *(*take)(void *ctx, size_t bytes);
    void (*give)(void *ctx, void *p);
    void *ctx;
};

struct cuda_arena *cuda_arena_new(const struct arena_source *source);
void cuda_arena_free(struct cuda_arena *a); /* gives all back; NULL is fine */
/* Takes so many bytes from the source as one piece, those that lie idle already not counted; pieces in which nothing is
 * used go back first. Whatever is needed beyond it is then taken in small pieces. -1: they are not there. */
int cuda_arena_reserve(struct cuda_arena *a, size_t bytes);
/* At a multiple of 256; NULL when memory is short. */
void *cuda_arena_take(struct cuda_arena *a, size_t bytes);
/* What a block counts: its size rounded up. */
size_t cuda_arena_give(struct cuda_arena *a, void *p);
size_t cuda_arena_size(size_t bytes);
/* Bytes taken from the source and not given out now. */
size_t cuda_arena_idle(const struct cuda_arena *a);

#endif
