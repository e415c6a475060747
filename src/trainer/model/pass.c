#include "trainer/model/pass.h"

#include <stddef.h>

#include "base/mem.h"
#include "trainer/model/shard.h"

/* What one layer keeps for its gradient. Every member is a row-wise buffer; see kept_sizes. What a norm or
 * an activation gives is cheaper computed again than kept. Where memory is short, and q and k have a norm, so are
 * they (turned): a pass over memory for an eighth of what a layer keeps. They are then work's. u is what adapters made of
 * each input, where they take the low-rank path: small, and without it the input would be read again. */
struct kept {
    real *q_raw, *k_raw, *q, *k, *v, *o, *mid, *gate, *up;
    float *rstd1, *q_rstd, *k_rstd, *lse, *rstd2;
    real *u[INPUTS];
};

/* Of the layer at hand, both ways: a norm's output, the activation, an adapter's inner rows, q and k. */
struct work {
    real *n, *act, *u, *q, *k;
};

/* Scratch of the way back. */
struct scratch {
    real *d_act, *d_n, *d_q, *d_k, *d_v, *d_o, *du;
};

struct pass {
    struct model *model;
    int layers_kept; /* 0: no gradients */
    bool lean;       /* q and k are work's */
    const struct batch *batch;
    real **inputs;    /* layers + 1 buffers: each layer's input, then the last hidden state */
    int inputs_count;
    struct kept *kept; /* a set for each layer that keeps; the lowest's serves all below it, too */
    int kept_count;
    struct work work;
    struct scratch scratch;
    struct linear_scratch linears;
    float *table;
    real *d_hidden;
    pass_layer_fn *done; /* NULL: nobody is told */
    void *done_ctx;
};

struct size {
    size_t at;   /* offset of the pointer in its struct */
    size_t wide; /* numbers a row; 0 for none */
    bool f32;    /* of floats, not of reals */
};

enum { PLAIN = 14, KEPT = PLAIN + INPUTS, WORK = 5, SCRATCH = 7 };

static int layers_kept(const struct model *m, int kept)
{
    return kept < m->config.layers ? kept : m->config.layers;
}

int pass_again(const struct model *m, int kept)
{
    return m->config.layers - layers_kept(m, kept);
}

static bool is_lean(const struct model *m, int kept)
{
    return m->config.qk_norm && kept > 0 && kept < m->config.layers;
}

static void kept_sizes(const struct model *m, bool lean, bool grads, struct size out[KEPT])
{
    const struct model_config *c = &m->config;
    size_t d = (size_t)c->hidden, ffn = (size_t)c->ffn, qh = (size_t)c->q_heads;
    size_t kh = (size_t)c->kv_heads, q = qh * (size_t)c->head_dim, kv = kh * (size_t)c->head_dim;
    size_t norm = c->qk_norm, turned = !lean;
    const struct size list[PLAIN] = {
        {offsetof(struct kept, rstd1), 1, true},
        {offsetof(struct kept, q_raw), norm * q, false},
        {offsetof(struct kept, k_raw), norm * kv, false},
        {offsetof(struct kept, q_rstd), norm * qh, true},
        {offsetof(struct kept, k_rstd), norm * kh, true},
        {offsetof(struct kept, q), turned * q, false},
        {offsetof(struct kept, k), turned * kv, false},
        {offsetof(struct kept, v), kv, false},
        {offsetof(struct kept, o), q, false},
        {offsetof(struct kept, lse), qh, true},
        {offsetof(struct kept, mid), d, false},
        {offsetof(struct kept, rstd2), 1, true},
        {offsetof(struct kept, gate), ffn, false},
        {offsetof(struct kept, up), ffn, false},
    };
    for (int i = 0; i < PLAIN; i++)
        out[i] = list[i];
    for (int i = 0; i < INPUTS; i++)
        out[PLAIN + i] = (struct size){offsetof(struct kept, u) + (size_t)i * sizeof(real *),
                                       grads && !m->backend->merges ? (size_t)model_input_rank(m, i) : 0, false};
}

