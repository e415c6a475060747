#include "trainer/tensor/rng.h"

#include <math.h>

void rng_seed(struct rng *r, uint64_t seed, uint64_t stream)
{
    r->state = 0;
    r->stream = stream << 1 | 1;
    rng_next(r);
    r->state += seed;
    rng_next(r);
}

uint32_t rng_next(struct rng *r)
{
    uint64_t old = r->state;
    r->state = old * 6364136223846793005U + r->stream;
    uint32_t word = (uint32_t)((old >> 18 ^ old) >> 27), turn = (uint32_t)(old >> 59);
    return word >> turn | word << (-turn & 31);
}

uint32_t rng_below(struct rng *r, uint32_t bound)
{
    uint32_t threshold = -bound % bound, word;
    do
        word = rng_next(r);
    while (word < threshold);
    return word % bound;
}

double rng_unit(struct rng *r)
{
    uint64_t high = rng_next(r);
    return (double)((high << 32 | rng_next(r)) >> 11) * 0x1p-53;
}

double rng_normal(struct rng *r)
{
    double u = 1.0 - rng_unit(r), v = rng_unit(r); /* Box-Muller; u is never 0 */
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}
