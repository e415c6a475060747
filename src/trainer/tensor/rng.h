/* Random numbers with a state of two words that a checkpoint can hold: PCG32 (O'Neill 2014,
 * pcg_oneseq_64_xsh_rr_32). Same seed, same numbers, on every machine. */
#ifndef TRAINER_TENSOR_RNG_H
#define TRAINER_TENSOR_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t state, stream;
};

/* stream tells independent uses of one seed apart. */
void rng_seed(struct rng *r, uint64_t seed, uint64_t stream);
uint32_t rng_next(struct rng *r);
uint32_t rng_below(struct rng *r, uint32_t bound); /* without bias; bound > 0 */
double rng_unit(struct rng *r);                    /* [0, 1) */
double rng_normal(struct rng *r);                  /* mean 0, deviation 1 */

#endif
