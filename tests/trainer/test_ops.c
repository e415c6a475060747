/*
 * The ops table against plain loops in double, and every gradient against finite differences, on sizes
 * that are no multiple of a vector, a block or a chunk. Attention has a file of its own. The CPU
 * backend's memory is the host's, so the tests read and move it in place.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/suite.h"
#include "tests/trainer/slope.h"
#include "trainer/model/model.h"
#include "trainer/optimizer/optimizer.h"
#include "trainer/tensor/rng.h"

/* fp32 sums of some hundred terms of about 1, against the same in double. */
#define EXACT 2e-6

static double *zeros(size_t count)
{
    return mem_zalloc(count, sizeof(double));
}

static void memory_is_counted_and_zero(void)
{
    struct backend *b = cpu_backend_new(3);
    struct error err = {0};
    float *x = no_numbers(b, 1001), *y = some_numbers(b, 1001, 1), host[3] = {1, 2, 3}, back[3];
    for (int i = 0; i < 1001; i++)
        CU_ASSERT_EQUAL(x[i], 0);
    CU_ASSERT_EQUAL(b->bytes, 2002 * sizeof(float));
    b->ops->copy(b, x, y, 1001);
    CU_ASSERT_EQUAL(memcmp(x, y, 1001 * sizeof *x), 0);
    CU_ASSERT_PTR_EQUAL(b->ops->master(b, x, 1001, &err), x); /* fp32 needs no second copy of what trains */
    b->ops->zero(b, x, 1001);
    CU_ASSERT(x[0] == 0 && x[1000] == 0);
    b->ops->upload(b, x + 998, host, 3);
    b->ops->download(b, back, x + 998, 3);
    CU_ASSERT_EQUAL(memcmp(host, back, sizeof host), 0);
    CU_ASSERT_PTR_NULL(b->ops->alloc(b, SIZE_MAX / 2, &err));
    CU_ASSERT_EQUAL(err.code, ERR_LIMIT);
    b->ops->release(b, x);
    b->ops->release(b, y);
    b->ops->release(b, NULL);
    CU_ASSERT_EQUAL(b->bytes, 0);
    CU_ASSERT_EQUAL(b->peak, 2002 * sizeof(float));
    cpu_backend_free(b);
}

/* C = alpha A B + beta C + bias, with rows longer than what is multiplied. */
static void check_matmul(struct backend *b, bool ta, bool tb, int m, int n, int k)
{
    struct matmul p = {.ta = ta, .tb = tb, .m = m, .n = n, .k = k, .alpha = 0.75F, .beta = -0.5F,
                       .lda = (ta ? m : k) + 3, .ldb = (tb ? k : n) + 1, .ldc = n + 2};
    size_t la = (size_t)p.lda, lb = (size_t)p.ldb, lc = (size_t)p.ldc, c_size = (size_t)m * lc;
    float *a = some_numbers(b, (size_t)(ta ? k : m) * la, 1), *c = some_numbers(b, c_size, 3);
    float *bm = some_numbers(b, (size_t)(tb ? n : k) * lb, 2), *bias = some_numbers(b, (size_t)n, 4);
    double *want = zeros(c_size);
    for (size_t i = 0; i < c_size; i++)
        want[i] = c[i]; /* what lies beyond a row's end stays */
    for (size_t i = 0; i < (size_t)m; i++) {
        for (size_t j = 0; j < (size_t)n; j++) {
            double sum = 0;
            for (size_t x = 0; x < (size_t)k; x++)
                sum += (double)(ta ? a[x * la + i] : a[i * la + x]) * (tb ? bm[j * lb + x] : bm[x * lb + j]);
            want[i * lc + j] = 0.75 * sum - 0.5 * want[i * lc + j] + (ta ? 0 : (double)bias[j]);
        }
    }
    p.bias = ta ? NULL : bias;
    b->ops->matmul(b, &p, a, bm, c);
    CU_ASSERT(near("matmul", c, want, c_size, EXACT));
    mem_free(want);
    b->ops->release(b, a);
    b->ops->release(b, bm);
    b->ops->release(b, bias);
    b->ops->release(b, c);
}

