/* From hidden states to what the model says of given next tokens, in chunks: logits are never held
 * whole. */
#ifndef TRAINER_MODEL_HEAD_H
#define TRAINER_MODEL_HEAD_H

#include "trainer/model/model.h"

struct head; /* scratch for chunks; freed with head_free */

/* grads: for training too. */
struct head *head_new(struct model *m, bool grads, struct error *err);
void head_free(struct head *h); /* NULL is fine */
/* What head_new takes, in bytes. */
double head_bytes(const struct model *m, bool grads);

/* Row rows[i] of hidden is asked about token targets[i] (host arrays of count). What it says goes to
 * out (arrays of count). With weights (host) and d_hidden, the gradient of sum of weights[i] * loss is
 * added to d_hidden, and to the head where that trains. */
void head_loss(struct head *h, const real *hidden, const int *rows, const int *targets,
               const float *weights, int count, real *d_hidden, const struct loss_out *out);

/* Logits of one chunk of rows (at most HEAD_CHUNK) into host memory, count by vocab. */
enum { HEAD_CHUNK = 128 };
void head_logits(struct head *h, const real *hidden, const int *rows, int count, float *host);

/* The tokens that follow count rows of hidden, as ops->sample draws them; next is there after ops->finish. */
void head_sample(struct head *h, const real *hidden, int count, const struct sampling *sampling, const float *uniforms,
                 int *next);

#endif
