/*
 * The gradient of attention on Hopper, after FlashAttention-3 (Shah et al. 2024): a block of 128 keys, its scores turned over (keys
 * by queries), against the tiles of queries that see it, of every query head that shares it. Five products a tile: S' = K Q',
 * dP' = V dO', dV += P' dO and dK += dS' Q with their left side in registers, dQ = dS K with dS in shared memory.
 *
 * dQ is summed over blocks of keys in fp32 in global memory, and in one order, so the same bits come every time: a tile has a count, and
 * a block adds when its turn has come (the later keys first). Blocks take their work by a ticket in that order, too, so whoever
 * waits waits for a block that runs; and as a block begins with the first tile that sees it, the later keys are done with a tile when
 * the earlier reach it. The other way without atomics, a kernel by queries and one by keys, needs no fp32 sums (4 bytes for each
 * number of q) but 7 products for 5.
 */
#include "trainer/backend/cuda_hopper.cuh"
#include "trainer/backend/cuda_hopper.h"
#include "trainer/backend/cuda_tiles.cuh"

enum { KEYS = HOPPER_BLOCK, STAGES = 2, CONSUMERS = 2, THREADS = (CONSUMERS + 1) * WARPGROUP };
enum { CONSUMER_WARPS = CONSUMERS * WARPGROUP / WARP, BARRIER_ROOM = 256, DS_WRITTEN = 1 };
static const float LOG2_E = 1.4426950408889634F;

/* D: the head's columns, rounded up to what is multiplied; in shared memory they are 64 or 128. TILE_Q: queries of a tile. */
template <int D> struct backward {
    static constexpr int WIDE = D <= PANEL ? PANEL : 2 * PANEL, TILE_Q = hopper_tile_rows(D), STEPS = D / 16;
    typedef panels<KEYS, WIDE> tile_k;
    typedef panels<TILE_Q, WIDE> tile_q;
    typedef panels<KEYS, TILE_Q> tile_s; /* dS: keys by queries */
    static constexpr int STATS = 2 * TILE_Q * 4, SUM = TILE_Q * WIDE * 4;
    static constexpr int BYTES = 2 * tile_k::BYTES + STAGES * (2 * tile_q::BYTES + tile_s::BYTES + STATS) + SUM +
                                 BARRIER_ROOM + SHARED_ALIGNMENT;
};

/* lse in powers of 2 and delta = sum of d_o o, by head and row; a warp each. */
__global__ void hopper_deltas(const bf16 *d_o, const bf16 *o, const float *lse, int rows, int heads, int dim, int stride,
                              float *stats)
{
    int at = blockIdx.x * TILE_WARPS + threadIdx.x / WARP, lane = threadIdx.x % WARP;
    if (at >= rows * heads)
        return;
    size_t first = (size_t)at * (size_t)dim;
    float sum = warp_dot(d_o + first, o + first, dim);
    if (lane == 0) {
        size_t to = (size_t)(at % heads) * (size_t)stride + (size_t)(at / heads);
        stats[to] = lse[at] * LOG2_E;
        stats[(size_t)heads * (size_t)stride + to] = sum;
    }
}

/* Columns of a row of sums are moved within 32, so that eight rows of a warp fall on different banks. */
__device__ __forceinline__ int sum_column(int row, int column)
{
    return column ^ (row & 3) << 3;
}

/* Two numbers a thread: sums by head and row, wide numbers each, become d_q. */
__global__ void hopper_finish(const float *sums, int rows, int heads, int dim, int wide, bf16 *d_q)
{
    int pairs = dim / 2;
    size_t at = (size_t)blockIdx.x * TILE_THREADS + threadIdx.x, count = (size_t)rows * (size_t)heads * (size_t)pairs;
    if (at >= count)
        return;
    int column = (int)(at % (size_t)pairs) * 2, head = (int)(at / (size_t)pairs % (size_t)heads);
    int row = (int)(at / ((size_t)pairs * (size_t)heads));
    const float *from = sums + ((size_t)head * (size_t)rows + (size_t)row) * (size_t)wide + sum_column(row, column);
    float root = rsqrtf((float)dim);
    *(unsigned *)(d_q + at * 2) = pack(from[0] * root, from[1] * root);
}

