/* The optimizer's step and the norm it is clipped by. */
#include <math.h>

#include "base/mem.h"
#include "trainer/backend/cpu_parts.h"

enum { CHUNK = 1 << 14 };

static double squares(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    return sum;
}

static double sum_squares(struct backend *b, const float *x, size_t count)
{
    size_t chunks = (count + CHUNK - 1) / CHUNK;
    double *part = mem_zalloc(chunks + 1, sizeof *part), sum = 0;
    PARALLEL_FOR(cpu_workers(b, (double)count))
    for (size_t i = 0; i < chunks; i++)
        part[i] = squares(x + i * CHUNK, count - i * CHUNK < CHUNK ? count - i * CHUNK : CHUNK);
    for (size_t i = 0; i < chunks; i++)
        sum += part[i];
    mem_free(part);
    return sum;
}

/* Loshchilov and Hutter 2019, in PyTorch's order of operations (torch.optim.AdamW). */
HOT static void adamw_some(const struct adamw *a, float scale, float *p, const float *grad, float *m, float *v,
                           size_t n)
{
    float keep = 1.0F - a->lr * a->decay;
    float step = (float)(a->lr / (1.0 - pow(a->beta1, a->step)));
    float root = (float)sqrt(1.0 - pow(a->beta2, a->step));
    /* 1 - 0.999 in fp32 is off by 1e-5: from doubles, as PyTorch does */
    float new1 = (float)(1 - a->beta1), keep2 = (float)a->beta2, new2 = (float)(1 - a->beta2);
    float eps = a->eps;
    for (size_t i = 0; i < n; i++) {
        float g = grad[i] * scale;
        m[i] = m[i] + (g - m[i]) * new1;
        v[i] = v[i] * keep2 + g * g * new2;
        p[i] = p[i] * keep - step * m[i] / (sqrtf(v[i]) / root + eps);
    }
}

static void adamw(struct backend *b, const struct adamw *a, float scale, const struct trained *t)
{
    PARALLEL_FOR(cpu_workers(b, (double)t->count))
    for (size_t at = 0; at < t->count; at += CHUNK)
        adamw_some(a, scale, t->value + at, t->grad + at, t->m + at, t->v + at,
                   t->count - at < CHUNK ? t->count - at : CHUNK);
}

void cpu_optimize(struct backend *b, const struct adamw *a, const struct trained *list, size_t count, double *norm)
{
    double squares = 0;
    for (size_t i = 0; i < count; i++)
        squares += sum_squares(b, list[i].grad, list[i].count);
    *norm = sqrt(squares);
    if (!isfinite(*norm))
        return;
    double scale = a->clip > 0 ? a->clip / (*norm + 1e-6) : 1; /* torch.nn.utils.clip_grad_norm_ */
    for (size_t i = 0; i < count; i++)
        adamw(b, a, scale < 1 ? (float)scale : 1, &list[i]);
}
