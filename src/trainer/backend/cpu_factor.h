/*
 * Sides of the small products inside attention. Where there are tiles (cpu_amx.h) a side is packed once for all the
 * products it takes part in; elsewhere it is only remembered, and the BLAS multiplies.
 */
#ifndef TRAINER_BACKEND_CPU_FACTOR_H
#define TRAINER_BACKEND_CPU_FACTOR_H

#include "trainer/backend/cpu_amx_parts.h"
#include "trainer/backend/ops.h"

struct factor {
    struct operand o;
    uint16_t *packed; /* NULL without tiles */
    uint32_t top;     /* bits of the largest magnitude */
    int k;
};

/* Floats of room a packed side of at most so many rows (columns of B) by k takes. */
size_t factor_room(int count, int k);

/* A left side (is_b: a right one), whose neighbours in memory are neighbours in k or are not. *room is moved past what it
 * takes of it; NULL without tiles. It holds at most count by k. */
struct factor factor_new(bool is_b, bool k_fast, int count, int k, float **room);

/* Takes count rows (columns of B) by k. What x points to must stay as it is for the BLAS. */
void factor_take(struct factor *f, const float *x, int ld, int count, int k);

/* C (m by n) = alpha A B + beta C over the first k. m and n may be fewer than what was taken; k may be fewer on one
 * side only. The thread must be between factors_begin and factors_end. */
void factor_multiply(const struct factor *a, const struct factor *b, const struct matmul *p, float *c);
void factors_begin(bool tiles);
void factors_end(bool tiles);

#endif