#ifdef HOPPER_CODE
struct ring {
    mbarrier k_full, q_full[STAGES], o_full[STAGES], q_empty[STAGES], o_empty[STAGES], sum_full, sum_empty;
    int ticket;
};

template <int D> struct workspace {
    typedef backward<D> sizes;
    unsigned char *k, *v, *q, *o, *s, *stats;
    float *sum;
    ring *r;

    __device__ __forceinline__ workspace(unsigned char *memory)
    {
        k = align_shared(memory);
        v = k + sizes::tile_k::BYTES;
        q = v + sizes::tile_k::BYTES;
        o = q + STAGES * sizes::tile_q::BYTES;
        s = o + STAGES * sizes::tile_q::BYTES;
        sum = (float *)(s + STAGES * sizes::tile_s::BYTES);
        stats = (unsigned char *)sum + sizes::SUM;
        r = (ring *)(stats + STAGES * sizes::STATS);
    }
    __device__ __forceinline__ unsigned char *queries(int stage) const
    {
        return q + stage * sizes::tile_q::BYTES;
    }
    __device__ __forceinline__ unsigned char *outputs(int stage) const
    {
        return o + stage * sizes::tile_q::BYTES;
    }
    __device__ __forceinline__ unsigned char *scores(int stage) const
    {
        return s + stage * sizes::tile_s::BYTES;
    }
    __device__ __forceinline__ float *sums_of(int stage) const
    {
        return (float *)(stats + stage * sizes::STATS);
    }
};

__device__ __forceinline__ void open_ring(ring *r, int *ticket)
{
    mbarrier_init(&r->k_full, 1);
    mbarrier_init(&r->sum_full, CONSUMER_WARPS);
    mbarrier_init(&r->sum_empty, 1);
    for (int i = 0; i < STAGES; i++) {
        mbarrier_init(&r->q_full[i], 1);
        mbarrier_init(&r->o_full[i], 1);
        mbarrier_init(&r->q_empty[i], CONSUMER_WARPS);
        mbarrier_init(&r->o_empty[i], CONSUMER_WARPS);
    }
    mbarrier_init_done();
    r->ticket = atomicAdd(ticket, 1);
}

/* The work of a block: keys, and the tiles of queries that see them, one after the other, heads of each side by side. */
struct walk {
    const hopper_grad &g;
    hopper_keys keys;
    int kv, group, span, tile, head, step;
    hopper_span s;
    hopper_tile t;

    __device__ __forceinline__ walk(const hopper_grad &from, int ticket)
        : g(from), keys(from.keys[(int)from.key_blocks - 1 - ticket % (int)from.key_blocks]), kv(ticket / (int)from.key_blocks),
          group(from.q_heads / from.kv_heads), span(0), tile(0), head(0), step(0), s(from.spans[keys.first_span]),
          t(from.tiles[s.first_tile])
    {
    }
    __device__ __forceinline__ int q_head() const
    {
        return kv * group + head;
    }
    __device__ __forceinline__ bool next() /* whether there is one */
    {
        step++;
        if (++head < group)
            return true;
        head = 0;
        if (++tile == s.tiles) {
            tile = 0;
            if (++span == keys.spans)
                return false;
            s = g.spans[keys.first_span + span];
        }
        t = g.tiles[s.first_tile + tile];
        return true;
    }
};

template <int D> __device__ __forceinline__ void produce(const hopper_grad_maps &maps, walk at, const workspace<D> &w)
{
    typedef backward<D> sizes;
    ring *r = w.r;
    mbarrier_arrive_expect(&r->k_full, 2 * sizes::tile_k::BYTES);
    sizes::tile_k::load(w.k, &maps.k, &r->k_full, at.kv, at.keys.start);
    sizes::tile_k::load(w.v, &maps.v, &r->k_full, at.kv, at.keys.start);
    do {
        int stage = at.step % STAGES, parity = (at.step / STAGES & 1) ^ 1;
        mbarrier_wait(&r->q_empty[stage], parity);
        mbarrier_arrive_expect(&r->q_full[stage], sizes::tile_q::BYTES + sizes::STATS);
        sizes::tile_q::load(w.queries(stage), &maps.q, &r->q_full[stage], at.q_head(), at.t.start);
        tma_load(w.sums_of(stage), &maps.stats, &r->q_full[stage], at.t.start, at.q_head(), 0);
        mbarrier_wait(&r->o_empty[stage], parity);
        mbarrier_arrive_expect(&r->o_full[stage], sizes::tile_q::BYTES);
        sizes::tile_q::load(w.outputs(stage), &maps.d_o, &r->o_full[stage], at.q_head(), at.t.start);
    } while (at.next());
}

