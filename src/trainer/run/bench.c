/*
 * hinge-train bench: what this machine does on a model. The rate of one large product first; then tokens a
 * second forward, of a whole training step, and of generating, each also as a share of that rate. Tokens are
 * random: the time does not depend on them. The step is over plain sequences, or over pairs of branches behind
 * a prefix they share; then the same pairs are trained as plain sequences too.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
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
    {"pair", "P,A,B", NULL, "train on pairs: tokens of the prefix and of the two branches"},
    {"pairs", "N", "1", "pairs of a step"},
    {"recompute", "on|off", "off", "compute layers twice instead of keeping activations"},
    {"json", NULL, NULL, "print JSON"},
    {"batch", "N", "16", "sequences that are generated at once"},
    {"seconds", "X", "2", "least time each measurement takes"},
    {"seed", "N", "0", "of random weights and tokens"},
    {0},
};

enum { SIDE = 2048, SIDE_GPU = 8192, DECODED = 16, PAIRS_MAX = 64, PARTS = 4 };

struct measured {
    struct session session;
    struct lora_options lora;
    struct params params;
    int rows, sequences, seed, side;
    int pair[3], pairs;   /* prefix and branches; pairs 0: plain sequences */
    double seconds, rate; /* rate: of the large product, operations a second */
    int *ids, *positions, *slots;
    int *asked, *targets; /* rows that are trained, and what they should say */
    int asked_count;
    float *weights;
    struct segment segments[PARTS * PAIRS_MAX];
    struct batch batch;
    struct json *json; /* NULL: told in words */
    struct pass *pass;
    struct head *head;
    struct decoder *decoder;
    struct optimizer *optimizer;
    real *a, *b, *c; /* the large product's */
    int step, failed;
    bool twice;
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
                   &(struct matmul){.tb = true, .m = t->side, .n = t->side, .k = t->side, .alpha = 1,
                                    .lda = t->side, .ldb = t->side, .ldc = t->side},
                   t->a, t->b, t->c);
}

static void forward(struct measured *t)
{
    const real *hidden = pass_forward(t->pass, &t->batch, NULL, NULL);
    head_loss(t->head, hidden, t->asked, t->targets, t->weights, t->asked_count, NULL, &(struct loss_out){0});
}

