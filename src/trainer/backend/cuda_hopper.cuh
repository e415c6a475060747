/*
 * Hopper's own instructions, for sm_90a: barriers in shared memory that count bytes (mbarrier), copies by the tensor memory
 * accelerator (TMA), products of a warpgroup (wgmma), registers moved between warps. Paragraphs are those of the PTX ISA.
 *
 * A tile of ROWS rows of a head lies in shared memory as panels of 64 columns, ROWS * 128 bytes each: row r of a panel is the 128
 * bytes at 128 r, its 16-byte chunk c stands at place c ^ (r % 8). That is what TMA writes with a swizzle of 128 bytes ("Swizzling
 * Modes", cp.async.bulk.tensor) and what a descriptor of the same mode reads, if a panel begins at a multiple of 1024.
 */
#ifndef TRAINER_BACKEND_CUDA_HOPPER_CUH
#define TRAINER_BACKEND_CUDA_HOPPER_CUH

#include <cuda.h>

#include "trainer/backend/cuda_device.cuh"
#include "trainer/backend/cuda_kernels.h"

enum { WARPGROUP = 128, PANEL = 64, SHARED_ALIGNMENT = 1024 };

typedef unsigned long long descriptor;
typedef unsigned long long mbarrier;

#ifdef __CUDACC__
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
#define HOPPER_CODE 1 /* this pass compiles for sm_90a */
#endif
#define HOPPER_PARAM(type) const __grid_constant__ type

__device__ __forceinline__ unsigned shared_address(const void *p)
{
    return (unsigned)__cvta_generic_to_shared(p);
}
#else
#define HOPPER_CODE 1
#define HOPPER_PARAM(type) const type &
#include "emulate_hopper.h"
#endif

#if defined(__CUDACC__) && defined(HOPPER_CODE)
/* mbarrier: a phase ends when count arrivals and all announced bytes have come. */
__device__ __forceinline__ void mbarrier_init(mbarrier *b, int count)
{
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;\n" ::"r"(shared_address(b)), "r"(count) : "memory");
}

/* Makes what was initialised known to the copying engine; __syncthreads tells the other threads. */
__device__ __forceinline__ void mbarrier_init_done()
{
    asm volatile("fence.mbarrier_init.release.cluster;\n" ::: "memory");
}

__device__ __forceinline__ void mbarrier_arrive(mbarrier *b)
{
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];\n" ::"r"(shared_address(b)) : "memory");
}

__device__ __forceinline__ void mbarrier_arrive_expect(mbarrier *b, int bytes)
{
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;\n" ::"r"(shared_address(b)), "r"(bytes) : "memory");
}

/* Until the phase of that parity has ended; a fresh barrier stands in phase 0, and the one before (parity 1) has ended. */
__device__ __forceinline__ void mbarrier_wait(mbarrier *b, int parity)
{
    asm volatile("{\n"
                 ".reg .pred done;\n"
                 "again:\n"
                 "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
                 "@done bra ended;\n"
                 "bra again;\n"
                 "ended:\n"
                 "}\n" ::"r"(shared_address(b)),
                 "r"(parity)
                 : "memory");
}

/* A box of a tensor to shared memory: column, head and row of its first number; its bytes are counted by b. What lies outside of
 * the tensor is zero. */
__device__ __forceinline__ void tma_load(void *to, const CUtensorMap *map, mbarrier *b, int column, int head, int row)
{
    asm volatile("cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5}], [%2];\n" ::"r"(
                     shared_address(to)),
                 "l"(map), "r"(shared_address(b)), "r"(column), "r"(head), "r"(row)
                 : "memory");
}

__device__ __forceinline__ void tma_prefetch(const CUtensorMap *map)
{
    asm volatile("prefetch.tensormap [%0];\n" ::"l"(map) : "memory");
}

/* Shared to global memory: stored, or added as fp32. Bytes and both addresses are multiples of 16. */
__device__ __forceinline__ void bulk_store(float *to, const void *from, int bytes)
{
    asm volatile("cp.async.bulk.global.shared::cta.bulk_group [%0], [%1], %2;\n" ::"l"(to), "r"(shared_address(from)), "r"(bytes)
                 : "memory");
}

__device__ __forceinline__ void bulk_add(float *to, const void *from, int bytes)
{
    asm volatile("cp.reduce.async.bulk.global.shared::cta.bulk_group.add.f32 [%0], [%1], %2;\n" ::"l"(to),
                 "r"(shared_address(from)), "r"(bytes)
                 : "memory");
}

/* Until what this thread stored or added is in global memory. */
__device__ __forceinline__ void bulk_finish()
{
    asm volatile("cp.async.bulk.commit_group;\n"
                 "cp.async.bulk.wait_group 0;\n" ::: "memory");
}

