/* Ops over rows, heads, and products. */
#include <stdlib.h>

#include "base/mem.h"
#include "tests/gpu/twin.h"
#include "trainer/model/linear.h"

struct rows_case {
    int rows, d, heads;
    float eps;
    const int *index;
    struct pair x, y, w, g, table, rstd, dw;
    bool with_norm, with_dw;
};

static void run_bias(struct backend *b, int s, const void *ctx)
{
    const struct rows_case *c = ctx;
    b->ops->bias_grad(b, c->g.at[s], c->rows, c->d, c->dw.at[s]);
}

static void run_norm(struct backend *b, int s, const void *ctx)
{
    const struct rows_case *c = ctx;
    b->ops->rmsnorm(b, c->x.at[s], c->w.at[s], c->rows, c->d, c->eps, c->y.at[s], c->rstd.at[s]);
}

static void run_norm_grad(struct backend *b, int s, const void *ctx)
{
    const struct rows_case *c = ctx;
    b->ops->rmsnorm_grad(b, c->x.at[s], c->w.at[s], c->rstd.at[s], c->g.at[s], c->rows, c->d, c->y.at[s], c->dw.at[s]);
}

static void run_gather(struct backend *b, int s, const void *ctx)
{
    const struct rows_case *c = ctx;
    b->ops->gather(b, c->x.at[s], c->index, c->rows, c->d, c->y.at[s]);
}

static void run_scatter(struct backend *b, int s, const void *ctx)
{
    const struct rows_case *c = ctx;
    b->ops->scatter_add(b, c->x.at[s], c->index, c->rows, c->d, c->y.at[s]);
}

static void run_scatter_f32(struct backend *b, int s, const void *ctx)
{
    const struct rows_case *c = ctx;
    b->ops->scatter_add_f32(b, c->x.at[s], c->index, c->rows, c->d, c->dw.at[s]);
}

static void run_swiglu(struct backend *b, int s, const void *ctx)
{
    const struct rows_case *c = ctx;
    b->ops->swiglu(b, c->x.at[s], c->w.at[s], (size_t)c->rows * (size_t)c->d, c->y.at[s]);
}

static void run_swiglu_grad(struct backend *b, int s, const void *ctx)
{
    const struct rows_case *c = ctx;
    b->ops->swiglu_grad(b, c->x.at[s], c->w.at[s], c->g.at[s], (size_t)c->rows * (size_t)c->d, c->x.at[s], c->w.at[s]);
}

static void run_norm_rope(struct backend *b, int s, const void *ctx)
{
    const struct rows_case *c = ctx;
    b->ops->norm_rope(b, c->x.at[s], c->with_norm ? c->w.at[s] : NULL, c->table.at[s], c->rows, c->heads, c->d, c->eps,
                      c->y.at[s], c->rstd.at[s]);
}

static void run_norm_rope_grad(struct backend *b, int s, const void *ctx)
{
    const struct rows_case *c = ctx;
    b->ops->norm_rope_grad(b, c->x.at[s], c->with_norm ? c->w.at[s] : NULL, c->rstd.at[s], c->table.at[s], c->rows,
                           c->heads, c->d, c->g.at[s], c->with_dw ? c->dw.at[s] : NULL);
}

