/*
 * The gradient of attention. One kernel goes over keys for each block of queries and gives their gradient, another
 * over queries for each block of keys: scores are computed twice (7 products instead of 5), but nothing is added
 * across blocks, so no atomics, no fp32 copies of gradients, and the same bits every time. Scores live in registers.
 */
#include "trainer/backend/cuda_tiles.cuh"

static const float LOG2_E = 1.4426950408889634F;
enum { HALF = TILE / 2 };

/* delta = sum of d_o o, a warp a row and head. */
__global__ void deltas(const bf16 *d_o, const bf16 *o, int count, int dim, float *delta)
{
    int at = blockIdx.x * TILE_WARPS + threadIdx.x / WARP, lane = threadIdx.x % WARP;
    if (at >= count)
        return;
    size_t first = (size_t)at * (size_t)dim;
    float sum = warp_dot(d_o + first, o + first, dim);
    if (lane == 0)
        delta[at] = sum;
}

struct grads {
    const bf16 *d_o;
    const float *delta;
    bf16 *d_q, *d_k, *d_v;
};

/* dS = P (dP - delta), P = exp(S - lse): s becomes dS. */
__device__ __forceinline__ void query_grads(float (&s)[TILE / 8][4], const float (&dp)[TILE / 8][4], const key_block &b,
                                            int row, float scale, const float lse[2], const float delta[2])
{
    int column = threadIdx.x % 4 * 2;
#pragma unroll
    for (int n = 0; n < TILE / 8; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int key = n * 8 + column + i % 2, query = row + i / 2 * 8;
            bool sees = key < b.len && (!b.causal || b.start + key <= query);
            s[n][i] = sees ? exp2f(s[n][i] * scale - lse[i / 2]) * (dp[n][i] - delta[i / 2]) : 0.0F;
        }
    }
}

template <int D> __global__ void __launch_bounds__(TILE_THREADS) attention_grad_queries(cuda_attention a, grads g)
{
    SHARED_BYTES(memory);
    bf16 *tq = (bf16 *)memory, *to = tq + tile<D>::NUMBERS, *tk = to + tile<D>::NUMBERS, *tv = tk + tile<D>::NUMBERS;
    const cuda_queries at = a.queries[blockIdx.x];
    int head = blockIdx.y, dim = a.head_dim, kv = head / (a.q_heads / a.kv_heads), warp = threadIdx.x / WARP;
    size_t q_stride = (size_t)a.q_heads * (size_t)dim, k_stride = (size_t)a.kv_heads * (size_t)dim;
    size_t first = (size_t)at.start * q_stride + (size_t)(head * dim), key_head = (size_t)(kv * dim);
    const bf16 *keys = (const bf16 *)a.k + key_head, *values = (const bf16 *)a.v + key_head;
    float d_q[D / 8][4] = {}, s[TILE / 8][4], dp[TILE / 8][4], lse[2], delta[2], root = rsqrtf((float)dim);
    int count = key_block_count(at), row = at.start + warp * 16 + (int)threadIdx.x % WARP / 4;
#pragma unroll
    for (int half = 0; half < 2; half++) {
        size_t k = (size_t)(row + half * 8) * (size_t)a.q_heads + (size_t)head;
        bool here = row + half * 8 < at.start + at.len;
        lse[half] = here ? a.lse[k] * LOG2_E : INFINITY;
        delta[half] = here ? g.delta[k] : 0.0F;
    }
    tile<D>::copy(tq, (const bf16 *)a.q + first, q_stride, at.len, dim);
    tile<D>::copy(to, g.d_o + first, q_stride, at.len, dim);
    for (int i = 0; i < count; i++) {
        key_block b = key_block_at(at, i);
        __syncthreads(); /* the keys before are used up */
        tile<D>::copy(tk, keys + (size_t)b.start * k_stride, k_stride, b.len, dim);
        tile<D>::copy(tv, values + (size_t)b.start * k_stride, k_stride, b.len, dim);
        cp_async_commit();
        cp_async_wait<0>();
        __syncthreads();
        tile<D>::template product<TILE / 16>(s, tq, tk, warp, 0);
        tile<D>::template product<TILE / 16>(dp, to, tv, warp, 0);
        query_grads(s, dp, b, row, root * LOG2_E, lse, delta);
        tile<D>::template add_product<TILE / 16>(d_q, s, tk, 0);
    }
    tile<D>::write(g.d_q + first, q_stride, d_q, warp, at.len, dim, root, root);
}

/* A block of queries as the keys' kernel has it in shared memory. */
struct query_block {
    int start, len;
    bool causal;
};

/* Rows are keys, columns queries 32 first .. 32 first + 32: s becomes P, dp becomes dS. */
__device__ __forceinline__ void key_grads(float (&s)[HALF / 8][4], float (&dp)[HALF / 8][4], const query_block &b,
                                          int first, int key, float scale, const float *lse, const float *delta)
{
    int column = first * HALF + (int)threadIdx.x % 4 * 2;
#pragma unroll
    for (int n = 0; n < HALF / 8; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int query = n * 8 + column + i % 2;
            bool seen = query < b.len && (!b.causal || key + i / 2 * 8 <= b.start + query);
            s[n][i] = seen ? exp2f(s[n][i] * scale - lse[query]) : 0.0F;
            dp[n][i] = seen ? s[n][i] * (dp[n][i] - delta[query]) : 0.0F;
        }
    }
}

