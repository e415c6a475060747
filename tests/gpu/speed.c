/*
 * What the GPU does on each kind of work of a step: one line of JSON. Products and attention as operations a second;
 * what passes over memory as bytes a second that it must read and write at least, and as a share of what a copy
 * reaches, so that what falls behind shows.
 *
 *     speed [--device N] [--tiny]
 *
 * Attention is counted as FlashAttention's papers do: 4 n^2 d heads / 2 forward for causal, 2.5 times that back, 16,384
 * tokens of width 2048. FlashAttention-3 says of an H100 (head 128): 616 TFLOP/s forward, 561 back. Each is put into the
 * stream twice as often each time until the last round, waited for once, took a fifth of a second: the clock of the wall
 * is then the device's to a thousandth. Numbers are random: of zeros products take less power, and the clock would rise.
 * --tiny: sizes for a rehearsal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/gpu/speed.h"
#include "trainer/backend/ops.h"
#include "trainer/run/peak.h"
#include "trainer/tensor/rng.h"

enum { SEQUENCES = 64, LEAST_MS = 200, MOST_TIMES = 1 << 16, SOME = 1 << 14, CHUNK = 128, PAGE = 16 };
enum { CACHED_HEADS = 8, CACHED_DIM = 128, CACHED_KEYS = CACHED_HEADS * CACHED_DIM }; /* four times as many query heads */

struct sizes {
    int rows, width, ffn, vocab, cached, side;
};

static const struct sizes usual = {16384, 4096, 12288, 151936, 4096, 8192}, tiny = {64, 256, 448, 464, 40, 256};

struct work {
    struct backend *b;
    struct sizes size;
    bool quick, first;
    real *x, *y, *z, *u, *w, *d;     /* rows of ffn each */
    float *f, *moments[2], *lse, *g; /* fp32 */
    int *index;
    struct packed_weights packed[2]; /* 8 and 4 bits */
    struct attention a;
    struct attention_grads grads;
    struct matmul product;
    int *tables, *lengths; /* in place of floats: pages of each sequence, and keys it sees */
    int pages;             /* of a sequence */
    double norm;
    struct error err;
};

typedef void run_fn(struct work *w);

/* Seconds of one call; 0 where it failed. */
static double seconds(struct work *w, run_fn *run)
{
    int least = w->quick ? 1 : LEAST_MS;
    run(w);
    for (int times = 1; w->b->ops->finish(w->b, &w->err) == 0; times *= 2) {
        int64_t start = clock_mono_ms();
        for (int i = 0; i < times; i++)
            run(w);
        if (w->b->ops->finish(w->b, &w->err) != 0)
            return 0;
        int64_t took = clock_mono_ms() - start;
        if (took >= least || times >= MOST_TIMES)
            return (double)(took > 0 ? took : 1) / 1000 / times;
    }
    return 0;
}

/* A member of the JSON, named. */
static void say(struct work *w, const char *name, const char *unit, double amount, double best, run_fn *run)
{
    double took = seconds(w, run), rate = took > 0 ? amount / took : 0;
    printf("%s\"%s\":{\"seconds\":%.4g,\"%s_per_second\":%.5g", w->first ? "" : ",", name, took, unit, rate);
    if (best > 0)
        printf(",\"share\":%.3f", rate / best);
    printf("}");
    w->first = false;
    fflush(stdout);
}

static size_t numbers(const struct work *w)
{
    return (size_t)w->size.rows * (size_t)w->size.width;
}

static void copy(struct work *w)
{
    w->b->ops->copy(w->b, w->y, w->x, numbers(w));
}

static void norm(struct work *w)
{
    w->b->ops->rmsnorm(w->b, w->x, w->w, w->size.rows, w->size.width, 1e-6F, w->y, w->lse);
}

static void norm_grad(struct work *w)
{
    w->b->ops->rmsnorm_grad(w->b, w->x, w->w, w->lse, w->z, w->size.rows, w->size.width, w->y, NULL);
}

static void rope(struct work *w)
{
    w->b->ops->norm_rope(w->b, w->x, w->w, w->f, w->size.rows, w->size.width / 128, 128, 1e-6F, w->y, w->lse);
}

