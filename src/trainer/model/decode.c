#include "trainer/model/decode.h"

#include "base/mem.h"

struct decoder {
    struct model *model;
    int slots, capacity, rows;
    real **k, **v; /* by slot * layers + layer: rows of kv_heads * head_dim */
    real *x, *normed, *q, *o, *gate, *up, *act, *u, *w, *new_k, *new_v; /* w: a map that was packed */
    float *rstd, *table;
    const real **k_now, **v_now; /* of the sequences in a step */
    int *lengths;
    const struct span *spans; /* during decoder_fill */
    int span_count;
};

static size_t kv_width(const struct model *m)
{
    return (size_t)m->config.kv_heads * (size_t)m->config.head_dim;
}

static int alloc_caches(struct decoder *d, struct error *err)
{
    struct backend *b = d->model->backend;
    size_t size = (size_t)d->capacity * kv_width(d->model);
    for (int i = 0; i < d->slots * d->model->config.layers; i++) {
        if (!(d->k[i] = b->ops->alloc(b, size, err)) || !(d->v[i] = b->ops->alloc(b, size, err)))
            return -1;
    }
    return 0;
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
        if (!(*list[i].at = b->ops->alloc(b, list[i].wide * (size_t)d->rows, err)))
            return -1;
    }
    size_t rows = (size_t)d->rows, widest = ffn > q ? ffn : q;
    if (b->base_bits && !(d->w = b->ops->alloc(b, hidden * widest, err)))
        return -1;
    return (d->rstd = b->ops->alloc_f32(b, (heads + 1) * rows, err)) &&
                   (d->table = b->ops->alloc_f32(b, dim * rows, err))
               ? 0
               : -1;
}

struct decoder *decoder_new(struct model *m, int slots, int capacity, int rows, struct error *err)
{
    struct decoder *d = mem_zalloc(1, sizeof *d);
    size_t caches = (size_t)slots * (size_t)m->config.layers;
    d->model = m;
    d->slots = slots;
    d->capacity = capacity;
    d->rows = rows;
    d->k = mem_zalloc(caches, sizeof *d->k);
    d->v = mem_zalloc(caches, sizeof *d->v);
    d->k_now = mem_zalloc((size_t)rows, sizeof *d->k_now);
    d->v_now = mem_zalloc((size_t)rows, sizeof *d->v_now);
    d->lengths = mem_zalloc((size_t)rows, sizeof *d->lengths);
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
    for (int i = 0; i < d->slots * d->model->config.layers; i++) {
        b->ops->release(b, d->k[i]);
        b->ops->release(b, d->v[i]);
    }
    void *all[] = {d->w, d->x,  d->normed, d->rstd,  d->q, d->o, d->gate,
                    d->up, d->act,    d->table, d->u, d->new_k, d->new_v};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        b->ops->release(b, all[i]);
    mem_free(d->k);
    mem_free(d->v);
    mem_free(d->k_now);
    mem_free(d->v_now);
    mem_free(d->lengths);
    mem_free(d);
}

static void keep_rows(void *ctx, int layer, const real *k, const real *v)
{
    struct decoder *d = ctx;
    struct backend *b = d->model->backend;
    size_t wide = kv_width(d->model);
    for (int i = 0; i < d->span_count; i++) {
        const struct span *s = &d->spans[i];
        int cache = s->slot * d->model->config.layers + layer;
        size_t from = (size_t)s->row * wide, to = (size_t)s->position * wide;
        b->ops->copy(b, real_at(b, d->k[cache], to), real_from(b, k, from), (size_t)s->count * wide);
        b->ops->copy(b, real_at(b, d->v[cache], to), real_from(b, v, from), (size_t)s->count * wide);
    }
}

void decoder_fill(struct decoder *d, struct pass *p, const struct batch *batch, const struct span *spans,
                  int count)
{
    d->spans = spans;
    d->span_count = count;
    pass_forward(p, batch, keep_rows, d);
}

