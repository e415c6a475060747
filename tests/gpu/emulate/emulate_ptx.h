/* The instructions of cuda_ptx.cuh in C++: what each lane gives is exchanged, then each computes its part. */
#ifndef TESTS_CUDA_EMULATE_EMULATE_PTX_H
#define TESTS_CUDA_EMULATE_EMULATE_PTX_H

#include "cuda_bf16.h"

/* Copies that cp_async began; they arrive when they are waited for, and no sooner. */
void emulate_copy_begin(void *to, const void *from, unsigned bytes);
void emulate_copy_commit();
void emulate_copy_wait(int pending);

static inline void cp_async16(void *to, const void *from, bool there)
{
    emulate_copy_begin(to, there ? from : nullptr, 16);
}
static inline void cp_async_commit()
{
    emulate_copy_commit();
}
template <int PENDING> static inline void cp_async_wait()
{
    emulate_copy_wait(PENDING);
}

/* Lane l's address is row l % 8 of matrix l / 8; it receives of each matrix two numbers: of row l / 4, or of that
 * column. */
template <bool TRANS> static inline void emulate_ldmatrix(unsigned out[4], const void *row)
{
    const void *const *rows = emulate_exchange(&row, sizeof row);
    unsigned lane = emulate_now->linear % 32, group = lane / 4, pair = lane % 4 * 2;
    for (unsigned m = 0; m < 4; m++) {
        uint16_t two[2];
        for (unsigned i = 0; i < 2; i++) {
            const uint16_t *from;
            memcpy(&from, rows[m * 8 + (TRANS ? pair + i : group)], sizeof from);
            two[i] = from[TRANS ? group : pair + i];
        }
        out[m] = two[0] | (unsigned)two[1] << 16;
    }
}
static inline void ldmatrix_x4(unsigned out[4], const void *row)
{
    emulate_ldmatrix<false>(out, row);
}
static inline void ldmatrix_x4_trans(unsigned out[4], const void *row)
{
    emulate_ldmatrix<true>(out, row);
}

struct emulated_operands {
    unsigned a[4], b[2];
};

static inline float emulate_half(unsigned two, unsigned which)
{
    return __uint_as_float(which ? two & 0xffff0000U : two << 16);
}

/* D (16 by 8) += A (16 by 16) B (16 by 8), fragments as the PTX manual draws them for m16n8k16. */
static inline void mma_bf16(float c[4], const unsigned a[4], const unsigned b[2])
{
    struct emulated_operands mine = {{a[0], a[1], a[2], a[3]}, {b[0], b[1]}};
    const void *const *all = emulate_exchange(&mine, sizeof mine);
    unsigned lane = emulate_now->linear % 32, group = lane / 4, pair = lane % 4;
    for (unsigned k = 0; k < 16; k++) {
        /* A's column k and B's row k: in lane ..*4 + k % 8 / 2, register by its halves */
        unsigned at = k % 8 / 2, high = k / 8;
        const emulated_operands *left = (const emulated_operands *)all[group * 4 + at];
        float up = emulate_half(left->a[high * 2], k % 2), down = emulate_half(left->a[high * 2 + 1], k % 2);
        for (unsigned n = 0; n < 2; n++) {
            const emulated_operands *right = (const emulated_operands *)all[(pair * 2 + n) * 4 + at];
            float w = emulate_half(right->b[high], k % 2);
            c[n] += up * w;
            c[2 + n] += down * w;
        }
    }
}

#endif
