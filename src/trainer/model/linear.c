#include "trainer/model/linear.h"

void linear_forward(struct backend *b, const struct linear *l, const float *x, int rows, float beta,
                    float *y, float *u)
{
    const struct ops *ops = b->ops;
    ops->matmul(b,
                &(struct matmul){.tb = true, .m = rows, .n = l->out, .k = l->in, .alpha = 1,
                                 .beta = beta, .lda = l->in, .ldb = l->in, .ldc = l->out},
                x, l->w, y);
    if (l->bias)
        ops->add_bias(b, y, l->bias, rows, l->out);
    int r = l->lora.rank;
    if (r == 0)
        return;
    ops->matmul(b,
                &(struct matmul){.tb = true, .m = rows, .n = r, .k = l->in, .alpha = 1, .lda = l->in,
                                 .ldb = l->in, .ldc = r},
                x, l->lora.a, u);
    ops->matmul(b,
                &(struct matmul){.tb = true, .m = rows, .n = l->out, .k = r, .alpha = l->lora.scale,
                                 .beta = 1, .lda = r, .ldb = r, .ldc = l->out},
                u, l->lora.b, y);
}

/* da += du' x, db += scale dy' u, dx += du A, with du = scale dy B. */
static void low_rank_backward(struct backend *b, const struct linear *l, const float *x,
                              const float *u, const float *dy, int rows, float *dx, float *du)
{
    const struct ops *ops = b->ops;
    int r = l->lora.rank;
    ops->matmul(b,
                &(struct matmul){.m = rows, .n = r, .k = l->out, .alpha = l->lora.scale,
                                 .lda = l->out, .ldb = r, .ldc = r},
                dy, l->lora.b, du);
    if (l->lora.da) {
        ops->matmul(b,
                    &(struct matmul){.ta = true, .m = r, .n = l->in, .k = rows, .alpha = 1, .beta = 1,
                                     .lda = r, .ldb = l->in, .ldc = l->in},
                    du, x, l->lora.da);
        ops->matmul(b,
                    &(struct matmul){.ta = true, .m = l->out, .n = r, .k = rows,
                                     .alpha = l->lora.scale, .beta = 1, .lda = l->out, .ldb = r,
                                     .ldc = r},
                    dy, u, l->lora.db);
    }
    if (dx)
        ops->matmul(b,
                    &(struct matmul){.m = rows, .n = l->in, .k = r, .alpha = 1, .beta = 1, .lda = r,
                                     .ldb = l->in, .ldc = l->in},
                    du, l->lora.a, dx);
}

void linear_backward(struct backend *b, const struct linear *l, const float *x, const float *u,
                     const float *dy, int rows, float beta, float *dx, float *du)
{
    const struct ops *ops = b->ops;
    if (dx)
        ops->matmul(b,
                    &(struct matmul){.m = rows, .n = l->in, .k = l->out, .alpha = 1, .beta = beta,
                                     .lda = l->out, .ldb = l->in, .ldc = l->in},
                    dy, l->w, dx);
    if (l->dw)
        ops->matmul(b,
                    &(struct matmul){.ta = true, .m = l->out, .n = l->in, .k = rows, .alpha = 1,
                                     .beta = 1, .lda = l->out, .ldb = l->in, .ldc = l->in},
                    dy, x, l->dw);
    if (l->dbias)
        ops->bias_grad(b, dy, rows, l->out, l->dbias);
    if (l->lora.rank)
        low_rank_backward(b, l, x, u, dy, rows, dx, du);
}
