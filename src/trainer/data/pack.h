/*
 * Packing: a row is made of examples, an example of a shared prefix and its branches. Each branch
 * attends to the prefix and itself, its positions go on from the prefix, and examples never see
 * each other. A row of the batch may be asked about several next tokens: the last shared token
 * predicts another one in each branch, so targets are a list beside the rows.
 */
#ifndef TRAINER_DATA_PACK_H
#define TRAINER_DATA_PACK_H

#include "trainer/data/example.h"
#include "trainer/model/pass.h"

/* One trained token: where it is predicted from, and what it counts. */
struct target_info {
    const struct branch *branch;
    size_t at; /* its index in the branch */
};

/* Zero-initialise before use; pack_clear keeps the memory. */
struct pack {
    struct ids ids, positions;
    struct segment *segments;
    size_t segment_count, segment_cap;
    struct ids rows, targets; /* a target: the row that predicts it, and its id */
    float *weights;
    struct target_info *infos;
    size_t weights_cap, infos_cap;
};

void pack_clear(struct pack *p);
void pack_free(struct pack *p);
/* Adds an example. weight_of gives a branch's weight for each of its trained tokens. */
typedef float pack_weight_fn(void *ctx, const struct branch *b);
void pack_add(struct pack *p, const struct example *e, bool share, pack_weight_fn *weight_of, void *ctx);
/* The packed rows as a batch that borrows from p. */
struct batch pack_batch(const struct pack *p);

#endif
