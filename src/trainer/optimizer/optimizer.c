#include "trainer/optimizer/optimizer.h"

#include <math.h>

#include "base/mem.h"

struct optimizer *optimizer_new(struct backend *b, const struct params *params, struct error *err)
{
    struct optimizer *o = mem_zalloc(1, sizeof *o);
    o->backend = b;
    o->params = params;
    o->m = mem_zalloc(params->count + 1, sizeof *o->m);
    o->v = mem_zalloc(params->count + 1, sizeof *o->v);
    o->list = mem_zalloc(params->count + 1, sizeof *o->list);
    for (size_t i = 0; i < params->count; i++) {
        o->m[i] = b->ops->alloc_f32(b, params->items[i].count, err);
        o->v[i] = o->m[i] ? b->ops->alloc_f32(b, params->items[i].count, err) : NULL;
        if (!o->v[i]) {
            optimizer_free(o);
            return NULL;
        }
    }
    return o;
}

void optimizer_free(struct optimizer *o)
{
    if (!o)
        return;
    for (size_t i = 0; i < o->params->count; i++) {
        o->backend->ops->release(o->backend, o->m[i]);
        o->backend->ops->release(o->backend, o->v[i]);
    }
    mem_free(o->m);
    mem_free(o->v);
    mem_free(o->list);
    mem_free(o);
}

static void zero_all(void *ctx)
{
    struct optimizer *o = ctx;
    for (size_t i = 0; i < o->params->count; i++)
        o->backend->ops->zero_f32(o->backend, o->params->items[i].grad, o->params->items[i].count);
}

void optimizer_zero_grads(struct optimizer *o)
{
    o->backend->ops->repeat(o->backend, o->params->count, zero_all, o);
}

void optimizer_step(struct optimizer *o, double lr, double decay, double clip, int step, double *norm)
{
    struct adamw a = {.lr = (float)lr, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8F,
                      .decay = (float)decay, .clip = clip, .step = step};
    for (size_t i = 0; i < o->params->count; i++) {
        const struct param *p = &o->params->items[i];
        o->list[i] = (struct trained){p->value, p->work, p->grad, o->m[i], o->v[i], p->count};
    }
    o->backend->ops->optimize(o->backend, &a, o->list, o->params->count, norm);
}

double schedule_rate(enum schedule s, double lr, int warmup, int step, int total)
{
    if (step <= warmup)
        return lr * step / warmup;
    double done = total > warmup ? (double)(step - 1 - warmup) / (total - warmup) : 0;
    if (s == SCHEDULE_LINEAR)
        return lr * (1 - done);
    return s == SCHEDULE_COSINE ? lr * 0.5 * (1 + cos(3.141592653589793 * done)) : lr;
}
