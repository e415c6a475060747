/*
 * What the GPU does on the parts of a step that are not cuBLASLt's: attention forward and back beside the rate of one
 * large product, causal, heads of 128 and 64, as FlashAttention's papers count (4 n^2 d heads / 2 forward, 2.5 times that
 * back). tests/bench/gpu/run calls it; one line of JSON. FlashAttention-3 says of an H100 (head 128, 16k, causal): 616 TFLOP/s
 * forward, 561 back.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "trainer/backend/ops.h"

enum { ROWS = 16384, WIDTH = 2048, SIDE = 8192, TIMES = 10 };

struct work {
    struct backend *b;
    struct attention a;
    struct attention_grads g;
    real *x, *y, *z;
};

static void forward(const struct work *w)
{
    w->b->ops->attention(w->b, &w->a);
}

static void backward(const struct work *w)
{
    w->b->ops->attention_grad(w->b, &w->a, &w->g);
}

static void multiply(const struct work *w)
{
    w->b->ops->matmul(w->b,
                      &(struct matmul){.tb = true, .m = SIDE, .n = SIDE, .k = SIDE, .alpha = 1, .lda = SIDE, .ldb = SIDE,
                                       .ldc = SIDE},
                      w->x, w->y, w->z);
}

static double seconds(const struct work *w, void (*run)(const struct work *w), struct error *err)
{
    run(w);
    if (w->b->ops->finish(w->b, err) != 0)
        return -1;
    int64_t start = clock_mono_ms();
    for (int i = 0; i < TIMES; i++)
        run(w);
    if (w->b->ops->finish(w->b, err) != 0)
        return -1;
    return (double)(clock_mono_ms() - start) / 1000 / TIMES;
}

static real *numbers(struct backend *b, size_t count, struct error *err)
{
    real *p = b->ops->alloc(b, count, err);
    if (p)
        return p;
    fprintf(stderr, "speed: %s\n", err->text);
    exit(1);
}

static void measure(struct work *w, int dim, struct error *err)
{
    static const struct segment whole = {.len = ROWS};
    w->a.q_heads = w->a.kv_heads = WIDTH / dim;
    w->a.head_dim = dim;
    w->a.rows = ROWS;
    w->a.segments = &whole;
    w->a.segment_count = 1;
    double work = 4.0 * ROWS * ROWS * WIDTH / 2, to = seconds(w, forward, err), back = seconds(w, backward, err);
    printf(",\"attention_%d\":{\"forward_flops_per_second\":%.5g,\"backward_flops_per_second\":%.5g}", dim, work / to,
           2.5 * work / back);
}

int main(int argc, char **argv)
{
    struct error err = {0};
    struct backend *b = cuda_backend_new(argc > 1 ? atoi(argv[1]) : 0, &err);
    if (!b) {
        fprintf(stderr, "speed: skipped: %s\n", err.text);
        return 77;
    }
    size_t n = (size_t)ROWS * WIDTH, side = (size_t)SIDE * SIDE;
    real *p[8];
    for (int i = 0; i < 8; i++)
        p[i] = numbers(b, n, &err); /* zeros: the time does not depend on them, but for the clock, which rises */
    struct work w = {.b = b, .a = {.q = p[0], .k = p[1], .v = p[2], .o = p[3]}, .g = {p[4], p[5], p[6], p[7]},
                     .x = numbers(b, side, &err), .y = numbers(b, side, &err), .z = numbers(b, side, &err)};
    w.a.lse = b->ops->alloc_f32(b, (size_t)ROWS * (WIDTH / 64), &err);
    if (!w.a.lse)
        return 1;
    printf("{\"product_flops_per_second\":%.5g", 2.0 * SIDE * SIDE * SIDE / seconds(&w, multiply, &err));
    measure(&w, 128, &err);
    measure(&w, 64, &err);
    printf("}\n");
    if (err.code)
        fprintf(stderr, "speed: %s\n", err.text);
    backend_free(b);
    return err.code ? 1 : 0;
}
