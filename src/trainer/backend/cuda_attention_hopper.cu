/*
 * Attention with the branch mask on Hopper, after FlashAttention-3 (Shah, Bikshandi, Zhang, Thakkar, Ramani and Dao 2024): a block of
 * 128 queries of one head against the blocks of 128 keys it sees. One warp brings tiles by TMA into a ring of two; two warpgroups of
 * 64 queries multiply by wgmma. While a warpgroup takes the softmax of one block of keys, its product with the values before is on
 * its way, and the other warpgroup's products are: the two take turns at beginning theirs.
 *
 * A tile may hold rows of the next sequence (boxes are always 128 rows): such keys are masked, such queries not written. What the
 * mask empties is never visited; only blocks with keys after a query, or the last of a span, are masked one by one.
 */
#include "trainer/backend/cuda_hopper.cuh"
#include "trainer/backend/cuda_hopper.h"
#include "trainer/backend/cuda_tiles.cuh"

enum { QUERIES = HOPPER_BLOCK, KEYS = HOPPER_BLOCK, STAGES = 2, CONSUMERS = 2, THREADS = (CONSUMERS + 1) * WARPGROUP };
enum { CONSUMER_WARPS = CONSUMERS * WARPGROUP / WARP, BARRIER_ROOM = 128, FIRST_TURN = 1 };

/* D: the head's columns, rounded up to what is multiplied; in shared memory they are 64 or 128. */
template <int D> struct forward {
    static constexpr int WIDE = D <= PANEL ? PANEL : 2 * PANEL, STEPS = D / 16;
    typedef panels<QUERIES, WIDE> tile_q;
    typedef panels<KEYS, WIDE> tile_k;
    static constexpr int BYTES = BARRIER_ROOM + tile_q::BYTES + 2 * STAGES * tile_k::BYTES + SHARED_ALIGNMENT;
};

#ifdef HOPPER_CODE
static const float LOG2_E = 1.4426950408889634F, LN_2 = 0.6931471805599453F;

struct ring {
    mbarrier q_full, k_full[STAGES], v_full[STAGES], k_empty[STAGES], v_empty[STAGES];
};

template <int D> struct workspace {
    unsigned char *q, *k, *v;
    ring *r;

    __device__ __forceinline__ workspace(unsigned char *memory)
    {
        q = align_shared(memory);
        k = q + forward<D>::tile_q::BYTES;
        v = k + STAGES * forward<D>::tile_k::BYTES;
        r = (ring *)(v + STAGES * forward<D>::tile_k::BYTES);
    }
    __device__ __forceinline__ unsigned char *keys(int stage) const
    {
        return k + stage * forward<D>::tile_k::BYTES;
    }
    __device__ __forceinline__ unsigned char *values(int stage) const
    {
        return v + stage * forward<D>::tile_k::BYTES;
    }
};

__device__ __forceinline__ void open_ring(ring *r)
{
    mbarrier_init(&r->q_full, 1);
    for (int i = 0; i < STAGES; i++) {
        mbarrier_init(&r->k_full[i], 1);
        mbarrier_init(&r->v_full[i], 1);
        mbarrier_init(&r->k_empty[i], CONSUMER_WARPS);
        mbarrier_init(&r->v_empty[i], CONSUMER_WARPS);
    }
    mbarrier_init_done();
}

/* Tile i of keys (or values) into its place of the ring, once that was given back. */
template <int D>
__device__ __forceinline__ void bring(const CUtensorMap *map, unsigned char *to, mbarrier *full, mbarrier *empty, int i, int kv,
                                      const key_block &b)
{
    mbarrier_wait(empty, (i / STAGES & 1) ^ 1);
    mbarrier_arrive_expect(full, forward<D>::tile_k::BYTES);
    forward<D>::tile_k::load(to, map, full, kv, b.start);
}

template <int D>
__device__ __forceinline__ void produce(const hopper_maps &maps, const cuda_queries &at, int head, int kv, int count,
                                        const workspace<D> &w)
{
    ring *r = w.r;
    mbarrier_arrive_expect(&r->q_full, forward<D>::tile_q::BYTES);
    forward<D>::tile_q::load(w.q, &maps.q, &r->q_full, head, at.start);
    for (int i = 0; i <= count; i++) { /* keys a tile ahead of values, as they are used */
        if (i < count)
            bring<D>(&maps.k, w.keys(i % STAGES), &r->k_full[i % STAGES], &r->k_empty[i % STAGES], i, kv,
                     key_block_at<KEYS>(at, i));
        int j = i - 1;
        if (j >= 0)
            bring<D>(&maps.v, w.values(j % STAGES), &r->v_full[j % STAGES], &r->v_empty[j % STAGES], j, kv,
                     key_block_at<KEYS>(at, j));
    }
}

