/* Linear maps with adapters: gradients against finite differences, alone and where several read the same rows. */
#include "base/mem.h"
#include "tests/support/suite.h"
#include "tests/trainer/slope.h"
#include "trainer/lora/lora.h"

enum { LINEAR_ROWS = 9, LINEAR_IN = 7, LINEAR_OUT = 5, LINEAR_RANK = 3 };

struct linear_case {
    struct backend *b;
    struct linear l;
    struct linear_scratch s;
    float *x, *y, *before, *weights;
    bool plus;
};

static double linear_value(void *ctx)
{
    struct linear_case *c = ctx;
    linear_forward(c->b, &c->l, c->x, LINEAR_ROWS, c->plus ? c->before : NULL, c->y, &c->s);
    return weighted(c->weights, c->y, (size_t)LINEAR_ROWS * LINEAR_OUT);
}

static void linear_open(struct linear_case *c, struct backend *b)
{
    enum { X = LINEAR_ROWS * LINEAR_IN, Y = LINEAR_ROWS * LINEAR_OUT, W = LINEAR_OUT * LINEAR_IN,
           A = LINEAR_RANK * LINEAR_IN, B = LINEAR_OUT * LINEAR_RANK };
    *c = (struct linear_case){
        .b = b, .x = some_numbers(b, X, 1),
        .s = {.u = no_numbers(b, (size_t)LINEAR_ROWS * LINEAR_RANK),
              .du = no_numbers(b, (size_t)LINEAR_ROWS * LINEAR_RANK), .w = no_numbers(b, W)},
        .y = no_numbers(b, Y), .before = some_numbers(b, Y, 2), .weights = some_numbers(b, Y, 3),
        .l = {.in = LINEAR_IN, .out = LINEAR_OUT, .w = some_numbers(b, W, 4), .dw = no_numbers(b, W),
              .bias = some_numbers(b, LINEAR_OUT, 5), .dbias = no_numbers(b, LINEAR_OUT),
              .lora = {.rank = LINEAR_RANK, .scale = 0.375F, .a = some_numbers(b, A, 6),
                       .b = some_numbers(b, B, 7), .da = no_numbers(b, A), .db = no_numbers(b, B)}},
    };
}

static void linear_close(struct linear_case *c)
{
    struct linear *l = &c->l;
    float *all[] = {c->x, c->s.u, c->s.du, c->s.w, c->y, c->before, c->weights, l->w, l->dw, l->bias, l->dbias,
                    l->lora.a, l->lora.b, l->lora.da, l->lora.db};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        c->b->ops->release(c->b, all[i]);
}

/* A linear map with bias and a low-rank path: x, weights, bias, A and B, with and without adding to y. */
static void linear_maps_and_their_gradients(void)
{
    struct backend *b = cpu_backend_new(3);
    for (int i = 0; i < 4; i++) {
        struct linear_case c;
        linear_open(&c, b);
        c.plus = i % 2;
        float *room = c.s.w;
        c.s.w = i < 2 ? NULL : room; /* through the narrow path, or with the adapter added to the weights */
        float *dx = some_numbers(b, (size_t)LINEAR_ROWS * LINEAR_IN, 8); /* beta 0: must be overwritten */
        linear_value(&c);
        linear_backward(b, &c.l, c.x, c.weights, LINEAR_ROWS, 0, dx, &c.s);
        CU_ASSERT(slope_fits("linear x", linear_value, &c, c.x, (size_t)LINEAR_ROWS * LINEAR_IN, dx));
        CU_ASSERT(slope_fits("linear w", linear_value, &c, c.l.w, (size_t)LINEAR_OUT * LINEAR_IN, c.l.dw));
        CU_ASSERT(slope_fits("linear bias", linear_value, &c, c.l.bias, LINEAR_OUT, c.l.dbias));
        CU_ASSERT(slope_fits("lora A", linear_value, &c, c.l.lora.a, (size_t)LINEAR_RANK * LINEAR_IN, c.l.lora.da));
        CU_ASSERT(slope_fits("lora B", linear_value, &c, c.l.lora.b, (size_t)LINEAR_OUT * LINEAR_RANK, c.l.lora.db));
        b->ops->release(b, dx);
        c.s.w = room;
        linear_close(&c);
    }
    CU_ASSERT_EQUAL(b->bytes, 0);
    cpu_backend_free(b);
}

