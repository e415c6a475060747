/*
 * The frozen maps of the layers, divided over the processes of a training: each keeps some rows of every map, and a
 * layer's are put together in one of two places shortly before it is needed, while the layer before it is computed.
 * Every process goes through the layers in the same order. Norms, biases, embedding and head are whole everywhere.
 */
#ifndef TRAINER_MODEL_SHARD_H
#define TRAINER_MODEL_SHARD_H

#include "trainer/model/model.h"

/* The rows of a map that its backend's process keeps: all of them where nothing is divided. */
struct rows {
    size_t first, count;
};
struct rows shard_rows(const struct backend *b, const struct linear *l);

/* Takes over the maps of a model whose backend divides them (backend->shards), which hold no more than shard_rows.
 * -1 and err when memory is short: the model is then still to be freed. */
int shard_begin(struct model *m, struct error *err);
void shard_end(struct model *m); /* nothing where nothing is divided, as the functions below */

/* What is put to work after it finds the maps of layer; those of next (-1: none) are on their way meanwhile. */
void shard_enter(struct model *m, int layer, int next);
/* Bytes of the maps that one process holds, the two places included, for a model of which only the shape is known. */
double shard_bytes(const struct model *m);

#endif
