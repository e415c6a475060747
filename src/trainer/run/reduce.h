/*
 * Gradients of a step, added up over the processes of a training. Where their backends exchange among themselves (GPUs
 * through NCCL) a layer's begin as soon as it is done, while the layers below it are computed; else all go through
 * the host at the end.
 */
#ifndef TRAINER_RUN_REDUCE_H
#define TRAINER_RUN_REDUCE_H

#include "trainer/run/ranks.h"

struct reduce;

/* For what trains of a model of so many layers; all but layers is borrowed. */
struct reduce *reduce_new(const struct ranks *r, struct backend *b, const struct params *params, int layers);
void reduce_free(struct reduce *r); /* NULL is fine */
/* A pass_layer_fn, told in the last pass of a step: on every rank, and of the same layers in the same order. */
void reduce_layer(void *ctx, int layer);
/* The rest, after all layers. What is put to work after it sees the sums. */
void reduce_end(struct reduce *r);

#endif
