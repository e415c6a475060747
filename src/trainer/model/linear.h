/* One linear map, y = x W' + bias, and the low-rank path an adapter may add to it. */
#ifndef TRAINER_MODEL_LINEAR_H
#define TRAINER_MODEL_LINEAR_H

#include "trainer/backend/ops.h"

/* y += scale (x A') B'; A is rank by in, B is out by rank. Gradients are NULL when it does not train. */
struct low_rank {
    int rank;
    float scale;
    float *a, *b, *da, *db;
};

struct linear {
    int in, out;
    float *w;    /* out by in */
    float *bias; /* NULL for none */
    float *dw, *dbias; /* NULL when the map itself does not train */
    struct low_rank lora; /* rank 0 for none */
};

/* y (rows by out) = beta y + the map of x; u (rows by rank) keeps x A' for the gradient. */
void linear_forward(struct backend *b, const struct linear *l, const float *x, int rows, float beta,
                    float *y, float *u);
/* From dy: gradients of what trains, and dx = beta dx + ...; dx NULL when nobody needs it. du is
 * scratch, rows by rank. */
void linear_backward(struct backend *b, const struct linear *l, const float *x, const float *u,
                     const float *dy, int rows, float beta, float *dx, float *du);

#endif
