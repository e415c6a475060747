/*
 * Drawing next tokens, a block a row of logits. What top-p keeps ends at one logit, which is found by four of its bits
 * at a time: a pass over the row, which is in the cache, adds up the probabilities under each of 16 digits. Nothing is
 * sorted, and every sum has one order. cpu_sample.c does the same.
 */
#include <float.h>

#include "trainer/backend/cuda_device.cuh"
#include "trainer/backend/cuda_kernels.h"

enum { THREADS = 512, WARPS = THREADS / WARP, DIGIT_BITS = 4, DIGITS = 1 << DIGIT_BITS };

struct row {
    const float *x;
    int vocab, each; /* numbers a warp has, side by side */
    float top, per;  /* p = exp((x - top) / per) */
};

/* See cpu_sample.c. */
struct kept {
    unsigned least;
    int last;
    float floor;
};

__device__ __forceinline__ unsigned key_of(float x)
{
    unsigned bits = __float_as_uint(x);
    return bits >> 31 ? ~bits : bits | 0x80000000U;
}

__device__ __forceinline__ float share_of(const row &r, float x)
{
    return __expf((x - r.top) / r.per);
}

__device__ __forceinline__ bool is_kept(const kept &k, float x, float p, int id)
{
    unsigned key = key_of(x);
    return p >= k.floor && (key > k.least || (key == k.least && id <= k.last));
}

__device__ __forceinline__ int warp_start(const row &r, int warp)
{
    return min(warp * r.each, r.vocab);
}

/* The greatest number and the first place where it stands. */
__device__ __forceinline__ void likeliest(const row &r, float *tops, int *ids, float *top, int *id)
{
    float best = -INFINITY;
    int at = r.vocab;
    for (int i = threadIdx.x; i < r.vocab; i += THREADS) {
        if (r.x[i] > best) {
            best = r.x[i];
            at = i;
        }
    }
#pragma unroll
    for (int by = WARP / 2; by > 0; by /= 2) {
        float other = __shfl_xor_sync(ALL_LANES, best, by);
        int there = __shfl_xor_sync(ALL_LANES, at, by);
        if (other > best || (other == best && there < at)) {
            best = other;
            at = there;
        }
    }
    if (threadIdx.x % WARP == 0) {
        tops[threadIdx.x / WARP] = best;
        ids[threadIdx.x / WARP] = at;
    }
    __syncthreads();
    for (int i = 0; i < WARPS; i++) {
        if (tops[i] > best || (tops[i] == best && ids[i] < at)) {
            best = tops[i];
            at = ids[i];
        }
    }
    *top = best;
    *id = at < r.vocab ? at : 0; /* a row without a number has no likeliest */
}

/* Adds up 16 digits over the block; sums[d] is there for all threads. */
__device__ __forceinline__ void sum_digits(const float (&own)[DIGITS], float (*parts)[DIGITS], float *sums)
{
#pragma unroll
    for (int d = 0; d < DIGITS; d++) {
        float sum = warp_sum(own[d]);
        if (threadIdx.x % WARP == 0)
            parts[threadIdx.x / WARP][d] = sum;
    }
    __syncthreads();
    if (threadIdx.x < DIGITS) {
        float sum = 0;
        for (int i = 0; i < WARPS; i++)
            sum += parts[i][threadIdx.x];
        sums[threadIdx.x] = sum;
    }
    __syncthreads();
}

/* The logit at which the sum from the greatest down reaches the share; reached is what is over it, goal the sum. */
__device__ __forceinline__ unsigned least_logit(const row &r, float share, float (*parts)[DIGITS], float *sums,
                                                float *reached, float *goal)
{
    unsigned least = 0;
    *reached = 0;
    for (int shift = 32 - DIGIT_BITS; shift >= 0; shift -= DIGIT_BITS) {
        float own[DIGITS] = {0};
        int above = shift + DIGIT_BITS;
        for (int i = threadIdx.x; i < r.vocab; i += THREADS) {
            unsigned key = key_of(r.x[i]);
            bool here = above >= 32 || (key >> (above & 31)) == (least >> (above & 31));
            float p = here ? share_of(r, r.x[i]) : 0.0F;
            int digit = (int)(key >> shift & (DIGITS - 1));
#pragma unroll
            for (int d = 0; d < DIGITS; d++)
                own[d] += digit == d ? p : 0.0F;
        }
        sum_digits(own, parts, sums);
        if (above >= 32) {
            float all = 0;
            for (int d = 0; d < DIGITS; d++)
                all += sums[d];
            *goal = share * all;
        }
        float before = *reached;
        int chosen = 0;
        for (int d = DIGITS - 1; d >= 0; d--) {
            if (sums[d] <= 0)
                continue;
            chosen = d;
            *reached = before;
            before += sums[d];
            if (before >= *goal)
                break;
        }
        least |= (unsigned)chosen << shift;
    }
    return least;
}

