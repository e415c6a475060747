/*
 * Attention of one new token a sequence against its cached keys. Bound by memory: every key and value is read once
 * for all query heads that share it. Half a warp works a key, 8 numbers a lane; a block's halves take keys in
 * turn, then their sums are put together; so are the parts that a long sequence was divided into.
 */
#include "trainer/backend/cuda_device.cuh"
#include "trainer/backend/cuda_kernels.h"

enum { LANES = 16, HALVES = 8, THREADS = LANES * HALVES, WIDTH = LANES * 8 };

static const float LOG2_E = 1.4426950408889634F;

/* A lane's share of a softmax so far: 8 numbers of the mix of values. */
struct share {
    float top, sum, mix[8];
};

__device__ __forceinline__ void start(share &s)
{
    s.top = -INFINITY;
    s.sum = 0;
#pragma unroll
    for (int i = 0; i < 8; i++)
        s.mix[i] = 0;
}

/* score in powers of 2 */
__device__ __forceinline__ void take(share &s, float score, const float (&value)[8])
{
    float top = fmaxf(s.top, score), shrink = exp2f(s.top - top), p = exp2f(score - top);
    s.sum = s.sum * shrink + p;
    s.top = top;
#pragma unroll
    for (int i = 0; i < 8; i++)
        s.mix[i] = s.mix[i] * shrink + p * value[i];
}

/* Adds a share of other keys: its top and sum, and the 8 numbers at mix. */
__device__ __forceinline__ void join(share &s, float top, float sum, const float *mix)
{
    float both = fmaxf(s.top, top);
    if (both == -INFINITY)
        return;
    float mine = exp2f(s.top - both), other = exp2f(top - both);
    s.top = both;
    s.sum = s.sum * mine + sum * other;
#pragma unroll
    for (int i = 0; i < 8; i++)
        s.mix[i] = s.mix[i] * mine + mix[i] * other;
}

/* The sum over half a warp, in each of its lanes. */
__device__ __forceinline__ float half_sum(float x)
{
#pragma unroll
    for (int by = LANES / 2; by > 0; by /= 2)
        x += __shfl_xor_sync(ALL_LANES, x, by);
    return x;
}

/* Where a row of the cache begins, for one key head: an offset into k and v. */
__device__ __forceinline__ size_t row_at(const cuda_cached &a, int sequence, int row, int kv)
{
    size_t page = (size_t)a.tables[(size_t)sequence * (size_t)a.pages + (size_t)(row >> a.page_shift)];
    size_t at = (page << a.page_shift) + (size_t)(row & ((1 << a.page_shift) - 1));
    return (at * (size_t)a.kv_heads + (size_t)kv) * (size_t)a.head_dim;
}

__device__ __forceinline__ void write_out(const cuda_cached &a, int sequence, int head, int column, const share &s)
{
    float x[8], by = s.sum > 0 ? 1.0F / s.sum : 0.0F;
#pragma unroll
    for (int i = 0; i < 8; i++)
        x[i] = s.mix[i] * by;
    if (column < a.head_dim)
        store<8>((bf16 *)a.o + ((size_t)sequence * (size_t)a.q_heads + (size_t)head) * (size_t)a.head_dim + column, x);
}

/* GROUP query heads of one key head, one part of one sequence's keys. */
template <int GROUP> __global__ void __launch_bounds__(THREADS) cached(cuda_cached a)
{
    __shared__ float tops[HALVES][GROUP], sums[HALVES][GROUP], mixes[HALVES][GROUP][WIDTH];
    int sequence = blockIdx.x, first_head = blockIdx.y * GROUP, part = blockIdx.z;
    int half = threadIdx.x / LANES, column = threadIdx.x % LANES * 8, kv = first_head / (a.q_heads / a.kv_heads);
    int length = a.lengths[sequence], each = (length + a.parts - 1) / a.parts;
    int end = min(length, (part + 1) * each), rounds = (max(0, end - part * each) + HALVES - 1) / HALVES;
    bool wide = column < a.head_dim;
    float q[GROUP][8], k[8], v[8], scale = LOG2_E * rsqrtf((float)a.head_dim);
    share own[GROUP];
#pragma unroll
    for (int h = 0; h < GROUP; h++) {
        start(own[h]);
#pragma unroll
        for (int i = 0; i < 8; i++)
            q[h][i] = k[i] = v[i] = 0;
        if (wide)
            load<8>((const bf16 *)a.q +
                        ((size_t)sequence * (size_t)a.q_heads + (size_t)(first_head + h)) * (size_t)a.head_dim + column,
                    q[h]);
    }
    for (int n = 0; n < rounds; n++) { /* all lanes of a warp go round together */
        int row = part * each + n * HALVES + half;
        bool here = row < end;
        if (here && wide) {
            size_t at = row_at(a, sequence, row, kv) + (size_t)column;
            load<8>((const bf16 *)a.k + at, k);
            load<8>((const bf16 *)a.v + at, v);
        }
#pragma unroll
        for (int h = 0; h < GROUP; h++) {
            float dot = 0;
#pragma unroll
            for (int i = 0; i < 8; i++)
                dot += q[h][i] * k[i];
            dot = half_sum(dot) * scale;
            if (here)
                take(own[h], dot, v);
        }
    }
#pragma unroll
    for (int h = 0; h < GROUP; h++) {
        tops[half][h] = own[h].top; /* the same in all lanes of the half */
        sums[half][h] = own[h].sum;
#pragma unroll
        for (int i = 0; i < 8; i++)
            mixes[half][h][column + i] = own[h].mix[i];
    }
    __syncthreads();
    for (int h = half; h < GROUP; h += HALVES) {
        share all;
        start(all);
        for (int i = 0; i < HALVES; i++)
            join(all, tops[i][h], sums[i][h], &mixes[i][h][column]);
        if (a.parts == 1) {
            write_out(a, sequence, first_head + h, column, all);
            continue;
        }
        size_t at = ((size_t)sequence * (size_t)a.q_heads + (size_t)(first_head + h)) * (size_t)a.parts + (size_t)part;
        float *to = a.room + at * (size_t)(a.head_dim + 2);
        if (column == 0) {
            to[0] = all.top;
            to[1] = all.sum;
        }
#pragma unroll
        for (int i = 0; i < 8; i++) {
            if (wide)
                to[2 + column + i] = all.mix[i];
        }
    }
}

