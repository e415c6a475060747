/* What the kernels share: bf16 in eights, sums over warps and blocks, launching. */
#ifndef TRAINER_BACKEND_CUDA_DEVICE_CUH
#define TRAINER_BACKEND_CUDA_DEVICE_CUH

#include <cuda_bf16.h>
#include <cuda_runtime.h>
#include <stdint.h>

#include <type_traits>

#include "trainer/backend/cuda_kernels.h"

/* The same sources are compiled as C++ by tests/gpu, where a launch runs on the CPU. */
#define LAUNCH(kernel, grid, block, shared, stream, ...) launch(kernel, grid, block, shared, stream, __VA_ARGS__)
#ifdef __CUDACC__
#define SHARED_BYTES(name) extern __shared__ __align__(128) unsigned char name[]
#define ALLOW_SHARED(kernel, bytes) cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes)
#else
#define SHARED_BYTES(name) unsigned char *name = (unsigned char *)emulate_shared()
#define ALLOW_SHARED(kernel, bytes) (void)(bytes)
#endif

typedef __nv_bfloat16 bf16;

/* Equal arguments have equal bytes: there is no padding in them. Of structs with floats the compiler does not know. */
template <typename T> struct whole : std::integral_constant<bool, !std::is_class<T>::value ||
                                                                      std::has_unique_object_representations<T>::value> {};
template <> struct whole<cuda_adamw> : std::true_type {};

template <typename... P>
void launch_as(void (*kernel)(P...), dim3 grid, dim3 block, size_t shared, cuda_stream s, P... args)
{
    static_assert((whole<P>::value && ...), "padding: put the members of one size side by side");
    if (s->look) {
        size_t shape[] = {(size_t)kernel, grid.x, grid.y, grid.z, block.x, block.y, block.z, shared};
        cuda_note(s->look, shape, sizeof shape);
        (cuda_note(s->look, &args, sizeof args), ...);
        return;
    }
#ifdef __CUDACC__
    kernel<<<grid, block, shared, s->stream>>>(args...);
#else
    emulate_launch(grid, block, shared, s->stream, [=] { kernel(args...); });
#endif
}

/* Arguments take the types that the kernel gives them. */
template <typename... P, typename... A>
void launch(void (*kernel)(P...), dim3 grid, dim3 block, size_t shared, cuda_stream s, A... args)
{
    launch_as<P...>(kernel, grid, block, shared, s, args...);
}

enum { WARP = 32 };
static const unsigned ALL_LANES = 0xffffffffU;

/* V numbers at once, V 8 or 1; with 8 the address is a multiple of 16. */
template <int V> __device__ __forceinline__ void load(const bf16 *from, float (&x)[V])
{
    if constexpr (V == 8) {
        uint4 raw = *(const uint4 *)from;
        const unsigned word[4] = {raw.x, raw.y, raw.z, raw.w};
#pragma unroll
        for (int i = 0; i < 4; i++) {
            x[2 * i] = __uint_as_float(word[i] << 16);
            x[2 * i + 1] = __uint_as_float(word[i] & 0xffff0000U);
        }
    } else {
#pragma unroll
        for (int i = 0; i < V; i++)
            x[i] = __bfloat162float(from[i]);
    }
}

__device__ __forceinline__ unsigned short bf16_bits(float x)
{
    bf16 h = __float2bfloat16_rn(x);
    unsigned short bits;
    memcpy(&bits, &h, sizeof bits);
    return bits;
}

/* Two numbers as one register, the first in the low half. */
__device__ __forceinline__ unsigned pack(float low, float high)
{
    return bf16_bits(low) | (unsigned)bf16_bits(high) << 16;
}

template <int V> __device__ __forceinline__ void store(bf16 *to, const float (&x)[V])
{
    if constexpr (V == 8) {
        *(uint4 *)to = make_uint4(pack(x[0], x[1]), pack(x[2], x[3]), pack(x[4], x[5]), pack(x[6], x[7]));
    } else {
#pragma unroll
        for (int i = 0; i < V; i++)
            to[i] = __float2bfloat16_rn(x[i]);
    }
}

/* The sum over a warp, the same in every lane. */
template <typename T> __device__ __forceinline__ T warp_sum(T x)
{
#pragma unroll
    for (int by = WARP / 2; by > 0; by /= 2)
        x += __shfl_xor_sync(ALL_LANES, x, by);
    return x;
}

__device__ __forceinline__ float warp_max(float x)
{
#pragma unroll
    for (int by = WARP / 2; by > 0; by /= 2)
        x = fmaxf(x, __shfl_xor_sync(ALL_LANES, x, by));
    return x;
}

/* The sum over a warp of products of count numbers, the same in every lane. */
__device__ __forceinline__ float warp_dot(const bf16 *x, const bf16 *y, int count)
{
    float sum = 0;
    for (int i = threadIdx.x % WARP; i < count; i += WARP)
        sum += __bfloat162float(x[i]) * __bfloat162float(y[i]);
    return warp_sum(sum);
}

/* The sum over THREADS threads that lie side by side, THREADS a warp or the whole block; room: a number a warp. */
template <int THREADS, typename T> __device__ __forceinline__ T group_sum(T x, T *room)
{
    x = warp_sum(x);
    if constexpr (THREADS > WARP) {
        __syncthreads();
        if (threadIdx.x % WARP == 0)
            room[threadIdx.x / WARP] = x;
        __syncthreads();
        x = 0;
#pragma unroll
        for (int i = 0; i < THREADS / WARP; i++)
            x += room[i];
    }
    return x;
}

static inline unsigned blocks_of(size_t count, size_t each)
{
    return (unsigned)((count + each - 1) / each);
}

/* Whether rows of d numbers of two bytes can be read 16 bytes at a time. */
static inline bool in_eights(const void *a, const void *b, const void *c, const void *d, size_t width)
{
    return width % 8 == 0 && (((uintptr_t)a | (uintptr_t)b | (uintptr_t)c | (uintptr_t)d) & 15) == 0;
}

#endif
