/*
 * Ops that are asked for again (ops->repeat): the same bits as op by op, whatever host arrays hold and wherever memory
 * lies by then. The emulation counts what went into the stream, so that graphs are known to have done it, and for what
 * the host stood still. CUDA alone; on a GPU the counts are not looked at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/gpu/twin.h"
#include "trainer/lora/lora.h"
#include "trainer/optimizer/optimizer.h"
#include "trainer/run/loss.h"

#ifdef CUDA_EMULATED
#include <cuda_runtime_api.h>
#else
struct emulated_counts {
    unsigned long work, graphs, captures, waits;
};
static struct emulated_counts emulate_counts(void)
{
    return (struct emulated_counts){0};
}
#endif

enum { WIDE = 40, SHAPES = 20, KEPT_GRAPHS = 16, TURNS = 6, ROWS = 90 };

static void must(bool good, const struct error *err)
{
    if (good)
        return;
    fprintf(stderr, "twin: %s\n", err->text);
    exit(2);
}

/* Counts that are as they should be; on a GPU they are not looked at. */
static void counted(struct twin *t, const char *name, const float *got, const float *want, size_t count)
{
#ifdef CUDA_EMULATED
    twin_compare(t, name, got, got, want, count, 0);
#else
    (void)t, (void)name, (void)got, (void)want, (void)count;
#endif
}

static unsigned long graphs(void)
{
    return emulate_counts().graphs;
}

/* Rows of a table by index, and their norms. */
struct small {
    struct backend *b;
    const real *table, *w;
    real *x, *y;
    float *rstd;
    int ids[SHAPES], rows;
};

static void small_body(void *ctx)
{
    struct small *s = ctx;
    s->b->ops->gather(s->b, s->table, s->ids, s->rows, WIDE, s->x);
    s->b->ops->rmsnorm(s->b, s->x, s->w, s->rows, WIDE, 1e-6F, s->y, s->rstd);
}

static void small_open(struct twin *t, struct backend *b, struct small *s)
{
    struct error err = {0};
    float host[SHAPES * WIDE];
    *s = (struct small){.b = b};
    for (int i = 0; i < SHAPES * WIDE; i++)
        host[i] = (float)twin_below(t, 2000) / 1000 - 1;
    real *table = b->ops->alloc(b, SHAPES * WIDE, &err), *w = b->ops->alloc(b, WIDE, &err);
    s->x = b->ops->alloc(b, SHAPES * WIDE, &err);
    s->y = b->ops->alloc(b, SHAPES * WIDE, &err);
    s->rstd = b->ops->alloc_f32(b, SHAPES, &err);
    must(table && w && s->x && s->y && s->rstd, &err);
    b->ops->upload(b, table, host, SHAPES * WIDE);
    b->ops->upload(b, w, host, WIDE);
    s->table = table;
    s->w = w;
}

static void small_close(struct small *s)
{
    void *all[] = {(void *)(uintptr_t)s->table, (void *)(uintptr_t)s->w, s->x, s->y, s->rstd};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        s->b->ops->release(s->b, all[i]);
}

/* Other ids, repeated and then op by op; whether the bits are the same. */
static bool small_same(struct twin *t, struct small *s, int rows)
{
    float repeated[SHAPES * WIDE], direct[SHAPES * WIDE];
    size_t count = (size_t)rows * WIDE;
    s->rows = rows;
    for (int i = 0; i < rows; i++)
        s->ids[i] = twin_below(t, SHAPES);
    s->b->ops->zero(s->b, s->y, SHAPES * WIDE);
    s->b->ops->repeat(s->b, (uint64_t)rows, small_body, s);
    s->b->ops->download(s->b, repeated, s->y, count);
    s->b->ops->zero(s->b, s->y, SHAPES * WIDE);
    small_body(s);
    s->b->ops->download(s->b, direct, s->y, count);
    return memcmp(repeated, direct, count * sizeof *direct) == 0;
}

/* More shapes than there are places, in turn: those that have one keep it, the others wait; then only the others come. */
static void check_places(struct twin *t)
{
    struct small s;
    float got[TURNS], same = 1;
    const float want[TURNS] = {0, 0, KEPT_GRAPHS, KEPT_GRAPHS, SHAPES - KEPT_GRAPHS, SHAPES - KEPT_GRAPHS};
    small_open(t, twin_side(t, GPU)->backend, &s);
    for (int turn = 0; turn < TURNS; turn++) {
        unsigned long before = graphs();
        for (int rows = turn < 4 ? 1 : KEPT_GRAPHS + 1; rows <= SHAPES; rows++)
            same = same && small_same(t, &s, rows);
        got[turn] = (float)(graphs() - before);
    }
    twin_compare(t, "repeated: 20 shapes", &same, &same, (const float[]){1}, 1, 0);
    counted(t, "repeated: graphs in each of 6 turns", got, want, TURNS);
    small_close(&s);
}