/* Copies a block of queries of one head, with what belongs to them. */
template <int D>
__device__ __forceinline__ void copy_queries(const cuda_attention &a, const grads &g, const query_block &b, int head,
                                             bf16 *tq, bf16 *to, float *lse, float *delta)
{
    size_t stride = (size_t)a.q_heads * (size_t)a.head_dim;
    size_t first = (size_t)b.start * stride + (size_t)(head * a.head_dim);
    tile<D>::copy(tq, (const bf16 *)a.q + first, stride, b.len, a.head_dim);
    tile<D>::copy(to, g.d_o + first, stride, b.len, a.head_dim);
    cp_async_commit();
    if (threadIdx.x < TILE) {
        bool here = (int)threadIdx.x < b.len;
        size_t k = (size_t)(b.start + (here ? (int)threadIdx.x : 0)) * (size_t)a.q_heads + (size_t)head;
        lse[threadIdx.x] = here ? a.lse[k] * LOG2_E : INFINITY;
        delta[threadIdx.x] = here ? g.delta[k] : 0.0F;
    }
    cp_async_wait<0>();
}

template <int D> __global__ void __launch_bounds__(TILE_THREADS) attention_grad_keys(cuda_attention a, grads g)
{
    SHARED_BYTES(memory);
    bf16 *tk = (bf16 *)memory, *tv = tk + tile<D>::NUMBERS, *tq = tv + tile<D>::NUMBERS, *to = tq + tile<D>::NUMBERS;
    float *lse = (float *)(to + tile<D>::NUMBERS), *delta = lse + TILE;
    const cuda_keys at = a.keys[blockIdx.x];
    int kv = blockIdx.y, dim = a.head_dim, group = a.q_heads / a.kv_heads, warp = threadIdx.x / WARP;
    size_t stride = (size_t)a.kv_heads * (size_t)dim, first = (size_t)at.start * stride + (size_t)(kv * dim);
    float d_k[D / 8][4] = {}, d_v[D / 8][4] = {}, s[HALF / 8][4], dp[HALF / 8][4], root = rsqrtf((float)dim);
    int key = at.start + warp * 16 + (int)threadIdx.x % WARP / 4;
    tile<D>::copy(tk, (const bf16 *)a.k + first, stride, at.len, dim);
    tile<D>::copy(tv, (const bf16 *)a.v + first, stride, at.len, dim);
    for (int n = 0; n < at.spans; n++) {
        const cuda_span span = a.spans[at.first_span + n];
        for (int from = 0; from < span.len; from += TILE) {
            query_block b = {span.start + from, min(TILE, span.len - from), false};
            b.causal = span.causal && at.start + at.len - 1 > b.start;
            for (int head = kv * group; head < (kv + 1) * group; head++) {
                __syncthreads(); /* the queries before are used up */
                copy_queries<D>(a, g, b, head, tq, to, lse, delta);
                __syncthreads();
#pragma unroll
                for (int half = 0; half < 2; half++) {
                    tile<D>::template product<HALF / 16>(s, tk, tq, warp, half * (HALF / 16));
                    tile<D>::template product<HALF / 16>(dp, tv, to, warp, half * (HALF / 16));
                    key_grads(s, dp, b, half, key, root * LOG2_E, lse, delta);
                    tile<D>::template add_product<HALF / 16>(d_v, s, to, half * (HALF / 16));
                    tile<D>::template add_product<HALF / 16>(d_k, dp, tq, half * (HALF / 16));
                }
            }
        }
    }
    tile<D>::write(g.d_k + first, stride, d_k, warp, at.len, dim, root, root);
    tile<D>::write(g.d_v + first, stride, d_v, warp, at.len, dim, 1.0F, 1.0F);
}

template <int D> static int launch(cuda_stream s, const cuda_attention &a, const grads &g)
{
    int bytes = 4 * tile<D>::BYTES, more = bytes + 2 * TILE * (int)sizeof(float);
    ALLOW_SHARED(attention_grad_queries<D>, bytes);
    ALLOW_SHARED(attention_grad_keys<D>, more);
    LAUNCH(attention_grad_queries<D>, dim3((unsigned)a.query_blocks, (unsigned)a.q_heads), TILE_THREADS, (size_t)bytes, s,
           a, g);
    LAUNCH(attention_grad_keys<D>, dim3((unsigned)a.key_blocks, (unsigned)a.kv_heads), TILE_THREADS, (size_t)more, s, a,
           g);
    return 0;
}

int kernel_attention_grad(cuda_stream s, const struct cuda_attention *a, const void *d_o, float *delta, void *d_q,
                          void *d_k, void *d_v)
{
    cuda_attention values = *a;
    grads g = {(const bf16 *)d_o, delta, (bf16 *)d_q, (bf16 *)d_k, (bf16 *)d_v};
    int count = a->rows * a->q_heads, dim = a->head_dim;
    LAUNCH(deltas, blocks_of((size_t)count, TILE_WARPS), TILE_THREADS, 0, s, (const bf16 *)d_o, (const bf16 *)values.o,
           count, dim, delta);
#define ONE(D) launch<D>(s, values, g)
    return BY_HEAD(a->head_dim, ONE);
#undef ONE
}
