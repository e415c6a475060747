/* How much memory a pass takes, and that it changes no result: whatever number of layers keeps its activations. */
#include <string.h>

#include "base/mem.h"
#include "tests/support/suite.h"
#include "trainer/lora/lora.h"
#include "trainer/model/head.h"
#include "trainer/model/pass.h"
#include "trainer/tensor/rng.h"

enum { TOKENS = 33, LAYERS = 5, VOCAB = 50, RANK = 3 };

/* A small random model with an adapter that trains, and its gradients. */
struct trial {
    struct backend *backend;
    struct model *model;
    struct params params;
    struct head *head;
    int ids[TOKENS + 1], positions[TOKENS], rows[TOKENS];
    float weights[TOKENS], losses[TOKENS];
};

static void trial_open(struct trial *t, bool qk_norm)
{
    struct error err = {0};
    struct model_config c = {
        .layers = LAYERS, .hidden = 24, .ffn = 40, .q_heads = 4, .kv_heads = 2, .head_dim = 8, .vocab = VOCAB,
        .max_positions = 64, .eps = 1e-6F, .rope_theta = 10000, .rope_linear = 1, .tied = true, .qk_norm = qk_norm,
    };
    struct lora_options lora = {.rank = RANK, .alpha = 6};
    struct rng rng;
    *t = (struct trial){.backend = cpu_backend_new(2)};
    t->model = model_random(t->backend, &c, 1, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t->model);
    CU_ASSERT_EQUAL_FATAL(lora_parse_targets("all", lora.targets, &err), 0);
    CU_ASSERT_EQUAL_FATAL(lora_attach(t->model, &lora, 2, &t->params, &err), 0);
    rng_seed(&rng, 3, 3);
    for (size_t i = 0; i < t->params.count; i++) { /* B, too, is not zero: all gradients matter */
        struct param *p = &t->params.items[i];
        for (size_t k = 0; k < p->count; k++)
            p->value[k] = 0.1F * (float)rng_normal(&rng);
    }
    for (int i = 0; i < TOKENS; i++) {
        t->ids[i] = (int)rng_below(&rng, VOCAB);
        t->positions[i] = t->rows[i] = i;
        t->weights[i] = 0.02F;
    }
    t->head = head_new(t->model, true, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t->head);
}

static void trial_close(struct trial *t)
{
    head_free(t->head);
    params_free(&t->params);
    model_free(t->model);
    CU_ASSERT_EQUAL(t->backend->bytes, 0);
    cpu_backend_free(t->backend);
}

/* All gradients one after the other, with so many layers kept; the caller frees. */
static float *gradients(struct trial *t, int kept, size_t *count)
{
    struct error err = {0};
    size_t before = t->backend->bytes;
    struct segment whole = {.len = TOKENS};
    struct batch batch = {TOKENS, t->ids, t->positions, &whole, 1};
    struct pass *p = pass_new(t->model, TOKENS, kept, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    double planned = pass_bytes(t->model, TOKENS, kept), took = (double)(t->backend->bytes - before);
    if (took != planned)
        printf("%d layers kept: %.0f bytes planned, %.0f taken\n", kept, planned, took);
    CU_ASSERT_EQUAL(took, planned);
    *count = 0;
    for (size_t i = 0; i < t->params.count; i++) {
        t->backend->ops->zero_f32(t->backend, t->params.items[i].grad, t->params.items[i].count);
        *count += t->params.items[i].count;
    }
    const real *hidden = pass_forward(p, &batch, NULL, NULL);
    head_loss(t->head, hidden, t->rows, t->ids + 1, t->weights, TOKENS - 1, pass_hidden_grad(p),
              &(struct loss_out){.loss = t->losses});
    pass_backward(p);
    float *all = mem_alloc(*count * sizeof *all), *to = all;
    for (size_t i = 0; i < t->params.count; to += t->params.items[i++].count)
        memcpy(to, t->params.items[i].grad, t->params.items[i].count * sizeof *to);
    pass_free(p);
    return all;
}

static void any_number_of_kept_layers_gives_the_same_bits(void)
{
    for (int qk_norm = 0; qk_norm < 2; qk_norm++) {
        struct trial t;
        size_t count;
        trial_open(&t, qk_norm);
        float *whole = gradients(&t, PASS_KEEP, &count);
        double less = pass_bytes(t.model, TOKENS, PASS_KEEP);
        for (int kept = LAYERS - 1; kept > 0; kept--) {
            float *some = gradients(&t, kept, &count);
            CU_ASSERT_EQUAL(memcmp(some, whole, count * sizeof *some), 0);
            CU_ASSERT(pass_bytes(t.model, TOKENS, kept) < less);
            less = pass_bytes(t.model, TOKENS, kept);
            CU_ASSERT_EQUAL(pass_again(t.model, kept), LAYERS - kept);
            mem_free(some);
        }
        mem_free(whole);
        trial_close(&t);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"any number of kept layers gives the same bits", any_number_of_kept_layers_gives_the_same_bits},
        {NULL, NULL},
    };
    return suite_run("trainer: memory", tests, argc, argv);
}
