#include "trainer/run/peak.h"

#include "base/clock.h"

enum { SIDE_LEAST = 256, SIDE = 1024, SIDE_GPU = 4096, TIME_MS = 50 };

static int multiply(struct backend *b, int side, real *const at[3])
{
    struct error err = {0};
    b->ops->matmul(b,
                   &(struct matmul){.tb = true, .m = side, .n = side, .k = side, .alpha = 1, .lda = side, .ldb = side,
                                    .ldc = side},
                   at[0], at[1], at[2]);
    return b->ops->finish(b, &err);
}

static double measure(struct backend *b, int side, real *const at[3])
{
    int calls = 0, result = multiply(b, side, at); /* memory is touched once before it counts */
    int64_t start = clock_mono_ms(), now = start;
    while (result == 0 && (now - start < TIME_MS || calls == 0)) {
        result = multiply(b, side, at);
        calls++;
        now = clock_mono_ms();
    }
    double seconds = (double)(now > start ? now - start : 1) / 1000;
    return result == 0 ? 2.0 * side * side * side * calls / seconds : 0;
}

/* The largest side up to most whose product does not take long: a slow machine is told by a smaller one. */
static int affordable(struct backend *b, int most, real *const at[3])
{
    int side = SIDE_LEAST;
    for (int64_t took = 0; side < most && took < TIME_MS / 8; side *= 2) {
        multiply(b, side, at); /* the library opens what it needs */
        int64_t start = clock_mono_ms();
        multiply(b, side, at);
        took = clock_mono_ms() - start;
    }
    return side;
}

double peak_rate(struct backend *b)
{
    size_t before = b->peak;
    int side = b->real_bytes == 2 ? SIDE_GPU : SIDE, n = 0;
    struct error err = {0};
    real *at[3];
    while (n < 3 && (at[n] = b->ops->alloc(b, (size_t)side * (size_t)side, &err)))
        n++;
    double rate = n == 3 ? measure(b, affordable(b, side, at), at) : 0;
    while (n > 0)
        b->ops->release(b, at[--n]);
    b->peak = before;
    return rate;
}
