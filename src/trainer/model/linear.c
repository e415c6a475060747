#include "trainer/model/linear.h"

#include <assert.h>
#include <stdint.h>

int linears_rank(const struct linears *g)
{
    int rank = 0;
    for (int i = 0; i < g->count; i++)
        rank += g->maps[i].lora.rank;
    return rank;
}

/* u = x A', of all maps at once: rows by all ranks */
static void down_project(struct backend *b, const struct linears *g, const real *x, int rows, real *u)
{
    int r = linears_rank(g), in = g->maps->in;
    b->ops->matmul(b,
                   &(struct matmul){.tb = true, .m = rows, .n = r, .k = in, .alpha = 1, .lda = in, .ldb = in, .ldc = r},
                   x, g->a, u);
}

/* Multiplications a row: through the low-rank path, and through the whole map. */
static double narrow(const struct linear *l)
{
    return (double)l->lora.rank * ((double)l->in + l->out);
}

static double wide(const struct linear *l)
{
    return (double)l->in * l->out;
}

/* Whether weights with the adapter added, made in w, cost less than what they save. */
static bool merging_gains(const struct backend *b, const struct linear *l, int rows, const struct linear_scratch *s)
{
    int r = l->lora.rank;
    return r && s && s->w && b->merges && r * wide(l) < rows * narrow(l);
}

/* Whether the gradients of A and B cost less by way of that of the sum. */
static bool summing_gains(const struct backend *b, const struct linear *l, int rows, const struct linear_scratch *s)
{
    return l->lora.rank && l->lora.da && s->w && b->merges &&
           rows * wide(l) + 2 * l->lora.rank * wide(l) < 2 * rows * narrow(l);
}

/* The weights with the adapter added, in w. */
static const real *merged(struct backend *b, const struct linear *l, real *w)
{
    int r = l->lora.rank;
    b->ops->matmul(b,
                   &(struct matmul){.m = l->out, .n = l->in, .k = r, .alpha = l->lora.scale, .beta = 1,
                                    .from = l->w, .lda = r, .ldb = l->in, .ldc = l->in},
                   l->lora.b, l->lora.a, w);
    return w;
}

/* A product with the map's weights, or with sum where that is given. */
static void times_weights(struct backend *b, const struct linear *l, const real *sum, const struct matmul *p,
                          const real *x, real *y, const struct linear_scratch *s)
{
    if (sum || !l->packed.at) {
        b->ops->matmul(b, p, x, sum ? sum : l->w, y);
        return;
    }
    assert(s && s->w); /* whoever has packed weights has room for them */
    b->ops->matmul_packed(b, p, x, &l->packed, s->w, y);
}

/* y = plus + x W' + bias */
static void forward_by(struct backend *b, const struct linear *l, const real *sum, const real *x, int rows,
                       const real *plus, real *y, const struct linear_scratch *s)
{
    times_weights(b, l, sum,
                  &(struct matmul){.tb = true, .m = rows, .n = l->out, .k = l->in, .alpha = 1,
                                   .beta = plus ? 1 : 0, .from = plus, .bias = l->bias, .lda = l->in, .ldb = l->in,
                                   .ldc = l->out},
                  x, y, s);
}

/* y[i] += scale u B', u the map's columns */
static void low_rank_forward(struct backend *b, const struct linears *g, const real *x, int rows, real *const y[],
                             const struct linear_scratch *s)
{
    assert(s); /* whoever has an adapter has room for it */
    int all = linears_rank(g), at = 0;
    down_project(b, g, x, rows, s->u);
    for (int i = 0; i < g->count; i++) {
        const struct linear *l = &g->maps[i];
        int r = l->lora.rank;
        if (r)
            b->ops->matmul(b,
                           &(struct matmul){.tb = true, .m = rows, .n = l->out, .k = r, .alpha = l->lora.scale,
                                            .beta = 1, .lda = all, .ldb = r, .ldc = l->out},
                           real_from(b, s->u, (size_t)at), l->lora.b, y[i]);
        at += r;
    }
}

/* A map alone as maps that read the same rows. */
static struct linears alone(const struct linear *l)
{
    return (struct linears){.maps = (struct linear *)(uintptr_t)l, .count = 1, .a = l->lora.a, .da = l->lora.da};
}

void linear_forward(struct backend *b, const struct linear *l, const real *x, int rows, const real *plus,
                    real *y, const struct linear_scratch *s)
{
    bool sum = merging_gains(b, l, rows, s);
    struct linears one = alone(l);
    forward_by(b, l, sum ? merged(b, l, s->w) : NULL, x, rows, plus, y, s);
    if (l->lora.rank && !sum)
        low_rank_forward(b, &one, x, rows, &y, s);
}

void linears_forward(struct backend *b, const struct linears *g, const real *x, int rows, real *const y[],
                     const struct linear_scratch *s)
{
    bool each = false;
    for (int i = 0; i < g->count; i++)
        each = each || merging_gains(b, &g->maps[i], rows, s);
    for (int i = 0; i < g->count; i++) {
        const struct linear *l = &g->maps[i];
        if (each)
            linear_forward(b, l, x, rows, NULL, y[i], s);
        else
            forward_by(b, l, NULL, x, rows, NULL, y[i], s);
    }
    if (!each && linears_rank(g))
        low_rank_forward(b, g, x, rows, y, s);
}

/* du = scale dy B, of each map into its columns */
static void up_project_back(struct backend *b, const struct linears *g, const real *const dy[], int rows, real *du)
{
    int all = linears_rank(g), at = 0;
    for (int i = 0; i < g->count; i++) {
        const struct linear *l = &g->maps[i];
        int r = l->lora.rank;
        if (r)
            b->ops->matmul(b,
                           &(struct matmul){.m = rows, .n = r, .k = l->out, .alpha = l->lora.scale, .lda = l->out,
                                            .ldb = r, .ldc = all},
                           dy[i], l->lora.b, real_at(b, du, (size_t)at));
        at += r;
    }
}

