#include "trainer/model/head.h"

#include "base/mem.h"

struct head {
    struct model *model;
    real *x, *normed, *d_normed, *d_x;
    float *rstd, *logits;
    real *d_logits; /* with gradients: the logits' own place where real is fp32 */
};

void head_free(struct head *h)
{
    if (!h)
        return;
    struct backend *b = h->model->backend;
    void *all[] = {h->x, h->normed, h->rstd, h->logits, h->d_normed, h->d_x,
                   h->d_logits == h->logits ? NULL : h->d_logits};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        b->ops->release(b, all[i]);
    mem_free(h);
}

double head_bytes(const struct model *m, bool grads)
{
    double size = (double)m->backend->real_bytes, vocab = m->config.vocab;
    double d_logits = grads && m->backend->real_bytes != sizeof(float) ? size * vocab : 0;
    return HEAD_CHUNK * (4 * (vocab + 1) + d_logits + size * (grads ? 4.0 : 2.0) * m->config.hidden);
}

struct head *head_new(struct model *m, bool grads, struct error *err)
{
    struct head *h = mem_zalloc(1, sizeof *h);
    struct backend *b = m->backend;
    size_t d = (size_t)m->config.hidden, chunk = HEAD_CHUNK;
    h->model = m;
    bool ok = (h->x = b->ops->alloc(b, chunk * d, err)) != NULL &&
              (h->normed = b->ops->alloc(b, chunk * d, err)) != NULL &&
              (h->rstd = b->ops->alloc_f32(b, chunk, err)) != NULL &&
              (h->logits = b->ops->alloc_f32(b, chunk * (size_t)m->config.vocab, err)) != NULL;
    if (ok && grads)
        ok = (h->d_normed = b->ops->alloc(b, chunk * d, err)) != NULL &&
             (h->d_x = b->ops->alloc(b, chunk * d, err)) != NULL &&
             (h->d_logits = b->real_bytes == sizeof(float)
                                ? (real *)h->logits
                                : b->ops->alloc(b, chunk * (size_t)m->config.vocab, err)) != NULL;
    if (ok)
        return h;
    head_free(h);
    return NULL;
}

static void logits_of(struct head *h, const real *hidden, const int *rows, int count)
{
    struct model *m = h->model;
    struct backend *b = m->backend;
    int d = m->config.hidden;
    b->ops->gather(b, hidden, rows, count, d, h->x);
    b->ops->rmsnorm(b, h->x, m->last.w, count, d, m->config.eps, h->normed, h->rstd);
    b->ops->matmul(b,
                   &(struct matmul){.tb = true, .m = count, .n = m->config.vocab, .k = d, .alpha = 1, .lda = d,
                                    .ldb = d, .ldc = m->config.vocab, .wide = true},
                   h->normed, m->head.w, h->logits);
}

static void chunk_grads(struct head *h, const int *rows, int count, real *d_hidden)
{
    struct model *m = h->model;
    struct backend *b = m->backend;
    int d = m->config.hidden;
    linear_backward(b, &m->head, h->normed, h->d_logits, count, 0, h->d_normed, NULL);
    b->ops->zero(b, h->d_x, (size_t)count * (size_t)d);
    b->ops->rmsnorm_grad(b, h->x, m->last.w, h->rstd, h->d_normed, count, d, h->d_x, m->last.dw);
    b->ops->scatter_add(b, h->d_x, rows, count, d, d_hidden);
}

void head_loss(struct head *h, const real *hidden, const int *rows, const int *targets,
               const float *weights, int count, real *d_hidden, const struct loss_out *out)
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
                              h->model->config.vocab, &part, h->d_logits);
        if (d_hidden)
            chunk_grads(h, rows + at, n, d_hidden);
    }
}

void head_logits(struct head *h, const real *hidden, const int *rows, int count, float *host)
{
    struct backend *b = h->model->backend;
    logits_of(h, hidden, rows, count);
    b->ops->download_f32(b, host, h->logits, (size_t)count * (size_t)h->model->config.vocab);
}

void head_sample(struct head *h, const real *hidden, int count, const struct sampling *sampling, const float *uniforms,
                 int *next)
{
    struct backend *b = h->model->backend;
    int rows[HEAD_CHUNK];
    for (int at = 0; at < count; at += HEAD_CHUNK) {
        int n = count - at < HEAD_CHUNK ? count - at : HEAD_CHUNK;
        for (int i = 0; i < n; i++)
            rows[i] = at + i;
        logits_of(h, hidden, rows, n);
        b->ops->sample(b, h->logits, n, h->model->config.vocab, sampling, uniforms + at, next + at);
    }
}