/* What a graph wrote to lies elsewhere: the old place is somebody else's and stays as it is. */
static void check_moved(struct twin *t)
{
    struct error err = {0};
    struct small s;
    float same = 1, kept[SHAPES * WIDE];
    small_open(t, twin_side(t, GPU)->backend, &s);
    for (int turn = 0; turn < 4; turn++)
        same = same && small_same(t, &s, 7);
    real *was = s.y, *other = NULL;
    s.b->ops->release(s.b, s.y);
    other = s.b->ops->alloc(s.b, SHAPES * WIDE, &err);
    s.y = s.b->ops->alloc(s.b, SHAPES * WIDE, &err);
    must(other == was && s.y, &err);
    for (int turn = 0; turn < 4; turn++)
        same = same && small_same(t, &s, 7);
    s.b->ops->download(s.b, kept, other, SHAPES * WIDE);
    for (int i = 0; i < SHAPES * WIDE; i++)
        same = same && kept[i] == 0;
    twin_compare(t, "repeated: memory that moves", &same, &same, (const float[]){1}, 1, 0);
    s.b->ops->release(s.b, other);
    small_close(&s);
}

/* A body that reads its result: refused, as a graph could not do it. */
static void reading_body(void *ctx)
{
    struct small *s = ctx;
    float host[WIDE];
    small_body(s);
    s->b->ops->download(s->b, host, s->y, WIDE);
}

static void check_refused(struct twin *t)
{
    struct error err = {0};
    struct small s;
    small_open(t, twin_side(t, GPU)->backend, &s);
    s.rows = 1;
    s.b->ops->repeat(s.b, 1000, reading_body, &s);
    float named = s.b->ops->finish(s.b, &err) != 0 && strstr(err.text, "download") && strstr(err.text, "repeated");
    twin_compare(t, "repeated: a body that waits is refused", &named, &named, (const float[]){1}, 1, 0);
    small_close(&s);
}

#ifdef CUDA_EMULATED
/* A driver that refuses to capture: op by op, and no other try. */
static void check_uncaptured(struct twin *t)
{
    struct error err = {0};
    struct small s;
    struct backend *b = cuda_backend_new(0, &err);
    float same = 1;
    must(b != NULL, &err);
    small_open(t, b, &s);
    unsigned long before = emulate_counts().captures, replays = graphs();
    emulate_refuse_capture();
    for (int turn = 0; turn < TURNS; turn++)
        same = same && small_same(t, &s, 5);
    same = same && b->ops->finish(b, &err) == 0;
    twin_compare(t, "repeated: a capture that fails", &same, &same, (const float[]){1}, 1, 0);
    float got[] = {(float)(emulate_counts().captures - before), (float)(graphs() - replays)};
    counted(t, "repeated: captures and graphs then", got, (const float[]){1, 0}, 2);
    small_close(&s);
    backend_free(b);
}
#endif

/* Trainings on the same data, with graphs and without. */
struct training {
    struct backend *b;
    struct model *model;
    struct params params;
    struct optimizer *optimizer;
    struct loss *loss;
    float losses[TURNS], *weights;
    double norms[TURNS];
    float work[TURNS], graphs[TURNS], waits[TURNS];
};

static void training_open(struct training *r, struct backend *b)
{
    static const struct model_config c = {
        .family = "qwen3", .vocab = 211, .hidden = 48, .layers = 2, .q_heads = 4, .kv_heads = 2, .head_dim = 16, .ffn = 80,
        .max_positions = 256, .eps = 1e-6F, .rope_theta = 10000, .rope_linear = 1, .qk_norm = true, .tied = true};
    struct error err = {0};
    struct lora_options lora = {.rank = 8, .alpha = 16};
    r->b = b;
    must((r->model = model_random(b, &c, 11, &err)) && lora_parse_targets("all", lora.targets, &err) == 0 &&
             lora_attach(r->model, &lora, 3, &r->params, &err) == 0 && (r->optimizer = optimizer_new(b, &r->params, &err)) &&
             (r->loss = loss_new(r->model, ROWS, c.layers, &err)),
         &err);
}