static void work_sizes(const struct model *m, bool lean, struct size out[WORK])
{
    size_t dim = lean ? (size_t)m->config.head_dim : 0;
    out[0] = (struct size){offsetof(struct work, n), (size_t)m->config.hidden, false};
    out[1] = (struct size){offsetof(struct work, act), (size_t)m->config.ffn, false};
    out[2] = (struct size){offsetof(struct work, u), (size_t)model_widest_rank(m), false};
    out[3] = (struct size){offsetof(struct work, q), dim * (size_t)m->config.q_heads, false};
    out[4] = (struct size){offsetof(struct work, k), dim * (size_t)m->config.kv_heads, false};
}

/* Weights of the largest map that an adapter may be added to, or that is unpacked. */
static size_t largest_map(const struct model *m)
{
    size_t largest = 0;
    for (int i = 0; i < m->config.layers; i++) {
        for (int k = 0; k < LINEARS; k++) {
            const struct linear *l = &m->layers[i].linears[k];
            bool needed = m->backend->base_bits || (l->lora.rank && m->backend->merges);
            size_t n = needed ? (size_t)l->in * (size_t)l->out : 0;
            largest = n > largest ? n : largest;
        }
    }
    return largest;
}

static void scratch_sizes(const struct model *m, struct size out[SCRATCH])
{
    const struct model_config *c = &m->config;
    size_t d = (size_t)c->hidden, ffn = (size_t)c->ffn, dim = (size_t)c->head_dim;
    size_t q = (size_t)c->q_heads * dim, kv = (size_t)c->kv_heads * dim;
    const struct size list[SCRATCH] = {
        {offsetof(struct scratch, d_act), ffn, false}, {offsetof(struct scratch, d_n), d, false},
        {offsetof(struct scratch, d_q), q, false},     {offsetof(struct scratch, d_k), kv, false},
        {offsetof(struct scratch, d_v), kv, false},    {offsetof(struct scratch, d_o), q, false},
        {offsetof(struct scratch, du), (size_t)model_widest_rank(m), false},
    };
    for (int i = 0; i < SCRATCH; i++)
        out[i] = list[i];
}

static void **member(void *base, size_t at)
{
    return (void **)(void *)((char *)base + at);
}

static int alloc_all(struct backend *b, void *base, const struct size *sizes, int count, size_t rows,
                     struct error *err)
{
    for (int i = 0; i < count; i++) {
        size_t numbers = rows * sizes[i].wide;
        if (numbers && !(*member(base, sizes[i].at) = sizes[i].f32 ? b->ops->alloc_f32(b, numbers, err)
                                                                 : b->ops->alloc(b, numbers, err)))
            return -1;
    }
    return 0;
}

static void release_all(struct backend *b, void *base, const struct size *sizes, int count)
{
    for (int i = 0; i < count; i++)
        b->ops->release(b, *member(base, sizes[i].at));
}

static int alloc_pass(struct pass *p, size_t rows, struct error *err)
{
    struct backend *b = p->model->backend;
    size_t d = (size_t)p->model->config.hidden;
    struct size kept[KEPT], work[WORK], scratch[SCRATCH];
    size_t map = largest_map(p->model);
    kept_sizes(p->model, p->lean, p->layers_kept > 0, kept);
    work_sizes(p->model, p->lean, work);
    scratch_sizes(p->model, scratch);
    if (alloc_all(b, &p->work, work, WORK, rows, err) != 0 ||
        (map && !(p->linears.w = b->ops->alloc(b, map, err))))
        return -1;
    for (int i = 0; i < p->kept_count; i++) {
        if (alloc_all(b, &p->kept[i], kept, KEPT, rows, err) != 0)
            return -1;
    }
    for (int i = 0; i < p->inputs_count; i++) {
        if (!(p->inputs[i] = b->ops->alloc(b, rows * d, err)))
            return -1;
    }
    p->table = b->ops->alloc_f32(b, rows * (size_t)p->model->config.head_dim, err);
    if (!p->table || p->layers_kept == 0)
        return p->table ? 0 : -1;
    p->d_hidden = b->ops->alloc(b, rows * d, err);
    return p->d_hidden ? alloc_all(b, &p->scratch, scratch, SCRATCH, rows, err) : -1;
}