/* da += du' x of all at once, db += scale dy' u */
static void narrow_grads(struct backend *b, const struct linears *g, const real *x, const real *const dy[],
                         int rows, const struct linear_scratch *s)
{
    int all = linears_rank(g), in = g->maps->in, at = 0;
    if (!s->has_u)
        down_project(b, g, x, rows, s->u);
    b->ops->matmul(b,
                   &(struct matmul){.ta = true, .m = all, .n = in, .k = rows, .alpha = 1, .beta = 1,
                                    .lda = all, .ldb = in, .ldc = in, .wide = true},
                   s->du, x, g->da);
    for (int i = 0; i < g->count; i++) {
        const struct linear *l = &g->maps[i];
        int r = l->lora.rank;
        if (r)
            b->ops->matmul(b,
                           &(struct matmul){.ta = true, .m = l->out, .n = r, .k = rows, .alpha = l->lora.scale,
                                            .beta = 1, .lda = l->out, .ldb = all, .ldc = r, .wide = true},
                           dy[i], real_from(b, s->u, (size_t)at), l->lora.db);
        at += r;
    }
}

/* With G = dy' x, the gradient of the sum: da += scale B' G, db += scale G A'. */
static void wide_grads(struct backend *b, const struct linear *l, const real *x, const real *dy,
                       int rows, real *g)
{
    int r = l->lora.rank;
    b->ops->matmul(b,
                   &(struct matmul){.ta = true, .m = l->out, .n = l->in, .k = rows, .alpha = 1,
                                    .lda = l->out, .ldb = l->in, .ldc = l->in},
                   dy, x, g);
    b->ops->matmul(b,
                   &(struct matmul){.ta = true, .m = r, .n = l->in, .k = l->out, .alpha = l->lora.scale,
                                    .beta = 1, .lda = r, .ldb = l->in, .ldc = l->in, .wide = true},
                   l->lora.b, g, l->lora.da);
    b->ops->matmul(b,
                   &(struct matmul){.tb = true, .m = l->out, .n = r, .k = l->in, .alpha = l->lora.scale,
                                    .beta = 1, .lda = l->in, .ldb = l->in, .ldc = r, .wide = true},
                   g, l->lora.a, l->lora.db);
}

/* The adapters' part through the low-rank path: grads: what trains; dx += du A, dx NULL: not. */
static void low_rank_backward(struct backend *b, const struct linears *g, const real *x, const real *const dy[],
                              int rows, bool grads, real *dx, const struct linear_scratch *s)
{
    int all = linears_rank(g), in = g->maps->in;
    if (!grads && !dx)
        return;
    up_project_back(b, g, dy, rows, s->du);
    if (grads)
        narrow_grads(b, g, x, dy, rows, s);
    if (dx)
        b->ops->matmul(b,
                       &(struct matmul){.m = rows, .n = in, .k = all, .alpha = 1, .beta = 1, .lda = all,
                                        .ldb = in, .ldc = in},
                       s->du, g->a, dx);
}

/* dx = beta dx + dy W, and the gradients of the map itself */
static void backward_by(struct backend *b, const struct linear *l, const real *sum, const real *x, const real *dy,
                        int rows, float beta, real *dx, const struct linear_scratch *s)
{
    if (dx)
        times_weights(b, l, sum,
                      &(struct matmul){.m = rows, .n = l->in, .k = l->out, .alpha = 1, .beta = beta,
                                       .lda = l->out, .ldb = l->in, .ldc = l->in},
                      dy, dx, s);
    if (l->dw)
        b->ops->matmul(b,
                       &(struct matmul){.ta = true, .m = l->out, .n = l->in, .k = rows, .alpha = 1,
                                        .beta = 1, .lda = l->out, .ldb = l->in, .ldc = l->in, .wide = true},
                       dy, x, l->dw);
    if (l->dbias)
        b->ops->bias_grad(b, dy, rows, l->out, l->dbias);
}

void linear_backward(struct backend *b, const struct linear *l, const real *x, const real *dy, int rows,
                     float beta, real *dx, const struct linear_scratch *s)
{
    bool sum = dx && merging_gains(b, l, rows, s); /* dx then holds the adapter's share */
    backward_by(b, l, sum ? merged(b, l, s->w) : NULL, x, dy, rows, beta, dx, s);
    if (!l->lora.rank)
        return;
    assert(s);
    struct linears one = alone(l);
    bool by_sum = summing_gains(b, l, rows, s);
    low_rank_backward(b, &one, x, &dy, rows, l->lora.da && !by_sum, sum ? NULL : dx, s);
    if (by_sum)
        wide_grads(b, l, x, dy, rows, s->w);
}

void linears_backward(struct backend *b, const struct linears *g, const real *x, const real *const dy[], int rows,
                      real *dx, const struct linear_scratch *s)
{
    bool each = false;
    for (int i = 0; i < g->count; i++) {
        const struct linear *l = &g->maps[i];
        each = each || (dx && merging_gains(b, l, rows, s)) || summing_gains(b, l, rows, s);
    }
    for (int i = 0; i < g->count; i++) {
        const struct linear *l = &g->maps[i];
        float beta = i ? 1 : 0;
        if (each)
            linear_backward(b, l, x, dy[i], rows, beta, dx, s);
        else
            backward_by(b, l, NULL, x, dy[i], rows, beta, dx, s);
    }
    if (!each && linears_rank(g))
        low_rank_backward(b, g, x, dy, rows, g->da != NULL, dx, s);
}