static void training_close(struct training *r)
{
    loss_free(r->loss);
    optimizer_free(r->optimizer);
    params_free(&r->params);
    model_free(r->model);
    mem_free(r->weights);
}

/* Two rows a step, of the same lengths each step: a prefix of 40 with branches of 20 and 30, or of 24 and 26. */
static void make_examples(struct twin *t, struct example list[2], struct branch branches[4], int *ids)
{
    for (int i = 0; i < 4; i++) {
        int own = i < 2 ? (i ? 30 : 20) : (i == 2 ? 24 : 26);
        int *at = ids + (size_t)i * ROWS;
        for (int k = 0; k < 40 + own; k++)
            at[k] = k < 40 && i % 2 ? at[k - ROWS] : twin_below(t, 211);
        branches[i] = (struct branch){.kind = "A", .ids = {.items = at, .count = (size_t)(40 + own)}, .given = 40, .answer = 45};
    }
    for (int i = 0; i < 2; i++)
        list[i] = (struct example){.branches = branches + (ptrdiff_t)2 * i, .count = 2, .shared = 40};
}

/* A step as run/train.c takes it; what is waited for before the end is counted. */
static void training_step(struct training *r, const struct examples *data, int step)
{
    struct error err = {0};
    struct loss_sums sums = {0};
    struct emulated_counts before = emulate_counts();
    optimizer_zero_grads(r->optimizer);
    loss_run(r->loss, data, (const int[]){0, 1}, 2, &sums);
    optimizer_step(r->optimizer, 1e-3, 0, 1, step + 1, &r->norms[step]);
    struct emulated_counts after = emulate_counts();
    r->work[step] = (float)(after.work - before.work);
    r->graphs[step] = (float)(after.graphs - before.graphs);
    r->waits[step] = (float)(after.waits - before.waits);
    must(loss_finish(r->loss, &sums, &err) == 0, &err);
    r->losses[step] = (float)sums.all;
}

static void training_weights(struct training *r, size_t *count)
{
    size_t at = 0;
    *count = 0;
    for (size_t i = 0; i < r->params.count; i++)
        *count += r->params.items[i].count;
    r->weights = mem_alloc((*count + 1) * sizeof *r->weights);
    for (size_t i = 0; i < r->params.count; at += r->params.items[i++].count)
        r->b->ops->download_f32(r->b, r->weights + at, r->params.items[i].value, r->params.items[i].count);
}

/* Without graphs: a backend that was opened with HINGE_GRAPHS=off. */
static struct backend *without_graphs(void)
{
    struct error err = {0};
    setenv("HINGE_GRAPHS", "off", 1);
    struct backend *b = cuda_backend_new(0, &err);
    unsetenv("HINGE_GRAPHS");
    must(b != NULL, &err);
    return b;
}

static void check_training(struct twin *t)
{
    struct training *sides = mem_zalloc(2, sizeof *sides), *with = sides, *plain = sides + 1;
    struct backend *off = without_graphs();
    struct example list[2];
    struct branch branches[4];
    int ids[4 * ROWS];
    size_t count = 0;
    training_open(with, twin_side(t, GPU)->backend);
    training_open(plain, off);
    for (int step = 0; step < TURNS; step++) {
        make_examples(t, list, branches, ids);
        struct examples data = {.items = list, .count = 2};
        training_step(with, &data, step);
        training_step(plain, &data, step);
    }
    training_weights(with, &count);
    training_weights(plain, &count);
    twin_compare(t, "repeated: losses of 6 steps", with->losses, plain->losses, plain->losses, TURNS, 0);
    twin_compare(t, "repeated: weights after them", with->weights, plain->weights, plain->weights, count, 0);
    /* both rows and the zeros are kept; zeros from their third time on, rows when they come the third time */
    const float most = 40, none[TURNS] = {0};
    float few = with->work[TURNS - 1] < most && plain->work[TURNS - 1] > 3 * most, last = with->graphs[TURNS - 1];
    counted(t, "repeated: graphs of the last step", &last, (const float[]){3}, 1);
    counted(t, "repeated: little is put into the stream then", &few, (const float[]){1}, 1);
    counted(t, "repeated: nothing is waited for in a step", with->waits, none, TURNS);
    counted(t, "op by op: nothing is waited for in a step", plain->waits, none, TURNS);
    training_close(with);
    training_close(plain);
    backend_free(off);
    mem_free(sides);
}

void twin_graphs(struct twin *t)
{
    check_places(t);
    check_moved(t);
    check_refused(t);
    check_training(t);
#ifdef CUDA_EMULATED
    check_uncaptured(t);
#endif
}