struct pass *pass_new(struct model *m, int max_rows, int kept, struct error *err)
{
    struct pass *p = mem_zalloc(1, sizeof *p);
    p->model = m;
    p->layers_kept = layers_kept(m, kept);
    p->lean = is_lean(m, kept);
    p->kept_count = p->layers_kept ? p->layers_kept : 1;
    p->inputs_count = p->layers_kept ? m->config.layers + 1 : 2;
    p->kept = mem_zalloc((size_t)p->kept_count, sizeof *p->kept);
    p->inputs = mem_zalloc((size_t)p->inputs_count, sizeof *p->inputs);
    if (alloc_pass(p, (size_t)max_rows, err) == 0) {
        p->linears.u = p->work.u;
        p->linears.du = p->scratch.du;
        return p;
    }
    pass_free(p);
    return NULL;
}

void pass_free(struct pass *p)
{
    if (!p)
        return;
    struct backend *b = p->model->backend;
    struct size kept[KEPT], work[WORK], scratch[SCRATCH];
    kept_sizes(p->model, p->lean, p->layers_kept > 0, kept);
    work_sizes(p->model, p->lean, work);
    scratch_sizes(p->model, scratch);
    release_all(b, &p->work, work, WORK);
    b->ops->release(b, p->linears.w);
    for (int i = 0; i < p->kept_count; i++)
        release_all(b, &p->kept[i], kept, KEPT);
    for (int i = 0; i < p->inputs_count; i++)
        b->ops->release(b, p->inputs[i]);
    release_all(b, &p->scratch, scratch, SCRATCH);
    b->ops->release(b, p->table);
    b->ops->release(b, p->d_hidden);
    mem_free(p->kept);
    mem_free(p->inputs);
    mem_free(p);
}

static double row_bytes(const struct model *m, const struct size *sizes, int count)
{
    double bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += (double)(sizes[i].wide * (sizes[i].f32 ? sizeof(float) : m->backend->real_bytes));
    return bytes;
}

double pass_bytes(const struct model *m, int max_rows, int kept)
{
    struct size sets[KEPT], work[WORK], scratch[SCRATCH];
    double size = (double)m->backend->real_bytes, d = size * m->config.hidden;
    bool lean = is_lean(m, kept), grads = kept > 0;
    kept_sizes(m, lean, grads, sets);
    work_sizes(m, lean, work);
    scratch_sizes(m, scratch);
    int layers = m->config.layers;
    double back = grads ? row_bytes(m, scratch, SCRATCH) + d : 0;
    double row = row_bytes(m, sets, KEPT) * (grads ? layers_kept(m, kept) : 1) + row_bytes(m, work, WORK) +
                 (double)sizeof(float) * m->config.head_dim + d * (grads ? layers + 1 : 2) + back;
    return row * max_rows + size * (double)largest_map(m);
}

/* The layers that keep nothing, which are computed again. */
static int below(const struct pass *p)
{
    return p->model->config.layers - p->layers_kept;
}

static struct kept *kept_of(const struct pass *p, int layer)
{
    return &p->kept[p->layers_kept && layer > below(p) ? layer - below(p) : 0];
}

static real *input_of(const struct pass *p, int layer)
{
    return p->inputs[p->layers_kept ? layer : layer % 2];
}

static real *q_of(const struct pass *p, const struct kept *a)
{
    return p->lean ? p->work.q : a->q;
}

static real *k_of(const struct pass *p, const struct kept *a)
{
    return p->lean ? p->work.k : a->k;
}

static void forward_norm(struct pass *p, const struct norm *n, const real *x, int rows, int d, real *y,
                         float *rstd)
{
    struct backend *b = p->model->backend;
    b->ops->rmsnorm(b, x, n->w, rows, d, p->model->config.eps, y, rstd);
}

static struct attention attention_of(const struct pass *p, const struct kept *a)
{
    const struct model_config *c = &p->model->config;
    return (struct attention){
        .rows = p->batch->rows, .q_heads = c->q_heads, .kv_heads = c->kv_heads,
        .head_dim = c->head_dim, .segments = p->batch->segments,
        .segment_count = p->batch->segment_count, .q = q_of(p, a), .k = k_of(p, a),
        .v = a->v, .o = a->o, .lse = a->lse,
    };
}