static void rope_grad(struct work *w)
{
    w->b->ops->norm_rope_grad(w->b, w->x, w->w, w->lse, w->f, w->size.rows, w->size.width / 128, 128, w->z, NULL);
}

static void swiglu(struct work *w)
{
    w->b->ops->swiglu(w->b, w->x, w->y, (size_t)w->size.rows * (size_t)w->size.ffn, w->d);
}

static void swiglu_grad(struct work *w)
{
    w->b->ops->swiglu_grad(w->b, w->x, w->y, w->z, (size_t)w->size.rows * (size_t)w->size.ffn, w->d, w->u);
}

static void gather(struct work *w)
{
    w->b->ops->gather(w->b, w->x, w->index, w->size.rows, w->size.width, w->y);
}

static void loss(struct work *w)
{
    float losses[CHUNK], weights[CHUNK];
    for (int i = 0; i < CHUNK; i++)
        weights[i] = 1.0F / CHUNK;
    w->b->ops->cross_entropy(w->b, w->f, w->index, weights, CHUNK, w->size.vocab, &(struct loss_out){.loss = losses}, w->d);
    w->b->ops->finish(w->b, &w->err); /* it writes to this function's array */
}

static void step(struct work *w)
{
    struct trained t = {w->f, w->y, w->g, w->moments[0], w->moments[1], numbers(w)};
    w->b->ops->optimize(w->b, &(struct adamw){.lr = 1e-6F, .eps = 1e-8F, .beta1 = 0.9, .beta2 = 0.999, .clip = 1, .step = 2},
                        &t, 1, &w->norm);
}

static void unpack8(struct work *w)
{
    w->b->ops->unpack(w->b, &w->packed[0], w->size.width, w->size.ffn, w->d);
}

static void unpack4(struct work *w)
{
    w->b->ops->unpack(w->b, &w->packed[1], w->size.width, w->size.ffn, w->d);
}

static void multiply(struct work *w)
{
    w->b->ops->matmul(w->b, &w->product, w->x, w->y, w->d);
}

static void cached(struct work *w)
{
    w->b->ops->attention_cached(w->b, &(struct cached_attention){.rows = SEQUENCES, .q_heads = w->a.q_heads,
                                                                 .kv_heads = w->a.kv_heads, .head_dim = w->a.head_dim,
                                                                 .q = w->y, .o = w->d, .k = w->x, .v = w->x,
                                                                 .page_rows = PAGE, .table_width = w->pages,
                                                                 .tables = w->tables, .lengths = w->lengths,
                                                                 .longest = w->size.cached});
}

static void forward(struct work *w)
{
    w->b->ops->attention(w->b, &w->a);
}

static void backward(struct work *w)
{
    w->b->ops->attention_grad(w->b, &w->a, &w->grads);
}

static void *need(struct work *w, void *p)
{
    if (p)
        return p;
    fprintf(stderr, "speed: %s\n", w->err.text);
    exit(1);
}

/* Random numbers: some from the host, copied over the rest. */
static real *reals(struct work *w, size_t count)
{
    struct rng rng;
    float host[SOME];
    size_t have = count < SOME ? count : SOME;
    real *p = need(w, w->b->ops->alloc(w->b, count, &w->err));
    rng_seed(&rng, (uint64_t)(uintptr_t)p, 5);
    for (int i = 0; i < SOME; i++)
        host[i] = (float)rng_normal(&rng);
    w->b->ops->upload(w->b, p, host, have);
    for (size_t n; have < count; have += n) {
        n = count - have < have ? count - have : have;
        w->b->ops->copy(w->b, real_at(w->b, p, have), p, n);
    }
    return p;
}

static float *floats(struct work *w, size_t count)
{
    return need(w, w->b->ops->alloc_f32(w->b, count, &w->err));
}

/* Sequences whose pages lie apart, as they do when many enter and leave. */
static void open_pages(struct work *w)
{
    int pages = w->pages = (w->size.cached + PAGE - 1) / PAGE, all = pages * SEQUENCES;
    int *tables = mem_alloc((size_t)all * sizeof *tables), lengths[SEQUENCES];
    for (int i = 0; i < all; i++)
        tables[i] = i % pages * SEQUENCES + i / pages;
    for (int i = 0; i < SEQUENCES; i++)
        lengths[i] = w->size.cached;
    w->tables = (void *)floats(w, (size_t)all);
    w->lengths = (void *)floats(w, SEQUENCES);
    w->b->ops->upload_ints(w->b, w->tables, tables, (size_t)all);
    w->b->ops->upload_ints(w->b, w->lengths, lengths, SEQUENCES);
    mem_free(tables);
}

