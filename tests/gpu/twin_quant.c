/* Weights in 8 and 4 bits against a plain loop on the host, and what they do to a model. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tests/gpu/twin.h"
#include "trainer/model/head.h"
#include "trainer/model/pass.h"

enum { GROUP = 64, LEVELS = 16, TOKENS = 60 };

static const double nf4[LEVELS] = {-1.0,
                                   -0.6961928009986877,
                                   -0.5250730514526367,
                                   -0.39491748809814453,
                                   -0.28444138169288635,
                                   -0.18477343022823334,
                                   -0.09105003625154495,
                                   0.0,
                                   0.07958029955625534,
                                   0.16093020141124725,
                                   0.24611230194568634,
                                   0.33791524171829224,
                                   0.44070982933044434,
                                   0.5626170039176941,
                                   0.7229568362236023,
                                   1.0};

static double largest(const float *x, size_t count)
{
    double top = 0;
    for (size_t i = 0; i < count; i++)
        top = fabs(x[i]) > top ? fabs(x[i]) : top;
    return top;
}

static double nearest(double x)
{
    double best = nf4[0];
    for (int i = 1; i < LEVELS; i++)
        best = fabs(nf4[i] - x) < fabs(best - x) ? nf4[i] : best;
    return best;
}

/* What packing and unpacking makes of x. */
static void plain(float *x, size_t count, size_t group, int bits)
{
    for (size_t at = 0; at < count; at += group) {
        size_t n = count - at < group ? count - at : group;
        double top = largest(x + at, n);
        for (size_t i = at; i < at + n && top > 0; i++)
            x[i] = (float)(bits == 8 ? rint(x[i] / top * 127) / 127 * top : nearest(x[i] / top) * top);
    }
}

static void check(struct twin *t, int rows, int cols, int bits)
{
    char name[96];
    struct error err = {0};
    struct backend *b = twin_side(t, GPU)->backend;
    size_t count = (size_t)rows * (size_t)cols;
    struct pair w = twin_numbers(t, count, 0.1), out = twin_numbers(t, count, 1);
    float *want = twin_host(t, GPU, &w);
    if (rows > 1)
        b->ops->zero(b, w.at[GPU], (size_t)cols); /* a row of nothing */
    for (int i = 0; rows > 1 && i < cols; i++)
        want[i] = 0;
    plain(want, count, bits == 8 ? (size_t)cols : GROUP, bits);
    struct packed_weights p = {.bits = bits};
    if (b->ops->pack(b, w.at[GPU], rows, cols, &p, &err) != 0) {
        fprintf(stderr, "twin: %s\n", err.text);
        exit(2);
    }
    b->ops->unpack(b, &p, rows, cols, out.at[GPU]);
    float *got = twin_host(t, GPU, &out);
    b->ops->unpack(b, &p, rows, cols, out.at[GPU]);
    float *again = twin_host(t, GPU, &out);
    snprintf(name, sizeof name, "weights in %d bits, %d by %d", bits, rows, cols);
    twin_compare(t, name, got, again, want, count, NEAR);
    b->ops->release(b, p.at);
    const struct pair all[] = {w, out};
    twin_release(t, all, 2);
    mem_free(want);
    mem_free(got);
    mem_free(again);
}

struct few_case {
    int m, n, k, bits;
    bool adds, bias;
};

/* x W' with W as packing leaves it, and what is added; in double. */
static float *few_wanted(const struct few_case *c, const float *x, const float *w, const float *from, const float *bias)
{
    size_t n = (size_t)c->n, k = (size_t)c->k;
    float *out = mem_zalloc((size_t)c->m * n, sizeof *out);
    for (size_t i = 0; i < (size_t)c->m * n; i++) {
        const float *left = x + i / n * k, *right = w + i % n * k;
        double sum = 0;
        for (size_t p = 0; p < k; p++)
            sum += (double)left[p] * right[p];
        out[i] = (float)(0.5 * sum + (c->adds ? from[i] : 0) + (c->bias ? bias[i % n] : 0));
    }
    return out;
}

static float *few_product(struct twin *t, const struct few_case *c, const struct packed_weights *packed,
                          const struct pair all[5])
{
    struct backend *b = twin_side(t, GPU)->backend;
    struct matmul p = {.tb = true, .m = c->m, .n = c->n, .k = c->k, .alpha = 0.5F, .beta = c->adds ? 1 : 0, .lda = c->k,
                       .ldb = c->k, .ldc = c->n, .from = all[2].at[GPU], .bias = c->bias ? all[3].at[GPU] : NULL};
    if (packed->at)
        b->ops->matmul_packed(b, &p, all[0].at[GPU], packed, all[1].at[GPU], all[4].at[GPU]);
    else
        b->ops->matmul(b, &p, all[0].at[GPU], all[1].at[GPU], all[4].at[GPU]);
    return twin_host(t, GPU, &all[4]);
}

