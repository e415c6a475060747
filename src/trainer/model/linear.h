/* One linear map, y = x W' + bias, and the low-rank path an adapter may add to it. */
#ifndef TRAINER_MODEL_LINEAR_H
#define TRAINER_MODEL_LINEAR_H

#include "trainer/backend/ops.h"

/* y += scale (x A') B'; A is rank by in, B is out by rank. Gradients are NULL when it does not train. */
struct low_rank {
    int rank;
    float scale;
    real *a, *b;
    float *master_a, *master_b; /* where it trains */
    float *da, *db;
};

struct linear {
    int in, out;
    real *w;    /* out by in; NULL where it is packed */
    struct packed_weights packed;
    real *bias; /* NULL for none */
    float *dw, *dbias, *master_w, *master_bias; /* NULL when the map itself does not train */
    struct low_rank lora; /* rank 0 for none */
};

/* Scratch of a map with an adapter. Many rows are multiplied by W + scale B A, which is made in w, and the
 * gradients of A and B come from that of the sum: for ranks that are not small beside the map's sides this
 * is a third less arithmetic than the low-rank path. Each call takes the cheaper way by counting. */
struct linear_scratch {
    real *u, *du; /* rows by rank; du is for linear_backward */
    real *w;      /* out by in; NULL: the low-rank path only. Where weights are packed they are unpacked here */
};

/* y (rows by out) = plus + the map of x; plus NULL: nothing is added, and it may be y. */
void linear_forward(struct backend *b, const struct linear *l, const real *x, int rows, const real *plus,
                    real *y, const struct linear_scratch *s);
/* From dy: gradients of what trains, and dx = beta dx + ...; dx NULL when nobody needs it. */
void linear_backward(struct backend *b, const struct linear *l, const real *x, const real *dy, int rows,
                     float beta, real *dx, const struct linear_scratch *s);

#endif
