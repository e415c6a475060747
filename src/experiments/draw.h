/* Random numbers of the experiments: SplitMix64 (Steele, Lea, Flood 2014). The same seed and words give the same numbers on
 * every machine. */
#ifndef EXPERIMENTS_DRAW_H
#define EXPERIMENTS_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct draw {
    uint64_t state;
};

/* A stream of its own for each name and index under one seed. */
void draw_seed(struct draw *d, uint64_t seed, const char *name, uint64_t index);
uint64_t draw_next(struct draw *d);
size_t draw_below(struct draw *d, size_t bound); /* bound > 0 */
bool draw_chance(struct draw *d, double share);  /* true in that share of draws */
/* A word that nobody has seen, of two or three syllables; cut at size. */
void draw_word(struct draw *d, char *out, size_t size);

#endif
