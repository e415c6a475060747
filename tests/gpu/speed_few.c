#include "tests/gpu/speed.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "trainer/backend/ops.h"

enum { MATRICES = 8, MOST = 256, LEAST_MS = 20 }; /* so many matrices: more than the second-level cache holds */

struct few {
    struct backend *b;
    int rows, in, out;
    struct packed_weights packed[MATRICES];
    real *weights[MATRICES];
    real *x, *room, *y;
};

/* One product with each matrix. */
static void round_of_products(const struct few *f)
{
    const struct ops *ops = f->b->ops;
    struct matmul p = {.tb = true, .m = f->rows, .n = f->out, .k = f->in, .alpha = 1, .lda = f->in, .ldb = f->in,
                       .ldc = f->out};
    for (int i = 0; i < MATRICES; i++) {
        if (f->packed[i].at)
            ops->matmul_packed(f->b, &p, f->x, &f->packed[i], f->room, f->y);
        else
            ops->matmul(f->b, &p, f->x, f->weights[i], f->y);
    }
}

/* Of one product: rounds are doubled until they take long enough for the clock. */
static double seconds(const struct few *f, bool tiny, struct error *err)
{
    round_of_products(f);
    for (int rounds = 1; f->b->ops->finish(f->b, err) == 0; rounds *= 2) {
        int64_t start = clock_mono_ms();
        for (int i = 0; i < rounds; i++)
            round_of_products(f);
        if (f->b->ops->finish(f->b, err) != 0)
            break;
        int64_t took = clock_mono_ms() - start;
        if (tiny || took >= LEAST_MS)
            return (double)(took > 0 ? took : 1) / 1000 / rounds / MATRICES;
    }
    return 0;
}

/* Some numbers: products of zeros take less power, and the clock would rise. */
static real *numbers(struct backend *b, size_t count, struct error *err)
{
    enum { SOME = 4096 };
    float some[SOME];
    real *p = err->code ? NULL : b->ops->alloc(b, count, err);
    for (int i = 0; i < SOME; i++)
        some[i] = (float)(i * 37 % 101 - 50) / 50;
    for (size_t at = 0; p && at < count; at += SOME)
        b->ops->upload(b, real_at(b, p, at), some, count - at < SOME ? count - at : SOME);
    return p;
}

static void open_weights(struct few *f, int bits, struct error *err)
{
    size_t count = (size_t)f->in * (size_t)f->out;
    f->x = numbers(f->b, (size_t)MOST * (size_t)f->in, err);
    f->y = numbers(f->b, (size_t)MOST * (size_t)f->out, err);
    f->room = numbers(f->b, count, err);
    for (int i = 0; i < MATRICES && err->code == 0; i++) {
        f->packed[i].bits = bits;
        if (bits == 16)
            f->weights[i] = numbers(f->b, count, err);
        else
            f->b->ops->pack(f->b, f->room, f->out, f->in, &f->packed[i], err);
    }
}

/* With weights of so many bits under a rule (HINGE_FEW_ROWS), for each number of rows. */
static void measure(int device, const char *rule, int bits, bool tiny, double *out, struct error *err)
{
    struct few f = {.in = tiny ? 128 : 4096, .out = tiny ? 96 : 12288}; /* Qwen3 8B's gate */
    setenv("HINGE_FEW_ROWS", rule, 1);
    f.b = cuda_backend_new(device, err);
    unsetenv("HINGE_FEW_ROWS");
    if (!f.b)
        return;
    open_weights(&f, bits, err);
    for (f.rows = 1; f.rows <= MOST && err->code == 0; f.rows *= 4)
        *out++ = seconds(&f, tiny, err);
    backend_free(f.b); /* and all it holds */
}

void speed_few(int device, bool tiny, struct error *err)
{
    enum { COUNTS = 5 };
    const char *between = "";
    printf(",\"few_rows\":[");
    for (int bits = 16; bits >= 4; bits /= 2) {
        double kernel[COUNTS] = {0}, other[COUNTS] = {0};
        measure(device, "256,256,256", bits, tiny, kernel, err);
        measure(device, "0,0,0", bits, tiny, other, err);
        for (int i = 0, rows = 1; i < COUNTS && err->code == 0; i++, rows *= 4) {
            printf("%s{\"bits\":%d,\"rows\":%d,\"kernel_seconds\":%.4g,\"other_seconds\":%.4g}", between, bits, rows,
                   kernel[i], other[i]);
            between = ",";
        }
    }
    printf("]");
}
