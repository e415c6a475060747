/* What kernels see: CUDA's words for C++, carried out by fibers (emulate.cc). */
#ifndef TESTS_CUDA_EMULATE_CUDA_RUNTIME_H
#define TESTS_CUDA_EMULATE_CUDA_RUNTIME_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include <functional>

#include "cuda_runtime_api.h"

#ifdef __clang__ /* loops are unrolled for a GPU: that a CPU's compiler does not is no fault */
#pragma clang diagnostic ignored "-Wpass-failed"
#endif

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __restrict__
#define __launch_bounds__(...)
#define __shared__ static /* blocks run one after the other */
#define __align__(n) alignas(n)

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
struct alignas(16) uint4 {
    unsigned x, y, z, w;
};
struct alignas(8) uint2 {
    unsigned x, y;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
struct alignas(8) float2 {
    float x, y;
};
static inline float2 make_float2(float x, float y)
{
    return float2{x, y};
}
static inline float4 make_float4(float x, float y, float z, float w)
{
    return float4{x, y, z, w};
}
static inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w)
{
    return uint4{x, y, z, w};
}

/* One thread of a block at work. */
struct emulated_thread {
    dim3 index;
    unsigned linear;
    unsigned phase; /* of exchanges inside its warp */
};

extern emulated_thread *emulate_now;
extern dim3 emulate_block, emulate_grid, emulate_block_index;
#define threadIdx (emulate_now->index)
#define blockIdx emulate_block_index
#define blockDim emulate_block
#define gridDim emulate_grid

/* Dynamic shared memory of the block: exactly what the launch asked for, filled with NaN. */
void *emulate_shared();
void __syncthreads();
void __syncwarp(unsigned mask = 0xffffffffU);
/* Puts bytes at from into this lane's place and gives the place of any lane, once all of the warp came here. */
const void *const *emulate_exchange(const void *from, size_t bytes);
/* Runs a kernel: queued in the stream. */
void emulate_launch(dim3 grid, dim3 block, size_t shared, cudaStream_t stream, std::function<void()> body);

template <typename T> static inline T __shfl_xor_sync(unsigned, T value, int by)
{
    T out;
    unsigned lane = emulate_now->linear % 32;
    memcpy(&out, emulate_exchange(&value, sizeof value)[lane ^ (unsigned)by], sizeof out);
    return out;
}
template <typename T> static inline T __shfl_sync(unsigned, T value, int from)
{
    T out;
    memcpy(&out, emulate_exchange(&value, sizeof value)[from & 31], sizeof out);
    return out;
}
template <typename T> static inline T __shfl_up_sync(unsigned, T value, int by)
{
    T out;
    int lane = (int)(emulate_now->linear % 32);
    memcpy(&out, emulate_exchange(&value, sizeof value)[lane < by ? lane : lane - by], sizeof out);
    return out;
}
static inline unsigned __ballot_sync(unsigned, bool value)
{
    const void *const *all = emulate_exchange(&value, sizeof value);
    unsigned bits = 0;
    for (unsigned i = 0; i < 32; i++)
        bits |= (unsigned)*(const bool *)all[i] << i;
    return bits;
}
static inline int __popc(unsigned x)
{
    return __builtin_popcount(x);
}
static inline int __ffs(int x)
{
    return __builtin_ffs(x);
}
static inline int __clz(int x)
{
    return x ? __builtin_clz((unsigned)x) : 32;
}
template <typename T> static inline T atomicAdd(T *to, T value)
{
    T was = *to;
    *to += value;
    return was;
}
#define __expf expf /* the C library has functions of these names */
#define __logf logf
static inline float rsqrtf(float x)
{
    return 1.0F / sqrtf(x);
}
static inline float __uint_as_float(unsigned x)
{
    float f;
    memcpy(&f, &x, sizeof f);
    return f;
}
static inline unsigned __float_as_uint(float x)
{
    unsigned u;
    memcpy(&u, &x, sizeof u);
    return u;
}
/* Four bytes of the eight in y and x, by the low three bits of s's nibbles. */
static inline unsigned __byte_perm(unsigned x, unsigned y, unsigned s)
{
    uint64_t both = (uint64_t)y << 32 | x;
    unsigned out = 0;
    for (unsigned i = 0; i < 4; i++)
        out |= (unsigned)(both >> 8 * (s >> 4 * i & 7) & 255) << 8 * i;
    return out;
}
static inline int min(int a, int b)
{
    return a < b ? a : b;
}
static inline int max(int a, int b)
{
    return a < b ? b : a;
}

#endif