static void open_numbers(struct work *w)
{
    const struct sizes *s = &w->size;
    size_t most = (size_t)s->rows * (size_t)s->ffn, cache = (size_t)SEQUENCES * (size_t)(s->cached + PAGE) * CACHED_KEYS,
           vocab = (size_t)CHUNK * (size_t)s->vocab;
    const size_t needs[] = {vocab, (size_t)s->width * (size_t)s->ffn, (size_t)SEQUENCES * 4 * CACHED_KEYS};
    for (int i = 0; i < 3; i++)
        most = needs[i] > most ? needs[i] : most;
    w->x = reals(w, most > cache ? most : cache);
    w->y = reals(w, most);
    w->z = reals(w, most);
    w->u = reals(w, most);
    w->d = reals(w, most);
    w->w = reals(w, (size_t)s->width);
    size_t f = vocab > numbers(w) ? vocab : numbers(w);
    w->f = floats(w, f);
    w->g = floats(w, numbers(w));
    w->moments[0] = floats(w, numbers(w));
    w->moments[1] = floats(w, numbers(w));
    w->lse = floats(w, (size_t)s->rows * 64);
    w->index = mem_zalloc((size_t)(s->rows > CHUNK ? s->rows : CHUNK), sizeof *w->index);
    for (int i = 0; i < s->rows; i++)
        w->index[i] = (int)((size_t)i * 7919 % (size_t)(s->rows < s->vocab ? s->rows : s->vocab));
    for (int i = 0; i < 2; i++) {
        w->packed[i].bits = i ? 4 : 8;
        if (w->b->ops->pack(w->b, w->x, s->width, s->ffn, &w->packed[i], &w->err) != 0)
            need(w, NULL);
    }
}

/* What passes over memory, by the bytes it cannot do without: reals are 2, so "6 n" is two read and one written. */
static void measure_memory(struct work *w)
{
    const struct sizes *s = &w->size;
    double n = (double)numbers(w), m = (double)s->rows * s->ffn, v = (double)CHUNK * s->vocab, p = (double)s->width * s->ffn;
    double best = 4 * n / seconds(w, copy);
    printf("\"copy_bytes_per_second\":%.5g", best);
    say(w, "rmsnorm", "bytes", 4 * n, best, norm);
    say(w, "rmsnorm_grad", "bytes", 8 * n, best, norm_grad);
    say(w, "norm_rope", "bytes", 4 * n + 512.0 * s->rows, best, rope);
    say(w, "norm_rope_grad", "bytes", 6 * n + 512.0 * s->rows, best, rope_grad);
    say(w, "swiglu", "bytes", 6 * m, best, swiglu);
    say(w, "swiglu_grad", "bytes", 10 * m, best, swiglu_grad);
    say(w, "gather", "bytes", 4 * n, best, gather);
    say(w, "cross_entropy", "bytes", 6 * v, best, loss);
    say(w, "adamw_with_norm", "bytes", 34 * n, best, step);
    say(w, "unpack_8_bits", "bytes", 3 * p, best, unpack8);
    say(w, "unpack_4_bits", "bytes", 2.5 * p, best, unpack4);
    w->product = (struct matmul){.tb = true, .m = 16, .n = s->width, .k = s->ffn, .alpha = 1, .lda = s->ffn, .ldb = s->ffn,
                                 .ldc = s->width};
    say(w, "product_of_16_rows", "bytes", 2 * p, best, multiply);
    w->a = (struct attention){.q_heads = 4 * CACHED_HEADS, .kv_heads = CACHED_HEADS, .head_dim = CACHED_DIM};
    say(w, "attention_cached", "bytes", 4.0 * SEQUENCES * (double)s->cached * CACHED_KEYS, best, cached);
}