static void products_are_sums_of_products(void)
{
    struct backend *b = cpu_backend_new(3); /* 3 parts: none of a size the others have */
    static const int sizes[][3] = {{1, 1, 1}, {5, 7, 3}, {1, 33, 65}, {33, 1, 17}, {131, 67, 45},
                                   {61, 203, 39}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int t = 0; t < 4; t++)
            check_matmul(b, t & 1, t & 2, sizes[i][0], sizes[i][1], sizes[i][2]);
    }
    cpu_backend_free(b);
}

static void bias_gather_and_scatter(void)
{
    enum { ROWS = 301, D = 259, PICK = 7 }; /* wide and long enough for several threads */
    struct backend *b = cpu_backend_new(3);
    static const int index[PICK] = {300, 0, 5, 5, 299, 5, 0}; /* some rows more than once */
    float *x = some_numbers(b, ROWS * D, 1), *bias = some_numbers(b, D, 2), *out = no_numbers(b, PICK * D);
    double *want = zeros(ROWS * D), *sums = zeros(D);
    for (size_t i = 0; i < ROWS * D; i++)
        want[i] = (double)x[i] + bias[i % D];
    for (size_t i = 0; i < D; i++)
        sums[i] = bias[i]; /* += */
    for (size_t i = 0; i < ROWS * D; i++)
        sums[i % D] += x[i];
    b->ops->bias_grad(b, x, ROWS, D, bias);
    CU_ASSERT(near("bias_grad", bias, sums, D, EXACT));
    for (size_t i = 0; i < D; i++)
        sums[i] = bias[i];
    b->ops->gather(b, x, index, PICK, D, out);
    for (size_t i = 0; i < PICK; i++)
        CU_ASSERT_EQUAL(memcmp(out + i * D, x + (size_t)index[i] * D, D * sizeof *x), 0);
    for (size_t i = 0; i < ROWS * D; i++)
        want[i] = x[i];
    for (size_t i = 0; i < PICK * D; i++)
        want[(size_t)index[i / D] * D + i % D] += out[i];
    b->ops->scatter_add(b, out, index, PICK, D, x);
    CU_ASSERT(near("scatter_add", x, want, ROWS * D, EXACT));
    mem_free(want);
    mem_free(sums);
    float *all[] = {x, bias, out};
    for (size_t i = 0; i < 3; i++)
        b->ops->release(b, all[i]);
    cpu_backend_free(b);
}

/* One norm: of whole rows, or of each head of q and k (a row a head). */
struct norm_case {
    struct backend *b;
    int rows, d;
    float *x, *w, *y, *rstd, *weights;
};

static double norm_value(void *ctx)
{
    struct norm_case *c = ctx;
    c->b->ops->rmsnorm(c->b, c->x, c->w, c->rows, c->d, 1e-5F, c->y, c->rstd);
    return weighted(c->weights, c->y, (size_t)c->rows * (size_t)c->d);
}

static void check_norm_forward(struct norm_case *c)
{
    size_t d = (size_t)c->d, count = (size_t)c->rows * d;
    double *want = zeros(count);
    for (size_t r = 0; r < (size_t)c->rows; r++) {
        double squares = 0;
        for (size_t i = 0; i < d; i++)
            squares += (double)c->x[r * d + i] * c->x[r * d + i];
        for (size_t i = 0; i < d; i++)
            want[r * d + i] = c->x[r * d + i] / sqrt(squares / c->d + 1e-5) * c->w[i];
    }
    norm_value(c);
    CU_ASSERT(near("rmsnorm", c->y, want, count, EXACT));
    mem_free(want);
}

