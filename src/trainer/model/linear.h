/* Linear maps, y = x W' + bias, and the low-rank path an adapter may add to each. */
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
    int unit;   /* rows that stay together where the map is divided over processes */
    real *w;    /* out by in; NULL where it is packed */
    struct packed_weights packed;
    real *bias; /* NULL for none */
    float *dw, *dbias, *master_w, *master_bias; /* NULL when the map itself does not train */
    struct low_rank lora; /* rank 0 for none */
};

/* Maps that read the same rows: q, k and v, gate and up, or one alone. Their As stand one below the other in one
 * matrix, so that one product gives x A' of all of them, one the gradient of all As, and one what x owes to them. Each
 * map's own a, master_a and da are parts of it; ranks may differ, and be 0. */
struct linears {
    struct linear *maps; /* borrowed */
    int count;
    real *a; /* linears_rank by in; NULL without an adapter */
    float *master_a, *da;
};

/* Scratch of maps with an adapter. Many rows are multiplied by W + scale B A, which is made in w, and the
 * gradients of A and B come from that of the sum: for ranks that are not small beside the map's sides this
 * is a third less arithmetic than the low-rank path. Each call takes the cheaper way by counting. */
struct linear_scratch {
    real *u, *du; /* rows by rank, of linears all their ranks together; du is for the way back */
    bool has_u;   /* on the way back: u holds what the way there left in it */
    real *w;      /* out by in; NULL: the low-rank path only. Where weights are packed they are unpacked here */
};

/* y (rows by out) = plus + the map of x; plus NULL: nothing is added, and it may be y. */
void linear_forward(struct backend *b, const struct linear *l, const real *x, int rows, const real *plus,
                    real *y, const struct linear_scratch *s);
/* From dy: gradients of what trains, and dx = beta dx + ...; dx NULL when nobody needs it. */
void linear_backward(struct backend *b, const struct linear *l, const real *x, const real *dy, int rows,
                     float beta, real *dx, const struct linear_scratch *s);

/* The ranks of all together. */
int linears_rank(const struct linears *g);
/* The same for maps that read the same x: y[i] and dy[i] are those of map i, dx becomes the sum of what each gives.
 * Their adapters go through the shared A where each would take the low-rank path; else each goes its own way. */
void linears_forward(struct backend *b, const struct linears *g, const real *x, int rows, real *const y[],
                     const struct linear_scratch *s);
void linears_backward(struct backend *b, const struct linears *g, const real *x, const real *const dy[], int rows,
                      real *dx, const struct linear_scratch *s);

#endif
