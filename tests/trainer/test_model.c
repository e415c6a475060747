/* The whole model against transformers and PEFT on tiny random models (tests/golden/make.py). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "tests/trainer/golden.h"
#include "trainer/data/pack.h"
#include "trainer/files/gguf_write.h"
#include "trainer/files/safetensors.h"
#include "trainer/lora/lora.h"
#include "trainer/model/decode.h"
#include "trainer/model/head.h"
#include "trainer/model/pass.h"
#include "trainer/tensor/rng.h"

enum { FIRST_TRAINED = 5 };
#define TOLERANCE 1e-5

static const char *const names[] = {"qwen3", "qwen2", "llama"};

/* One golden model with its adapter ready to train, and a pass over its ids. */
struct bench {
    struct backend *backend;
    struct model *model;
    struct lora_options lora;
    struct params params;
    struct weight_set expected;
    int *ids, *positions, *rows;
    float *weights;
    size_t count;
    struct segment segment;
    struct batch batch;
    struct pass *pass;
    struct head *head;
};

static void bench_open(struct bench *t, const char *name, int kind)
{
    struct error err = {0};
    char path[512];
    *t = (struct bench){.backend = cpu_backend_new(2)};
    snprintf(path, sizeof path, GOLDEN "/%s", name);
    t->model = model_load(t->backend, path, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t->model);
    snprintf(path, sizeof path, GOLDEN "/%s/adapter", name);
    CU_ASSERT_EQUAL_FATAL(lora_load(t->model, path, &t->lora, &t->params, &err), 0);
    snprintf(path, sizeof path, GOLDEN "/%s/expected.safetensors", name);
    CU_ASSERT_EQUAL_FATAL(safetensors_read(path, &t->expected, &err), 0);
    t->ids = golden_ids(&t->expected, "ids", &t->count);
    t->positions = mem_alloc(t->count * sizeof *t->positions);
    t->rows = mem_alloc(t->count * sizeof *t->rows);
    t->weights = mem_zalloc(t->count, sizeof *t->weights);
    for (size_t i = 0; i < t->count; i++)
        t->positions[i] = t->rows[i] = (int)i;
    for (size_t i = FIRST_TRAINED - 1; i + 1 < t->count; i++)
        t->weights[i] = 1.0F / (float)(t->count - FIRST_TRAINED);
    t->segment = (struct segment){.len = (int)t->count};
    t->batch = (struct batch){(int)t->count, t->ids, t->positions, &t->segment, 1};
    t->pass = pass_new(t->model, (int)t->count, kind, &err);
    t->head = head_new(t->model, true, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t->pass);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t->head);
}

static void bench_close(struct bench *t)
{
    pass_free(t->pass);
    head_free(t->head);
    params_free(&t->params);
    weights_free(&t->expected);
    model_free(t->model);
    CU_ASSERT_EQUAL(t->backend->bytes, 0); /* all memory came back */
    cpu_backend_free(t->backend);
    mem_free(t->ids);
    mem_free(t->positions);
    mem_free(t->rows);
    mem_free(t->weights);
}

/* Forward, loss and gradients of the mean over trained tokens; returns that mean. */
static double step(struct bench *t, float *losses)
{
    const real *hidden = pass_forward(t->pass, &t->batch, NULL, NULL);
    for (size_t i = 0; i < t->params.count; i++)
        t->backend->ops->zero(t->backend, t->params.items[i].grad, t->params.items[i].count);
    head_loss(t->head, hidden, t->rows, t->ids + 1, t->weights, (int)t->count - 1,
              pass_hidden_grad(t->pass), &(struct loss_out){.loss = losses});
    pass_backward(t->pass);
    double mean = 0;
    for (size_t i = 0; i + 1 < t->count; i++)
        mean += (double)losses[i] * t->weights[i];
    return mean;
}

static void check(const struct bench *t, const char *prefix, const char *name, const float *got,
                  const char *model)
{
    char full[256];
    snprintf(full, sizeof full, "%s%s", prefix, name);
    size_t count;
    float *want = golden_floats(&t->expected, full, &count);
    double off = distance(got, want, count);
    if (!(off < TOLERANCE))
        printf("%s: %s is off by %.3g\n", model, full, off);
    CU_ASSERT(off < TOLERANCE);
    mem_free(want);
}

