/* Launchers of attention on Hopper (cuda_attention_hopper.cu, cuda_attention_grad_hopper.cu), and what they are given. */
#ifndef TRAINER_BACKEND_CUDA_HOPPER_H
#define TRAINER_BACKEND_CUDA_HOPPER_H

#include <cuda.h>

#include "trainer/backend/cuda_kernels.h"

#ifdef __cplusplus
extern "C" {
#define HOPPER_INLINE static constexpr
#else
#define HOPPER_INLINE static inline
#endif

/* Forward, blocks of 128 queries meet blocks of 128 keys; back, blocks of 128 keys meet tiles of queries. */
enum { HOPPER_BLOCK = 128 };

/* Rows of a tile of queries; numbers of a row of dQ's sums; floats between two heads' numbers by row. */
HOPPER_INLINE int hopper_tile_rows(int head_dim)
{
    return head_dim <= 64 ? 128 : 64;
}
HOPPER_INLINE int hopper_wide(int head_dim)
{
    return head_dim <= 64 ? 64 : 128;
}
HOPPER_INLINE int hopper_stride(int rows)
{
    return (rows + 3) / 4 * 4;
}

/* Tensors as TMA reads them: columns of a head, heads, rows; boxes of 64 columns, one head, HOPPER_BLOCK rows. */
struct hopper_maps {
    CUtensorMap q, k, v;
};

/* As kernel_attention, with queries in blocks of at most HOPPER_BLOCK rows. */
int kernel_attention_hopper(cuda_stream s, const struct cuda_attention *a, const struct hopper_maps *maps);

/* The way back: keys in blocks of at most HOPPER_BLOCK rows that the same queries see, in order of rows. A tile is part of one
 * segment; a span are the tiles that see a block's keys. A block is the (last - base)th that adds to a tile's dQ. */
struct hopper_tile {
    int start, len;
    int last; /* of its own segment's blocks of keys the last one it sees */
};
struct hopper_span {
    int first_tile, tiles;
    int causal; /* they see only keys up to themselves */
    int base;
};
struct hopper_keys {
    int start, len;
    int first_span, spans;
};
struct hopper_grad {
    int rows, q_heads, kv_heads, head_dim;
    const struct hopper_keys *keys;
    const struct hopper_span *spans;
    const struct hopper_tile *tiles;
    const void *o, *d_o;
    const float *lse;
    void *d_q, *d_k, *d_v;
    float *sums;  /* q_heads * rows * hopper_wide */
    float *stats; /* 2 * q_heads * hopper_stride(rows) */
    int *turns;   /* q_heads * rows, zero */
    int *ticket;  /* zero */
    long key_blocks;
};
/* v, k: boxes of HOPPER_BLOCK rows; q, d_o: of a tile's. stats: rows, heads, 2; boxes of a tile's rows, 1, 2. */
struct hopper_grad_maps {
    CUtensorMap q, k, v, d_o, stats;
};
int kernel_attention_grad_hopper(cuda_stream s, const struct hopper_grad *g, const struct hopper_grad_maps *maps);

#ifdef __cplusplus
}
#endif
#undef HOPPER_INLINE
#endif