/* The norms of heads and RoPE. */
static void turn_heads(struct pass *p, const struct layer *l, struct kept *a)
{
    struct backend *b = p->model->backend;
    const struct model_config *c = &p->model->config;
    int rows = p->batch->rows;
    real *q = q_of(p, a), *k = k_of(p, a);
    b->ops->norm_rope(b, c->qk_norm ? a->q_raw : q, c->qk_norm ? l->q.w : NULL, p->table, rows, c->q_heads, c->head_dim,
                      c->eps, q, a->q_rstd);
    b->ops->norm_rope(b, c->qk_norm ? a->k_raw : k, c->qk_norm ? l->k.w : NULL, p->table, rows, c->kv_heads,
                      c->head_dim, c->eps, k, a->k_rstd);
}

/* For maps of one input; have: their u is there from the way forward. */
static struct linear_scratch scratch_of(const struct pass *p, const struct kept *a, enum input_kind input, bool have)
{
    struct linear_scratch s = p->linears;
    if (a->u[input]) {
        s.u = a->u[input];
        s.has_u = have;
    }
    return s;
}

static void forward_attention(struct pass *p, int layer, struct kept *a, const real *x, pass_keys_fn *keys, void *ctx)
{
    const struct layer *l = &p->model->layers[layer];
    struct backend *b = p->model->backend;
    const struct model_config *c = &p->model->config;
    int rows = p->batch->rows;
    real *q = c->qk_norm ? a->q_raw : a->q, *k = c->qk_norm ? a->k_raw : a->k;
    forward_norm(p, &l->before_attention, x, rows, c->hidden, p->work.n, a->rstd1);
    struct linear_scratch s = scratch_of(p, a, INPUT_QKV, false), s_o = scratch_of(p, a, INPUT_O, false);
    linears_forward(b, &l->inputs[INPUT_QKV], p->work.n, rows, (real *const[]){q, k, a->v}, &s);
    turn_heads(p, l, a);
    struct attention at = attention_of(p, a);
    if (keys)
        keys(ctx, layer, &at.k, &at.v);
    b->ops->attention(b, &at);
    linear_forward(b, &l->linears[LINEAR_O], a->o, rows, x, a->mid, &s_o);
}

/* out may be NULL when a layer is only computed again for its gradient. */
static void forward_ffn(struct pass *p, const struct layer *l, struct kept *a, real *out)
{
    struct backend *b = p->model->backend;
    const struct model_config *c = &p->model->config;
    int rows = p->batch->rows;
    forward_norm(p, &l->before_ffn, a->mid, rows, c->hidden, p->work.n, a->rstd2);
    struct linear_scratch s = scratch_of(p, a, INPUT_GATE_UP, false), s_down = scratch_of(p, a, INPUT_DOWN, false);
    linears_forward(b, &l->inputs[INPUT_GATE_UP], p->work.n, rows, (real *const[]){a->gate, a->up}, &s);
    if (!out)
        return;
    b->ops->swiglu(b, a->gate, a->up, (size_t)rows * (size_t)c->ffn, p->work.act);
    linear_forward(b, &l->linears[LINEAR_DOWN], p->work.act, rows, a->mid, out, &s_down);
}

const real *pass_forward(struct pass *p, const struct batch *batch, pass_keys_fn *keys, void *ctx)
{
    struct model *m = p->model;
    struct backend *b = m->backend;
    p->batch = batch;
    b->ops->rope_table(b, batch->positions, m->freqs, batch->rows, m->config.head_dim, p->table);
    b->ops->gather(b, m->embed, batch->ids, batch->rows, m->config.hidden, input_of(p, 0));
    for (int i = 0; i < m->config.layers; i++) {
        struct kept *a = kept_of(p, i);
        shard_enter(m, i, i + 1 < m->config.layers ? i + 1 : -1);
        forward_attention(p, i, a, input_of(p, i), keys, ctx);
        forward_ffn(p, &m->layers[i], a, input_of(p, i + 1));
    }
    if (p->d_hidden)
        b->ops->zero(b, p->d_hidden, (size_t)batch->rows * (size_t)m->config.hidden);
    return input_of(p, m->config.layers);
}

real *pass_hidden_grad(struct pass *p)
{
    return p->d_hidden;
}