/* Adds each tile's dQ to the others', in turn. The first stores, so nothing need be zero. */
template <int D> __device__ __forceinline__ void send_sums(walk at, const workspace<D> &w)
{
    do {
        size_t row = (size_t)at.q_head() * (size_t)at.g.rows + (size_t)at.t.start;
        int turn = at.t.last - at.s.base, bytes = at.t.len * backward<D>::WIDE * 4;
        float *to = at.g.sums + row * backward<D>::WIDE;
        mbarrier_wait(&w.r->sum_full, at.step & 1);
        turn_wait(at.g.turns + row, turn);
        fence_async();
        if (turn == 0)
            bulk_store(to, w.sum, bytes);
        else
            bulk_add(to, w.sum, bytes);
        bulk_finish();
        fence_async();
        turn_pass(at.g.turns + row, turn + 1);
        mbarrier_arrive(&w.r->sum_empty);
    } while (at.next());
}

__device__ __forceinline__ void give_back(mbarrier *empty)
{
    if (threadIdx.x % WARP == 0)
        mbarrier_arrive(empty);
}

/* One warpgroup: 64 keys of the block. */
template <int D> struct consumer {
    typedef backward<D> sizes;
    static constexpr int WIDE = sizes::WIDE, TILE_Q = sizes::TILE_Q;
    typedef typename sizes::tile_k tile_k;
    typedef typename sizes::tile_q tile_q;
    typedef typename sizes::tile_s tile_s;

    /* c (keys by queries) = x y', rows of both along the head */
    static __device__ __forceinline__ void begin_scores(float (&c)[TILE_Q / 8][4], const void *x, const void *y, int group)
    {
        descriptor a = tile_k::along(x, group * 64), b = tile_q::along(y, 0);
#pragma unroll
        for (int i = 0; i < sizes::STEPS; i++)
            wgmma<TILE_Q, 0, 0>(c, a + tile_k::along_step(i), b + tile_q::along_step(i), i > 0);
        wgmma_commit();
    }

    /* c (keys by the head) += p y */
    static __device__ __forceinline__ void begin_sum(float (&c)[WIDE / 8][4], const unsigned (&p)[TILE_Q / 16][4], const void *y)
    {
        descriptor b = tile_q::across(y, 0);
#pragma unroll
        for (int i = 0; i < TILE_Q / 16; i++)
            wgmma<WIDE, 1>(c, p[i], b + tile_q::across_step(i), 1);
        wgmma_commit();
    }

    /* c = 64 queries by 64 columns of dS K: of 64 queries a panel of columns each, of 128 a panel of queries */
    static __device__ __forceinline__ void begin_queries(float (&c)[8][4], const void *ds, const void *k, int group)
    {
        descriptor a = tile_s::across(ds, WIDE == PANEL ? group : 0), b = tile_k::across(k, WIDE == PANEL ? 0 : group);
#pragma unroll
        for (int i = 0; i < KEYS / 16; i++)
            wgmma<64, 1, 1>(c, a + tile_s::across_step(i), b + tile_k::across_step(i), i > 0);
        wgmma_commit();
    }

    /* Scores become probabilities; key: this thread's first row. */
    static __device__ __forceinline__ void probabilities(float (&s)[TILE_Q / 8][4], const walk &at, int key, float scale,
                                                         const float *lse)
    {
        int column = threadIdx.x % 4 * 2;
        bool causal = at.s.causal && at.keys.start + at.keys.len - 1 > at.t.start;
#pragma unroll
        for (int n = 0; n < TILE_Q / 8; n++) {
            float2 base = *(const float2 *)(lse + n * 8 + column);
#pragma unroll
            for (int i = 0; i < 4; i++)
                s[n][i] = power2(s[n][i] * scale - (i % 2 ? base.y : base.x));
        }
        if (!causal && at.keys.len == KEYS && at.t.len == TILE_Q)
            return;
#pragma unroll
        for (int half = 0; half < 2; half++) {
            int row = key + half * 8, first = causal ? row - at.t.start : 0; /* queries from first to end see it */
            int end = row < at.keys.start + at.keys.len ? at.t.len : 0;
#pragma unroll
            for (int n = 0; n < TILE_Q / 8; n++) {
                int query = n * 8 + column;
                s[n][half * 2] = ((query >= first) & (query < end)) ? s[n][half * 2] : 0.0F;
                s[n][half * 2 + 1] = ((query + 1 >= first) & (query + 1 < end)) ? s[n][half * 2 + 1] : 0.0F;
            }
        }
    }

    /* dS = P (dP - delta) */
    static __device__ __forceinline__ void differences(float (&s)[TILE_Q / 8][4], const float (&dp)[TILE_Q / 8][4],
                                                       const float *delta)
    {
        int column = threadIdx.x % 4 * 2;
#pragma unroll
        for (int n = 0; n < TILE_Q / 8; n++) {
            float2 off = *(const float2 *)(delta + n * 8 + column);
#pragma unroll
            for (int i = 0; i < 4; i++)
                s[n][i] *= dp[n][i] - (i % 2 ? off.y : off.x);
        }
    }

    /* dS to shared memory, swizzled as TMA would; row: this thread's first row of the block. */
    static __device__ __forceinline__ void write_scores(unsigned char *to, const unsigned (&ds)[TILE_Q / 16][4], int row)
    {
#pragma unroll
        for (int k = 0; k < TILE_Q / 16; k++) {
#pragma unroll
            for (int j = 0; j < 4; j++) {
                int chunk = k % 4 * 2 + j / 2, r = row + j % 2 * 8; /* r % 8 is row % 8 */
                *(unsigned *)(to + k / 4 * tile_s::PANEL_BYTES + r * PANEL * 2 + ((chunk ^ (r & 7)) << 4) + threadIdx.x % 4 * 4) =
                    ds[k][j];
            }
        }
    }

    static __device__ __forceinline__ void write_sums(float *to, const float (&dq)[8][4], int group, int start)
    {
        int lane = threadIdx.x % WARP, row = (WIDE == PANEL ? group * 64 : 0) + (int)threadIdx.x / WARP % 4 * 16 + lane / 4;
        int column = (WIDE == PANEL ? 0 : group * 64) + lane % 4 * 2;
#pragma unroll
        for (int n = 0; n < 8; n++) {
#pragma unroll
            for (int half = 0; half < 2; half++) {
                int r = row + half * 8;
                *(float2 *)(to + r * WIDE + sum_column(start + r, column + n * 8)) =
                    make_float2(dq[n][half * 2], dq[n][half * 2 + 1]);
            }
        }
    }

    static __device__ __forceinline__ void run(float (&dk)[WIDE / 8][4], float (&dv)[WIDE / 8][4], walk at, int group,
                                               float scale, const workspace<D> &w)
    {
        int row = group * 64 + (int)threadIdx.x / WARP % 4 * 16 + (int)threadIdx.x % WARP / 4, key = at.keys.start + row;
        ring *r = w.r;
        mbarrier_wait(&r->k_full, 0);
        do {
            float s[TILE_Q / 8][4], dp[TILE_Q / 8][4], dq[8][4];
            unsigned p[TILE_Q / 16][4], ds[TILE_Q / 16][4];
            int stage = at.step % STAGES, parity = at.step / STAGES & 1;
            const float *lse = w.sums_of(stage);
            mbarrier_wait(&r->q_full[stage], parity);
            wgmma_begin();
            begin_scores(s, w.k, w.queries(stage), group);
            mbarrier_wait(&r->o_full[stage], parity);
            wgmma_begin();
            begin_scores(dp, w.v, w.outputs(stage), group);
            wgmma_wait<1>();
            hold(s);
            probabilities(s, at, key, scale, lse);
            pack_left<TILE_Q>(p, s);
            hold(p);
            hold(dv);
            wgmma_begin();
            begin_sum(dv, p, w.outputs(stage));
            wgmma_wait<1>();
            hold(dp);
            differences(s, dp, lse + TILE_Q);
            pack_left<TILE_Q>(ds, s);
            write_scores(w.scores(stage), ds, row);
            fence_async_shared();
            named_wait(DS_WRITTEN, CONSUMERS * WARPGROUP);
            hold(ds);
            hold(dk);
            wgmma_begin();
            begin_queries(dq, w.scores(stage), w.k, group);
            begin_sum(dk, ds, w.queries(stage));
            wgmma_wait<1>();
            hold(dq);
            hold(dv);
            hold(p);
            give_back(&r->o_empty[stage]);
            mbarrier_wait(&r->sum_empty, (at.step & 1) ^ 1);
            write_sums(w.sum, dq, group, at.t.start);
            fence_async_shared();
            __syncwarp();
            give_back(&r->sum_full);
            wgmma_wait<0>();
            hold(dk);
            hold(ds);
            give_back(&r->q_empty[stage]);
        } while (at.next());
    }
};
#endif

