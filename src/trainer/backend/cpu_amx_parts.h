/* What cpu_amx.c and cpu_amx_pack.c share: the order of packed pieces. */
#ifndef TRAINER_BACKEND_CPU_AMX_PARTS_H
#define TRAINER_BACKEND_CPU_AMX_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Compilers that know the instructions; which processor runs them is asked when the program starts. */
#if defined(__x86_64__) && defined(__linux__) &&                                                   \
    ((defined(__clang__) && __clang_major__ >= 13) || (!defined(__clang__) && __GNUC__ >= 11))
#define HAVE_AMX 1
#define AMX_TARGET target("amx-tile,amx-bf16,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")
#ifdef __clang__
#define AMX_CODE __attribute__((AMX_TARGET))
#else
#define AMX_CODE __attribute__((AMX_TARGET, optimize("O3")))
#endif

#endif

/*
 * A panel is 16 rows of A, or 16 columns of B, for a block of k. In steps of 32 k it holds three tiles (of h, of m, of
 * l), each of 16 rows of 64 bytes: two bf16 side by side are those of k and k + 16 of the step. In a tile of A a row is
 * a row of A and the pairs are k; in one of B a row is a k and the pairs are columns.
 */
enum { SIDE = 16, STEP = 2 * SIDE, TILE = SIDE * STEP, PIECES = 3, PANEL_STEP = PIECES * TILE };

/* A, or B turned: count rows (columns of B) by k. */
struct operand {
    const float *x;
    int ld, count;
    bool k_fast; /* neighbours in memory are neighbours in k */
    bool is_b;
};

#ifdef HAVE_AMX
/* Packs the panel that begins with row first, for kc of k from k0; what is beyond count or kc is zero. Returns the bits
 * of the largest |x| in it, NaN above infinity above all numbers. */
uint32_t amx_pack_panel(const struct operand *o, int first, int k0, int kc, uint16_t *out);
#endif

#endif
