/* The instructions of cuda_hopper.cuh in C++ (hopper.cc). What is asynchronous there arrives late here, or at once, by the order
 * that emulate_order chose; products are done when they are waited for, and their registers are NaN until then. */
#ifndef TESTS_CUDA_EMULATE_EMULATE_HOPPER_H
#define TESTS_CUDA_EMULATE_EMULATE_HOPPER_H

#include <cuda.h>

#include "cuda_bf16.h"

typedef unsigned long long descriptor;
typedef unsigned long long mbarrier;

/* Shared memory begins at a place that is no multiple of 1024, as it may on a GPU. */
unsigned shared_address(const void *p);

void mbarrier_init(mbarrier *b, int count);
static inline void mbarrier_init_done()
{
}
void mbarrier_arrive(mbarrier *b);
void mbarrier_arrive_expect(mbarrier *b, int bytes);
void mbarrier_wait(mbarrier *b, int parity);
void tma_load(void *to, const CUtensorMap *map, mbarrier *b, int column, int head, int row);
static inline void tma_prefetch(const CUtensorMap *)
{
}
void bulk_store(float *to, const void *from, int bytes);
void bulk_add(float *to, const void *from, int bytes);
void bulk_finish();
static inline void fence_async()
{
}
static inline void fence_async_shared()
{
}
void turn_wait(const int *count, int turn);
static inline void turn_pass(int *count, int next)
{
    *count = next;
}
void named_wait(int number, int threads);
void named_arrive(int number, int threads);
template <int REGISTERS> static inline void registers_more()
{
}
template <int REGISTERS> static inline void registers_fewer()
{
}
static inline float power2(float x)
{
    return exp2f(x);
}

void wgmma_begin();
void wgmma_commit();
void emulate_wgmma_wait(int pending);
template <int PENDING> static inline void wgmma_wait()
{
    emulate_wgmma_wait(PENDING);
}
template <typename T> static inline void hold(T &)
{
}
struct emulated_product {
    float *c;
    int n;
    bool in_registers; /* A is a[], and not at left */
    unsigned a[4];
    descriptor left, right;
    int left_across, right_across;
    bool add;
};
void emulate_wgmma(const emulated_product &p);
template <int N, int LEFT, int RIGHT>
static inline void wgmma(float (&c)[N / 8][4], descriptor a, descriptor b, int add)
{
    emulate_wgmma({&c[0][0], N, false, {0, 0, 0, 0}, a, b, LEFT, RIGHT, add != 0});
}
template <int N, int RIGHT>
static inline void wgmma(float (&c)[N / 8][4], const unsigned (&a)[4], descriptor b, int add)
{
    emulate_wgmma({&c[0][0], N, true, {a[0], a[1], a[2], a[3]}, 0, b, 0, RIGHT, add != 0});
}

#endif
