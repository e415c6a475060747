/*
 * Attention with the branch mask (Dao 2023): a block of 64 queries of one head against the blocks of keys it sees.
 * Four warps, 16 queries each; the next keys come while values are summed, the values while scores are. Scores live
 * in registers alone.
 */
#include "trainer/backend/cuda_tiles.cuh"

static const float LOG2_E = 1.4426950408889634F, LN_2 = 0.6931471805599453F;

/* This thread's scores of one block of keys: two rows by 16 columns. Those it may not see become -inf. */
__device__ __forceinline__ void mask_scores(float (&s)[TILE / 8][4], const key_block &b, int row)
{
    int column = threadIdx.x % 4 * 2;
#pragma unroll
    for (int n = 0; n < TILE / 8; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int key = n * 8 + column + i % 2, query = row + i / 2 * 8;
            if (key >= b.len || (b.causal && b.start + key > query))
                s[n][i] = -INFINITY;
        }
    }
}

/* Running maximum (of scaled scores, in powers of 2) and sum of a thread's two rows. */
struct running {
    float top[2], sum[2];
};

/* Scores become probabilities up to the sum; o is brought to the new maximum. */
template <int D>
__device__ __forceinline__ void soften(float (&s)[TILE / 8][4], float (&o)[D / 8][4], running &r, float scale)
{
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float top = r.top[half], sum = 0;
#pragma unroll
        for (int n = 0; n < TILE / 8; n++)
            top = fmaxf(top, fmaxf(s[n][half * 2], s[n][half * 2 + 1]) * scale);
        top = fmaxf(top, __shfl_xor_sync(ALL_LANES, top, 1));
        top = fmaxf(top, __shfl_xor_sync(ALL_LANES, top, 2));
        float base = top == -INFINITY ? 0.0F : top, shrink = exp2f(r.top[half] - base);
#pragma unroll
        for (int n = 0; n < TILE / 8; n++) {
#pragma unroll
            for (int i = half * 2; i < half * 2 + 2; i++) {
                s[n][i] = exp2f(s[n][i] * scale - base);
                sum += s[n][i];
            }
        }
        r.sum[half] = r.sum[half] * shrink + sum; /* each lane's own part */
        r.top[half] = top;
#pragma unroll
        for (int n = 0; n < D / 8; n++) {
            o[n][half * 2] *= shrink;
            o[n][half * 2 + 1] *= shrink;
        }
    }
}

template <int D> __global__ void __launch_bounds__(TILE_THREADS) attention(cuda_attention a)
{
    SHARED_BYTES(memory);
    bf16 *tq = (bf16 *)memory, *tk = tq + tile<D>::NUMBERS, *tv = tk + tile<D>::NUMBERS;
    const cuda_queries at = a.queries[blockIdx.x];
    int head = blockIdx.y, dim = a.head_dim, kv = head / (a.q_heads / a.kv_heads), warp = threadIdx.x / WARP;
    size_t q_stride = (size_t)a.q_heads * (size_t)dim, k_stride = (size_t)a.kv_heads * (size_t)dim;
    size_t first = (size_t)at.start * q_stride + (size_t)(head * dim), key_head = (size_t)(kv * dim);
    const bf16 *keys = (const bf16 *)a.k + key_head, *values = (const bf16 *)a.v + key_head;
    float o[D / 8][4] = {}, s[TILE / 8][4], scale = LOG2_E / sqrtf((float)dim);
    running r = {{-INFINITY, -INFINITY}, {0, 0}};
    int count = key_block_count(at), row = at.start + warp * 16 + (int)threadIdx.x % WARP / 4;
    key_block b = key_block_at(at, 0);
    tile<D>::copy(tq, (const bf16 *)a.q + first, q_stride, at.len, dim);
    tile<D>::copy(tk, keys + (size_t)b.start * k_stride, k_stride, b.len, dim);
    cp_async_commit();
    for (int i = 0; i < count; i++) {
        b = key_block_at(at, i);
        cp_async_wait<0>();
        __syncthreads(); /* keys are there, and the values before them are used up */
        tile<D>::copy(tv, values + (size_t)b.start * k_stride, k_stride, b.len, dim);
        cp_async_commit();
        tile<D>::template product<TILE / 16>(s, tq, tk, warp, 0);
        if (b.causal || b.len < TILE)
            mask_scores(s, b, row);
        soften<D>(s, o, r, scale);
        cp_async_wait<0>();
        __syncthreads(); /* values are there, and the keys are used up */
        if (i + 1 < count) {
            key_block next = key_block_at(at, i + 1);
            tile<D>::copy(tk, keys + (size_t)next.start * k_stride, k_stride, next.len, dim);
            cp_async_commit();
        }
        tile<D>::template add_product<TILE / 16>(o, s, tv, 0);
    }
    float by[2];
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float sum = r.sum[half];
        sum += __shfl_xor_sync(ALL_LANES, sum, 1);
        sum += __shfl_xor_sync(ALL_LANES, sum, 2);
        by[half] = sum > 0 ? 1.0F / sum : 0.0F;
        int query = row + half * 8;
        if (threadIdx.x % 4 == 0 && query < at.start + at.len)
            a.lse[(size_t)query * (size_t)a.q_heads + (size_t)head] = (r.top[half] + log2f(sum)) * LN_2;
    }
    tile<D>::write((bf16 *)a.o + first, q_stride, o, warp, at.len, dim, by[0], by[1]);
}

template <int D> static int launch(cuda_stream s, const cuda_attention &a)
{
    int bytes = 3 * tile<D>::BYTES;
    ALLOW_SHARED(attention<D>, bytes);
    LAUNCH(attention<D>, dim3((unsigned)a.query_blocks, (unsigned)a.q_heads), TILE_THREADS, (size_t)bytes, s, a);
    return 0;
}

int kernel_attention(cuda_stream s, const struct cuda_attention *a)
{
    cuda_attention values = *a;
#define ONE(D) launch<D>(s, values)
    return BY_HEAD(a->head_dim, ONE);
#undef ONE
}