static void train(struct measured *t)
{
    optimizer_zero_grads(t->optimizer);
    const real *hidden = pass_forward(t->pass, &t->batch, NULL, NULL);
    head_loss(t->head, hidden, t->asked, t->targets, t->weights, t->asked_count, pass_hidden_grad(t->pass),
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

/* Tokens of a step: of pairs that share nothing it is most. */
static int most_rows(const struct measured *t)
{
    return t->pairs ? t->pairs * (2 * t->pair[0] + t->pair[1] + t->pair[2]) : t->rows;
}

static int open_machinery(struct measured *t, struct error *err)
{
    struct model *m = t->session.model;
    struct backend *b = t->session.backend;
    t->side = b->real_bytes == sizeof(float) ? SIDE : SIDE_GPU;
    size_t side = (size_t)t->side;
    t->pass = pass_new(m, most_rows(t), t->twice ? PASS_CHECKPOINT : PASS_KEEP, err);
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
    int most = most_rows(t) > t->sequences ? most_rows(t) : t->sequences;
    size_t count = (size_t)most + 1;
    rng_seed(&rng, (uint64_t)t->seed, 3);
    t->ids = mem_alloc(count * sizeof *t->ids);
    t->positions = mem_alloc(count * sizeof *t->positions);
    t->slots = mem_alloc(count * sizeof *t->slots);
    t->weights = mem_alloc(count * sizeof *t->weights);
    t->asked = mem_alloc(count * sizeof *t->asked);
    t->targets = mem_alloc(count * sizeof *t->targets);
    for (int i = 0; i <= most; i++) {
        t->ids[i] = (int)rng_below(&rng, (uint32_t)t->session.model->config.vocab);
        t->slots[i] = i;
        t->weights[i] = 1.0F / (float)most;
    }
}

/* Appends len rows that see ctx_len rows from ctx_start on and themselves; trained from row on. */
static void add_segment(struct measured *t, int len, int ctx_start, int ctx_len, int trained)
{
    struct batch *b = &t->batch;
    t->segments[b->segment_count++] = (struct segment){b->rows, len, ctx_start, ctx_len};
    for (int i = 0; i < len; i++) {
        int row = b->rows + i;
        t->positions[row] = ctx_len + i;
        if (i < trained)
            continue;
        t->asked[t->asked_count] = row;
        t->targets[t->asked_count++] = t->ids[row + 1];
    }
    b->rows += len;
}

/* One sequence, or pairs that share their prefix or do not. */
static void lay_out(struct measured *t, bool share)
{
    const int *p = t->pair;
    t->batch = (struct batch){.ids = t->ids, .positions = t->positions, .segments = t->segments};
    t->asked_count = 0;
    if (!t->pairs)
        add_segment(t, t->rows, 0, 0, 0);
    for (int i = 0; i < t->pairs; i++) {
        int base = t->batch.rows;
        if (share)
            add_segment(t, p[0], 0, 0, p[0]);
        for (int k = 1; k < 3; k++) {
            if (share)
                add_segment(t, p[k], base, p[0], 0);
            else
                add_segment(t, p[0] + p[k], 0, 0, p[0]);
        }
    }
}

/* pairs: 0 where the tokens are none of pairs. */
static void say(const struct measured *t, const char *what, double seconds, double tokens, double operations, int pairs)
{
    if (!t->json) {
        printf("%-10s %10.1f tokens/s %8.1f GFLOP/s %5.0f %% of the product's\n", what, tokens / seconds,
               operations / seconds * 1e-9, 100 * operations / seconds / t->rate);
        if (pairs)
            printf("%-10s %10.2f pairs/s\n", "", pairs / seconds);
        return;
    }
    struct json *o = json_new_object();
    json_set_number(o, "seconds", seconds);
    json_set_number(o, "tokens_per_second", tokens / seconds);
    json_set_number(o, "flops_per_second", operations / seconds);
    json_set_number(o, "share_of_product", operations / seconds / t->rate);
    if (pairs)
        json_set_number(o, "pairs_per_second", pairs / seconds);
    json_set(t->json, what, o);
}

/* What a batch asks for, as metrics.jsonl counts it. */
static struct loss_sums sums_of(const struct measured *t)
{
    struct loss_sums sums = {.rows = (size_t)t->batch.rows, .all_count = (size_t)t->asked_count};
    for (int i = 0; i < t->batch.segment_count; i++) {
        double len = t->segments[i].len;
        sums.pairs += len * (t->segments[i].ctx_len + (len + 1) / 2);
    }
    return sums;
}

/* Operations of a forward pass of the rows of sums, the head at each that is asked. */
static double forward_operations(const struct measured *t, const struct loss_sums *sums)
{
    const struct model *m = t->session.model;
    double adapters = 0, rows = (double)sums->rows;
    for (size_t i = 0; i < t->params.count; i++)
        adapters += (double)t->params.items[i].count;
    double step = metrics_flops(m, false, sums) - 6 * rows * adapters; /* forward and backward, frozen */
    double attention = 4 * sums->pairs * m->config.layers * m->config.q_heads * m->config.head_dim;
    return (step - 3 * attention) / 2 + attention + 2 * rows * adapters;
}

/* Forward and a step; of pairs also without sharing, which is then what the same pairs cost otherwise. */
static void measure_training(struct measured *t)
{
    for (int share = 1; share >= 0; share--) {
        lay_out(t, share);
        struct loss_sums sums = sums_of(t);
        double rows = t->batch.rows;
        if (share)
            say(t, "forward", time_of(t, forward), rows, forward_operations(t, &sums), t->pairs);
        double seconds = time_of(t, train);
        say(t, share ? "training" : "unshared", seconds, rows, metrics_flops(t->session.model, false, &sums),
            t->pairs);
        if (!t->pairs)
            return;
    }
}

static void measure(struct measured *t)
{
    double n = (double)t->sequences * DECODED, side = t->side;
    struct backend *b = t->session.backend;
    t->rate = 2 * side * side * side / time_of(t, multiply);
    if (t->json) {
        json_set_string(t->json, "device", b->name);
        json_set_number(t->json, "product_flops_per_second", t->rate);
    } else {
        printf("%s, %d threads: %.1f GFLOP/s (product of two matrices of side %d)\n", b->name, b->threads, t->rate * 1e-9,
               t->side);
    }
    measure_training(t);
    struct loss_sums decoded = {.rows = (size_t)n, .all_count = (size_t)n, .pairs = n * t->rows};
    say(t, "decoding", time_of(t, decode), n, forward_operations(t, &decoded), 0);
    if (t->json)
        json_set_number(t->json, "bytes", (double)b->peak);
    else
        printf("memory     %10.2f GB at most\n", (double)b->peak * 1e-9);
}

/* P,A,B: three counts of tokens. */
static int read_pair(const struct options *o, struct measured *t, struct error *err)
{
    const char *text = option(o, "pair");
    int used = 0, *p = t->pair;
    if (!text)
        return 0;
    if (sscanf(text, "%7d,%7d,%7d%n", &p[0], &p[1], &p[2], &used) != 3 || text[used] || p[0] < 1 || p[1] < 1 || p[2] < 1)
        return error_set(err, ERR_USAGE, "--pair is three counts of tokens such as 1000,500,60, not '%.40s'", text);
    return option_int(o, "pairs", 1, PAIRS_MAX, &t->pairs, err);
}

static int read_numbers(const struct options *o, struct measured *t, struct error *err)
{
    t->lora.alpha = 32;
    t->twice = strcmp(option(o, "recompute"), "on") == 0;
    return option_int(o, "rank", 1, 4096, &t->lora.rank, err) == 0 &&
                   option_int(o, "row-tokens", DECODED, 1 << 20, &t->rows, err) == 0 &&
                   option_int(o, "batch", 1, HEAD_CHUNK, &t->sequences, err) == 0 &&
                   option_int(o, "seed", 0, 1 << 30, &t->seed, err) == 0 &&
                   option_real(o, "seconds", 0, 600, &t->seconds, err) == 0 &&
                   lora_parse_targets("all", t->lora.targets, err) == 0 && read_pair(o, t, err) == 0
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
    mem_free(t->asked);
    mem_free(t->targets);
    json_free(t->json);
    session_close(&t->session);
}

static void print(const struct json *j)
{
    struct str text = {0};
    if (!j)
        return;
    json_print(&text, j);
    puts(str_z(&text));
    str_free(&text);
}

int run_bench(const struct options *o, struct error *err)
{
    struct measured t = {0};
    int result = -1;
    if (read_numbers(o, &t, err) == 0 && session_open_model(o, &t.session, err) == 0 &&
        lora_attach(t.session.model, &t.lora, (uint64_t)t.seed, &t.params, err) == 0 &&
        open_machinery(&t, err) == 0) {
        make_tokens(&t);
        t.json = option_flag(o, "json") ? json_new_object() : NULL;
        measure(&t);
        print(t.json);
        result = t.failed == 0 ? 0 : error_set(err, t.err.code, "%s", t.err.text);
    }
    measured_free(&t);
    return result;
}