template <int D>
__global__ void __launch_bounds__(THREADS, 1)
    attention_grad_hopper(HOPPER_PARAM(hopper_grad) g, HOPPER_PARAM(hopper_grad_maps) maps)
{
#ifdef HOPPER_CODE
    SHARED_BYTES(memory);
    constexpr int WIDE = backward<D>::WIDE;
    const workspace<D> w(memory);
    if (threadIdx.x == 0)
        open_ring(w.r, g.ticket);
    __syncthreads();
    walk at(g, w.r->ticket);
    if (threadIdx.x < WARPGROUP) {
        registers_fewer<24>();
        if (threadIdx.x == 0)
            produce<D>(maps, at, w);
        else if (threadIdx.x == WARP)
            send_sums<D>(at, w);
        return;
    }
    registers_more<240>();
    int group = (int)threadIdx.x / WARPGROUP - 1, warp = (int)threadIdx.x / WARP - WARPGROUP / WARP, dim = g.head_dim;
    float dk[WIDE / 8][4] = {}, dv[WIDE / 8][4] = {}, root = rsqrtf((float)dim);
    consumer<D>::run(dk, dv, at, group, root * LOG2_E, w);
    size_t stride = (size_t)g.kv_heads * (size_t)dim, first = (size_t)at.keys.start * stride + (size_t)(at.kv * dim);
    tile<WIDE>::write((bf16 *)g.d_k + first, stride, dk, warp, at.keys.len, dim, root, root);
    tile<WIDE>::write((bf16 *)g.d_v + first, stride, dv, warp, at.keys.len, dim, 1.0F, 1.0F);
#else
    (void)g;
    (void)maps; /* only Hopper runs it */
#endif
}