__device__ __forceinline__ void give_back(mbarrier *empty)
{
    if (threadIdx.x % WARP == 0)
        mbarrier_arrive(empty);
}

/* This thread's scores, two rows by 32 columns: those it may not see become -inf. */
__device__ __forceinline__ void mask_scores(float (&s)[KEYS / 8][4], const key_block &b, int row)
{
    int column = threadIdx.x % 4 * 2;
#pragma unroll
    for (int half = 0; half < 2; half++) {
        int seen = b.causal ? min(b.len, row + half * 8 - b.start + 1) : b.len; /* keys before this one */
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++) {
            s[n][half * 2] = n * 8 + column < seen ? s[n][half * 2] : -INFINITY;
            s[n][half * 2 + 1] = n * 8 + column + 1 < seen ? s[n][half * 2 + 1] : -INFINITY;
        }
    }
}

/* Running maximum (of scaled scores, in powers of 2) and sum of a thread's two rows. */
struct running {
    float top[2], sum[2], shrink[2];
};

/* Scores become probabilities up to the sum. A row's first block holds a key that it sees, so its maximum is a number. */
__device__ __forceinline__ void soften(float (&s)[KEYS / 8][4], running &r, float scale)
{
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float top = s[0][half * 2], sum = 0;
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++)
            top = fmaxf(top, fmaxf(s[n][half * 2], s[n][half * 2 + 1]));
        top = fmaxf(top, __shfl_xor_sync(ALL_LANES, top, 1));
        top = fmaxf(top, __shfl_xor_sync(ALL_LANES, top, 2));
        top = fmaxf(top * scale, r.top[half]);
        r.shrink[half] = power2(r.top[half] - top);
        r.top[half] = top;
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
            for (int i = half * 2; i < half * 2 + 2; i++) {
                s[n][i] = power2(s[n][i] * scale - top);
                sum += s[n][i];
            }
        }
        r.sum[half] = r.sum[half] * r.shrink[half] + sum; /* each lane's own part */
    }
}

template <int WIDE> __device__ __forceinline__ void shrink(float (&o)[WIDE / 8][4], const running &r)
{
#pragma unroll
    for (int n = 0; n < WIDE / 8; n++) {
        o[n][0] *= r.shrink[0];
        o[n][1] *= r.shrink[0];
        o[n][2] *= r.shrink[1];
        o[n][3] *= r.shrink[1];
    }
}

template <int D> struct consumer {
    static constexpr int WIDE = forward<D>::WIDE;
    typedef typename forward<D>::tile_q tile_q;
    typedef typename forward<D>::tile_k tile_k;

    static __device__ __forceinline__ void begin_scores(float (&s)[KEYS / 8][4], const workspace<D> &w, int group, int stage)
    {
        descriptor q = tile_q::along(w.q, group * 64), k = tile_k::along(w.keys(stage), 0);
#pragma unroll
        for (int i = 0; i < forward<D>::STEPS; i++)
            wgmma<KEYS, 0, 0>(s, q + tile_q::along_step(i), k + tile_k::along_step(i), i > 0);
        wgmma_commit();
    }

    static __device__ __forceinline__ void begin_values(float (&o)[WIDE / 8][4], const unsigned (&p)[KEYS / 16][4],
                                                        const workspace<D> &w, int stage)
    {
        descriptor v = tile_k::across(w.values(stage), 0);
#pragma unroll
        for (int i = 0; i < KEYS / 16; i++)
            wgmma<WIDE, 1>(o, p[i], v + tile_k::across_step(i), 1);
        wgmma_commit();
    }

    /* Whose turn it is to begin products: both warpgroups begin count times, this one's neighbour after it. */
    static __device__ __forceinline__ void take_turn(int group)
    {
        named_wait(FIRST_TURN + group, CONSUMERS * WARPGROUP);
    }
    static __device__ __forceinline__ void pass_turn(int group, bool again)
    {
        if (group == 0 || again)
            named_arrive(FIRST_TURN + (group ^ 1), CONSUMERS * WARPGROUP);
    }

    static __device__ __forceinline__ void mask(float (&s)[KEYS / 8][4], const key_block &b, int first, int row)
    {
        if (b.len < KEYS || (b.causal && b.start + b.len - 1 > first))
            mask_scores(s, b, row);
    }

    /* The scores of a block are begun together with the values of the block before it. */
    static __device__ __forceinline__ void run(float (&o)[WIDE / 8][4], running &r, const cuda_queries &at, int group, int row,
                                               int count, float scale, const workspace<D> &w)
    {
        float s[KEYS / 8][4];
        unsigned p[KEYS / 16][4];
        ring *g = w.r;
        int first = at.start + group * 64;
        if (group == 1)
            named_arrive(FIRST_TURN, CONSUMERS * WARPGROUP);
        mbarrier_wait(&g->q_full, 0);
        mbarrier_wait(&g->k_full[0], 0);
        take_turn(group);
        wgmma_begin();
        begin_scores(s, w, group, 0);
        pass_turn(group, count > 1);
        wgmma_wait<0>();
        hold(s);
        give_back(&g->k_empty[0]);
        mask(s, key_block_at<KEYS>(at, 0), first, row);
        soften(s, r, scale);
        pack_left<KEYS>(p, s);
        for (int i = 1; i < count; i++) {
            int stage = i % STAGES, before = (i - 1) % STAGES;
            mbarrier_wait(&g->k_full[stage], i / STAGES & 1);
            take_turn(group);
            hold(s);
            hold(o);
            hold(p);
            wgmma_begin();
            begin_scores(s, w, group, stage);
            mbarrier_wait(&g->v_full[before], (i - 1) / STAGES & 1);
            wgmma_begin();
            begin_values(o, p, w, before);
            pass_turn(group, i + 1 < count);
            wgmma_wait<1>();
            hold(s);
            give_back(&g->k_empty[stage]);
            mask(s, key_block_at<KEYS>(at, i), first, row);
            soften(s, r, scale);
            wgmma_wait<0>();
            hold(o);
            hold(p);
            give_back(&g->v_empty[before]);
            shrink<WIDE>(o, r);
            pack_left<KEYS>(p, s);
        }
        int last = (count - 1) % STAGES;
        mbarrier_wait(&g->v_full[last], (count - 1) / STAGES & 1);
        hold(o);
        hold(p);
        wgmma_begin();
        begin_values(o, p, w, last);
        wgmma_wait<0>();
        hold(o);
    }
};