static void logits_are_the_reference(void)
{
    for (size_t n = 0; n < 3; n++) {
        struct bench t;
        bench_open(&t, names[n], PASS_FORWARD);
        const real *hidden = pass_forward(t.pass, &t.batch, NULL, NULL);
        float *logits = mem_alloc(t.count * (size_t)t.model->config.vocab * sizeof *logits);
        head_logits(t.head, hidden, t.rows, (int)t.count, logits);
        check(&t, "", "logits", logits, names[n]);
        mem_free(logits);
        bench_close(&t);
    }
}

static void losses_and_gradients_are_the_reference(void)
{
    static const int kinds[] = {PASS_CHECKPOINT, PASS_KEEP};
    for (size_t n = 0; n < 6; n++) {
        struct bench t;
        bench_open(&t, names[n % 3], kinds[n / 3]);
        float *losses = mem_alloc(t.count * sizeof *losses);
        step(&t, losses);
        check(&t, "", "losses", losses, names[n % 3]);
        for (size_t i = 0; i < t.params.count; i++)
            check(&t, "grad.", t.params.items[i].name, t.params.items[i].grad, names[n % 3]);
        mem_free(losses);
        bench_close(&t);
    }
}

static void clip_and_update(struct bench *t, int step_number, float **m, float **v)
{
    struct trained list[64];
    double norm;
    for (size_t i = 0; i < t->params.count; i++) {
        struct param *p = &t->params.items[i];
        list[i] = (struct trained){p->value, p->work, p->grad, m[i], v[i], p->count};
    }
    struct adamw a = {.lr = 1e-3F, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8F, .clip = 1, .step = step_number};
    t->backend->ops->optimize(t->backend, &a, list, t->params.count, &norm);
}

static void ten_steps_are_the_reference(void)
{
    for (size_t n = 0; n < 3; n++) {
        struct bench t;
        bench_open(&t, names[n], PASS_KEEP);
        float *m[64], *v[64], *losses = mem_alloc(t.count * sizeof *losses), means[10];
        for (size_t i = 0; i < t.params.count; i++) {
            m[i] = mem_zalloc(t.params.items[i].count, sizeof **m);
            v[i] = mem_zalloc(t.params.items[i].count, sizeof **v);
        }
        for (int s = 0; s < 10; s++) {
            means[s] = (float)step(&t, losses);
            clip_and_update(&t, s + 1, m, v);
        }
        check(&t, "", "steps", means, names[n]);
        for (size_t i = 0; i < t.params.count; i++) {
            check(&t, "after.", t.params.items[i].name, t.params.items[i].value, names[n]);
            mem_free(m[i]);
            mem_free(v[i]);
        }
        mem_free(losses);
        bench_close(&t);
    }
}

static void an_adapter_comes_back_as_written(void)
{
    struct bench t;
    struct error err = {0};
    char *dir = tmp_make();
    bench_open(&t, "qwen3", PASS_FORWARD);
    CU_ASSERT_EQUAL(lora_save(t.model, dir, &t.lora, "base", &err), 0);
    struct weight_set a = {0}, b = {0};
    CU_ASSERT_EQUAL(safetensors_read(GOLDEN "/qwen3/adapter/adapter_model.safetensors", &a, &err), 0);
    CU_ASSERT_EQUAL(safetensors_read(tmp_join(dir, "adapter_model.safetensors"), &b, &err), 0);
    CU_ASSERT_EQUAL(a.count, b.count);
    for (size_t i = 0; i < a.count; i++) {
        const struct weight *w = weights_find(&b, a.items[i].name);
        CU_ASSERT_PTR_NOT_NULL_FATAL(w);
        CU_ASSERT_EQUAL(memcmp(w->data, a.items[i].data, w->count * sizeof(float)), 0);
    }
    weights_free(&a);
    weights_free(&b);
    bench_close(&t);
    tmp_remove(dir);
}

/* Row 1 of an interleaved head is the first row of its second half. */
static void check_rows(const struct weight_set *set, const struct linear *l, int head_dim, bool turned)
{
    const struct weight *b = weights_find(set, "blk.0.attn_q.weight.lora_b");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    size_t rank = (size_t)l->lora.rank, row = turned ? (size_t)head_dim / 2 : 1;
    CU_ASSERT(b->shape[0] == (size_t)l->out && b->shape[1] == rank);
    CU_ASSERT_EQUAL(memcmp(b->data + rank * sizeof(float), (const float *)l->lora.b + row * rank, rank * sizeof(float)),
                    0);
    const struct weight *a = weights_find(set, "blk.0.attn_q.weight.lora_a");
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    CU_ASSERT_EQUAL(memcmp(a->data, l->lora.a, a->count * sizeof(float)), 0);
}

