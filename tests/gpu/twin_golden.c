/* The golden models on the GPU: logits, losses and gradients of transformers and PEFT, which computed them in fp32. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tests/gpu/twin.h"
#include "tests/trainer/golden.h"
#include "trainer/files/safetensors.h"
#include "trainer/lora/lora.h"
#include "trainer/model/head.h"
#include "trainer/model/pass.h"

enum { FIRST_TRAINED = 5, NAME_MAX_BYTES = 256 };

/* How far transformers and PEFT themselves are from their fp32 in bf16 (PyTorch's autocast on the CPU), on each model:
 * rounding of weights and activations. Nobody who computes in bf16 can be asked for more; a quarter is allowed on top. */
struct known {
    const char *name;
    double logits, losses, grads;
};
static const struct known known[] = {
    {"qwen3", 0.0213, 0.0036, 0.0305}, {"qwen2", 0.0190, 0.0037, 0.0315}, {"llama", 0.0248, 0.0055, 0.0605}};
#define ALLOWED 1.25

struct golden {
    struct twin *twin;
    struct backend *backend;
    const char *name;
    const struct known *known;
    struct model *model;
    struct params params;
    struct weight_set expected;
    int *ids;
    size_t count;
};

static void stop(const struct error *err)
{
    fprintf(stderr, "twin: %s\n", err->text);
    exit(2);
}

static void open_golden(struct golden *g)
{
    char path[4096];
    struct error err = {0};
    struct lora_options lora;
    const char *dir = twin_folder(g->twin);
    snprintf(path, sizeof path, "%s/%s", dir, g->name);
    if (!(g->model = model_load(g->backend, path, &err)))
        stop(&err);
    snprintf(path, sizeof path, "%s/%s/adapter", dir, g->name);
    if (lora_load(g->model, path, &lora, &g->params, &err) != 0)
        stop(&err);
    snprintf(path, sizeof path, "%s/%s/expected.safetensors", dir, g->name);
    if (safetensors_read(path, &g->expected, &err) != 0)
        stop(&err);
    g->ids = golden_ids(&g->expected, "ids", &g->count);
}

static void compare(struct golden *g, const char *what, const char *tensor, const float *got, double off)
{
    char name[NAME_MAX_BYTES];
    size_t count;
    float *want = golden_floats(&g->expected, tensor, &count);
    snprintf(name, sizeof name, "golden %s: %s", g->name, what);
    twin_compare(g->twin, name, got, got, want, count, ALLOWED * off);
    mem_free(want);
}

/* All gradients as one: single tensors may be nothing but rounding. */
static void compare_grads(struct golden *g)
{
    char name[NAME_MAX_BYTES];
    size_t all = 0, at = 0, count;
    for (size_t i = 0; i < g->params.count; i++)
        all += g->params.items[i].count;
    float *got = mem_alloc(all * sizeof *got), *want = mem_alloc(all * sizeof *want);
    for (size_t i = 0; i < g->params.count; i++) {
        const struct param *p = &g->params.items[i];
        snprintf(name, sizeof name, "grad.%s", p->name);
        float *one = golden_floats(&g->expected, name, &count);
        for (size_t k = 0; k < count; k++)
            want[at + k] = one[k];
        g->backend->ops->download_f32(g->backend, got + at, p->grad, p->count);
        at += count;
        mem_free(one);
    }
    snprintf(name, sizeof name, "golden %s: gradients", g->name);
    twin_compare(g->twin, name, got, got, want, all, ALLOWED * g->known->grads);
    mem_free(got);
    mem_free(want);
}

static void run_golden(struct golden *g)
{
    struct error err = {0};
    size_t n = g->count, vocab = (size_t)g->model->config.vocab;
    int *positions = mem_alloc(n * sizeof *positions);
    float *weights = mem_zalloc(n, sizeof *weights), *losses = mem_zalloc(n, sizeof *losses),
          *logits = mem_alloc(n * vocab * sizeof *logits);
    for (size_t i = 0; i < n; i++)
        positions[i] = (int)i;
    for (size_t i = FIRST_TRAINED - 1; i + 1 < n; i++)
        weights[i] = 1.0F / (float)(n - FIRST_TRAINED);
    struct segment segment = {.len = (int)n};
    struct batch batch = {(int)n, g->ids, positions, &segment, 1};
    struct pass *pass = pass_new(g->model, (int)n, PASS_KEEP, &err);
    struct head *head = pass ? head_new(g->model, true, &err) : NULL;
    if (!head)
        stop(&err);
    const real *hidden = pass_forward(pass, &batch, NULL, NULL);
    head_logits(head, hidden, positions, (int)n, logits);
    head_loss(head, hidden, positions, g->ids + 1, weights, (int)n - 1, pass_hidden_grad(pass),
              &(struct loss_out){.loss = losses});
    pass_backward(pass);
    if (g->backend->ops->finish(g->backend, &err) != 0)
        stop(&err);
    compare(g, "logits", "logits", logits, g->known->logits);
    compare(g, "losses", "losses", losses, g->known->losses);
    compare_grads(g);
    head_free(head);
    pass_free(pass);
    mem_free(positions);
    mem_free(weights);
    mem_free(losses);
    mem_free(logits);
}

void twin_golden(struct twin *t)
{
    for (size_t i = 0; twin_folder(t) && i < sizeof known / sizeof *known; i++) {
        struct golden g = {.twin = t, .backend = twin_side(t, GPU)->backend, .name = known[i].name, .known = &known[i]};
        open_golden(&g);
        run_golden(&g);
        params_free(&g.params);
        model_free(g.model);
        weights_free(&g.expected);
        mem_free(g.ids);
    }
}