/* Orders plain accesses to memory before those of TMA and wgmma (the async proxy). */
__device__ __forceinline__ void fence_async()
{
    asm volatile("fence.proxy.async;\n" ::: "memory");
}

/* The same for shared memory alone. */
__device__ __forceinline__ void fence_async_shared()
{
    asm volatile("fence.proxy.async.shared::cta;\n" ::: "memory");
}

/* A count in global memory that blocks hand on. */
__device__ __forceinline__ void turn_wait(const int *count, int turn)
{
    int now;
    do {
        asm volatile("ld.acquire.gpu.global.b32 %0, [%1];\n" : "=r"(now) : "l"(count) : "memory");
    } while (now != turn);
}

__device__ __forceinline__ void turn_pass(int *count, int next)
{
    asm volatile("st.release.gpu.global.b32 [%0], %1;\n" ::"l"(count), "r"(next) : "memory");
}

/* Barriers by number, 1 to 15, for threads threads: those that wait and those that only arrive. */
__device__ __forceinline__ void named_wait(int number, int threads)
{
    asm volatile("bar.sync %0, %1;\n" ::"r"(number), "r"(threads) : "memory");
}

__device__ __forceinline__ void named_arrive(int number, int threads)
{
    asm volatile("bar.arrive %0, %1;\n" ::"r"(number), "r"(threads) : "memory");
}

template <int REGISTERS> __device__ __forceinline__ void registers_more()
{
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;\n" ::"n"(REGISTERS));
}

template <int REGISTERS> __device__ __forceinline__ void registers_fewer()
{
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;\n" ::"n"(REGISTERS));
}

/* 2^x; the smallest results are zero. */
__device__ __forceinline__ float power2(float x)
{
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;\n" : "=f"(y) : "f"(x));
    return y;
}

/* wgmma: registers a product touches belong to it from wgmma_begin to the wgmma_wait that covers its group. */
__device__ __forceinline__ void wgmma_begin()
{
    asm volatile("wgmma.fence.sync.aligned;\n" ::: "memory");
}

__device__ __forceinline__ void wgmma_commit()
{
    asm volatile("wgmma.commit_group.sync.aligned;\n" ::: "memory");
}

template <int PENDING> __device__ __forceinline__ void wgmma_wait()
{
    asm volatile("wgmma.wait_group.sync.aligned %0;\n" ::"n"(PENDING) : "memory");
}

/* Keeps the compiler from moving a use of these numbers across this place. */
template <int N> __device__ __forceinline__ void hold(float (&c)[N][4])
{
#pragma unroll
    for (int i = 0; i < N; i++)
        asm volatile("" : "+f"(c[i][0]), "+f"(c[i][1]), "+f"(c[i][2]), "+f"(c[i][3])::"memory");
}

template <int N> __device__ __forceinline__ void hold(unsigned (&a)[N][4])
{
#pragma unroll
    for (int i = 0; i < N; i++)
        asm volatile("" : "+r"(a[i][0]), "+r"(a[i][1]), "+r"(a[i][2]), "+r"(a[i][3])::"memory");
}

#define FOUR(c, i) "+f"(c[i][0]), "+f"(c[i][1]), "+f"(c[i][2]), "+f"(c[i][3])
#define THIRTY_TWO(c, i)                                                                                               \
    FOUR(c, i), FOUR(c, i + 1), FOUR(c, i + 2), FOUR(c, i + 3), FOUR(c, i + 4), FOUR(c, i + 5), FOUR(c, i + 6),          \
        FOUR(c, i + 7)
#define NAMES_32                                                                                                       \
    "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, "     \
    "%24, %25, %26, %27, %28, %29, %30, %31"
#define NAMES_64                                                                                                       \
    NAMES_32 ", %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, "    \
             "%52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"

/* c (64 by N over a warpgroup) = or += A B: A 64 by 16, B 16 by N. LEFT, RIGHT: the matrix lies with its rows of 16 numbers
 * along k (0), or with k across rows (1; imm-trans-a, imm-trans-b). */
template <int N, int LEFT, int RIGHT>
__device__ __forceinline__ void wgmma(float (&c)[N / 8][4], descriptor a, descriptor b, int add)
{
    static_assert(N == 64 || N == 128, "of the widths that wgmma has these are used");
    if constexpr (N == 64)
        asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, %34, 0;\n"
                     "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {" NAMES_32 "}, %32, %33, p, 1, 1, %35, %36;\n}\n"
                     : THIRTY_TWO(c, 0)
                     : "l"(a), "l"(b), "r"(add), "n"(LEFT), "n"(RIGHT));
    else
        asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, %66, 0;\n"
                     "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {" NAMES_64 "}, %64, %65, p, 1, 1, %67, %68;\n}\n"
                     : THIRTY_TWO(c, 0), THIRTY_TWO(c, 8)
                     : "l"(a), "l"(b), "r"(add), "n"(LEFT), "n"(RIGHT));
}

