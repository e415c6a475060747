/*
 * fp32 products on AMX's tiles, which multiply bf16. Each operand is split exactly into three bf16 numbers of 8 bits
 * of mantissa, x = h + m + l, and six of the nine products of pieces are added up in fp32: hh, hm, mh, mm, hl, lh.
 * Those left out are below 2^-25 of the product and of either sign, so the result is as near to the true one as that
 * of an fp32 product (tests/trainer/test_amx.c). Splitting for tensor cores: Henry, Tang, Heinecke 2019,
 * "Leveraging the bfloat16 Artificial Intelligence Datatype For Higher-Precision Computations".
 */
#ifndef TRAINER_BACKEND_CPU_AMX_H
#define TRAINER_BACKEND_CPU_AMX_H

#include "trainer/backend/cpu_amx_parts.h"
#include "trainer/backend/ops.h"

/* Whether processor and kernel give this process the tiles; asks the kernel. False with HINGE_AMX=off. */
bool cpu_amx_usable(void);

/* Whether a product is large enough to gain by it. */
bool cpu_amx_gains(const struct matmul *p);

/* C = alpha A B + beta from. The same bits whatever the number of threads. Tiles whose operands hold an infinity, NaN or
 * numbers near the ends of fp32's range, where pieces would overflow or vanish, go through the BLAS. */
void cpu_amx_matmul(struct backend *b, const struct matmul *p, const float *a, const float *bm, float *c);

/* For products inside an op, on one thread, which must be between amx_begin and amx_end: they give it the tiles. */
void amx_begin(void);
void amx_end(void);
/* Packs all of o by k, in pairs of panels; the bits of the largest magnitude. */
uint32_t amx_pack(const struct operand *o, int k, uint16_t *packed);
/* Whether tiles can multiply operands of such magnitudes. */
bool amx_can(uint32_t a, uint32_t b);
/* C (m by n) = alpha A B + beta C over the first k, of operands packed in so many steps of k. */
void amx_multiply(const struct matmul *p, const uint16_t *a, int a_steps, const uint16_t *b, int b_steps, float *c);

#endif
