/* Cross entropy and the optimizer's step. */
#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "tests/gpu/twin.h"

/* What each side says of the rows, on the host. */
struct said {
    float *loss, *entropy, *margin;
    int *rank;
};

static struct said said_new(size_t rows)
{
    return (struct said){mem_zalloc(rows, sizeof(float)), mem_zalloc(rows, sizeof(float)),
                         mem_zalloc(rows, sizeof(float)), mem_zalloc(rows, sizeof(int))};
}

static void said_free(struct said *s)
{
    mem_free(s->loss);
    mem_free(s->entropy);
    mem_free(s->margin);
    mem_free(s->rank);
}

struct loss_case {
    int rows, vocab;
    const int *targets;
    const float *weights;
    struct pair logits, d_logits;
    struct said said[SIDES];
};

static void run_loss(struct backend *b, int s, const void *ctx)
{
    const struct loss_case *c = ctx;
    struct error err = {0};
    struct loss_out out = {c->said[s].loss, c->said[s].entropy, c->said[s].margin, c->said[s].rank};
    b->ops->cross_entropy(b, c->logits.at[s], c->targets, c->weights, c->rows, c->vocab, &out, c->d_logits.at[s]);
    if (b->ops->finish(b, &err) != 0)
        fprintf(stderr, "twin: %s\n", err.text);
}

static float *as_floats(const int *x, size_t count)
{
    float *out = mem_alloc(count * sizeof *out);
    for (size_t i = 0; i < count; i++)
        out[i] = (float)x[i] + 1; /* so that a rank of 0 counts */
    return out;
}

static void compare_said(struct twin *t, const char *what, const float *gpu, const float *cpu, size_t rows)
{
    char name[96];
    snprintf(name, sizeof name, "%s of %zu rows", what, rows);
    twin_compare(t, name, gpu, gpu, cpu, rows, EXACT);
}

static void check_loss(struct twin *t, int rows, int vocab, double scale)
{
    size_t n = (size_t)rows, count = n * (size_t)vocab;
    int *targets = mem_alloc(n * sizeof *targets);
    float *weights = mem_alloc(n * sizeof *weights);
    for (int i = 0; i < rows; i++) {
        targets[i] = i == 0 ? 0 : i == 1 ? vocab - 1 : twin_below(t, vocab);
        weights[i] = (float)(i % 4) / 8;
    }
    struct loss_case c = {rows, vocab, targets, weights, twin_floats(t, count, scale), twin_numbers(t, count, 1),
                          {said_new(n), said_new(n)}};
    twin_run(t, run_loss, &c, &c.d_logits, 1, NEAR, "cross entropy, %d rows of %d", rows, vocab);
    const struct said *cpu = &c.said[CPU], *gpu = &c.said[GPU];
    float *gpu_rank = as_floats(gpu->rank, n), *cpu_rank = as_floats(cpu->rank, n);
    compare_said(t, "losses", gpu->loss, cpu->loss, n);
    compare_said(t, "entropies", gpu->entropy, cpu->entropy, n);
    compare_said(t, "margins", gpu->margin, cpu->margin, n);
    compare_said(t, "ranks", gpu_rank, cpu_rank, n);
    mem_free(gpu_rank);
    mem_free(cpu_rank);
    const struct pair all[] = {c.logits, c.d_logits};
    twin_release(t, all, 2);
    said_free(&c.said[CPU]);
    said_free(&c.said[GPU]);
    mem_free(targets);
    mem_free(weights);
}

enum { TENSORS = 3 };

struct step_case {
    struct trained list[SIDES][TENSORS];
    struct adamw a;
    double *norms; /* by side */
};

static void run_step(struct backend *b, int s, const void *ctx)
{
    const struct step_case *c = ctx;
    struct error err = {0};
    b->ops->optimize(b, &c->a, c->list[s], TENSORS, &c->norms[s]);
    if (b->ops->finish(b, &err) != 0)
        fprintf(stderr, "twin: %s\n", err.text);
}

static void check_step(struct twin *t, const size_t sizes[TENSORS], double clip, float broken)
{
    double norms[SIDES] = {0};
    struct step_case c = {.a = {.lr = 1e-2F, .eps = 1e-8F, .decay = 0.1F, .beta1 = 0.9, .beta2 = 0.999, .clip = clip,
                                .step = 3}, .norms = norms};
    struct pair all[5 * TENSORS], outs[OUTS_MAX];
    for (int i = 0; i < TENSORS; i++) {
        struct pair p = twin_floats(t, sizes[i], 1), g = twin_floats(t, sizes[i], 1), m = twin_floats(t, sizes[i], 0.1),
                    v = twin_floats(t, sizes[i], 0), work = twin_numbers(t, sizes[i], 1);
        for (int s = 0; s < SIDES; s++) {
            struct backend *b = twin_side(t, s)->backend;
            if (i == 1 && broken != 0)
                b->ops->upload_f32(b, g.at[s], &broken, 1);
            c.list[s][i] = (struct trained){p.at[s], s == CPU ? p.at[s] : work.at[s], g.at[s], m.at[s], v.at[s], sizes[i]};
        }
        const struct pair own[] = {p, g, m, v, work};
        for (int k = 0; k < 5; k++)
            all[5 * i + k] = own[k];
        if (i < 2) {
            outs[3 * i] = p;
            outs[3 * i + 1] = m;
            outs[3 * i + 2] = v;
        }
    }
    twin_run(t, run_step, &c, outs, 6, EXACT, "AdamW, clip %g%s", clip, broken != 0 ? ", a gradient that is no number" : "");
    float gpu = (float)norms[GPU], cpu = (float)norms[CPU];
    if (broken != 0)
        gpu = (float)isfinite(norms[GPU]) + 1, cpu = 1;
    twin_compare(t, "norm of the gradient", &gpu, &gpu, &cpu, 1, EXACT);
    /* what products read is the master, rounded */
    struct pair work = all[4], master = all[0];
    float *rounded = twin_host(t, GPU, &work), *exact = twin_host(t, GPU, &master);
    if (broken == 0)
        twin_compare(t, "what products read follows the master", rounded, rounded, exact, work.count, 4e-3);
    mem_free(rounded);
    mem_free(exact);
    twin_release(t, all, 5 * TENSORS);
}