static void check_norm(struct backend *b, int rows, int d, bool slopes)
{
    size_t count = (size_t)rows * (size_t)d, width = (size_t)d;
    struct norm_case c = {b, rows, d, some_numbers(b, count, 1), some_numbers(b, width, 2), no_numbers(b, count),
                          no_numbers(b, (size_t)rows), some_numbers(b, count, 3)};
    float *dx = no_numbers(b, count), *dw = no_numbers(b, width);
    check_norm_forward(&c);
    b->ops->rmsnorm_grad(b, c.x, c.w, c.rstd, c.weights, rows, d, dx, dw);
    CU_ASSERT(!slopes || slope_fits("rmsnorm x", norm_value, &c, c.x, count, dx));
    CU_ASSERT(!slopes || slope_fits("rmsnorm w", norm_value, &c, c.w, width, dw));
    float *twice = no_numbers(b, count); /* += and dw NULL */
    norm_value(&c);
    for (int i = 0; i < 2; i++)
        b->ops->rmsnorm_grad(b, c.x, c.w, c.rstd, c.weights, rows, d, twice, NULL);
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_DOUBLE_EQUAL(twice[i], 2 * (double)dx[i], 1e-4);
    float *all[] = {c.x, c.w, c.y, c.rstd, c.weights, dx, dw, twice};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        b->ops->release(b, all[i]);
}

static void norms_and_their_gradients(void)
{
    struct backend *b = cpu_backend_new(3);
    check_norm(b, 3, 19, true);
    check_norm(b, 1, 1, false); /* the sign: no slope but at 0, where no five points fit */
    check_norm(b, 5 * 3, 6, true); /* five tokens, three heads of six */
    check_norm(b, 131, 517, false); /* over several threads and blocks of columns */
    cpu_backend_free(b);
}

static void rope_turns_and_turns_back(void)
{
    enum { ROWS = 5, HEADS = 3, DIM = 10, HALF = DIM / 2, COUNT = ROWS * HEADS * DIM };
    struct backend *b = cpu_backend_new(3);
    static const int positions[ROWS] = {0, 1, 7, 7, 40000};
    static const float freqs[HALF] = {1, 0.25F, 0.0625F, 1e-3F, 1e-6F};
    float *x = some_numbers(b, COUNT, 1), *table = no_numbers(b, ROWS * DIM), was[COUNT];
    double *want = zeros(COUNT);
    memcpy(was, x, sizeof was);
    for (size_t i = 0; i < COUNT; i++) {
        size_t row = i / (HEADS * DIM), at = i % DIM, pair = at % HALF;
        double angle = (double)((float)positions[row] * freqs[pair]);
        double first = x[i - at + pair], second = x[i - at + pair + HALF];
        want[i] = at < HALF ? first * cos(angle) - second * sin(angle) : second * cos(angle) + first * sin(angle);
    }
    b->ops->rope_table(b, positions, freqs, ROWS, DIM, table);
    b->ops->norm_rope(b, x, NULL, table, ROWS, HEADS, DIM, 0, x, NULL);
    CU_ASSERT(near("rope", x, want, COUNT, EXACT));
    /* The gradient of a turn is the turn back: <w, R x> = <R'w, x> for any w. */
    float *w = some_numbers(b, COUNT, 2);
    double forward = weighted(w, x, COUNT);
    b->ops->norm_rope_grad(b, NULL, NULL, NULL, table, ROWS, HEADS, DIM, w, NULL);
    CU_ASSERT_DOUBLE_EQUAL(weighted(w, was, COUNT), forward, 1e-5);
    b->ops->norm_rope_grad(b, NULL, NULL, NULL, table, ROWS, HEADS, DIM, x, NULL);
    for (size_t i = 0; i < COUNT; i++)
        want[i] = was[i];
    CU_ASSERT(near("rope back", x, want, COUNT, EXACT));
    mem_free(want);
    float *all[] = {x, table, w};
    for (size_t i = 0; i < 3; i++)
        b->ops->release(b, all[i]);
    cpu_backend_free(b);
}

struct turn_case {
    struct backend *b;
    float *x, *w, *turned, *table, *weights, *rstd;
};

enum { TURN_ROWS = 3, TURN_HEADS = 2, TURN_DIM = 6, TURN_COUNT = TURN_ROWS * TURN_HEADS * TURN_DIM };

static double turn_value(void *ctx)
{
    struct turn_case *c = ctx;
    c->b->ops->norm_rope(c->b, c->x, c->w, c->table, TURN_ROWS, TURN_HEADS, TURN_DIM, 1e-5F, c->turned, c->rstd);
    return weighted(c->weights, c->turned, TURN_COUNT);
}

