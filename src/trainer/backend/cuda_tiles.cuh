/*
 * Tiles of 64 rows of one head in shared memory, and what the tensor cores read of them. D is the width of a tile,
 * the head's own (dim) rounded up; what is beyond is zero. Rows lie D + 8 numbers apart, so that the eight rows
 * of a matrix fall on different banks.
 */
#ifndef TRAINER_BACKEND_CUDA_TILES_CUH
#define TRAINER_BACKEND_CUDA_TILES_CUH

#include "trainer/backend/cuda_device.cuh"
#include "trainer/backend/cuda_kernels.h"
#include "trainer/backend/cuda_ptx.cuh"

enum { TILE = CUDA_BLOCK, TILE_WARPS = TILE / 16, TILE_THREADS = TILE_WARPS * WARP };

template <int D> struct tile {
    static constexpr int STRIDE = D + 8, NUMBERS = TILE * STRIDE, BYTES = NUMBERS * 2;

    /* Begins to copy rows of head_dim numbers that lie stride apart; rows from count on are zero. */
    static __device__ __forceinline__ void copy(bf16 *to, const bf16 *from, size_t stride, int count, int dim)
    {
        for (int i = threadIdx.x; i < TILE * (D / 8); i += TILE_THREADS) {
            int row = i / (D / 8), column = i % (D / 8) * 8;
            bool there = row < count && column < dim;
            cp_async16(to + row * STRIDE + column, there ? from + (size_t)row * stride + column : from, there);
        }
    }

    /* Rows 16 w .. 16 w + 16, columns 16 k .. 16 k + 16 as a left operand. */
    static __device__ __forceinline__ void left(unsigned a[4], const bf16 *t, int w, int k)
    {
        int lane = threadIdx.x % WARP;
        ldmatrix_x4(a, t + (w * 16 + lane % 16) * STRIDE + k * 16 + lane / 16 * 8);
    }

    /* The same block turned over as a right operand: b[0..1] for rows 16 n .. + 8, b[2..3] for the next 8. */
    static __device__ __forceinline__ void right_turned(unsigned b[4], const bf16 *t, int n, int k)
    {
        int lane = threadIdx.x % WARP, m = lane / 8;
        ldmatrix_x4(b, t + (n * 16 + m / 2 * 8 + lane % 8) * STRIDE + k * 16 + m % 2 * 8);
    }

    /* As it stands, a right operand: rows 16 k .. + 16; b[0..1] for columns 16 n .. + 8, b[2..3] for the next 8. */
    static __device__ __forceinline__ void right(unsigned b[4], const bf16 *t, int k, int n)
    {
        int lane = threadIdx.x % WARP, m = lane / 8;
        ldmatrix_x4_trans(b, t + (k * 16 + m % 2 * 8 + lane % 8) * STRIDE + n * 16 + m / 2 * 8);
    }

    /* c (this warp's 16 rows of x, by rows 16 first .. 16 (first + N) of y) = x y' */
    template <int N>
    static __device__ __forceinline__ void product(float (&c)[2 * N][4], const bf16 *x, const bf16 *y, int w, int first)
    {
#pragma unroll
        for (int n = 0; n < 2 * N; n++)
            c[n][0] = c[n][1] = c[n][2] = c[n][3] = 0;
#pragma unroll
        for (int k = 0; k < D / 16; k++) {
            unsigned a[4], b[4];
            left(a, x, w, k);
#pragma unroll
            for (int n = 0; n < N; n++) {
                right_turned(b, y, first + n, k);
                mma_bf16(c[2 * n], a, b);
                mma_bf16(c[2 * n + 1], a, b + 2);
            }
        }
    }

    /* c (16 by D) += p y, p 16 by 16 N as product left it, y from row 16 first on. */
    template <int N>
    static __device__ __forceinline__ void add_product(float (&c)[D / 8][4], const float (&p)[2 * N][4], const bf16 *y,
                                                       int first)
    {
#pragma unroll
        for (int k = 0; k < N; k++) {
            unsigned b[4];
            const unsigned a[4] = {pack(p[2 * k][0], p[2 * k][1]), pack(p[2 * k][2], p[2 * k][3]),
                                   pack(p[2 * k + 1][0], p[2 * k + 1][1]), pack(p[2 * k + 1][2], p[2 * k + 1][3])};
#pragma unroll
            for (int n = 0; n < D / 16; n++) {
                right(b, y, first + k, n);
                mma_bf16(c[2 * n], a, b);
                mma_bf16(c[2 * n + 1], a, b + 2);
            }
        }
    }

    /* This thread's numbers of c times by, where the rows and columns are there. to is row 0 of the tile. */
    static __device__ __forceinline__ void write(bf16 *to, size_t stride, const float (&c)[D / 8][4], int w, int count,
                                                 int dim, float low, float high)
    {
        int lane = threadIdx.x % WARP, row = w * 16 + lane / 4, column = lane % 4 * 2;
#pragma unroll
        for (int n = 0; n < D / 8; n++) {
            if (n * 8 + column >= dim)
                continue;
            if (row < count)
                *(unsigned *)(to + (size_t)row * stride + n * 8 + column) = pack(c[n][0] * low, c[n][1] * low);
            if (row + 8 < count)
                *(unsigned *)(to + (size_t)(row + 8) * stride + n * 8 + column) = pack(c[n][2] * high, c[n][3] * high);
        }
    }
};

/* The keys that a block of queries sees, in blocks of N: the context whole, then its own up to each query. */
struct key_block {
    int start, len;
    bool causal; /* somewhere in it keys come after queries */
};

template <int N = TILE> __device__ __forceinline__ int key_block_count(const cuda_queries &q)
{
    return (q.ctx_len + N - 1) / N + (q.start + q.len - q.own_start + N - 1) / N;
}

template <int N = TILE> __device__ __forceinline__ key_block key_block_at(const cuda_queries &q, int i)
{
    int context = (q.ctx_len + N - 1) / N;
    bool own = i >= context;
    int first = own ? q.own_start : q.ctx_start, end = own ? q.start + q.len : q.ctx_start + q.ctx_len;
    key_block b;
    b.start = first + (own ? i - context : i) * N;
    b.len = min(N, end - b.start);
    b.causal = own && b.start + b.len - 1 > q.start;
    return b;
}

/* Launches kernel<D> for the head's width. */
#define BY_HEAD(dim, launch)                                                                                           \
    ((dim) % 8 != 0 || (dim) > 128 ? -1                                                                                \
     : (dim) <= 64                 ? launch(64)                                                                        \
     : (dim) <= 80                 ? launch(80)                                                                        \
     : (dim) <= 96                 ? launch(96)                                                                        \
                                   : launch(128))

#endif
