#include "experiments/draw.h"

uint64_t draw_next(struct draw *d)
{
    uint64_t z = d->state += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

void draw_seed(struct draw *d, uint64_t seed, const char *name, uint64_t index)
{
    d->state = seed;
    for (const char *c = name; *c; c++) {
        d->state ^= (unsigned char)*c;
        d->state = draw_next(d);
    }
    d->state ^= index;
    d->state = draw_next(d);
}

size_t draw_below(struct draw *d, size_t bound)
{
    return (size_t)(draw_next(d) % bound); /* bounds are small beside 2^64: the bias is far below any count here */
}

bool draw_chance(struct draw *d, double share)
{
    return (double)(draw_next(d) >> 11) * 0x1p-53 < share;
}