enum { MAPS = 3, SHARED_RANK = 5 };
static const int outs[MAPS] = {5, 4, 6}, ranks[MAPS] = {3, 0, 2}; /* one without an adapter between two with */

struct linears_case {
    struct backend *b;
    struct linear maps[MAPS];
    struct linears g;
    struct linear_scratch s;
    float *x, *y[MAPS], *weights[MAPS];
};

static double linears_value(void *ctx)
{
    struct linears_case *c = ctx;
    double sum = 0;
    linears_forward(c->b, &c->g, c->x, LINEAR_ROWS, (real *const[]){c->y[0], c->y[1], c->y[2]}, &c->s);
    for (int i = 0; i < MAPS; i++)
        sum += weighted(c->weights[i], c->y[i], (size_t)LINEAR_ROWS * (size_t)outs[i]);
    return sum;
}

static void linears_open(struct linears_case *c, struct backend *b, bool room)
{
    enum { A = SHARED_RANK * LINEAR_IN, U = LINEAR_ROWS * SHARED_RANK };
    float *a = some_numbers(b, A, 1), *da = no_numbers(b, A);
    size_t at = 0;
    *c = (struct linears_case){.b = b, .x = some_numbers(b, (size_t)LINEAR_ROWS * LINEAR_IN, 2),
                               .s = {.u = no_numbers(b, U), .du = no_numbers(b, U),
                                     .w = room ? no_numbers(b, (size_t)6 * LINEAR_IN) : NULL}};
    c->g = (struct linears){.maps = c->maps, .count = MAPS, .a = a, .da = da};
    for (int i = 0; i < MAPS; i++) {
        size_t y = (size_t)LINEAR_ROWS * (size_t)outs[i], bs = (size_t)outs[i] * (size_t)ranks[i];
        c->y[i] = no_numbers(b, y);
        c->weights[i] = some_numbers(b, y, 3 + i);
        c->maps[i] = (struct linear){.in = LINEAR_IN, .out = outs[i],
                                     .w = some_numbers(b, (size_t)outs[i] * LINEAR_IN, 6 + i)};
        if (ranks[i])
            c->maps[i].lora = (struct low_rank){.rank = ranks[i], .scale = 0.5F - 0.1F * (float)i, .a = a + at,
                                                .da = da + at, .b = some_numbers(b, bs, 9 + i),
                                                .db = no_numbers(b, bs)};
        at += (size_t)ranks[i] * LINEAR_IN;
    }
}

static void linears_close(struct linears_case *c)
{
    struct backend *b = c->b;
    float *all[] = {c->x, c->g.a, c->g.da, c->s.u, c->s.du, c->s.w};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        b->ops->release(b, all[i]);
    for (int i = 0; i < MAPS; i++) {
        float *own[] = {c->y[i], c->weights[i], c->maps[i].w, c->maps[i].lora.b, c->maps[i].lora.db};
        for (size_t k = 0; k < sizeof own / sizeof *own; k++)
            b->ops->release(b, own[k]);
    }
}

