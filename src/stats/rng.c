#include "stats/rng.h"

#include <assert.h>

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

void rng_seed(struct rng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        r->state[i] = splitmix(&seed);
}

static uint64_t turned(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

uint64_t rng_next(struct rng *r)
{
    uint64_t *s = r->state;
    uint64_t result = turned(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = turned(s[3], 45);
    return result;
}

size_t rng_below(struct rng *r, size_t limit)
{
    assert(limit > 0);
    /* Numbers past the last whole multiple of limit would favour the small ones: drawn again. */
    uint64_t n = limit, fair = UINT64_MAX - UINT64_MAX % n;
    uint64_t x = rng_next(r);
    while (x >= fair)
        x = rng_next(r);
    return (size_t)(x % n);
}

void rng_resample(struct rng *r, size_t limit, size_t *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = rng_below(r, limit);
}
