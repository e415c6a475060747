#include "trainer/model/decode.h"

#include <assert.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"

enum { FEW = 32, STEP = 32 };

struct decoder {
    struct model *model;
    struct decoder_size size;
    int width;           /* page numbers in a row's table */
    struct pages *pages;
    real **k, **v;       /* by layer: the rows of all pages */
    real *keys, *values; /* of a pass and its context, during decoder_fill */
    real *x, *normed, *q, *o, *gate, *up, *act, *u, *w, *new_k, *new_v; /* w: a map that was packed */
    float *rstd, *table;
    int *numbers;        /* the backend's: what a step, or a fill, says of its rows */
    struct numbers host; /* the same on their way */
    int *ids, *positions, *next;
    float *uniforms;
    const struct fill *fill; /* during decoder_fill */
    struct fill_numbers {
        const int *from, *to, *context;
    } fill_at;
};

static size_t kv_width(const struct model *m)
{
    return (size_t)m->config.kv_heads * (size_t)m->config.head_dim;
}

double decoder_page_bytes(const struct model *m)
{
    return 2.0 * PAGE_ROWS * (double)(kv_width(m) * m->backend->real_bytes) * m->config.layers;
}

static int context_rows(const struct decoder_size *s)
{
    return s->fill ? s->tokens > s->fill ? s->tokens : s->fill : 0;
}

int decoder_context(const struct decoder *d)
{
    return context_rows(&d->size);
}

struct pages *decoder_pages(struct decoder *d)
{
    return d->pages;
}

static size_t count_numbers(const struct decoder_size *s)
{
    size_t rows = (size_t)s->rows, step = rows * (2 + (size_t)pages_for(s->tokens));
    /* a token may stand in a page of each sequence that shares it, and a page is copied once a sequence */
    size_t moved = (size_t)s->fill + rows * PAGE_ROWS, fill = 2 * moved + (size_t)context_rows(s);
    return step > fill ? step : fill;
}

static int alloc_caches(struct decoder *d, struct error *err)
{
    struct backend *b = d->model->backend;
    size_t size = (size_t)d->size.pages * PAGE_ROWS * kv_width(d->model);
    size_t seen = (size_t)(d->size.fill + context_rows(&d->size)) * kv_width(d->model);
    for (int i = 0; i < d->model->config.layers; i++) {
        if (!(d->k[i] = b->ops->alloc(b, size, err)) || !(d->v[i] = b->ops->alloc(b, size, err)))
            return -1;
    }
    if (seen && (!(d->keys = b->ops->alloc(b, seen, err)) || !(d->values = b->ops->alloc(b, seen, err))))
        return -1;
    d->numbers = (int *)(void *)b->ops->alloc_f32(b, count_numbers(&d->size), err);
    return d->numbers ? 0 : -1;
}

static int alloc_scratch(struct decoder *d, struct error *err)
{
    struct backend *b = d->model->backend;
    const struct model_config *c = &d->model->config;
    size_t hidden = (size_t)c->hidden, ffn = (size_t)c->ffn, dim = (size_t)c->head_dim;
    size_t q = (size_t)c->q_heads * dim, kv = kv_width(d->model), heads = (size_t)c->q_heads;
    size_t rank = (size_t)model_widest_rank(d->model);
    struct {
        real **at;
        size_t wide;
    } list[] = {{&d->x, hidden}, {&d->normed, hidden}, {&d->q, q},    {&d->o, q},
                {&d->gate, ffn}, {&d->up, ffn},        {&d->act, ffn}, {&d->u, rank ? rank : 1},
                {&d->new_k, kv}, {&d->new_v, kv}};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        if (!(*list[i].at = b->ops->alloc(b, list[i].wide * (size_t)d->size.rows, err)))
            return -1;
    }
    size_t rows = (size_t)d->size.rows, widest = ffn > q ? ffn : q;
    if (b->base_bits && !(d->w = b->ops->alloc(b, hidden * widest, err)))
        return -1;
    return (d->rstd = b->ops->alloc_f32(b, (heads + 1) * rows, err)) &&
                   (d->table = b->ops->alloc_f32(b, dim * rows, err))
               ? 0
               : -1;
}