template <int D> static int launch(cuda_stream s, const hopper_grad &g, const hopper_grad_maps &maps)
{
    int bytes = backward<D>::BYTES;
    ALLOW_SHARED(attention_grad_hopper<D>, bytes);
    LAUNCH(attention_grad_hopper<D>, dim3((unsigned)g.key_blocks * (unsigned)g.kv_heads), THREADS, (size_t)bytes, s, g, maps);
    return 0;
}

int kernel_attention_grad_hopper(cuda_stream s, const struct hopper_grad *g, const struct hopper_grad_maps *maps)
{
    const hopper_grad values = *g;
    const hopper_grad_maps tensors = *maps;
    int heads = g->q_heads, dim = g->head_dim;
    LAUNCH(hopper_deltas, blocks_of((size_t)g->rows * (size_t)heads, TILE_WARPS), TILE_THREADS, 0, s, (const bf16 *)g->d_o,
           (const bf16 *)g->o, g->lse, g->rows, heads, dim, hopper_stride(g->rows), g->stats);
#define ONE(D) launch<D>(s, values, tensors)
    int result = BY_HEAD(dim, ONE);
#undef ONE
    LAUNCH(hopper_finish, blocks_of((size_t)g->rows * (size_t)heads * (size_t)(dim / 2), TILE_THREADS), TILE_THREADS, 0, s,
           g->sums, g->rows, heads, dim, hopper_wide(dim), (bf16 *)g->d_q);
    return result;
}