template <int D>
__device__ __forceinline__ void consume(const cuda_attention &a, const cuda_queries &at, int head, int count,
                                        const workspace<D> &w)
{
    constexpr int WIDE = forward<D>::WIDE;
    int group = (int)threadIdx.x / WARPGROUP - 1, warp = (int)threadIdx.x / WARP - WARPGROUP / WARP;
    int row = at.start + warp * 16 + (int)threadIdx.x % WARP / 4, dim = a.head_dim;
    size_t stride = (size_t)a.q_heads * (size_t)dim;
    float o[WIDE / 8][4] = {}, by[2];
    running r = {{-INFINITY, -INFINITY}, {0, 0}, {0, 0}};
    consumer<D>::run(o, r, at, group, row, count, LOG2_E / sqrtf((float)dim), w);
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float sum = r.sum[half];
        sum += __shfl_xor_sync(ALL_LANES, sum, 1);
        sum += __shfl_xor_sync(ALL_LANES, sum, 2);
        by[half] = 1.0F / sum;
        int query = row + half * 8;
        if (threadIdx.x % 4 == 0 && query < at.start + at.len)
            a.lse[(size_t)query * (size_t)a.q_heads + (size_t)head] = (r.top[half] + log2f(sum)) * LN_2;
    }
    tile<WIDE>::write((bf16 *)a.o + (size_t)at.start * stride + (size_t)(head * dim), stride, o, warp, at.len, dim, by[0],
                      by[1]);
}
#endif

template <int D>
__global__ void __launch_bounds__(THREADS, 1) attention_hopper(HOPPER_PARAM(cuda_attention) a, HOPPER_PARAM(hopper_maps) maps)
{
#ifdef HOPPER_CODE
    SHARED_BYTES(memory);
    const workspace<D> w(memory);
    const cuda_queries at = a.queries[blockIdx.y];
    int head = blockIdx.x, count = key_block_count<KEYS>(at);
    if (threadIdx.x == 0)
        open_ring(w.r);
    __syncthreads();
    if (threadIdx.x < WARPGROUP) {
        registers_fewer<24>();
        if (threadIdx.x == 0)
            produce<D>(maps, at, head, head / (a.q_heads / a.kv_heads), count, w);
    } else {
        registers_more<240>();
        consume<D>(a, at, head, count, w);
    }
#else
    (void)a;
    (void)maps; /* only Hopper runs it */
#endif
}

/* Blocks of the same queries first, so that heads that share keys find them in the cache, and the longest begin first. */
template <int D> static int launch(cuda_stream s, const cuda_attention &a, const hopper_maps &maps)
{
    int bytes = forward<D>::BYTES;
    ALLOW_SHARED(attention_hopper<D>, bytes);
    LAUNCH(attention_hopper<D>, dim3((unsigned)a.q_heads, (unsigned)a.query_blocks), THREADS, (size_t)bytes, s, a, maps);
    return 0;
}

int kernel_attention_hopper(cuda_stream s, const struct cuda_attention *a, const struct hopper_maps *maps)
{
    const cuda_attention values = *a;
    const hopper_maps tensors = *maps;
#define ONE(D) launch<D>(s, values, tensors)
    return BY_HEAD(a->head_dim, ONE);
#undef ONE
}
