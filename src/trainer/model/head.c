#include "trainer/model/head.h"

#include "base/mem.h"

struct head {
    struct model *model;
    float *x, *normed, *rstd, *logits, *d_normed, *d_x;
};

void head_free(struct head *h)
{
    if (!h)
        return;
    struct backend *b = h->model->backend;
    float *all[] = {h->x, h->normed, h->rstd, h->logits, h->d_normed, h->d_x};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        b->ops->release(b, all[i]);
    mem_free(h);
}

double head_floats(const struct model *m, bool grads)
{
    return (double)HEAD_CHUNK * (m->config.vocab + 1.0 + (grads ? 4.0 : 2.0) * m->config.hidden);
}

struct head *head_new(struct model *m, bool grads, struct error *err)
{
    struct head *h = mem_zalloc(1, sizeof *h);
    struct backend *b = m->backend;
    size_t d = (size_t)m->config.hidden, chunk = HEAD_CHUNK;
    h->model = m;
    bool ok = (h->x = b->ops->alloc(b, chunk * d, err)) != NULL &&
              (h->normed = b->ops->alloc(b, chunk * d, err)) != NULL &&
              (h->rstd = b->ops->alloc(b, chunk, err)) != NULL &&
              (h->logits = b->ops->alloc(b, chunk * (size_t)m->config.vocab, err)) != NULL;
    if (ok && grads)
        ok = (h->d_normed = b->ops->alloc(b, chunk * d, err)) != NULL &&
             (h->d_x = b->ops->alloc(b, chunk * d, err)) != NULL;
    if (ok)
        return h;
    head_free(h);
    return NULL;
}

static void logits_of(struct head *h, const float *hidden, const int *rows, int count)
{
    struct model *m = h->model;
    struct backend *b = m->backend;
    int d = m->config.hidden;
    b->ops->gather(b, hidden, rows, count, d, h->x);
    b->ops->rmsnorm(b, h->x, m->last.w, count, d, m->config.eps, h->normed, h->rstd);
    linear_forward(b, &m->head, h->normed, count, 0, h->logits, NULL);
}

static void chunk_grads(struct head *h, const int *rows, int count, float *d_hidden)
{
    struct model *m = h->model;
    struct backend *b = m->backend;
    int d = m->config.hidden;
    linear_backward(b, &m->head, h->normed, h->logits, count, 0, h->d_normed, NULL);
    b->ops->zero(b, h->d_x, (size_t)count * (size_t)d);
    b->ops->rmsnorm_grad(b, h->x, m->last.w, h->rstd, h->d_normed, count, d, h->d_x, m->last.dw);
    b->ops->scatter_add(b, h->d_x, rows, count, d, d_hidden);
}

void head_loss(struct head *h, const float *hidden, const int *rows, const int *targets,
               const float *weights, int count, float *d_hidden, const struct loss_out *out)
{
    struct backend *b = h->model->backend;
    for (int at = 0; at < count; at += HEAD_CHUNK) {
        int n = count - at < HEAD_CHUNK ? count - at : HEAD_CHUNK;
        struct loss_out part = {
            .loss = out->loss ? out->loss + at : NULL,
            .entropy = out->entropy ? out->entropy + at : NULL,
            .margin = out->margin ? out->margin + at : NULL,
            .rank = out->rank ? out->rank + at : NULL,
        };
        logits_of(h, hidden, rows + at, n);
        b->ops->cross_entropy(b, h->logits, targets + at, d_hidden ? weights + at : NULL, n,
                              h->model->config.vocab, &part);
        if (d_hidden)
            chunk_grads(h, rows + at, n, d_hidden);
    }
}

void head_logits(struct head *h, const float *hidden, const int *rows, int count, float *host)
{
    struct backend *b = h->model->backend;
    logits_of(h, hidden, rows, count);
    b->ops->download(b, host, h->logits, (size_t)count * (size_t)h->model->config.vocab);
}