static void check_rows(struct twin *t, int rows, int d)
{
    size_t n = (size_t)rows * (size_t)d, width = (size_t)d;
    int *index = mem_alloc((size_t)rows * sizeof *index);
    for (int i = 0; i < rows; i++)
        index[i] = twin_below(t, rows); /* some come twice */
    struct rows_case c = {
        .rows = rows, .d = d, .eps = 1e-5F, .index = index, .x = twin_numbers(t, n, 1), .y = twin_numbers(t, n, 1),
        .w = twin_numbers(t, width, 1), .g = twin_numbers(t, n, 1), .rstd = twin_floats(t, (size_t)rows, 1),
        .dw = twin_floats(t, n > width ? n : width, 1),
    };
    struct pair norm[] = {c.y, c.rstd}, grad[] = {c.y, c.dw};
    twin_run(t, run_bias, &c, &c.dw, 1, NEAR, "gradient of a bias, %d rows of %d", rows, d);
    twin_run(t, run_norm, &c, norm, 2, NEAR, "RMSNorm, %d rows of %d", rows, d);
    twin_run(t, run_norm_grad, &c, grad, 2, NEAR, "gradient of RMSNorm, %d rows of %d", rows, d);
    twin_run(t, run_gather, &c, &c.y, 1, 0, "gather, %d rows of %d", rows, d);
    twin_run(t, run_scatter, &c, &c.y, 1, NEAR, "sum by index, %d rows of %d", rows, d);
    twin_run(t, run_scatter_f32, &c, &c.dw, 1, EXACT, "sum by index in fp32, %d rows of %d", rows, d);
    const struct pair all[] = {c.x, c.y, c.w, c.g, c.rstd, c.dw};
    twin_release(t, all, 6);
    mem_free(index);
}

static void check_gates(struct twin *t, int rows, int d)
{
    size_t n = (size_t)rows * (size_t)d;
    struct rows_case c = {.rows = rows, .d = d, .x = twin_numbers(t, n, 3), .w = twin_numbers(t, n, 1),
                          .y = twin_numbers(t, n, 1), .g = twin_numbers(t, n, 1)};
    struct pair grads[] = {c.x, c.w};
    twin_run(t, run_swiglu, &c, &c.y, 1, NEAR, "SwiGLU, %d", rows * d);
    twin_run(t, run_swiglu_grad, &c, grads, 2, NEAR, "gradient of SwiGLU, in place, %d", rows * d);
    const struct pair all[] = {c.x, c.w, c.y, c.g};
    twin_release(t, all, 4);
}

struct table_case {
    const int *positions;
    const float *freqs;
    int rows, dim;
    struct pair table;
};

static void run_table(struct backend *b, int s, const void *ctx)
{
    const struct table_case *c = ctx;
    b->ops->rope_table(b, c->positions, c->freqs, c->rows, c->dim, c->table.at[s]);
}

static void check_heads(struct twin *t, int rows, int heads, int dim)
{
    size_t n = (size_t)rows * (size_t)heads * (size_t)dim;
    int *positions = mem_alloc((size_t)rows * sizeof *positions);
    float freqs[128];
    for (int i = 0; i < rows; i++)
        positions[i] = i % 3 ? i : twin_below(t, 40000);
    for (int i = 0; i < dim / 2; i++)
        freqs[i] = 1.0F / (float)(1 + i * i);
    struct table_case table = {positions, freqs, rows, dim, twin_floats(t, (size_t)rows * (size_t)dim, 1)};
    twin_run(t, run_table, &table, &table.table, 1, EXACT, "RoPE's table, %d rows of %d", rows, dim);
    struct rows_case c = {.rows = rows, .d = dim, .heads = heads, .eps = 1e-6F, .x = twin_numbers(t, n, 1),
                          .y = twin_numbers(t, n, 1), .w = twin_numbers(t, (size_t)dim, 1), .table = table.table,
                          .g = twin_numbers(t, n, 1), .rstd = twin_floats(t, (size_t)rows * (size_t)heads, 1),
                          .dw = twin_floats(t, (size_t)dim, 1)};
    struct pair norm[] = {c.y, c.rstd}, grad[] = {c.g, c.dw};
    twin_run(t, run_norm_rope, &c, norm, 2, NEAR, "RoPE, %d rows, %d heads of %d", rows, heads, dim);
    twin_run(t, run_norm_rope_grad, &c, grad, 2, NEAR, "gradient of RoPE, %d rows, %d heads of %d", rows, heads, dim);
    c.with_norm = true;
    twin_run(t, run_norm_rope, &c, norm, 2, NEAR, "norm and RoPE, %d rows, %d heads of %d", rows, heads, dim);
    twin_run(t, run_norm_rope_grad, &c, grad, 2, NEAR, "gradient of norm and RoPE, %d rows, %d heads of %d", rows, heads, dim);
    c.with_dw = true;
    twin_run(t, run_norm_rope_grad, &c, grad, 2, NEAR, "the same with its weights', %d rows, %d heads of %d", rows, heads, dim);
    const struct pair all[] = {c.x, c.y, c.w, c.table, c.g, c.rstd, c.dw};
    twin_release(t, all, 7);
    mem_free(positions);
}