static void rope_gradient_is_the_slope(void)
{
    struct backend *b = cpu_backend_new(1);
    struct turn_case c = {b, some_numbers(b, TURN_COUNT, 1), NULL, no_numbers(b, TURN_COUNT),
                          no_numbers(b, TURN_ROWS * TURN_DIM), some_numbers(b, TURN_COUNT, 2),
                          no_numbers(b, TURN_ROWS * TURN_HEADS)};
    float *grad = no_numbers(b, TURN_COUNT), *w = some_numbers(b, TURN_DIM, 3), *dw = no_numbers(b, TURN_DIM);
    b->ops->rope_table(b, (int[]){0, 3, 11}, (float[]){1, 0.1F, 0.01F}, TURN_ROWS, TURN_DIM, c.table);
    for (int norm = 0; norm < 2; norm++) { /* turned alone, then with each head's norm taken first */
        c.w = norm ? w : NULL;
        turn_value(&c);
        b->ops->copy(b, grad, c.weights, TURN_COUNT);
        b->ops->norm_rope_grad(b, c.x, c.w, c.rstd, c.table, TURN_ROWS, TURN_HEADS, TURN_DIM, grad, dw);
        CU_ASSERT(slope_fits("rope", turn_value, &c, c.x, TURN_COUNT, grad));
    }
    CU_ASSERT(slope_fits("norm before rope", turn_value, &c, w, TURN_DIM, dw));
    float *all[] = {c.x, c.turned, c.table, c.weights, c.rstd, grad, w, dw};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        b->ops->release(b, all[i]);
    cpu_backend_free(b);
}

enum { GATES = 77 };

struct gate_case {
    struct backend *b;
    float *gate, *up, *out, *weights;
};

static double gate_value(void *ctx)
{
    struct gate_case *c = ctx;
    c->b->ops->swiglu(c->b, c->gate, c->up, GATES, c->out);
    return weighted(c->weights, c->out, GATES);
}

static void swiglu_and_its_gradient(void)
{
    struct backend *b = cpu_backend_new(3);
    struct gate_case c = {b, some_numbers(b, GATES, 1), some_numbers(b, GATES, 2), no_numbers(b, GATES),
                          some_numbers(b, GATES, 3)};
    float *dgate = no_numbers(b, GATES), *dup = no_numbers(b, GATES);
    double *want = zeros(GATES);
    b->ops->swiglu_grad(b, c.gate, c.up, c.weights, GATES, dgate, dup);
    CU_ASSERT(slope_fits("swiglu gate", gate_value, &c, c.gate, GATES, dgate));
    CU_ASSERT(slope_fits("swiglu up", gate_value, &c, c.up, GATES, dup));
    for (int i = 0; i < GATES; i++)
        c.gate[i] *= 20; /* and where the sigmoid is nearly 0 or 1 */
    c.gate[0] = -100, c.gate[1] = 100;
    for (int i = 0; i < GATES; i++)
        want[i] = c.gate[i] / (1 + exp(-(double)c.gate[i])) * c.up[i];
    gate_value(&c);
    CU_ASSERT(near("swiglu", c.out, want, GATES, EXACT));
    b->ops->swiglu_grad(b, c.gate, c.up, c.weights, GATES, dgate, dup);
    b->ops->swiglu_grad(b, c.gate, c.up, c.weights, GATES, c.gate, c.up); /* in place */
    CU_ASSERT_EQUAL(memcmp(c.gate, dgate, GATES * sizeof(float)), 0);
    CU_ASSERT_EQUAL(memcmp(c.up, dup, GATES * sizeof(float)), 0);
    mem_free(want);
    float *all[] = {c.gate, c.up, c.out, c.weights, dgate, dup};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        b->ops->release(b, all[i]);
    cpu_backend_free(b);
}

