#include "trainer/model/linear.h"

#include <assert.h>

/* u = x A' */
static void down_project(struct backend *b, const struct linear *l, const real *x, int rows, real *u)
{
    int r = l->lora.rank;
    b->ops->matmul(b,
                   &(struct matmul){.tb = true, .m = rows, .n = r, .k = l->in, .alpha = 1, .lda = l->in,
                                    .ldb = l->in, .ldc = r},
                   x, l->lora.a, u);
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

/* The weights with the adapter added, in w, when making them costs less than what they save. */
static const real *merged(struct backend *b, const struct linear *l, int rows, real *w)
{
    int r = l->lora.rank;
    if (r == 0 || !w || !b->merges || r * wide(l) >= rows * narrow(l))
        return NULL;
    b->ops->matmul(b,
                   &(struct matmul){.m = l->out, .n = l->in, .k = r, .alpha = l->lora.scale, .beta = 1,
                                    .from = l->w, .lda = r, .ldb = l->in, .ldc = l->in},
                   l->lora.b, l->lora.a, w);
    return w;
}

/* The weights as products read them. */
static const real *weights_of(struct backend *b, const struct linear *l, const struct linear_scratch *s)
{
    if (!l->packed.at)
        return l->w;
    assert(s && s->w); /* whoever has packed weights has room for them */
    b->ops->unpack(b, &l->packed, l->out, l->in, s->w);
    return s->w;
}

void linear_forward(struct backend *b, const struct linear *l, const real *x, int rows, const real *plus,
                    real *y, const struct linear_scratch *s)
{
    const struct ops *ops = b->ops;
    const real *sum = s ? merged(b, l, rows, s->w) : NULL;
    ops->matmul(b,
                &(struct matmul){.tb = true, .m = rows, .n = l->out, .k = l->in, .alpha = 1,
                                 .beta = plus ? 1 : 0, .from = plus, .lda = l->in, .ldb = l->in, .ldc = l->out},
                x, sum ? sum : weights_of(b, l, s), y);
    if (l->bias)
        ops->add_bias(b, y, l->bias, rows, l->out);
    int r = l->lora.rank;
    if (r == 0 || sum)
        return;
    assert(s); /* whoever has an adapter has room for it */
    down_project(b, l, x, rows, s->u);
    ops->matmul(b,
                &(struct matmul){.tb = true, .m = rows, .n = l->out, .k = r, .alpha = l->lora.scale,
                                 .beta = 1, .lda = r, .ldb = r, .ldc = l->out},
                s->u, l->lora.b, y);
}

/* du = scale dy B */
static void up_project_back(struct backend *b, const struct linear *l, const real *dy, int rows, real *du)
{
    int r = l->lora.rank;
    b->ops->matmul(b,
                   &(struct matmul){.m = rows, .n = r, .k = l->out, .alpha = l->lora.scale, .lda = l->out,
                                    .ldb = r, .ldc = r},
                   dy, l->lora.b, du);
}

/* da += du' x, db += scale dy' u */
static void narrow_grads(struct backend *b, const struct linear *l, const real *x, const real *dy,
                         int rows, const struct linear_scratch *s)
{
    int r = l->lora.rank;
    down_project(b, l, x, rows, s->u);
    b->ops->matmul(b,
                   &(struct matmul){.ta = true, .m = r, .n = l->in, .k = rows, .alpha = 1, .beta = 1,
                                    .lda = r, .ldb = l->in, .ldc = l->in, .wide = true},
                   s->du, x, l->lora.da);
    b->ops->matmul(b,
                   &(struct matmul){.ta = true, .m = l->out, .n = r, .k = rows, .alpha = l->lora.scale,
                                    .beta = 1, .lda = l->out, .ldb = r, .ldc = r, .wide = true},
                   dy, s->u, l->lora.db);
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

/* The adapter's part; sum: dx already holds its share. */
static void low_rank_backward(struct backend *b, const struct linear *l, const real *x, const real *dy,
                              int rows, real *dx, bool sum, const struct linear_scratch *s)
{
    assert(s);
    int r = l->lora.rank;
    bool by_sum = l->lora.da && s->w && b->merges && rows * wide(l) + 2 * r * wide(l) < 2 * rows * narrow(l);
    bool by_path = l->lora.da && !by_sum;
    if (by_path || (dx && !sum))
        up_project_back(b, l, dy, rows, s->du);
    if (by_path)
        narrow_grads(b, l, x, dy, rows, s);
    if (by_sum)
        wide_grads(b, l, x, dy, rows, s->w);
    if (dx && !sum)
        b->ops->matmul(b,
                       &(struct matmul){.m = rows, .n = l->in, .k = r, .alpha = 1, .beta = 1, .lda = r,
                                        .ldb = l->in, .ldc = l->in},
                       s->du, l->lora.a, dx);
}

void linear_backward(struct backend *b, const struct linear *l, const real *x, const real *dy, int rows,
                     float beta, real *dx, const struct linear_scratch *s)
{
    const struct ops *ops = b->ops;
    const real *sum = s && dx ? merged(b, l, rows, s->w) : NULL;
    if (dx)
        ops->matmul(b,
                    &(struct matmul){.m = rows, .n = l->in, .k = l->out, .alpha = 1, .beta = beta,
                                     .lda = l->out, .ldb = l->in, .ldc = l->in},
                    dy, sum ? sum : weights_of(b, l, s), dx);
    if (l->dw)
        ops->matmul(b,
                    &(struct matmul){.ta = true, .m = l->out, .n = l->in, .k = rows, .alpha = 1,
                                     .beta = 1, .lda = l->out, .ldb = l->in, .ldc = l->in, .wide = true},
                    dy, x, l->dw);
    if (l->dbias)
        ops->bias_grad(b, dy, rows, l->out, l->dbias);
    if (l->lora.rank)
        low_rank_backward(b, l, x, dy, rows, dx, sum != NULL, s);
}