/* The gradients of gate and up take their places. again: the layer was computed once more, but for its end. */
static void backward_ffn(struct pass *p, const struct layer *l, struct kept *a, bool again)
{
    struct backend *b = p->model->backend;
    const struct model_config *c = &p->model->config;
    struct scratch *s = &p->scratch;
    int rows = p->batch->rows;
    size_t count = (size_t)rows * (size_t)c->ffn;
    b->ops->swiglu(b, a->gate, a->up, count, p->work.act);
    struct linear_scratch at = scratch_of(p, a, INPUT_GATE_UP, true), at_down = scratch_of(p, a, INPUT_DOWN, !again);
    linear_backward(b, &l->linears[LINEAR_DOWN], p->work.act, p->d_hidden, rows, 0, s->d_act, &at_down);
    b->ops->swiglu_grad(b, a->gate, a->up, s->d_act, count, a->gate, a->up);
    forward_norm(p, &l->before_ffn, a->mid, rows, c->hidden, p->work.n, a->rstd2);
    linears_backward(b, &l->inputs[INPUT_GATE_UP], p->work.n, (const real *const[]){a->gate, a->up}, rows, s->d_n,
                     &at);
    b->ops->rmsnorm_grad(b, a->mid, l->before_ffn.w, a->rstd2, s->d_n, rows, c->hidden, p->d_hidden,
                         l->before_ffn.dw);
}

/* bottom: nothing below this layer trains, so its input needs no gradient. */
static void backward_attention(struct pass *p, const struct layer *l, struct kept *a,
                               const real *x, bool bottom)
{
    struct backend *b = p->model->backend;
    const struct model_config *c = &p->model->config;
    struct scratch *s = &p->scratch;
    int rows = p->batch->rows;
    struct linear_scratch to = scratch_of(p, a, INPUT_QKV, true), to_o = scratch_of(p, a, INPUT_O, true);
    linear_backward(b, &l->linears[LINEAR_O], a->o, p->d_hidden, rows, 0, s->d_o, &to_o);
    struct attention at = attention_of(p, a);
    b->ops->attention_grad(b, &at, &(struct attention_grads){s->d_o, s->d_q, s->d_k, s->d_v});
    b->ops->norm_rope_grad(b, a->q_raw, c->qk_norm ? l->q.w : NULL, a->q_rstd, p->table, rows, c->q_heads, c->head_dim,
                           s->d_q, l->q.dw);
    b->ops->norm_rope_grad(b, a->k_raw, c->qk_norm ? l->k.w : NULL, a->k_rstd, p->table, rows, c->kv_heads,
                           c->head_dim, s->d_k, l->k.dw);
    real *d_n = bottom ? NULL : s->d_n;
    forward_norm(p, &l->before_attention, x, rows, c->hidden, p->work.n, a->rstd1);
    linears_backward(b, &l->inputs[INPUT_QKV], p->work.n, (const real *const[]){s->d_q, s->d_k, s->d_v}, rows, d_n,
                     &to);
    if (!bottom)
        b->ops->rmsnorm_grad(b, x, l->before_attention.w, a->rstd1, s->d_n, rows, c->hidden,
                             p->d_hidden, l->before_attention.dw);
}

void pass_tell(struct pass *p, pass_layer_fn *done, void *ctx)
{
    p->done = done;
    p->done_ctx = ctx;
}

static void layer_done(const struct pass *p, int layer)
{
    if (p->done)
        p->done(p->done_ctx, layer);
}

void pass_idle(struct pass *p, bool back)
{
    struct model *m = p->model;
    for (int i = 0; i < m->config.layers; i++)
        shard_enter(m, i, i + 1 < m->config.layers ? i + 1 : -1);
    for (int i = m->config.layers - 1; back && i >= 0; i--) {
        shard_enter(m, i, i - 1);
        layer_done(p, i);
    }
}

void pass_backward(struct pass *p)
{
    struct model *m = p->model;
    struct backend *b = m->backend;
    for (int i = m->config.layers - 1; i >= 0; i--) {
        struct kept *a = kept_of(p, i);
        shard_enter(m, i, i - 1);
        if (i < below(p)) {
            forward_attention(p, i, a, input_of(p, i), NULL, NULL);
            forward_ffn(p, &m->layers[i], a, NULL);
        } else if (p->lean) {
            turn_heads(p, &m->layers[i], a);
        }
        backward_ffn(p, &m->layers[i], a, i < below(p));
        backward_attention(p, &m->layers[i], a, input_of(p, i), i == 0 && !m->d_embed);
        layer_done(p, i);
    }
    if (m->d_embed)
        b->ops->scatter_add_f32(b, p->d_hidden, p->batch->ids, p->batch->rows, m->config.hidden,
                            m->d_embed);
}