/* PyTorch's AdamW and gradient clipping, in double. */
static void plain_adamw(double *p, const float *grad, double *m, double *v, size_t n, double lr, double decay,
                        double scale, int step)
{
    for (size_t i = 0; i < n; i++) {
        double g = grad[i] * scale;
        m[i] = 0.9 * m[i] + 0.1 * g;
        v[i] = 0.999 * v[i] + 0.001 * g * g;
        p[i] *= 1 - lr * decay;
        p[i] -= lr * (m[i] / (1 - pow(0.9, step))) / (sqrt(v[i] / (1 - pow(0.999, step))) + 1e-8);
    }
}

static void adamw_and_clipping_are_the_plain_loop(void)
{
    enum { SIZES = 2 };
    static const size_t sizes[SIZES] = {40009, 13}; /* over two chunks and threads, and small */
    struct backend *b = cpu_backend_new(3);
    struct error err = {0};
    struct params params = {0};
    double *p[SIZES], *m[SIZES], *v[SIZES], clip = 20;
    for (size_t k = 0; k < SIZES; k++) {
        float *x = some_numbers(b, sizes[k], (int)k);
        params_add(&params, "x", x, x, some_numbers(b, sizes[k], 9), 0, sizes[k]);
        p[k] = zeros(sizes[k]), m[k] = zeros(sizes[k]), v[k] = zeros(sizes[k]);
        for (size_t i = 0; i < sizes[k]; i++)
            p[k][i] = params.items[k].value[i];
    }
    struct optimizer *o = optimizer_new(b, &params, &err);
    for (int step = 1; step <= 5; step++) {
        double squares = 0;
        for (size_t k = 0; k < SIZES; k++) {
            for (size_t i = 0; i < sizes[k]; i++) {
                params.items[k].grad[i] *= 0.3F; /* the norm falls below the clip on the way */
                squares += (double)params.items[k].grad[i] * params.items[k].grad[i];
            }
        }
        double norm = 0, scale = clip / (sqrt(squares) + 1e-6);
        CU_ASSERT(step > 1 || scale < 1);
        CU_ASSERT(step < 5 || scale > 1);
        optimizer_step(o, 1e-2, 0.1, clip, step, &norm);
        CU_ASSERT_DOUBLE_EQUAL(norm, sqrt(squares), 1e-9 * norm);
        for (size_t k = 0; k < SIZES; k++) {
            plain_adamw(p[k], params.items[k].grad, m[k], v[k], sizes[k], 1e-2, 0.1, scale < 1 ? scale : 1, step);
            CU_ASSERT(near("adamw", params.items[k].value, p[k], sizes[k], EXACT));
            CU_ASSERT(near("adamw m", o->m[k], m[k], sizes[k], EXACT));
            CU_ASSERT(near("adamw v", o->v[k], v[k], sizes[k], EXACT));
        }
    }
    optimizer_zero_grads(o);
    for (size_t i = 0; i < sizes[1]; i++)
        CU_ASSERT_EQUAL(params.items[1].grad[i], 0);
    float before = params.items[0].value[7], moment = o->m[0][7];
    double norm = 0;
    params.items[1].grad[5] = NAN; /* nothing is changed, and it is told */
    optimizer_step(o, 1e-2, 0.1, clip, 6, &norm);
    CU_ASSERT(isnan(norm) && params.items[0].value[7] == before && o->m[0][7] == moment);
    optimizer_free(o);
    for (size_t k = 0; k < SIZES; k++) {
        b->ops->release(b, params.items[k].value);
        b->ops->release(b, params.items[k].grad);
        mem_free(p[k]), mem_free(m[k]), mem_free(v[k]);
    }
    params_free(&params);
    CU_ASSERT_EQUAL(b->bytes, 0);
    cpu_backend_free(b);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"memory is zero and counted", memory_is_counted_and_zero},
        {"products", products_are_sums_of_products},
        {"bias, gather and scatter", bias_gather_and_scatter},
        {"norms of rows and heads, and their gradients", norms_and_their_gradients},
        {"RoPE turns, and turns back", rope_turns_and_turns_back},
        {"RoPE's gradient", rope_gradient_is_the_slope},
        {"SwiGLU and its gradient", swiglu_and_its_gradient},
        {"AdamW and clipping", adamw_and_clipping_are_the_plain_loop},
        {NULL, NULL},
    };
    return suite_run("trainer: ops", tests, argc, argv);
}
