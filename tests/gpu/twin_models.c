/* Whole models with adapters: a forward pass, the loss and every gradient, the step, and decoding. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/gpu/twin.h"
#include "trainer/lora/lora.h"
#include "trainer/model/decode.h"
#include "trainer/model/head.h"
#include "trainer/optimizer/optimizer.h"

enum { TOKENS = 90, PREFIX = 40, STEPS = 3 };
#define MODEL_NEAR 2e-2 /* bf16 all the way through layers: each rounds to 3 digits */

struct model_side {
    struct model *model;
    struct params params;
    struct lora_options lora;
    struct pass *pass;
    struct head *head;
    struct optimizer *optimizer;
    float losses[STEPS][TOKENS], logits_sum;
    double norms[STEPS];
};

static void open_side(struct model_side *m, struct backend *b, const struct model_config *c, bool full, int kept)
{
    struct error err = {0};
    m->model = model_random(b, c, 11, &err);
    m->lora = (struct lora_options){.rank = 8, .alpha = 16};
    bool good = m->model && lora_parse_targets("all", m->lora.targets, &err) == 0 &&
                (full ? model_train_all(m->model, &m->params, &err)
                      : lora_attach(m->model, &m->lora, 3, &m->params, &err)) == 0 &&
                (m->pass = pass_new(m->model, TOKENS, kept, &err)) && (m->head = head_new(m->model, true, &err)) &&
                (m->optimizer = optimizer_new(b, &m->params, &err));
    if (good)
        return;
    fprintf(stderr, "twin: %s\n", err.text);
    exit(2);
}

static void close_side(struct model_side *m)
{
    optimizer_free(m->optimizer);
    head_free(m->head);
    pass_free(m->pass);
    params_free(&m->params);
    model_free(m->model);
}

/* A step on a shared prefix and two branches; what the last row of each says is trained. */
static void train(struct model_side *m, struct backend *b, int step, const int *ids)
{
    static const struct segment segments[] = {{0, PREFIX, 0, 0}, {PREFIX, 20, 0, PREFIX}, {PREFIX + 20, 30, 0, PREFIX}};
    int positions[TOKENS], rows[TOKENS];
    float weights[TOKENS];
    struct error err = {0};
    for (int i = 0; i < TOKENS; i++) {
        positions[i] = i < PREFIX + 20 ? i : i - 20;
        rows[i] = i == 0 ? PREFIX - 1 : i; /* one row is asked twice */
        weights[i] = i % 3 ? 1.0F / TOKENS : 0;
    }
    struct batch batch = {TOKENS, ids, positions, segments, 3};
    optimizer_zero_grads(m->optimizer);
    const real *hidden = pass_forward(m->pass, &batch, NULL, NULL);
    head_loss(m->head, hidden, rows, ids + 1, weights, TOKENS, pass_hidden_grad(m->pass),
              &(struct loss_out){.loss = m->losses[step]});
    pass_backward(m->pass);
    if (step + 1 < STEPS)
        optimizer_step(m->optimizer, 1e-3, 0, 1, step + 1, &m->norms[step]);
    if (b->ops->finish(b, &err) != 0)
        fprintf(stderr, "twin: %s\n", err.text);
}

static float *grads_of(const struct model_side *m, struct backend *b, size_t *count)
{
    size_t n = 0;
    *count = 0;
    for (size_t i = 0; i < m->params.count; i++)
        *count += m->params.items[i].count;
    float *all = mem_alloc((*count + 1) * sizeof *all);
    for (size_t i = 0; i < m->params.count; i++) {
        b->ops->download_f32(b, all + n, m->params.items[i].grad, m->params.items[i].count);
        n += m->params.items[i].count;
    }
    return all;
}

static void compare(struct twin *t, const char *model, const char *what, const float *gpu, const float *cpu, size_t count)
{
    char name[96];
    snprintf(name, sizeof name, "%s: %s", model, what);
    twin_compare(t, name, gpu, gpu, cpu, count, MODEL_NEAR);
}

/* kept: layers that keep their activations on the GPU; the others are computed again there. */
static void check(struct twin *t, const char *name, const struct model_config *c, bool full, int kept)
{
    struct model_side *sides = mem_zalloc(SIDES, sizeof *sides);
    float *first[SIDES], *last[SIDES];
    int ids[TOKENS + 1];
    size_t count = 0;
    for (int i = 0; i <= TOKENS; i++)
        ids[i] = twin_below(t, c->vocab);
    for (int s = 0; s < SIDES; s++) {
        struct backend *b = twin_side(t, s)->backend;
        open_side(&sides[s], b, c, full, s == GPU ? kept : PASS_KEEP);
        for (int step = 0; step < STEPS; step++) {
            train(&sides[s], b, step, ids);
            if (step == 0)
                first[s] = grads_of(&sides[s], b, &count);
        }
        last[s] = grads_of(&sides[s], b, &count);
    }
    compare(t, name, "losses", sides[GPU].losses[0], sides[CPU].losses[0], TOKENS);
    compare(t, name, "gradients", first[GPU], first[CPU], count);
    compare(t, name, "losses after two steps", sides[GPU].losses[STEPS - 1], sides[CPU].losses[STEPS - 1], TOKENS);
    for (int s = 0; s < SIDES; s++) {
        mem_free(first[s]);
        mem_free(last[s]);
        close_side(&sides[s]);
    }
    mem_free(sides);
}