/* The same with A in registers, as mma.m16n8k16 has it: each warp its 16 rows. */
template <int N, int RIGHT>
__device__ __forceinline__ void wgmma(float (&c)[N / 8][4], const unsigned (&a)[4], descriptor b, int add)
{
    if constexpr (N == 64)
        asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, %37, 0;\n"
                     "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {" NAMES_32
                     "}, {%32, %33, %34, %35}, %36, p, 1, 1, %38;\n}\n"
                     : THIRTY_TWO(c, 0)
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(add), "n"(RIGHT));
    else
        asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, %69, 0;\n"
                     "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {" NAMES_64
                     "}, {%64, %65, %66, %67}, %68, p, 1, 1, %70;\n}\n"
                     : THIRTY_TWO(c, 0), THIRTY_TWO(c, 8)
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(add), "n"(RIGHT));
}
#endif

#ifdef HOPPER_CODE
/*
 * What wgmma is told of a matrix in shared memory ("Matrix-Descriptor Format", wgmma): bits 0-13 the address / 16, 16-29 the
 * leading dimension's byte offset / 16, 32-45 the stride dimension's / 16, 49-51 the base offset (0: panels begin at multiples of
 * 1024), 62-63 the swizzle (1: 128 bytes). CUTLASS (mma_sm90_desc.hpp, make_gmma_desc) and ThunderKittens (descriptor.cuh) build
 * the same words.
 *  - Rows along k (K-major): eight rows are an atom of 1024 bytes, the stride offset leads to the next eight rows; the leading
 *    offset is not used, 1. 16 numbers on in k are 32 bytes on, 64 are the next panel.
 *  - k across rows (MN-major): an atom is 64 columns by eight rows of k; the stride offset (1024) leads to the next eight rows,
 *    the leading offset to the next 64 columns: the next panel. 16 rows on in k are 2048 bytes on.
 */
__device__ __forceinline__ descriptor describe(const void *at, int leading)
{
    const descriptor swizzle128 = (descriptor)1 << 62, stride = (descriptor)(1024 >> 4) << 32;
    return swizzle128 | stride | (descriptor)(leading >> 4) << 16 | (shared_address(at) & 0x3ffff) >> 4;
}

#endif

/* ROWS rows of a head of up to WIDE columns, 64 or 128. */
template <int ROWS, int WIDE> struct panels {
    static constexpr int PANEL_BYTES = ROWS * PANEL * 2, COUNT = WIDE / PANEL, BYTES = COUNT * PANEL_BYTES;
#ifdef HOPPER_CODE
    /* Rows from first on, along k; and how far step k of 16 columns lies from there. */
    static __device__ __forceinline__ descriptor along(const void *tile, int first)
    {
        return describe((const char *)tile + first * PANEL * 2, 16);
    }
    static __device__ __forceinline__ descriptor along_step(int k)
    {
        return (descriptor)((k / 4 * PANEL_BYTES + k % 4 * 32) >> 4);
    }
    /* k across rows, columns from panel on; a step of 16 rows. */
    static __device__ __forceinline__ descriptor across(const void *tile, int panel)
    {
        return describe((const char *)tile + panel * PANEL_BYTES, PANEL_BYTES);
    }
    static __device__ __forceinline__ descriptor across_step(int k)
    {
        return (descriptor)((k * 16 * PANEL * 2) >> 4);
    }
    /* Rows from row on of a head; their bytes are BYTES. map has boxes of 64 columns and ROWS rows. */
    static __device__ __forceinline__ void load(void *tile, const CUtensorMap *map, mbarrier *b, int head, int row)
    {
#pragma unroll
        for (int p = 0; p < COUNT; p++)
            tma_load((char *)tile + p * PANEL_BYTES, map, b, p * PANEL, head, row);
    }
#endif
};

#ifdef HOPPER_CODE
/* Accumulators as the left operand of the next product: 16 columns a step. */
template <int N> __device__ __forceinline__ void pack_left(unsigned (&a)[N / 16][4], const float (&c)[N / 8][4])
{
#pragma unroll
    for (int k = 0; k < N / 16; k++) {
        a[k][0] = pack(c[2 * k][0], c[2 * k][1]);
        a[k][1] = pack(c[2 * k][2], c[2 * k][3]);
        a[k][2] = pack(c[2 * k + 1][0], c[2 * k + 1][1]);
        a[k][3] = pack(c[2 * k + 1][2], c[2 * k + 1][3]);
    }
}

/* The block's dynamic shared memory from the first multiple of 1024 on: SHARED_ALIGNMENT bytes more are asked for. */
__device__ __forceinline__ unsigned char *align_shared(unsigned char *memory)
{
    return memory + (SHARED_ALIGNMENT - shared_address(memory) % SHARED_ALIGNMENT) % SHARED_ALIGNMENT;
}
#endif

#endif