static void run_copies(struct backend *b, int s, const void *ctx)
{
    const struct rows_case *c = ctx;
    struct error err = {0};
    size_t n = c->x.count;
    float *master = b->ops->master(b, c->x.at[s], n, &err);
    b->ops->refresh(b, c->y.at[s], master, n);
    b->ops->copy(b, real_at(b, c->g.at[s], 1), real_from(b, c->y.at[s], 2), n - 2);
    b->ops->zero(b, c->x.at[s], n / 2);
    b->ops->zero_f32(b, c->dw.at[s], n / 3);
    if (s == GPU)
        b->ops->release(b, master);
    else
        b->ops->copy(b, c->y.at[s], c->g.at[s], 0); /* the CPU's master is x itself */
}

static void check_copies(struct twin *t)
{
    struct rows_case c = {.x = twin_numbers(t, 1003, 1), .y = twin_numbers(t, 1003, 1), .g = twin_numbers(t, 1003, 1),
                          .dw = twin_floats(t, 1003, 1)};
    struct backend *b = twin_side(t, CPU)->backend;
    b->ops->copy(b, c.y.at[CPU], c.x.at[CPU], 1003); /* refresh does nothing there */
    struct pair outs[] = {c.x, c.y, c.g, c.dw};
    twin_run(t, run_copies, &c, outs, 4, 0, "master, refresh, copy, zero");
    twin_release(t, outs, 4);
}

void twin_rows(struct twin *t)
{
    check_copies(t);
    check_rows(t, 5, 19);
    check_rows(t, 3, 1048);
    check_rows(t, 37, 64);
    check_gates(t, 3, 35);
    check_gates(t, 4, 328);
    check_heads(t, 5, 3, 64);
    check_heads(t, 3, 1, 10);
    check_heads(t, 4, 2, 128);
    check_heads(t, 2, 2, 256);
    if (!twin_large(t))
        return;
    check_rows(t, 1, 5120);
    check_rows(t, 4097, 4096);
    check_gates(t, 1000, 12288);
    check_heads(t, 32768, 8, 128);
    check_heads(t, 1001, 32, 80);
}

struct product_case {
    struct matmul m;
    struct pair a, b, c, from, bias;
    bool with_bias;
};

static void run_product(struct backend *b, int s, const void *ctx)
{
    const struct product_case *p = ctx;
    struct matmul m = p->m;
    m.from = m.from ? p->from.at[s] : NULL;
    m.bias = p->with_bias ? p->bias.at[s] : NULL;
    b->ops->matmul(b, &m, p->a.at[s], p->b.at[s], p->c.at[s]);
}

static void check_product(struct twin *t, int m, int n, int k, int kind)
{
    bool ta = kind & 1, tb = kind & 2, wide = kind & 4, adds = kind & 8, from = kind & 16, bias = kind & 32;
    struct product_case p = {.m = {.ta = ta, .tb = tb, .m = m, .n = n, .k = k, .alpha = 0.5F, .beta = adds ? 1.0F : 0.0F,
                                   .lda = (ta ? m : k) + 3, .ldb = (tb ? k : n) + 1, .ldc = n + 2, .wide = wide}};
    p.a = twin_numbers(t, (size_t)(ta ? k : m) * (size_t)p.m.lda, 1);
    p.b = twin_numbers(t, (size_t)(tb ? n : k) * (size_t)p.m.ldb, 1);
    size_t c = (size_t)m * (size_t)p.m.ldc;
    p.c = wide ? twin_floats(t, c, 1) : twin_numbers(t, c, 1);
    p.from = wide ? twin_floats(t, c, 1) : twin_numbers(t, c, 1);
    p.bias = twin_numbers(t, (size_t)n, 3);
    p.with_bias = bias;
    p.m.from = adds && from ? &p : NULL; /* put in place of each side's */
    twin_run(t, run_product, &p, &p.c, 1, wide ? EXACT : NEAR, "product %d by %d by %d%s%s%s%s%s%s", m, n, k, ta ? " A'" : "",
             tb ? " B'" : "", wide ? " fp32" : "", adds ? " +=" : "", adds && from ? " elsewhere" : "", bias ? " and a bias" : "");
    const struct pair all[] = {p.a, p.b, p.c, p.from, p.bias};
    twin_release(t, all, 5);
}

