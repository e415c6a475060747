/* RoPE and the norms of heads: one pass over q or k, a warp a head. */
#include "trainer/backend/cuda_device.cuh"
#include "trainer/backend/cuda_kernels.h"

enum { THREADS = 256, WARPS = THREADS / WARP, PAIRS = 4 }; /* a lane's: heads of at most 256 numbers */

__global__ void rope_table(const int *positions, const float *freqs, int rows, int half, float *table)
{
    int at = blockIdx.x * THREADS + threadIdx.x, row = at / half, i = at % half;
    if (row >= rows)
        return;
    float angle = (float)positions[row] * freqs[i]; /* in fp32, as the reference does */
    float *to = table + (size_t)row * (size_t)half * 2;
    to[i] = cosf(angle);
    to[half + i] = sinf(angle);
}

void kernel_rope_table(cuda_stream s, const int *positions, const float *freqs, int rows, int head_dim, float *table)
{
    int half = head_dim / 2;
    LAUNCH(rope_table, blocks_of((size_t)rows * (size_t)half, THREADS), THREADS, 0, s, positions, freqs, rows, half,
           table);
}

/* A lane's pairs (x[i], x[i + half]), i = lane, lane + 32, ... of one head. */
struct pairs {
    float a[PAIRS], b[PAIRS];
};

__device__ __forceinline__ void read_pairs(const bf16 *x, int half, int lane, pairs &p)
{
#pragma unroll
    for (int k = 0; k < PAIRS; k++) {
        int i = lane + k * WARP;
        p.a[k] = i < half ? __bfloat162float(x[i]) : 0.0F;
        p.b[k] = i < half ? __bfloat162float(x[i + half]) : 0.0F;
    }
}

__device__ __forceinline__ void write_pairs(const pairs &p, int half, int lane, bf16 *y)
{
#pragma unroll
    for (int k = 0; k < PAIRS; k++) {
        int i = lane + k * WARP;
        if (i < half) {
            y[i] = __float2bfloat16_rn(p.a[k]);
            y[i + half] = __float2bfloat16_rn(p.b[k]);
        }
    }
}

__device__ __forceinline__ void turn_pairs(pairs &p, const float *table, int half, int lane, float sign)
{
#pragma unroll
    for (int k = 0; k < PAIRS; k++) {
        int i = lane + k * WARP;
        if (i < half) {
            float cosine = table[i], sine = sign * table[half + i], a = p.a[k], b = p.b[k];
            p.a[k] = a * cosine - b * sine;
            p.b[k] = b * cosine + a * sine;
        }
    }
}

__global__ void norm_rope(const bf16 *x, const bf16 *w, const float *table, int count, int heads, int half, float eps,
                          float sign, bf16 *y, float *rstd)
{
    int head = blockIdx.x * WARPS + threadIdx.x / WARP, lane = threadIdx.x % WARP;
    if (head >= count)
        return;
    size_t at = (size_t)head * (size_t)half * 2;
    pairs p, weight;
    read_pairs(x + at, half, lane, p);
    if (w) {
        float squares = 0;
#pragma unroll
        for (int k = 0; k < PAIRS; k++)
            squares += p.a[k] * p.a[k] + p.b[k] * p.b[k];
        float scale = rsqrtf(warp_sum(squares) / (float)(2 * half) + eps);
        read_pairs(w, half, lane, weight);
#pragma unroll
        for (int k = 0; k < PAIRS; k++) {
            p.a[k] *= scale * weight.a[k];
            p.b[k] *= scale * weight.b[k];
        }
        if (lane == 0)
            rstd[head] = scale;
    }
    turn_pairs(p, table + (size_t)(head / heads) * (size_t)half * 2, half, lane, sign);
    write_pairs(p, half, lane, y + at);
}

void kernel_norm_rope(cuda_stream s, const void *x, const void *w, const float *table, int rows, int heads,
                      int head_dim, float eps, bool back, void *y, float *rstd)
{
    int count = rows * heads;
    LAUNCH(norm_rope, blocks_of((size_t)count, WARPS), THREADS, 0, s, (const bf16 *)x, (const bf16 *)w, table, count,
           heads, head_dim / 2, eps, back ? -1.0F : 1.0F, (bf16 *)y, rstd);
}

/* d becomes s (w g - x s^2 mean(x w g)) with g the gradient turned back. */
__global__ void norm_rope_grad(const bf16 *x, const bf16 *w, const float *rstd, const float *table, int count,
                               int heads, int half, bf16 *d)
{
    int head = blockIdx.x * WARPS + threadIdx.x / WARP, lane = threadIdx.x % WARP;
    if (head >= count)
        return;
    size_t at = (size_t)head * (size_t)half * 2;
    pairs g, v, weight;
    read_pairs(d + at, half, lane, g);
    if (table)
        turn_pairs(g, table + (size_t)(head / heads) * (size_t)half * 2, half, lane, -1.0F);
    if (w) {
        float sum = 0, scale = rstd[head];
        read_pairs(x + at, half, lane, v);
        read_pairs(w, half, lane, weight);
#pragma unroll
        for (int k = 0; k < PAIRS; k++) {
            g.a[k] *= weight.a[k];
            g.b[k] *= weight.b[k];
            sum += v.a[k] * g.a[k] + v.b[k] * g.b[k];
        }
        float pull = scale * scale * warp_sum(sum) / (float)(2 * half);
#pragma unroll
        for (int k = 0; k < PAIRS; k++) {
            g.a[k] = scale * (g.a[k] - v.a[k] * pull);
            g.b[k] = scale * (g.b[k] - v.b[k] * pull);
        }
    }
    write_pairs(g, half, lane, d + at);
}

void kernel_norm_rope_grad(cuda_stream s, const void *x, const void *w, const float *rstd, const float *table,
                           int rows, int heads, int head_dim, void *d)
{
    int count = rows * heads;
    LAUNCH(norm_rope_grad, blocks_of((size_t)count, WARPS), THREADS, 0, s, (const bf16 *)x, (const bf16 *)w, rstd,
           table, count, heads, head_dim / 2, (bf16 *)d);
}