/* Logits of tokens that are decoded one by one. */
static float *decode(struct twin *t, int side, const struct model_config *c, const int *ids, int tokens)
{
    struct error err = {0};
    struct backend *b = twin_side(t, side)->backend;
    struct model *m = model_random(b, c, 11, &err);
    struct head *head = m ? head_new(m, false, &err) : NULL;
    struct decoder_size size = {.rows = 2, .tokens = tokens, .pages = 4};
    struct decoder *d = head ? decoder_new(m, &size, &err) : NULL;
    struct page_table tables[2] = {0};
    size_t vocab = (size_t)c->vocab;
    float *logits = mem_alloc((size_t)tokens * 2 * vocab * sizeof *logits);
    if (!d) {
        fprintf(stderr, "twin: %s\n", err.text);
        exit(2);
    }
    for (int i = 0; i < tokens; i++) {
        table_grow(decoder_pages(d), &tables[0], i + 1);
        table_grow(decoder_pages(d), &tables[1], i + 1);
        struct step s = {2, (int[]){ids[i], ids[i + 1]}, (int[]){i, i}, (const struct page_table *[]){&tables[0], &tables[1]}};
        const real *hidden = decoder_step(d, &s);
        head_logits(head, hidden, (int[]){0, 1}, 2, logits + (size_t)i * 2 * vocab);
    }
    table_release(decoder_pages(d), &tables[0]);
    table_release(decoder_pages(d), &tables[1]);
    decoder_free(d);
    head_free(head);
    model_free(m);
    return logits;
}

static void check_decoding(struct twin *t, const char *name, const struct model_config *c)
{
    enum { DECODED = 20 };
    int ids[DECODED + 1];
    for (int i = 0; i <= DECODED; i++)
        ids[i] = twin_below(t, c->vocab);
    float *gpu = decode(t, GPU, c, ids, DECODED), *cpu = decode(t, CPU, c, ids, DECODED);
    compare(t, name, "logits of decoded tokens", gpu, cpu, (size_t)2 * DECODED * (size_t)c->vocab);
    mem_free(gpu);
    mem_free(cpu);
}

void twin_models(struct twin *t)
{
    const struct model_config qwen3 = {.family = "qwen3", .vocab = 211, .hidden = 48, .layers = 2, .q_heads = 4,
                                       .kv_heads = 2, .head_dim = 16, .ffn = 80, .max_positions = 256, .eps = 1e-6F,
                                       .rope_theta = 10000, .rope_linear = 1, .qk_norm = true, .tied = true};
    struct model_config qwen2 = qwen3;
    snprintf(qwen2.family, sizeof qwen2.family, "qwen2");
    qwen2.qk_norm = false;
    qwen2.qkv_bias = true;
    qwen2.tied = false;
    check(t, "qwen3, LoRA", &qwen3, false, PASS_KEEP);
    check(t, "qwen3, LoRA, a layer computed again", &qwen3, false, PASS_CHECKPOINT);
    check(t, "qwen3, all weights", &qwen3, true, PASS_KEEP);
    check(t, "qwen2, LoRA", &qwen2, false, PASS_KEEP);
    check(t, "qwen2, LoRA, a layer computed again", &qwen2, false, PASS_CHECKPOINT);
    check(t, "qwen2, all weights", &qwen2, true, PASS_KEEP);
    check_decoding(t, "qwen3", &qwen3);
    check_decoding(t, "qwen2", &qwen2);
    if (!twin_large(t))
        return;
    const struct model_config wide = {.family = "qwen3", .vocab = 32003, .hidden = 1024, .layers = 4, .q_heads = 16,
                                      .kv_heads = 8, .head_dim = 128, .ffn = 3072, .max_positions = 4096, .eps = 1e-6F,
                                      .rope_theta = 1000000, .rope_linear = 1, .qk_norm = true, .tied = true};
    check(t, "four layers of Qwen3 0.6B, LoRA", &wide, false, PASS_KEEP);
    check_decoding(t, "four layers of Qwen3 0.6B", &wide);
}