struct linear_case {
    struct linear sides[SIDES];
    struct linear_scratch scratch[SIDES];
    int rows;
    struct pair x, y, dy, dx, plus;
};

static void run_linear(struct backend *b, int s, const void *ctx)
{
    const struct linear_case *c = ctx;
    linear_forward(b, &c->sides[s], c->x.at[s], c->rows, c->plus.at[s], c->y.at[s], &c->scratch[s]);
    linear_backward(b, &c->sides[s], c->x.at[s], c->dy.at[s], c->rows, 1, c->dx.at[s], &c->scratch[s]);
}

static void check_linear(struct twin *t, int rows, int in, int out, int rank)
{
    size_t n = (size_t)in, m = (size_t)out, r = (size_t)rank, k = (size_t)rows;
    struct linear_case c = {.rows = rows, .x = twin_numbers(t, k * n, 1), .y = twin_numbers(t, k * m, 1),
                            .dy = twin_numbers(t, k * m, 1), .dx = twin_numbers(t, k * n, 1),
                            .plus = twin_numbers(t, k * m, 1)};
    struct pair w = twin_numbers(t, m * n, 0.1), bias = twin_numbers(t, m, 1), a = twin_numbers(t, r * n, 0.1),
                b = twin_numbers(t, m * r, 0.1), da = twin_floats(t, r * n, 0.1), db = twin_floats(t, m * r, 0.1),
                dbias = twin_floats(t, m, 1), u = twin_numbers(t, k * r, 1), du = twin_numbers(t, k * r, 1);
    for (int s = 0; s < SIDES; s++) {
        c.sides[s] = (struct linear){.in = in, .out = out, .w = w.at[s], .bias = bias.at[s], .dbias = dbias.at[s],
                                     .lora = {.rank = rank, .scale = 0.375F, .a = a.at[s], .b = b.at[s], .da = da.at[s],
                                              .db = db.at[s]}};
        c.scratch[s] = (struct linear_scratch){.u = u.at[s], .du = du.at[s]};
    }
    struct pair outs[] = {c.y, c.dx, da, db, dbias};
    twin_run(t, run_linear, &c, outs, 5, NEAR, "linear map with LoRA, %d rows, %d to %d, rank %d", rows, in, out, rank);
    const struct pair all[] = {c.x, c.y, c.dy, c.dx, c.plus, w, bias, a, b, da, db, dbias, u, du};
    twin_release(t, all, sizeof all / sizeof *all);
}

enum { MAPS = 3, IN = 40 };

struct linears_case {
    struct linears sides[SIDES];
    struct linear maps[SIDES][MAPS];
    struct linear_scratch scratch[SIDES];
    int rows;
    struct pair x, dx, y[MAPS], dy[MAPS];
};

static void run_linears(struct backend *b, int s, const void *ctx)
{
    const struct linears_case *c = ctx;
    const struct pair *y = c->y, *dy = c->dy;
    linears_forward(b, &c->sides[s], c->x.at[s], c->rows, (real *const[]){y[0].at[s], y[1].at[s], y[2].at[s]},
                    &c->scratch[s]);
    linears_backward(b, &c->sides[s], c->x.at[s], (const real *const[]){dy[0].at[s], dy[1].at[s], dy[2].at[s]}, c->rows,
                     c->dx.at[s], &c->scratch[s]);
}

