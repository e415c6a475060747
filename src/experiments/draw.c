#include "experiments/draw.h"

#include <stdio.h>

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

void draw_word(struct draw *d, char *out, size_t size)
{
    static const char *const onsets[] = {"b", "c", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v",
                                         "w", "z", "br", "ch", "dr", "fl", "gr", "pl", "sh", "st", "th", "tr"};
    static const char *const rests[] = {"a", "e", "i", "o", "u", "al", "an", "ar", "el", "en", "er", "il", "in", "is",
                                        "on", "or", "os", "um"};
    size_t syllables = 2 + draw_below(d, 2), at = 0;
    for (size_t i = 0; i < syllables && at + 1 < size; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%s", onsets[draw_below(d, sizeof onsets / sizeof *onsets)],
                               rests[draw_below(d, sizeof rests / sizeof *rests)]);
}