/* Few different counts of rows, so that steps repeat. */
static int padded(int n)
{
    int size = 1;
    while (size < n && size < FEW)
        size *= 2;
    return n <= FEW ? size : (n + STEP - 1) / STEP * STEP;
}

double decoder_bytes(const struct model *m, const struct decoder_size *size)
{
    const struct model_config *c = &m->config;
    double real_bytes = (double)m->backend->real_bytes, q = (double)c->q_heads * c->head_dim, kv = (double)kv_width(m);
    double row = real_bytes * (2.0 * c->hidden + 2 * q + 3.0 * c->ffn + model_widest_rank(m) + 2 * kv) +
                 4.0 * (c->q_heads + 1 + c->head_dim);
    double map = m->backend->base_bits ? real_bytes * c->hidden * (c->ffn > q ? c->ffn : q) : 0;
    return row * size->rows + map + 2 * real_bytes * kv * (size->fill + context_rows(size)) +
           4.0 * (double)count_numbers(size);
}

struct decoder *decoder_new(struct model *m, const struct decoder_size *size, struct error *err)
{
    struct decoder *d = mem_zalloc(1, sizeof *d);
    size_t layers = (size_t)m->config.layers;
    d->model = m;
    d->size = *size;
    d->size.rows = d->model->backend->keeps ? padded(size->rows) : size->rows;
    d->width = pages_for(size->tokens);
    d->pages = pages_new(size->pages);
    d->k = mem_zalloc(layers, sizeof *d->k);
    d->v = mem_zalloc(layers, sizeof *d->v);
    size_t rows = (size_t)d->size.rows;
    d->ids = mem_zalloc(rows, sizeof *d->ids);
    d->positions = mem_zalloc(rows, sizeof *d->positions);
    d->next = mem_zalloc(rows, sizeof *d->next);
    d->uniforms = mem_zalloc(rows, sizeof *d->uniforms);
    if (alloc_caches(d, err) == 0 && alloc_scratch(d, err) == 0)
        return d;
    decoder_free(d);
    return NULL;
}

void decoder_free(struct decoder *d)
{
    if (!d)
        return;
    struct backend *b = d->model->backend;
    for (int i = 0; i < d->model->config.layers; i++) {
        b->ops->release(b, d->k[i]);
        b->ops->release(b, d->v[i]);
    }
    void *all[] = {d->w,  d->x,   d->normed, d->rstd, d->q,     d->o,    d->gate,   d->up,
                   d->act, d->table, d->u,   d->new_k, d->new_v, d->keys, d->values, d->numbers};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        b->ops->release(b, all[i]);
    void *host[] = {d->k, d->v, d->host.items, d->ids, d->positions, d->next, d->uniforms};
    for (size_t i = 0; i < sizeof host / sizeof *host; i++)
        mem_free(host[i]);
    pages_free(d->pages);
    mem_free(d);
}

/* count more host numbers for the backend; where they will stand there. */
static const int *put(struct decoder *d, const int *from, size_t count)
{
    size_t at = d->host.count;
    d->host.items = array_reserve(d->host.items, &d->host.cap, at + count + 1, sizeof *d->host.items);
    if (count)
        memcpy(d->host.items + at, from, count * sizeof *from);
    d->host.count += count;
    return d->numbers + at;
}

static void send(struct decoder *d)
{
    struct backend *b = d->model->backend;
    assert(d->host.count <= count_numbers(&d->size));
    b->ops->upload_ints(b, d->numbers, d->host.items, d->host.count);
    d->host.count = 0;
}