/* Products of a layer of 8B's shapes, and an adapter's. */
static void measure_products(struct work *w, double best)
{
    const struct sizes *s = &w->size;
    const int rows = s->rows < 4096 ? s->rows : 4096;
    const int shapes[][2] = {{s->ffn, s->width}, {s->width, s->ffn}, {16, s->width}, {256, s->width}};
    static const char *const names[] = {"product_up", "product_down", "product_rank_16", "product_rank_256"};
    for (int i = 0; i < 4; i++) {
        int n = shapes[i][0], k = shapes[i][1];
        w->product = (struct matmul){.tb = true, .m = rows, .n = n, .k = k, .alpha = 1, .lda = k, .ldb = k, .ldc = n};
        say(w, names[i], "flops", 2.0 * rows * n * k, best, multiply);
    }
}

/* Forward and back over segments: pairs of tokens that see each other, times 4 width (2.5 times that back). */
static void measure_attention(struct work *w, const char *name, const struct segment *list, int count, int dim, int kv_heads,
                              double pairs)
{
    int width = w->size.width / 2;
    w->a = (struct attention){.q_heads = width / dim, .kv_heads = kv_heads ? kv_heads : width / dim, .head_dim = dim,
                              .segments = list, .segment_count = count, .q = w->x, .k = w->y, .v = w->z, .o = w->u,
                              .lse = w->lse};
    w->a.rows = list[count - 1].start + list[count - 1].len;
    size_t n = (size_t)w->a.rows * (size_t)width;
    w->grads = (struct attention_grads){real_at(w->b, w->x, n), w->d, real_at(w->b, w->d, n), real_at(w->b, w->d, 2 * n)};
    double work = 4 * pairs * width, to = seconds(w, forward), back = seconds(w, backward);
    printf(",\"%s\":{\"forward_flops_per_second\":%.5g,\"backward_flops_per_second\":%.5g}", name, to > 0 ? work / to : 0,
           back > 0 ? 2.5 * work / back : 0);
    fflush(stdout);
}

static void measure_attentions(struct work *w)
{
    double n = w->size.rows;
    int unit = w->size.rows / 16, p = unit * 4, a = unit * 2, b = unit / 4;
    const struct segment whole = {.len = w->size.rows},
                         pairs[] = {{0, p, 0, 0}, {p, a, 0, p}, {p + a, b, 0, p}};
    double seen = 0;
    for (int i = 0; i < 3; i++)
        seen += (double)pairs[i].len * (pairs[i].ctx_len + (pairs[i].len + 1.0) / 2);
    measure_attention(w, "attention_128", &whole, 1, 128, 0, n * n / 2);
    measure_attention(w, "attention_64", &whole, 1, 64, 0, n * n / 2);
    measure_attention(w, "attention_pair_128", pairs, 3, 128, w->size.width / 2 / 128 / (w->quick ? 1 : 4), seen);
}

static void release_all(struct work *w)
{
    void *all[] = {w->x, w->y, w->z, w->u, w->w, w->d, w->f, w->g, w->moments[0], w->moments[1], w->lse, w->packed[0].at,
                   w->packed[1].at, w->tables, w->lengths};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        w->b->ops->release(w->b, all[i]);
    mem_free(w->index);
}

int main(int argc, char **argv)
{
    int device = 0;
    struct work w = {.size = usual};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--tiny") == 0) {
            w.size = tiny;
            w.quick = true;
        } else if (strcmp(argv[i], "--device") == 0 && i + 1 < argc) {
            device = atoi(argv[++i]);
        }
    }
    w.b = cuda_backend_new(device, &w.err);
    if (!w.b) {
        fprintf(stderr, "speed: skipped: %s\n", w.err.text);
        return 77;
    }
    double best = peak_product(w.b, &w.size.side, w.quick ? 0.001 : 1);
    open_numbers(&w);
    open_pages(&w);
    printf("{\"product_side\":%d,\"product_flops_per_second\":%.5g,", w.size.side, best);
    measure_memory(&w);
    measure_products(&w, best);
    measure_attentions(&w);
    if (w.err.code == 0)
        speed_few(device, w.quick, &w.err);
    printf("}\n");
    if (w.err.code)
        fprintf(stderr, "speed: %s\n", w.err.text);
    release_all(&w);
    backend_free(w.b);
    return w.err.code ? 1 : 0;
}
