/*
 * One pass of packed rows through the model, forward and back. What the gradient needs is kept for as many layers
 * as the caller asks; of the others only their input is (checkpointing), and they are computed again on the way
 * back: the same bits, whatever the number.
 */
#ifndef TRAINER_MODEL_PASS_H
#define TRAINER_MODEL_PASS_H

#include <limits.h>

#include "trainer/model/model.h"

/* Host arrays; rows tokens. A segment's context may lie behind them, where pass_keys_fn gives more keys than rows. */
struct batch {
    int rows;
    const int *ids, *positions;
    const struct segment *segments;
    int segment_count;
};

/* How many layers keep what their gradient needs: those at the top, which the way back meets first. The top one always
 * does: it was computed last. More than there are means all. */
enum {
    PASS_FORWARD = 0,    /* no gradients */
    PASS_CHECKPOINT = 1, /* the fewest */
    PASS_KEEP = INT_MAX
};

struct pass;

/* For batches up to max_rows. NULL and err when memory is short. */
struct pass *pass_new(struct model *m, int max_rows, int kept, struct error *err);
void pass_free(struct pass *p); /* NULL is fine */
/* Layers of m that are computed again on the way back. */
int pass_again(const struct model *m, int kept);
/* Bytes that pass_new allocates: for planning. */
double pass_bytes(const struct model *m, int max_rows, int kept);

/* Called in each layer of a forward pass with its keys and values (rows of kv_heads * head_dim, after RoPE), before they
 * are attended to: for filling a cache. It may put others in their place: the same rows, and more behind them. */
typedef void pass_keys_fn(void *ctx, int layer, const real **k, const real **v);

/* The hidden state before the last norm, rows of hidden; borrowed until the next call. keys may be
 * NULL. batch must stay as it is until pass_backward. */
const real *pass_forward(struct pass *p, const struct batch *batch, pass_keys_fn *keys, void *ctx);

/* The gradient of the hidden state is put here (rows of hidden; zeroed by pass_forward), then
 * pass_backward adds the gradients of all that trains: once for each pass_forward, what was kept is used up. */
real *pass_hidden_grad(struct pass *p);
void pass_backward(struct pass *p);

/* done is called in pass_backward after each layer, the last first, once all that it adds to gradients of that layer has
 * been put to work. NULL: nobody is told. */
typedef void pass_layer_fn(void *ctx, int layer);
void pass_tell(struct pass *p, pass_layer_fn *done, void *ctx);
/* What pass_forward, and with back pass_backward, exchange with other processes, without a batch: the others have one. */
void pass_idle(struct pass *p, bool back);

#endif