/* Puts the parts of a sequence and head together: half a warp each. */
__global__ void join_parts(cuda_cached a)
{
    int at = blockIdx.x * HALVES + threadIdx.x / LANES, column = threadIdx.x % LANES * 8;
    if (at >= a.rows * a.q_heads || column >= a.head_dim)
        return;
    share all;
    start(all);
    for (int part = 0; part < a.parts; part++) {
        const float *from = a.room + ((size_t)at * (size_t)a.parts + (size_t)part) * (size_t)(a.head_dim + 2);
        join(all, from[0], from[1], from + 2 + column);
    }
    write_out(a, at / a.q_heads, at % a.q_heads, column, all);
}

template <int GROUP> static void launch(cuda_stream s, const cuda_cached &a)
{
    dim3 grid((unsigned)a.rows, (unsigned)(a.q_heads / GROUP), (unsigned)a.parts);
    LAUNCH(cached<GROUP>, grid, THREADS, 0, s, a);
}

int kernel_attention_cached(cuda_stream s, const struct cuda_cached *a)
{
    cuda_cached values = *a;
    int group = a->q_heads / a->kv_heads;
    if (a->head_dim % 8 != 0 || a->head_dim > WIDTH)
        return -1;
    if (group % 8 == 0)
        launch<8>(s, values);
    else if (group % 4 == 0)
        launch<4>(s, values);
    else if (group % 2 == 0)
        launch<2>(s, values);
    else
        launch<1>(s, values);
    if (a->parts > 1)
        LAUNCH(join_parts, blocks_of((size_t)a->rows * (size_t)a->q_heads, HALVES), THREADS, 0, s, values);
    return 0;
}

/* A warp a row, V numbers a lane at once. */
template <int V> __global__ void move_rows(cuda_moves m)
{
    int i = blockIdx.x * (THREADS / WARP) + threadIdx.x / WARP;
    if (i >= m.n)
        return;
    size_t from = (size_t)(m.from ? m.from[i] : i) * (size_t)m.d;
    int row = m.to ? m.to[i] : i;
    if (row < 0)
        return;
    size_t to = (size_t)row * (size_t)m.d;
    for (int c = threadIdx.x % WARP * V; c < m.d; c += WARP * V) {
        if constexpr (V == 8) {
            *(uint4 *)((bf16 *)m.to_k + to + c) = *(const uint4 *)((const bf16 *)m.k + from + c);
            *(uint4 *)((bf16 *)m.to_v + to + c) = *(const uint4 *)((const bf16 *)m.v + from + c);
        } else {
            ((bf16 *)m.to_k)[to + c] = ((const bf16 *)m.k)[from + c];
            ((bf16 *)m.to_v)[to + c] = ((const bf16 *)m.v)[from + c];
        }
    }
}

void kernel_move_rows(cuda_stream s, const struct cuda_moves *m)
{
    cuda_moves values = *m;
    unsigned blocks = blocks_of((size_t)m->n, THREADS / WARP);
    if (in_eights(m->k, m->v, m->to_k, m->to_v, (size_t)m->d))
        LAUNCH(move_rows<8>, blocks, THREADS, 0, s, values);
    else
        LAUNCH(move_rows<1>, blocks, THREADS, 0, s, values);
}
