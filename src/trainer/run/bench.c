/*
 * hinge-train bench: what this machine does on a model. The rate of one large product first; then tokens a
 * second forward, of a whole training step, and of generating, each also as a share of that rate. Tokens are
 * random: the time does not depend on them.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "trainer/model/decode.h"
#include "trainer/model/head.h"
#include "trainer/run/commands.h"
#include "trainer/run/fit.h"
#include "trainer/tensor/rng.h"

const struct option_spec bench_options[] = {
    SESSION_OPTIONS,
    {"init", "model|random", "model", "measure the model's weights, or random ones of its config.json"},
    {"rank", "N", "256", "LoRA rank of the training step"},
    {"row-tokens", "N", "1024", "tokens of a sequence"},
    {"batch", "N", "16", "sequences that are generated at once"},
    {"seconds", "X", "2", "least time each measurement takes"},
    {"seed", "N", "0", "of random weights and tokens"},
    {0},
};

enum { SIDE = 2048, DECODED = 16 };

struct measured {
    struct session session;
    struct lora_options lora;
    struct params params;
    int rows, sequences, seed;
    double seconds, rate; /* rate: of the large product, operations a second */
    int *ids, *positions, *slots, *targets;
    float *weights;
    struct segment segment;
    struct batch batch;
    struct pass *pass;
    struct head *head;
    struct decoder *decoder;
    struct optimizer *optimizer;
    real *a, *b, *c; /* the large product's */
    int step, failed;
    struct error err;
};

/* What was begun is done. A failure shows again in the call after the measurements. */
static void finish(struct measured *t)
{
    struct backend *b = t->session.backend;
    if (t->failed == 0)
        t->failed = b->ops->finish(b, &t->err);
}

/* Seconds that one call of work takes: the mean over as many as fill the time. */
static double time_of(struct measured *t, void (*work)(struct measured *t))
{
    int calls = 0;
    work(t); /* memory is touched once before it counts */
    finish(t);
    int64_t start = clock_mono_ms(), now = start;
    while ((double)(now - start) < 1000 * t->seconds || now == start) {
        work(t);
        calls++;
        finish(t);
        now = clock_mono_ms();
    }
    return (double)(now - start) / 1000 / calls;
}

static void multiply(struct measured *t)
{
    struct backend *b = t->session.backend;
    b->ops->matmul(b,
                   &(struct matmul){.tb = true, .m = SIDE, .n = SIDE, .k = SIDE, .alpha = 1, .lda = SIDE,
                                    .ldb = SIDE, .ldc = SIDE},
                   t->a, t->b, t->c);
}

static void forward(struct measured *t)
{
    const real *hidden = pass_forward(t->pass, &t->batch, NULL, NULL);
    head_loss(t->head, hidden, t->positions, t->targets, t->weights, t->rows, NULL, &(struct loss_out){0});
}

static void train(struct measured *t)
{
    optimizer_zero_grads(t->optimizer);
    const real *hidden = pass_forward(t->pass, &t->batch, NULL, NULL);
    head_loss(t->head, hidden, t->positions, t->targets, t->weights, t->rows, pass_hidden_grad(t->pass),
              &(struct loss_out){0});
    pass_backward(t->pass);
    double norm;
    optimizer_step(t->optimizer, 1e-6, 0, 1, ++t->step, &norm);
}

/* A token of every sequence at the end of row-tokens tokens; what stands in the caches costs the same. */
static void decode(struct measured *t)
{
    int positions[HEAD_CHUNK];
    for (int i = 0; i < DECODED; i++) {
        for (int k = 0; k < t->sequences; k++)
            positions[k] = t->rows - DECODED + i;
        decoder_step(t->decoder, t->slots, t->ids, positions, t->sequences);
    }
}

static int open_machinery(struct measured *t, struct error *err)
{
    struct model *m = t->session.model;
    struct backend *b = t->session.backend;
    size_t side = SIDE;
    t->pass = pass_new(m, t->rows, PASS_KEEP, err);
    t->head = t->pass ? head_new(m, true, err) : NULL;
    t->decoder = t->head ? decoder_new(m, t->sequences, t->rows, t->sequences, err) : NULL;
    t->optimizer = t->decoder ? optimizer_new(b, &t->params, err) : NULL;
    return t->optimizer && (t->a = b->ops->alloc(b, side * side, err)) &&
                   (t->b = b->ops->alloc(b, side * side, err)) && (t->c = b->ops->alloc(b, side * side, err))
               ? 0
               : -1;
}