/* Of the logits that equal the least the place of number wanted, from 1; the last one where there are fewer. */
__device__ __forceinline__ int place_of_equal(const row &r, unsigned least, int wanted, int *counts, int *place)
{
    int warp = threadIdx.x / WARP, lane = threadIdx.x % WARP, end = warp_start(r, warp + 1), count = 0;
    for (int i = warp_start(r, warp) + lane; i < end; i += WARP)
        count += key_of(r.x[i]) == least;
    count = warp_sum(count);
    if (lane == 0)
        counts[warp] = count;
    __syncthreads();
    int all = 0, before = 0;
    for (int i = 0; i < WARPS; i++)
        all += counts[i];
    wanted = min(max(wanted, 1), all);
    for (int i = 0; i < warp; i++)
        before += counts[i];
    bool mine = before < wanted && wanted <= before + counts[warp];
    for (int at = warp_start(r, warp); mine && before < wanted; at += WARP) { /* the same in all lanes */
        bool equal = at + lane < end && key_of(r.x[at + lane]) == least;
        unsigned found = __ballot_sync(ALL_LANES, equal);
        if (equal && before + __popc(found & ((2U << lane) - 1)) == wanted)
            *place = at + lane;
        before += __popc(found);
    }
    __syncthreads();
    return *place;
}

/* The sum of 32 numbers up to this lane's. */
__device__ __forceinline__ float scan(float x)
{
    int lane = threadIdx.x % WARP;
#pragma unroll
    for (int by = 1; by < WARP; by *= 2) {
        float before = __shfl_up_sync(ALL_LANES, x, by);
        x += lane >= by ? before : 0.0F;
    }
    return x;
}

/* The first kept token at which the sum is over uniform of all; the last one where rounding keeps it under. */
__device__ __forceinline__ void draw(const row &r, const kept &k, float uniform, float *sums, int best, int *id)
{
    int warp = threadIdx.x / WARP, lane = threadIdx.x % WARP, end = warp_start(r, warp + 1), chosen = 0;
    float own = 0, all = 0, before = 0;
    for (int i = warp_start(r, warp) + lane; i < end; i += WARP) {
        float p = share_of(r, r.x[i]);
        own += is_kept(k, r.x[i], p, i) ? p : 0.0F;
    }
    own = warp_sum(own);
    if (lane == 0)
        sums[warp] = own;
    __syncthreads();
    for (int i = 0; i < WARPS; i++)
        all += sums[i];
    float goal = uniform * all, until = 0;
    for (int i = 0; i < WARPS; i++) {
        if (sums[i] <= 0)
            continue;
        chosen = i;
        before = until;
        until += sums[i];
        if (until > goal)
            break;
    }
    if (warp != chosen)
        return;
    bool over = false;
    for (int at = warp_start(r, warp); at < end && !over; at += WARP) {
        float x = at + lane < end ? r.x[at + lane] : -INFINITY, p = share_of(r, x);
        p = at + lane < end && is_kept(k, x, p, at + lane) ? p : 0.0F;
        float sum = before + scan(p);
        unsigned some = __ballot_sync(ALL_LANES, p > 0), found = __ballot_sync(ALL_LANES, p > 0 && sum > goal);
        over = found != 0;
        if (some)
            best = at + (over ? __ffs((int)found) - 1 : WARP - 1 - __clz((int)some));
        before = __shfl_sync(ALL_LANES, sum, WARP - 1);
    }
    if (lane == 0)
        *id = best;
}

__global__ void __launch_bounds__(THREADS) sample(const float *logits, int vocab, float temperature, float top_p,
                                                  float min_p, const float *uniforms, int *ids)
{
    __shared__ float tops[WARPS], parts[WARPS][DIGITS], digits[DIGITS], sums[WARPS];
    __shared__ int places[WARPS], counts[WARPS], place;
    int each = (vocab + WARPS - 1) / WARPS, best;
    row r = {logits + (size_t)blockIdx.x * (size_t)vocab, vocab, (each + WARP - 1) / WARP * WARP, 0, temperature};
    likeliest(r, tops, places, &r.top, &best);
    if (temperature < FLT_MIN) {
        if (threadIdx.x == 0)
            ids[blockIdx.x] = best;
        return;
    }
    kept k = {0, 0, min_p};
    if (top_p < 1) {
        float reached, goal;
        k.least = least_logit(r, top_p, parts, digits, &reached, &goal);
        float one = share_of(r, __uint_as_float(k.least >> 31 ? k.least & 0x7fffffffU : ~k.least));
        float wanted = one > 0 ? ceilf((goal - reached) / one) : 1.0F;
        k.last = place_of_equal(r, k.least, wanted < (float)vocab ? (int)wanted : vocab, counts, &place);
    }
    draw(r, k, uniforms[blockIdx.x], sums, best, ids + blockIdx.x);
}

void kernel_sample(cuda_stream s, const float *logits, int rows, int vocab, float temperature, float top_p, float min_p,
                   const float *uniforms, int *ids)
{
    LAUNCH(sample, (unsigned)rows, THREADS, 0, s, logits, vocab, temperature, top_p, min_p, uniforms, ids);
}