/* Rows inside the cache, in every layer. */
static void copy_rows(struct decoder *d, const struct fill *f)
{
    struct backend *b = d->model->backend;
    struct row_moves m = {.n = (int)f->copy_to.count, .d = (int)kv_width(d->model)};
    m.from = put(d, f->copy_from.items, f->copy_from.count);
    m.to = put(d, f->copy_to.items, f->copy_to.count);
    send(d);
    for (int i = 0; i < d->model->config.layers; i++) {
        m.k = m.to_k = d->k[i];
        m.v = m.to_v = d->v[i];
        b->ops->move_rows(b, &m);
    }
}

/* A layer's keys go into the cache; attention reads them with their context behind. */
static void keep_rows(void *ctx, int layer, const real **k, const real **v)
{
    struct decoder *d = ctx;
    struct backend *b = d->model->backend;
    const struct fill *f = d->fill;
    size_t wide = kv_width(d->model), own = f->ids.count * wide;
    struct row_moves m = {.n = (int)f->to.count, .d = (int)wide, .from = d->fill_at.from, .to = d->fill_at.to,
                          .k = *k, .v = *v, .to_k = d->k[layer], .to_v = d->v[layer]};
    b->ops->move_rows(b, &m);
    if (f->context.count == 0)
        return;
    b->ops->copy(b, d->keys, *k, own);
    b->ops->copy(b, d->values, *v, own);
    m = (struct row_moves){.n = (int)f->context.count, .d = (int)wide, .from = d->fill_at.context,
                           .k = d->k[layer], .v = d->v[layer], .to_k = real_at(b, d->keys, own),
                           .to_v = real_at(b, d->values, own)};
    b->ops->move_rows(b, &m);
    *k = d->keys;
    *v = d->values;
}

void decoder_fill(struct decoder *d, struct pass *p, struct fill *f)
{
    struct batch batch = fill_batch(f);
    if (f->copy_to.count)
        copy_rows(d, f);
    d->fill = f;
    d->fill_at.from = put(d, f->from.items, f->from.count);
    d->fill_at.to = put(d, f->to.items, f->to.count);
    d->fill_at.context = put(d, f->context.items, f->context.count);
    send(d);
    if (batch.rows)
        pass_forward(p, &batch, keep_rows, d);
    fill_done(f);
}

/* q, and this token's key and value into the cache. */
static void project(struct decoder *d, const struct layer *l, int layer, int n)
{
    struct backend *b = d->model->backend;
    const struct model_config *c = &d->model->config;
    linears_forward(b, &l->inputs[INPUT_QKV], d->normed, n, (real *const[]){d->q, d->new_k, d->new_v},
                    &(struct linear_scratch){.u = d->u, .w = d->w});
    b->ops->norm_rope(b, d->q, c->qk_norm ? l->q.w : NULL, d->table, n, c->q_heads, c->head_dim, c->eps, d->q, d->rstd);
    b->ops->norm_rope(b, d->new_k, c->qk_norm ? l->k.w : NULL, d->table, n, c->kv_heads, c->head_dim, c->eps, d->new_k,
                      d->rstd);
    b->ops->move_rows(b, &(struct row_moves){.n = n, .d = (int)kv_width(d->model), .to = d->numbers + n, .k = d->new_k,
                                             .v = d->new_v, .to_k = d->k[layer], .to_v = d->v[layer]});
}

static void step_layer(struct decoder *d, int layer, int n, int longest)
{
    struct backend *b = d->model->backend;
    const struct model_config *c = &d->model->config;
    const struct layer *l = &d->model->layers[layer];
    b->ops->rmsnorm(b, d->x, l->before_attention.w, n, c->hidden, c->eps, d->normed, d->rstd);
    project(d, l, layer, n);
    struct cached_attention a = {
        .rows = n, .q_heads = c->q_heads, .kv_heads = c->kv_heads, .head_dim = c->head_dim, .q = d->q, .o = d->o,
        .k = d->k[layer], .v = d->v[layer], .page_rows = PAGE_ROWS, .table_width = d->width,
        .lengths = d->numbers, .tables = d->numbers + 2 * n, .longest = longest,
    };
    b->ops->attention_cached(b, &a);
    linear_forward(b, &l->linears[LINEAR_O], d->o, n, d->x, d->x, &(struct linear_scratch){.u = d->u, .w = d->w});
    b->ops->rmsnorm(b, d->x, l->before_ffn.w, n, c->hidden, c->eps, d->normed, d->rstd);
    linears_forward(b, &l->inputs[INPUT_GATE_UP], d->normed, n, (real *const[]){d->gate, d->up},
                    &(struct linear_scratch){.u = d->u, .w = d->w});
    b->ops->swiglu(b, d->gate, d->up, (size_t)n * (size_t)c->ffn, d->act);
    linear_forward(b, &l->linears[LINEAR_DOWN], d->act, n, d->x, d->x, &(struct linear_scratch){.u = d->u, .w = d->w});
}