static void make_tokens(struct measured *t)
{
    struct rng rng;
    int most = t->rows > t->sequences ? t->rows : t->sequences;
    size_t count = (size_t)most + 1;
    rng_seed(&rng, (uint64_t)t->seed, 3);
    t->ids = mem_alloc(count * sizeof *t->ids);
    t->positions = mem_alloc(count * sizeof *t->positions);
    t->slots = mem_alloc(count * sizeof *t->slots);
    t->weights = mem_alloc(count * sizeof *t->weights);
    for (int i = 0; i <= most; i++) {
        t->ids[i] = (int)rng_below(&rng, (uint32_t)t->session.model->config.vocab);
        t->positions[i] = t->slots[i] = i;
        t->weights[i] = 1.0F / (float)t->rows;
    }
    t->targets = t->ids + 1;
    t->segment = (struct segment){.len = t->rows};
    t->batch = (struct batch){t->rows, t->ids, t->positions, &t->segment, 1};
}

static void say(const struct measured *t, const char *what, double seconds, double tokens, double operations)
{
    printf("%-10s %10.1f tokens/s %8.1f GFLOP/s %5.0f %% of the product's\n", what, tokens / seconds,
           operations / seconds * 1e-9, 100 * operations / seconds / t->rate);
}

/* Operations of a forward pass of rows tokens that attend to pairs, the head at each. */
static double forward_operations(const struct measured *t, double rows, double pairs)
{
    struct loss_sums sums = {.rows = (size_t)rows, .all_count = (size_t)rows, .pairs = pairs};
    const struct model *m = t->session.model;
    double adapters = 0;
    for (size_t i = 0; i < t->params.count; i++)
        adapters += (double)t->params.items[i].count;
    double step = metrics_flops(m, false, &sums) - 6 * rows * adapters; /* forward and backward, frozen */
    double attention = 4 * pairs * m->config.layers * m->config.q_heads * m->config.head_dim;
    return (step - 3 * attention) / 2 + attention + 2 * rows * adapters;
}

static void measure(struct measured *t)
{
    double rows = t->rows, pairs = rows * (rows + 1) / 2, n = (double)t->sequences * DECODED;
    double seconds = time_of(t, multiply), product = 2.0 * SIDE * SIDE * SIDE;
    t->rate = product / seconds;
    printf("%s, %d threads: %.1f GFLOP/s (product of two matrices of side %d)\n", t->session.backend->name,
           t->session.backend->threads, t->rate * 1e-9, SIDE);
    say(t, "forward", time_of(t, forward), rows, forward_operations(t, rows, pairs));
    struct loss_sums sums = {.rows = (size_t)t->rows, .all_count = (size_t)t->rows, .pairs = pairs};
    say(t, "training", time_of(t, train), rows, metrics_flops(t->session.model, false, &sums));
    double head = 2 * n * t->session.model->config.hidden * t->session.model->config.vocab;
    say(t, "decoding", time_of(t, decode), n, forward_operations(t, n, n * rows) - head);
    printf("memory     %10.2f GB at most\n", (double)t->session.backend->peak * 1e-9);
}

static int read_numbers(const struct options *o, struct measured *t, struct error *err)
{
    t->lora.alpha = 32;
    return option_int(o, "rank", 1, 4096, &t->lora.rank, err) == 0 &&
                   option_int(o, "row-tokens", DECODED, 1 << 20, &t->rows, err) == 0 &&
                   option_int(o, "batch", 1, HEAD_CHUNK, &t->sequences, err) == 0 &&
                   option_int(o, "seed", 0, 1 << 30, &t->seed, err) == 0 &&
                   option_real(o, "seconds", 0, 600, &t->seconds, err) == 0 &&
                   lora_parse_targets("all", t->lora.targets, err) == 0
               ? 0
               : -1;
}

static void measured_free(struct measured *t)
{
    struct backend *b = t->session.backend;
    optimizer_free(t->optimizer);
    decoder_free(t->decoder);
    head_free(t->head);
    pass_free(t->pass);
    params_free(&t->params);
    real *all[] = {t->a, t->b, t->c};
    for (size_t i = 0; b && i < sizeof all / sizeof *all; i++)
        b->ops->release(b, all[i]);
    mem_free(t->ids);
    mem_free(t->positions);
    mem_free(t->slots);
    mem_free(t->weights);
    session_close(&t->session);
}

int run_bench(const struct options *o, struct error *err)
{
    struct measured t = {0};
    int result = -1;
    if (read_numbers(o, &t, err) == 0 && session_open_model(o, &t.session, err) == 0 &&
        lora_attach(t.session.model, &t.lora, (uint64_t)t.seed, &t.params, err) == 0 &&
        open_machinery(&t, err) == 0) {
        make_tokens(&t);
        measure(&t);
        result = t.failed == 0 ? 0 : error_set(err, t.err.code, "%s", t.err.text);
    }
    measured_free(&t);
    return result;
}
