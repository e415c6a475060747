/*
 * Numbers drawn from a seed: the same seed gives the same numbers on every machine, so that an
 * interval in a report can be computed again. xoshiro256** (Blackman and Vigna 2021, "Scrambled
 * Linear Pseudorandom Number Generators"), its state filled by splitmix64. Not for secrets.
 */
#ifndef STATS_RNG_H
#define STATS_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t state[4];
};

void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
/* Evenly from 0..limit-1 (no bias of the modulus); limit must be at least 1. */
size_t rng_below(struct rng *r, size_t limit);
/* Fills out[0..count) with indices below limit, drawn with replacement: one bootstrap resample. */
void rng_resample(struct rng *r, size_t limit, size_t *out, size_t count);

#endif