/* The same for the longest sequence. */
static int padded_length(const struct decoder *d, int n)
{
    int size = PAGE_ROWS;
    while (size < n)
        size *= 2;
    return size < d->size.tokens ? size : d->size.tokens;
}

/* A step as its ops ask for it: rows beyond the sequences see nothing and are written nowhere. */
struct sized_step {
    struct decoder *decoder;
    int n, longest;
    struct head *head;
    const struct sampling *sampling;
};

/* What differs from step to step goes to the backend. */
static struct sized_step prepare(struct decoder *d, const struct step *s)
{
    bool pad = d->model->backend->keeps;
    struct sized_step out = {.decoder = d, .n = pad ? padded(s->count) : s->count};
    int nowhere = -1, nothing = 0;
    for (int i = 0; i < out.n; i++) {
        bool real_row = i < s->count;
        int length = real_row ? s->positions[i] + 1 : 0;
        d->ids[i] = real_row ? s->ids[i] : 0;
        d->positions[i] = real_row ? s->positions[i] : 0;
        out.longest = length > out.longest ? length : out.longest;
        put(d, &length, 1);
    }
    for (int i = 0; i < out.n; i++) {
        int row = i < s->count ? table_row(s->tables[i], s->positions[i]) : nowhere;
        put(d, &row, 1);
    }
    for (int i = 0; i < out.n; i++) {
        int pages = i < s->count ? pages_for(s->positions[i] + 1) : 0;
        if (pages)
            put(d, s->tables[i]->items, (size_t)pages);
        for (int p = pages; p < d->width; p++)
            put(d, &nothing, 1);
    }
    send(d);
    out.longest = pad ? padded_length(d, out.longest) : out.longest;
    return out;
}

static void compute_step(void *ctx)
{
    const struct sized_step *s = ctx;
    struct decoder *d = s->decoder;
    struct backend *b = d->model->backend;
    const struct model_config *c = &d->model->config;
    b->ops->rope_table(b, d->positions, d->model->freqs, s->n, c->head_dim, d->table);
    b->ops->gather(b, d->model->embed, d->ids, s->n, c->hidden, d->x);
    for (int i = 0; i < c->layers; i++)
        step_layer(d, i, s->n, s->longest);
    if (s->head)
        head_sample(s->head, d->x, s->n, s->sampling, d->uniforms, d->next);
}

static void carry_out(struct decoder *d, struct sized_step *s)
{
    struct backend *b = d->model->backend;
    uint64_t like = (uint64_t)s->n << 33 | (uint64_t)s->longest << 1 | (s->head ? 1U : 0U);
    b->ops->repeat(b, like, compute_step, s);
}

const real *decoder_step(struct decoder *d, const struct step *s)
{
    struct sized_step sized = prepare(d, s);
    carry_out(d, &sized);
    return d->x;
}

const int *decoder_next(struct decoder *d, struct head *h, const struct step *s, const struct sampling *sampling,
                        const float *uniforms)
{
    struct sized_step sized = prepare(d, s);
    sized.head = h;
    sized.sampling = sampling;
    memcpy(d->uniforms, uniforms, (size_t)s->count * sizeof *uniforms);
    carry_out(d, &sized);    return d->next;
}