/* Tokens that both sides draw. Sums differ by rounding, so the other side may stop a hair before or behind: what the
 * CPU draws there counts as well. */
static void check_draws(struct twin *t, int rows, int vocab, const struct sampling *s, bool equal)
{
    static const double moved[][2] = {{0, 0}, {1e-4, 0}, {-1e-4, 0}, {0, 1e-5}, {0, -1e-5}};
    size_t count = (size_t)rows * (size_t)vocab, n = (size_t)rows;
    float *host = mem_alloc(count * sizeof *host), *gpu = mem_alloc(2 * n * sizeof *gpu), *want = mem_alloc(n * sizeof *want);
    float *uniforms = mem_alloc(n * sizeof *uniforms), *near = mem_alloc(n * sizeof *near);
    int *ids = mem_alloc(n * sizeof *ids);
    for (size_t i = 0; i < count; i++)
        host[i] = equal ? (float)twin_below(t, 9) / 2 : (float)twin_below(t, 1 << 20) * 1e-5F - (float)twin_below(t, 7);
    for (int i = 0; i < rows; i++)
        uniforms[i] = i == 0 ? 0 : i == 1 ? 0.99999994F : (float)twin_below(t, 1 << 24) * 0x1p-24F;
    for (int side = GPU; side >= CPU; side--) {
        struct error err = {0};
        struct backend *b = twin_side(t, side)->backend;
        float *logits = b->ops->alloc_f32(b, count, &err);
        b->ops->upload_f32(b, logits, host, count);
        for (int again = 0; again < 2 && side == GPU; again++) {
            b->ops->sample(b, logits, rows, vocab, s, uniforms, ids);
            b->ops->finish(b, &err);
            for (int i = 0; i < rows; i++)
                gpu[again * rows + i] = (float)ids[i];
        }
        for (size_t k = 0; k < sizeof moved / sizeof *moved && side == CPU; k++) {
            struct sampling other = *s;
            other.top_p = s->top_p < 1 ? s->top_p + moved[k][1] : s->top_p;
            for (int i = 0; i < rows; i++)
                near[i] = fminf(0.99999994F, fmaxf(0, uniforms[i] + (float)moved[k][0]));
            b->ops->sample(b, logits, rows, vocab, &other, near, ids);
            for (int i = 0; i < rows; i++)
                want[i] = k == 0 || (float)ids[i] == gpu[i] ? (float)ids[i] : want[i];
        }
        b->ops->release(b, logits);
    }
    char name[120];
    snprintf(name, sizeof name, "drawing from %d rows of %d%s, temperature %g, top-p %g, min-p %g", rows, vocab,
             equal ? ", many equal" : "", s->temperature, s->top_p, s->min_p);
    twin_compare(t, name, gpu, gpu + rows, want, n, 0);
    float *all[] = {host, gpu, want, uniforms, near};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        mem_free(all[i]);
    mem_free(ids);
}

static void check_sampling(struct twin *t)
{
    static const struct sampling kinds[] = {{0, 1, 0},   {1, 1, 0},    {0.7, 0.9, 0}, {1, 0, 0},
                                            {1, 0.5, 0.02}, {1.5, 1, 0.05}, {1, 0.999999, 0}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        check_draws(t, 9, 1003, &kinds[i], false);
        check_draws(t, 9, 1003, &kinds[i], true);
        check_draws(t, 3, 5, &kinds[i], true);
        if (twin_large(t))
            check_draws(t, 256, 151936, &kinds[i], false);
    }
}

void twin_losses(struct twin *t)
{
    check_sampling(t);
    static const size_t small[] = {9001, 13, 257}, large[] = {10000001, 13, 65536};
    check_loss(t, 7, 1031, 3);
    check_loss(t, 2, 40, 90); /* far apart */
    check_step(t, small, 0, 0);
    check_step(t, small, 1, 0);
    check_step(t, small, 1, NAN);
    check_step(t, small, 1, INFINITY);
    if (!twin_large(t))
        return;
    check_loss(t, 512, 151936, 3);
    check_step(t, large, 1, 0);
}
