/*
 * The processes of a training: this one alone, or those that mpirun or srun started. Every rank reads the same
 * data and holds the same weights; a step's examples are divided among them, gradients are added up (reduce.h)
 * and each rank takes the same optimizer step, so that the weights stay the same to the bit. Without MPI, or
 * when nothing started several processes, there is one rank and nothing below does anything. What MPI itself
 * reports (a rank that died) ends all of them: that is MPI's default.
 */
#ifndef TRAINER_RUN_RANKS_H
#define TRAINER_RUN_RANKS_H

#include "trainer/model/model.h"

struct ranks {
    int rank, count;
    int local, local_count; /* of those on this host */
};

/* Joins the others where mpirun or srun started this process. ERR_USAGE when several were started and cannot join. */
int ranks_open(struct ranks *r, struct error *err);
void ranks_close(struct ranks *r);

/* The functions below are called by all ranks together. */

/* values[i] becomes the sum over all ranks, added in the order of ranks: the same bits everywhere. */
void ranks_sum(const struct ranks *r, double *values, size_t count);
/* The same for all gradients. */
void ranks_sum_grads(const struct ranks *r, struct backend *b, const struct params *params);
/* The first rank's count floats (of the backend) to all. */
void ranks_share(const struct ranks *r, struct backend *b, float *values, size_t count);
void ranks_share_int(const struct ranks *r, int *value);
/* The first rank's bytes to all; and count * bytes from all, in the order of ranks. */
void ranks_share_bytes(const struct ranks *r, void *at, size_t bytes);
void ranks_gather(const struct ranks *r, const void *mine, size_t bytes, void *all);
/* Ends all ranks with this one's message, for a failure that the others cannot be told of: they wait for this rank on
 * their GPUs. Returns where there is one rank. */
void ranks_abort(const struct ranks *r, const struct error *err);
/* Whether any rank says so. */
bool ranks_any(const struct ranks *r, bool here);
/* 0 when result is 0 on every rank; a rank that did not fail gets an err that says another did. */
int ranks_agree(const struct ranks *r, int result, struct error *err);

#endif