/* llama.cpp's format: the keys and tensors it asks for, and the reference's logits when it is read again. */
static void a_gguf_adapter_says_the_same(void)
{
    static const double alphas[] = {16, 6, 16}; /* qwen3's: rsLoRA's 8 / sqrt 4 is 16 / 4 */
    char *dir = tmp_make();
    for (size_t n = 0; n < 3; n++) {
        struct bench t;
        struct error err = {0};
        struct lora_options back;
        const char *path = tmp_join(dir, n == 0 ? "a.gguf" : n == 1 ? "b.gguf" : "c.gguf");
        bench_open(&t, names[n], PASS_FORWARD);
        CU_ASSERT_EQUAL(lora_save(t.model, path, &t.lora, "base", &err), 0);
        struct gguf *g = gguf_open(path, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(g);
        CU_ASSERT(slice_is(gguf_string(g, "general.type"), "adapter"));
        CU_ASSERT(slice_is(gguf_string(g, "general.architecture"), names[n]));
        CU_ASSERT(slice_is(gguf_string(g, "adapter.type"), "lora"));
        CU_ASSERT_EQUAL(gguf_number(g, "adapter.lora.alpha", 0), alphas[n]);
        CU_ASSERT_EQUAL(gguf_weights(g)->count, t.params.count);
        check_rows(gguf_weights(g), &t.model->layers[0].linears[LINEAR_Q], t.model->config.head_dim, n == 2);
        gguf_close(g);
        char folder[512];
        snprintf(folder, sizeof folder, GOLDEN "/%s", names[n]);
        struct model *other = model_load(t.backend, folder, &err);
        CU_ASSERT_EQUAL(lora_load(other, path, &back, NULL, &err), 0);
        CU_ASSERT(back.rank == t.lora.rank && memcmp(back.targets, t.lora.targets, sizeof back.targets) == 0);
        struct pass *pass = pass_new(other, (int)t.count, PASS_FORWARD, &err);
        struct head *head = head_new(other, false, &err);
        float *logits = mem_alloc(t.count * (size_t)other->config.vocab * sizeof *logits);
        head_logits(head, pass_forward(pass, &t.batch, NULL, NULL), t.rows, (int)t.count, logits);
        check(&t, "", "logits", logits, path);
        mem_free(logits);
        pass_free(pass);
        head_free(head);
        model_free(other);
        bench_close(&t);
    }
    tmp_remove(dir);
}

/* An adapter of another family, no adapter at all, and one for other sizes. */
static void a_wrong_gguf_adapter_is_refused(void)
{
    struct bench qwen3, llama;
    struct error err = {0};
    struct lora_options o;
    char *dir = tmp_make();
    const char *path = tmp_join(dir, "a.gguf");
    bench_open(&qwen3, "qwen3", PASS_FORWARD);
    bench_open(&llama, "llama", PASS_FORWARD);
    CU_ASSERT_EQUAL(lora_save(qwen3.model, path, &qwen3.lora, "base", &err), 0);
    CU_ASSERT_EQUAL(lora_load(llama.model, path, &o, NULL, &err), -1);
    CU_ASSERT(strstr(err.text, "'qwen3'") && strstr(err.text, "'llama'"));
    struct model_config wide = qwen3.model->config;
    wide.hidden = 64;
    struct model *other = model_shell(qwen3.backend, &wide);
    CU_ASSERT_EQUAL(lora_load(other, path, &o, NULL, &err), -1);
    CU_ASSERT(strstr(err.text, "shape") != NULL);
    model_free(other);
    CU_ASSERT_EQUAL(gguf_write(path, &(struct gguf_pair){"general.type", GGUF_STRING, "model", 0}, 1, NULL, 0, &err), 0);
    CU_ASSERT_EQUAL(lora_load(llama.model, path, &o, NULL, &err), -1);
    CU_ASSERT(strstr(err.text, "no LoRA adapter") != NULL);
    bench_close(&qwen3);
    bench_close(&llama);
    tmp_remove(dir);
}

static void merging_changes_nothing_but_rounding(void)
{
    struct bench t;
    struct error err = {0};
    bench_open(&t, "qwen3", PASS_FORWARD);
    CU_ASSERT_EQUAL(lora_merge(t.model, &err), 0);
    const real *hidden = pass_forward(t.pass, &t.batch, NULL, NULL);
    float *logits = mem_alloc(t.count * (size_t)t.model->config.vocab * sizeof *logits);
    head_logits(t.head, hidden, t.rows, (int)t.count, logits);
    check(&t, "", "logits", logits, "merged");
    mem_free(logits);
    bench_close(&t);
}

static void greedy_tokens_are_the_reference(void)
{
    for (size_t n = 0; n < 3; n++) {
        struct bench t;
        struct error err = {0};
        enum { GIVEN = 6 };
        bench_open(&t, names[n], PASS_FORWARD);
        size_t count;
        int *want = golden_ids(&t.expected, "generated", &count);
        struct decoder_size size = {.rows = 2, .tokens = (int)count + GIVEN, .pages = 4, .fill = 16};
        struct decoder *d = decoder_new(t.model, &size, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(d);
        struct sequence s = {.ids = t.ids, .count = GIVEN - 1}, *known[] = {&s};
        struct fill f = {0};
        CU_ASSERT_EQUAL(fill_add(&f, decoder_pages(d), &s, known, 1, 16, 16, 0), FILL_ADDED);
        decoder_fill(d, t.pass, &f);
        CU_ASSERT_EQUAL(s.done, GIVEN - 1);
        int id = t.ids[GIVEN - 1];
        const struct page_table *table = &s.table;
        for (int i = 0; i < (int)count; i++) {
            int at = GIVEN - 1 + i;
            CU_ASSERT_EQUAL_FATAL(table_grow(decoder_pages(d), &s.table, at + 1), 0);
            const int *next = decoder_next(d, t.head, &(struct step){1, &id, &at, &table}, &(struct sampling){0}, &(float){0});
            CU_ASSERT_EQUAL(t.model->backend->ops->finish(t.model->backend, &err), 0);
            CU_ASSERT_EQUAL(*next, want[i]);
            id = *next;
        }
        table_release(decoder_pages(d), &s.table);
        CU_ASSERT_EQUAL(pages_left(decoder_pages(d)), 4);
        fill_free(&f);
        mem_free(want);
        decoder_free(d);
        bench_close(&t);
    }
}

static float even_weight(void *ctx, const struct branch *b)
{
    (void)b;
    return *(float *)ctx;
}

/* Random branches on a common beginning; the first trained token differs from branch to branch, so
 * that the last shared token has several targets, and one of them is not trained in all. */
static void make_example(struct rng *rng, int prefix, int branches, int own, struct example *e)
{
    *e = (struct example){.branches = mem_zalloc((size_t)branches, sizeof *e->branches)};
    uint64_t common = rng->state;
    for (int i = 0; i < branches; i++) {
        struct branch *b = &e->branches[e->count++];
        struct rng same = {common, rng->stream};
        for (int k = 0; k < prefix; k++)
            ids_add(&b->ids, (int)rng_below(&same, 320));
        ids_add(&b->ids, (7 * i + 3) % 320);
        for (int k = 1; k < own + i % 2; k++)
            ids_add(&b->ids, (int)rng_below(rng, 320));
        b->given = (size_t)(i % 2 && prefix > 3 ? prefix - 2 : prefix);
    }
    example_share(e);
}

static void gradients_of(struct bench *t, struct head *head, struct pass *pass, const struct example *list,
                         size_t count, bool share, float **out)
{
    struct pack pack = {0};
    float weight = 0.01F;
    for (size_t i = 0; i < count; i++)
        pack_add(&pack, &list[i], share, even_weight, &weight);
    struct batch batch = pack_batch(&pack);
    for (size_t i = 0; i < t->params.count; i++)
        t->backend->ops->zero(t->backend, t->params.items[i].grad, t->params.items[i].count);
    const real *hidden = pass_forward(pass, &batch, NULL, NULL);
    head_loss(head, hidden, pack.rows.items, pack.targets.items, pack.weights, (int)pack.targets.count,
              pass_hidden_grad(pass), &(struct loss_out){0});
    pass_backward(pass);
    for (size_t i = 0; i < t->params.count; i++)
        out[i] = mem_copy(t->params.items[i].grad, t->params.items[i].count * sizeof **out);
    pack_free(&pack);
}

static void compare_shared(struct bench *t, struct head *head, struct pass *pass, struct rng *rng,
                           int prefix, int branches, int own)
{
    struct example list[2]; /* two in a row: they must not see each other */
    float *shared[64], *plain[64];
    make_example(rng, prefix, branches, own, &list[0]);
    make_example(rng, prefix / 2, branches, own + 2, &list[1]);
    CU_ASSERT(branches == 1 || list[0].shared == (size_t)prefix);
    gradients_of(t, head, pass, list, 2, true, shared);
    gradients_of(t, head, pass, list, 2, false, plain);
    for (size_t i = 0; i < t->params.count; i++) {
        double off = distance(shared[i], plain[i], t->params.items[i].count);
        if (!(off < TOLERANCE))
            printf("prefix %d, %d branches of %d: %s is off by %.3g\n", prefix, branches, own,
                   t->params.items[i].name, off);
        CU_ASSERT(off < TOLERANCE);
        mem_free(shared[i]);
        mem_free(plain[i]);
    }
    for (int e = 0; e < 2; e++) {
        for (size_t i = 0; i < list[e].count; i++)
            ids_free(&list[e].branches[i].ids);
        mem_free(list[e].branches);
    }
}

/* Of the adapter, with full of all weights too; only the first so many prefixes. */
static void compare_all_shapes(const char *name, int kind, bool full, size_t prefix_count)
{
    static const int prefixes[] = {0, 1, 5, 300}, branches[] = {1, 2, 5}, owns[] = {1, 9, 70};
    struct bench t;
    struct error err = {0};
    struct rng rng;
    rng_seed(&rng, 4, 4);
    bench_open(&t, name, PASS_FORWARD);
    CU_ASSERT_FATAL(!full || model_train_all(t.model, &t.params, &err) == 0);
    struct pass *pass = pass_new(t.model, 6000, kind, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pass);
    for (size_t p = 0; p < prefix_count; p++) {
        for (size_t b = 0; b < 3; b++) {
            for (size_t o = 0; o < 3; o++) {
                if (prefixes[p] + owns[o] >= 2) /* there is something to train */
                    compare_shared(&t, t.head, pass, &rng, prefixes[p], branches[b], owns[o]);
            }
        }
    }
    pass_free(pass);
    bench_close(&t);
}

static void a_shared_prefix_changes_no_gradient(void)
{
    compare_all_shapes("qwen3", PASS_CHECKPOINT, false, 4);
    compare_all_shapes("qwen2", PASS_KEEP, true, 3);
    compare_all_shapes("llama", PASS_CHECKPOINT, true, 3);
}

/* Full-parameter gradients against finite differences of the loss. */
static void full_gradients_are_the_slope(void)
{
    struct bench t;
    struct error err = {0};
    bench_open(&t, "qwen2", PASS_CHECKPOINT);
    struct params all = {0};
    CU_ASSERT_EQUAL_FATAL(model_train_all(t.model, &all, &err), 0);
    float *losses = mem_alloc(t.count * sizeof *losses);
    step(&t, losses);
    size_t steepest[64]; /* its difference stands out from rounding */
    float slopes[64];
    CU_ASSERT_FATAL(all.count <= 64);
    for (size_t i = 0; i < all.count; i++) { /* read before more passes add to the gradients */
        const struct param *p = &all.items[i];
        steepest[i] = 0;
        for (size_t k = 1; k < p->count; k++)
            steepest[i] = fabsf(p->grad[k]) > fabsf(p->grad[steepest[i]]) ? k : steepest[i];
        slopes[i] = p->grad[steepest[i]];
    }
    for (size_t i = 0; i < all.count; i++) {
        float *value = &all.items[i].value[steepest[i]], was = *value, h = 4e-3F;
        *value = was + h;
        double up = step(&t, losses);
        *value = was - h;
        double down = step(&t, losses);
        *value = was;
        double measured = (up - down) / (2 * (double)h), slope = slopes[i];
        if (fabs(measured - slope) > 2e-2 * fabs(slope) + 1e-4)
            printf("%s: gradient %g, slope %g\n", all.items[i].name, slope, measured);
        CU_ASSERT(fabs(measured - slope) <= 2e-2 * fabs(slope) + 1e-4);
    }
    params_free(&all);
    mem_free(losses);
    bench_close(&t);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"logits are transformers' and PEFT's", logits_are_the_reference},
        {"token losses and LoRA gradients are PEFT's", losses_and_gradients_are_the_reference},
        {"ten AdamW steps are PyTorch's", ten_steps_are_the_reference},
        {"an adapter as GGUF says the same", a_gguf_adapter_says_the_same},
        {"a wrong GGUF adapter is refused", a_wrong_gguf_adapter_is_refused},
        {"an adapter comes back as it was written", an_adapter_comes_back_as_written},
        {"merging an adapter changes nothing", merging_changes_nothing_but_rounding},
        {"24 greedy tokens are transformers'", greedy_tokens_are_the_reference},
        {"a shared prefix changes no gradient", a_shared_prefix_changes_no_gradient},
        {"full gradients are the loss's slope", full_gradients_are_the_slope},
        {NULL, NULL},
    };
    return suite_run("trainer: model", tests, argc, argv);
}