static void check_few(struct twin *t, struct few_case c)
{
    char name[96];
    struct error err = {0};
    struct backend *b = twin_side(t, GPU)->backend;
    size_t m = (size_t)c.m, n = (size_t)c.n, k = (size_t)c.k;
    struct pair all[] = {twin_numbers(t, m * k, 1), twin_numbers(t, n * k, 0.1), twin_numbers(t, m * n, 1),
                         twin_numbers(t, n, 1), twin_numbers(t, m * n, 1)};
    float *host[4];
    for (int i = 0; i < 4; i++)
        host[i] = twin_host(t, GPU, &all[i]);
    struct packed_weights packed = {.bits = c.bits};
    if (c.bits < 16) {
        plain(host[1], n * k, c.bits == 8 ? k : GROUP, c.bits);
        if (b->ops->pack(b, all[1].at[GPU], c.n, c.k, &packed, &err) != 0) {
            fprintf(stderr, "twin: %s\n", err.text);
            exit(2);
        }
    }
    float *want = few_wanted(&c, host[0], host[1], host[2], host[3]);
    float *got = few_product(t, &c, &packed, all);
    twin_order(1);
    float *again = few_product(t, &c, &packed, all);
    twin_order(0);
    snprintf(name, sizeof name, "%d rows by weights in %d bits, %d to %d%s%s", c.m, c.bits, c.k, c.n,
             c.adds ? " +=" : "", c.bias ? " and a bias" : "");
    twin_compare(t, name, got, again, want, m * n, NEAR);
    b->ops->release(b, packed.at);
    twin_release(t, all, 5);
    float *done[] = {host[0], host[1], host[2], host[3], want, got, again};
    for (size_t i = 0; i < sizeof done / sizeof *done; i++)
        mem_free(done[i]);
}

/* Through the kernel of few rows, whatever the rule is; shapes that it leaves to others among them. */
static void check_few_all(struct twin *t)
{
    struct error err = {0};
    struct backend *ours = twin_side(t, GPU)->backend;
    setenv("HINGE_FEW_ROWS", "80,80,80", 1);
    twin_side(t, GPU)->backend = cuda_backend_new(twin_device(t), &err);
    unsetenv("HINGE_FEW_ROWS");
    if (!twin_side(t, GPU)->backend) {
        fprintf(stderr, "twin: %s\n", err.text);
        exit(2);
    }
    for (int bits = 4; bits <= 16; bits *= 2) {
        check_few(t, (struct few_case){1, 70, 192, bits, false, false});
        check_few(t, (struct few_case){7, 33, 64, bits, true, true});
        check_few(t, (struct few_case){13, 40, 320, bits, true, false});
        check_few(t, (struct few_case){31, 17, 4160, bits, false, true}); /* several blocks a sum */
        check_few(t, (struct few_case){64, 65, 128, bits, true, true});
        check_few(t, (struct few_case){77, 5, 448, bits, false, false});
        check_few(t, (struct few_case){3, 10, 80, bits, true, true}); /* no whole groups of 64 */
        check_few(t, (struct few_case){3, 10, 37, bits, true, true});
        if (!twin_large(t))
            continue;
        for (int rows = 1; rows <= 64; rows *= 4)
            check_few(t, (struct few_case){rows, 4096, 12288, bits, true, false});
    }
    twin_side(t, GPU)->backend->ops->close(twin_side(t, GPU)->backend);
    twin_side(t, GPU)->backend = ours;
}

/* Losses of a model with its weights in so many bits. */
static float *losses_in(struct twin *t, const struct model_config *c, int bits, int *ids)
{
    struct error err = {0};
    struct backend *b = twin_side(t, GPU)->backend;
    float *losses = mem_zalloc(TOKENS, sizeof *losses);
    int positions[TOKENS];
    for (int i = 0; i < TOKENS; i++)
        positions[i] = i;
    b->base_bits = bits == 16 ? 0 : bits;
    struct model *m = model_random(b, c, 5, &err);
    struct pass *p = m ? pass_new(m, TOKENS, PASS_FORWARD, &err) : NULL;
    struct head *h = p ? head_new(m, false, &err) : NULL;
    if (!h) {
        fprintf(stderr, "twin: %s\n", err.text);
        exit(2);
    }
    struct segment segment = {.len = TOKENS};
    struct batch batch = {TOKENS, ids, positions, &segment, 1};
    const real *hidden = pass_forward(p, &batch, NULL, NULL);
    head_loss(h, hidden, positions, ids + 1, NULL, TOKENS, NULL, &(struct loss_out){.loss = losses});
    if (b->ops->finish(b, &err) != 0)
        fprintf(stderr, "twin: %s\n", err.text);
    head_free(h);
    pass_free(p);
    model_free(m);
    b->base_bits = 0;
    return losses;
}

void twin_quant(struct twin *t)
{
    const struct model_config c = {.family = "qwen3", .vocab = 211, .hidden = 64, .layers = 2, .q_heads = 4,
                                   .kv_heads = 2, .head_dim = 16, .ffn = 96, .max_positions = 256, .eps = 1e-6F,
                                   .rope_theta = 10000, .rope_linear = 1, .qk_norm = true, .tied = true};
    int ids[TOKENS + 1];
    for (int bits = 4; bits <= 8; bits += 4) {
        check(t, 3, 64, bits);
        check(t, 5, 131, bits);
        check(t, 1, 1, bits);
        check(t, 7, 1032, bits);
    }
    check_few_all(t);
    for (int i = 0; i <= TOKENS; i++)
        ids[i] = twin_below(t, c.vocab);
    float *full = losses_in(t, &c, 16, ids), *eight = losses_in(t, &c, 8, ids), *four = losses_in(t, &c, 4, ids);
    twin_compare(t, "losses of a model in 8 bits", eight, eight, full, TOKENS, 1e-2);
    twin_compare(t, "losses of a model in 4 bits", four, four, full, TOKENS, 5e-2);
    mem_free(full);
    mem_free(eight);
    mem_free(four);
}