/* Maps that share A; a rank of 0: no adapter. */
static void check_linears(struct twin *t, int rows, const int out[MAPS], const int rank[MAPS])
{
    int ranks = rank[0] + rank[1] + rank[2], count = 0;
    size_t k = (size_t)rows, as = (size_t)ranks * IN, us = k * (size_t)ranks, at = 0;
    struct linears_case c = {.rows = rows, .x = twin_numbers(t, k * IN, 1), .dx = twin_numbers(t, k * IN, 1)};
    struct pair w[MAPS], b[MAPS], db[MAPS], a = twin_numbers(t, as, 0.1), da = twin_floats(t, as, 0.1),
                                            u = twin_numbers(t, us, 1), du = twin_numbers(t, us, 1);
    struct pair results[2 * MAPS + 2] = {c.dx, da};
    for (int i = 0; i < MAPS; i++) {
        size_t m = (size_t)out[i], r = (size_t)rank[i];
        w[i] = twin_numbers(t, m * IN, 0.1);
        b[i] = twin_numbers(t, r ? m * r : 1, 0.1);
        db[i] = twin_floats(t, r ? m * r : 1, 0.1);
        c.y[i] = results[2 + count++] = twin_numbers(t, k * m, 1);
        c.dy[i] = twin_numbers(t, k * m, 1);
        for (int s = 0; s < SIDES; s++) {
            struct backend *side = twin_side(t, s)->backend;
            c.maps[s][i] = (struct linear){.in = IN, .out = out[i], .w = w[i].at[s]};
            if (r)
                c.maps[s][i].lora = (struct low_rank){.rank = rank[i], .scale = 0.375F, .a = real_at(side, a.at[s], at),
                                                      .da = (float *)da.at[s] + at, .b = b[i].at[s], .db = db[i].at[s]};
        }
        at += r * IN;
    }
    for (int i = 0; i < MAPS; i++) {
        if (rank[i])
            results[2 + count++] = db[i];
    }
    for (int s = 0; s < SIDES; s++) {
        c.sides[s] = (struct linears){.maps = c.maps[s], .count = MAPS, .a = a.at[s], .da = da.at[s]};
        c.scratch[s] = (struct linear_scratch){.u = u.at[s], .du = du.at[s]};
    }
    twin_run(t, run_linears, &c, results, 2 + count, NEAR, "three maps that share A, %d rows, ranks %d, %d, %d", rows,
             rank[0], rank[1], rank[2]);
    const struct pair all[] = {c.x, c.dx, a, da, u, du};
    twin_release(t, all, sizeof all / sizeof *all);
    for (int i = 0; i < MAPS; i++)
        twin_release(t, (const struct pair[]){w[i], b[i], db[i], c.y[i], c.dy[i]}, 5);
}

void twin_products(struct twin *t)
{
    for (int kind = 0; kind < 32; kind++) {
        if (kind & 8 || !(kind & 16))
            check_product(t, 5 + kind, 37, 13 + kind, kind);
    }
    check_product(t, 1, 1, 1, 0);
    /* A bias in the epilogue, and where none is to be had; row counts whose rounded one's algorithm fits or not. */
    for (int rows = 31; rows < 37; rows++) {
        check_product(t, rows, rows % 2 ? 40 : 37, 300, 2 | 8 | 32);
        check_product(t, 24, 16, rows, 1 | 4 | 8);
    }
    check_linear(t, 19, 40, 56, 8);
    check_linear(t, 7, 33, 21, 5);
    check_linears(t, 19, (const int[]){48, 16, 24}, (const int[]){8, 8, 8});
    check_linears(t, 6, (const int[]){21, 9, 17}, (const int[]){3, 0, 5});
    if (!twin_large(t))
        return;
    check_product(t, 1024, 4096, 4096, 2);
    check_product(t, 257, 1537, 4096, 4 | 8 | 2);
    check_linear(t, 1000, 2048, 4096, 256);
}