void decoder_copy(struct decoder *d, int from, int to, int count)
{
    struct backend *b = d->model->backend;
    size_t size = (size_t)count * kv_width(d->model);
    int layers = d->model->config.layers;
    for (int i = 0; from != to && i < layers; i++) {
        b->ops->copy(b, d->k[to * layers + i], d->k[from * layers + i], size);
        b->ops->copy(b, d->v[to * layers + i], d->v[from * layers + i], size);
    }
}

/* q, and this token's key and value into the caches. */
static void project(struct decoder *d, const struct layer *l, int layer, const int *slots,
                    const int *positions, int n)
{
    struct backend *b = d->model->backend;
    const struct model_config *c = &d->model->config;
    size_t wide = kv_width(d->model);
    linears_forward(b, &l->inputs[INPUT_QKV], d->normed, n, (real *const[]){d->q, d->new_k, d->new_v},
                    &(struct linear_scratch){.u = d->u, .w = d->w});
    b->ops->norm_rope(b, d->q, c->qk_norm ? l->q.w : NULL, d->table, n, c->q_heads, c->head_dim, c->eps, d->q, d->rstd);
    b->ops->norm_rope(b, d->new_k, c->qk_norm ? l->k.w : NULL, d->table, n, c->kv_heads, c->head_dim, c->eps, d->new_k,
                      d->rstd);
    for (int i = 0; i < n; i++) {
        int cache = slots[i] * c->layers + layer;
        size_t to = (size_t)positions[i] * wide, from = (size_t)i * wide;
        b->ops->copy(b, real_at(b, d->k[cache], to), real_at(b, d->new_k, from), wide);
        b->ops->copy(b, real_at(b, d->v[cache], to), real_at(b, d->new_v, from), wide);
        d->k_now[i] = d->k[cache];
        d->v_now[i] = d->v[cache];
        d->lengths[i] = positions[i] + 1;
    }
}

static void step_layer(struct decoder *d, int layer, const int *slots, const int *positions, int n)
{
    struct backend *b = d->model->backend;
    const struct model_config *c = &d->model->config;
    const struct layer *l = &d->model->layers[layer];
    b->ops->rmsnorm(b, d->x, l->before_attention.w, n, c->hidden, c->eps, d->normed, d->rstd);
    project(d, l, layer, slots, positions, n);
    struct cached_attention a = {
        .sequences = n, .q_heads = c->q_heads, .kv_heads = c->kv_heads, .head_dim = c->head_dim,
        .q = d->q, .o = d->o, .k = d->k_now, .v = d->v_now, .lengths = d->lengths,
    };
    b->ops->attention_cached(b, &a);
    linear_forward(b, &l->linears[LINEAR_O], d->o, n, d->x, d->x, &(struct linear_scratch){.u = d->u, .w = d->w});
    b->ops->rmsnorm(b, d->x, l->before_ffn.w, n, c->hidden, c->eps, d->normed, d->rstd);
    linears_forward(b, &l->inputs[INPUT_GATE_UP], d->normed, n, (real *const[]){d->gate, d->up},
                    &(struct linear_scratch){.u = d->u, .w = d->w});
    b->ops->swiglu(b, d->gate, d->up, (size_t)n * (size_t)c->ffn, d->act);
    linear_forward(b, &l->linears[LINEAR_DOWN], d->act, n, d->x, d->x, &(struct linear_scratch){.u = d->u, .w = d->w});
}

const real *decoder_step(struct decoder *d, const int *slots, const int *ids, const int *positions, int n)
{
    struct backend *b = d->model->backend;
    const struct model_config *c = &d->model->config;
    b->ops->rope_table(b, positions, d->model->freqs, n, c->head_dim, d->table);
    b->ops->gather(b, d->model->embed, ids, n, c->hidden, d->x);
    for (int i = 0; i < c->layers; i++)
        step_layer(d, i, slots, positions, n);
    return d->x;
}