/* Through the shared A, with room for sums (then each goes its own way), and with u from the way there. */
static void maps_of_one_input_and_their_gradients(void)
{
    struct backend *b = cpu_backend_new(2);
    for (int way = 0; way < 3; way++) {
        struct linears_case c;
        linears_open(&c, b, way == 1);
        CU_ASSERT_EQUAL(linears_rank(&c.g), SHARED_RANK);
        float *dx = some_numbers(b, (size_t)LINEAR_ROWS * LINEAR_IN, 8); /* must be overwritten */
        linears_value(&c);
        c.s.has_u = way == 2;
        linears_backward(b, &c.g, c.x, (const real *const[]){c.weights[0], c.weights[1], c.weights[2]}, LINEAR_ROWS, dx,
                         &c.s);
        CU_ASSERT(slope_fits("shared x", linears_value, &c, c.x, (size_t)LINEAR_ROWS * LINEAR_IN, dx));
        CU_ASSERT(slope_fits("shared A", linears_value, &c, c.g.a, (size_t)SHARED_RANK * LINEAR_IN, c.g.da));
        for (int i = 0; i < MAPS; i++) {
            size_t count = (size_t)outs[i] * (size_t)ranks[i];
            CU_ASSERT(count == 0 || slope_fits("B", linears_value, &c, c.maps[i].lora.b, count, c.maps[i].lora.db));
        }
        b->ops->release(b, dx);
        linears_close(&c);
    }
    CU_ASSERT_EQUAL(b->bytes, 0);
    cpu_backend_free(b);
}

/* Each map's A lies in its input's, in the order of the maps, with its own name. */
static void adapters_of_some_maps_lie_together(void)
{
    const struct model_config config = {.family = "llama", .vocab = 16, .hidden = 8, .layers = 2, .q_heads = 2,
                                        .kv_heads = 1, .head_dim = 4, .ffn = 12, .max_positions = 8, .eps = 1e-6F,
                                        .rope_theta = 10000, .rope_linear = 1};
    struct lora_options o = {.rank = 3, .alpha = 6};
    struct params params = {0};
    struct error err = {0};
    struct backend *b = cpu_backend_new(1);
    struct model *m = model_random(b, &config, 1, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_EQUAL(lora_parse_targets("v_proj,q_proj,up_proj", o.targets, &err), 0);
    CU_ASSERT_EQUAL(lora_attach(m, &o, 1, &params, &err), 0);
    const struct layer *l = &m->layers[1];
    CU_ASSERT_EQUAL(linears_rank(&l->inputs[INPUT_QKV]), 6);
    CU_ASSERT_EQUAL(linears_rank(&l->inputs[INPUT_O]), 0);
    CU_ASSERT_EQUAL(linears_rank(&l->inputs[INPUT_GATE_UP]), 3);
    CU_ASSERT_EQUAL(model_widest_rank(m), 6);
    CU_ASSERT_PTR_NULL(l->linears[LINEAR_K].lora.a);
    CU_ASSERT_PTR_EQUAL(l->linears[LINEAR_V].lora.a, (float *)l->inputs[INPUT_QKV].a + 3 * 8);
    CU_ASSERT_PTR_EQUAL(l->linears[LINEAR_V].lora.da, l->inputs[INPUT_QKV].da + 3 * 8);
    CU_ASSERT_PTR_EQUAL(l->linears[LINEAR_UP].lora.a, l->inputs[INPUT_GATE_UP].a);
    CU_ASSERT_EQUAL_FATAL(params.count, 12);
    const struct param *p = &params.items[8];
    CU_ASSERT_STRING_EQUAL(p->name, "base_model.model.model.layers.1.self_attn.v_proj.lora_A.weight");
    CU_ASSERT_PTR_EQUAL(p->value, l->linears[LINEAR_V].lora.master_a);
    CU_ASSERT_EQUAL(p->count, 3 * 8);
    params_free(&params);
    model_free(m);
    CU_ASSERT_EQUAL(b->bytes, 0);
    cpu_backend_free(b);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"linear maps with LoRA, and their gradients", linear_maps_and_their_gradients},
        {"maps of one input, and their gradients", maps_of_one_input_and_their_gradients},
        {"adapters of some maps lie together", adapters_of_some_maps_lie_together},
        {NULL, NULL},
    };
    return suite_run("trainer: linear maps", tests, argc, argv);
}
