#include "trainer/run/peak.h"

#include <stdint.h>

#include "base/clock.h"
#include "trainer/tensor/rng.h"

enum { SIDE_LEAST = 128, SIDE = 1024, SIDE_GPU = 4096, SEED = 11, SHORTEST = 8 };
#define MOMENT 0.05

static int multiply(struct backend *b, int side, real *const at[3], int times)
{
    struct error err = {0};
    for (int i = 0; i < times; i++)
        b->ops->matmul(b,
                       &(struct matmul){.tb = true, .m = side, .n = side, .k = side, .alpha = 1, .lda = side,
                                        .ldb = side, .ldc = side},
                       at[0], at[1], at[2]);
    return b->ops->finish(b, &err);
}

/* Twice as many products each time, waited for once, until the time is full: the last and longest counts. */
static double measure(struct backend *b, int side, real *const at[3], double seconds)
{
    double last = 0;
    int64_t begun = clock_mono_ms();
    for (int times = 1;; times *= 2) {
        int64_t start = clock_mono_ms();
        if (multiply(b, side, at, times) != 0)
            return 0;
        int64_t now = clock_mono_ms();
        last = 2.0 * side * side * side * times / ((double)(now > start ? now - start : 1) / 1000);
        if ((double)(now - begun) >= 1000 * seconds || times >= 1 << 20)
            return last;
    }
}

/* The first side from SIDE_LEAST on, doubling up to most, whose product takes a while: a slow machine is told by a
 * smaller one. */
static int affordable(struct backend *b, int most, real *const at[3], double seconds)
{
    int side = SIDE_LEAST;
    for (; side < most; side *= 2) {
        multiply(b, side, at, 1); /* the library opens what it needs */
        int64_t start = clock_mono_ms();
        multiply(b, side, at, 1);
        if ((double)(clock_mono_ms() - start) >= 1000 * seconds / SHORTEST)
            break;
    }
    return side;
}

/* Random numbers: some from the host, copied over the rest. */
static void fill(struct backend *b, real *p, size_t count, struct rng *rng)
{
    enum { SOME = 1 << 13 };
    float host[SOME] = {0};
    size_t have = count < SOME ? count : SOME;
    for (size_t i = 0; i < have; i++)
        host[i] = (float)rng_normal(rng);
    b->ops->upload(b, p, host, have);
    while (have < count) {
        size_t n = count - have < have ? count - have : have;
        b->ops->copy(b, real_at(b, p, have), p, n);
        have += n;
    }
}

double peak_product(struct backend *b, int *side, double seconds)
{
    size_t before = b->peak, count = (size_t)*side * (size_t)*side;
    int n = 0;
    struct error err = {0};
    struct rng rng;
    real *at[3];
    double rate = 0;
    rng_seed(&rng, SEED, 0);
    while (n < 3 && (at[n] = b->ops->alloc(b, count, &err)))
        fill(b, at[n++], count, &rng);
    if (n == 3) {
        *side = affordable(b, *side, at, seconds);
        rate = measure(b, *side, at, seconds);
    }
    while (n > 0)
        b->ops->release(b, at[--n]);
    b->peak = before;
    return rate;
}

double peak_rate(struct backend *b)
{
    int side = b->real_bytes == sizeof(float) ? SIDE : SIDE_GPU;
    return peak_product(b, &side, MOMENT);
}
