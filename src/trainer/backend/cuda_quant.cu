/* Weights in 8 and 4 bits. Packing happens once, as a model is loaded; unpacking before every product, bound by memory. */
#include "trainer/backend/cuda_device.cuh"
#include "trainer/backend/cuda_kernels.h"

enum { THREADS = 256, GROUP = 64, LEVELS = 16 };

__device__ __forceinline__ float group_max(float x, float *room)
{
    x = warp_max(x);
    if (threadIdx.x % WARP == 0)
        room[threadIdx.x / WARP] = x;
    __syncthreads();
    for (int i = 0; i < THREADS / WARP; i++)
        x = fmaxf(x, room[i]);
    return x;
}

__global__ void pack8(const bf16 *w, int cols, float *scales, signed char *out)
{
    __shared__ float room[THREADS / WARP];
    size_t at = (size_t)blockIdx.x * (size_t)cols;
    float top = 0;
    for (int i = threadIdx.x; i < cols; i += THREADS)
        top = fmaxf(top, fabsf(__bfloat162float(w[at + i])));
    top = group_max(top, room);
    float scale = top / 127.0F, back = top > 0 ? 127.0F / top : 0.0F;
    if (threadIdx.x == 0)
        scales[blockIdx.x] = scale;
    for (int i = threadIdx.x; i < cols; i += THREADS)
        out[at + i] = (signed char)rintf(__bfloat162float(w[at + i]) * back);
}

void kernel_pack8(cuda_stream s, const void *w, int rows, int cols, float *scales, signed char *out)
{
    LAUNCH(pack8, (unsigned)rows, THREADS, 0, s, (const bf16 *)w, cols, scales, out);
}

/* Eight numbers a thread, or one where rows are no multiple of eight. */
template <int V> __global__ void unpack8(const signed char *w, const float *scales, size_t count, int cols, bf16 *out)
{
    size_t at = ((size_t)blockIdx.x * THREADS + threadIdx.x) * V;
    if (at >= count)
        return;
    float scale = scales[at / (size_t)cols], x[V];
    signed char q[V];
    memcpy(q, __builtin_assume_aligned(w + at, V), V);
#pragma unroll
    for (int i = 0; i < V; i++)
        x[i] = (float)q[i] * scale;
    store<V>(out + at, x);
}

void kernel_unpack8(cuda_stream s, const signed char *w, const float *scales, int rows, int cols, void *out)
{
    size_t count = (size_t)rows * (size_t)cols;
    bf16 *to = (bf16 *)out;
    if (cols % 8 == 0)
        LAUNCH(unpack8<8>, blocks_of(count, THREADS * 8), THREADS, 0, s, w, scales, count, cols, to);
    else
        LAUNCH(unpack8<1>, blocks_of(count, THREADS), THREADS, 0, s, w, scales, count, cols, to);
}

/* The levels of NF4 (Dettmers et al. 2023, appendix E): each as likely as the others for normal numbers. */
__device__ __forceinline__ float level(int i)
{
    constexpr float levels[LEVELS] = {
        -1.0F,         -0.6961928F, -0.52507305F, -0.3949175F, -0.28444138F, -0.18477343F, -0.09105004F, 0.0F,
        0.079580300F,  0.1609302F,  0.2461123F,   0.33791524F, 0.44070983F,  0.562617F,    0.72295684F,  1.0F};
    return levels[i];
}

/* Two numbers a lane: a warp packs a group of 64 that share a scale. */
__global__ void pack4(const bf16 *w, size_t count, float *scales, unsigned char *out)
{
    size_t group = (size_t)blockIdx.x * (THREADS / WARP) + threadIdx.x / WARP, at = group * GROUP + threadIdx.x % WARP * 2;
    float x[2];
#pragma unroll
    for (int i = 0; i < 2; i++)
        x[i] = at + i < count ? __bfloat162float(w[at + i]) : 0.0F;
    float top = warp_max(fmaxf(fabsf(x[0]), fabsf(x[1])));
    if (group * GROUP >= count)
        return;
    if (threadIdx.x % WARP == 0)
        scales[group] = top;
    unsigned byte = 0;
#pragma unroll
    for (int i = 0; i < 2; i++) {
        float value = top > 0 ? x[i] / top : 0.0F;
        unsigned nearest = 0;
#pragma unroll
        for (int k = 1; k < LEVELS; k++)
            nearest += value > (level(k - 1) + level(k)) * 0.5F;
        byte |= nearest << 4 * i;
    }
    if (at < count)
        out[at / 2] = (unsigned char)byte;
}

void kernel_pack4(cuda_stream s, const void *w, size_t count, float *scales, unsigned char *out)
{
    LAUNCH(pack4, blocks_of(count, GROUP * (THREADS / WARP)), THREADS, 0, s, (const bf16 *)w, count, scales, out);
}

/* Eight numbers a thread from four bytes; the levels wait in shared memory, where a thread may ask for any. */
__global__ void unpack4(const unsigned char *w, const float *scales, size_t count, bf16 *out)
{
    __shared__ float levels[LEVELS];
    if (threadIdx.x < LEVELS)
        levels[threadIdx.x] = level((int)threadIdx.x);
    __syncthreads();
    size_t at = ((size_t)blockIdx.x * THREADS + threadIdx.x) * 8;
    if (at >= count)
        return;
    float scale = scales[at / GROUP], x[8];
    if (at + 8 <= count) {
        unsigned word;
        memcpy(&word, __builtin_assume_aligned(w + at / 2, sizeof word), sizeof word);
#pragma unroll
        for (int i = 0; i < 8; i++)
            x[i] = levels[word >> 4 * i & 15U] * scale;
        store<8>(out + at, x);
        return;
    }
    for (size_t i = at; i < count; i++)
        out[i] = __float2bfloat16_rn(levels[w[i / 2] >> 4 * (i % 2) & 15U] * scale);
}

void kernel_unpack4(cuda_stream s, const unsigned char *w, const float *scales, size_t count, void *out)
{
    LAUNCH(unpack4, blocks_of(count, THREADS * 8), THREADS, 0, s, w, scales, count, (bf16 *)out);
}
