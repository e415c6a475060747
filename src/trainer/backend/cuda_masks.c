/* Attention's host side: which blocks of queries meet which blocks of keys under the branch mask. */
#include "base/array.h"
#include "base/mem.h"
#include "trainer/backend/cuda_blocks.h"

struct cuda_masks {
    struct cuda_blocks of;
    struct cuda_keys *keys;
    struct cuda_span *spans;
    size_t key_count, key_cap, span_count, span_cap;
};

void cuda_masks_free(struct cuda *c, struct cuda_masks *m)
{
    if (!m)
        return;
    cuda_blocks_free(c, &m->of);
    mem_free(m->keys);
    mem_free(m->spans);
    mem_free(m);
}

/* The queries that see keys start..start+len, between two cuts: all or none of them by a segment's context, and those
 * of their own segment from there on. */
static void add_spans(struct cuda_masks *m, struct cuda_keys *k)
{
    k->first_span = (int)m->span_count;
    for (size_t i = 0; i < m->of.segment_count; i++) {
        const struct segment *s = &m->of.segments[i];
        struct cuda_span span = {0};
        if (k->start >= s->start && k->start < s->start + s->len)
            span = (struct cuda_span){k->start, s->start + s->len - k->start, 1};
        else if (k->start >= s->ctx_start && k->start < s->ctx_start + s->ctx_len)
            span = (struct cuda_span){s->start, s->len, 0};
        if (span.len == 0)
            continue;
        m->spans = array_reserve(m->spans, &m->span_cap, m->span_count + 1, sizeof *m->spans);
        m->spans[m->span_count++] = span;
        k->spans++;
    }
}

static void add_keys(struct cuda_masks *m)
{
    const int *cuts = m->of.cuts;
    for (size_t i = 0; i + 1 < m->of.cut_count; i++) {
        for (int at = cuts[i]; at < cuts[i + 1]; at += CUDA_BLOCK) {
            int len = cuts[i + 1] - at;
            struct cuda_keys k = {.start = at, .len = len < CUDA_BLOCK ? len : CUDA_BLOCK};
            add_spans(m, &k);
            m->keys = array_reserve(m->keys, &m->key_cap, m->key_count + 1, sizeof *m->keys);
            m->keys[m->key_count++] = k;
        }
    }
}

static void make_lists(struct cuda_masks *m, const struct attention *a)
{
    cuda_blocks_make(&m->of, a, CUDA_BLOCK);
    m->key_count = m->span_count = 0;
    add_keys(m);
}

static void place_lists(struct cuda *c, struct cuda_masks *m)
{
    const struct cuda_list lists[] = {{m->of.queries, m->of.query_count * sizeof *m->of.queries},
                                      {m->keys, m->key_count * sizeof *m->keys},
                                      {m->spans, m->span_count * sizeof *m->spans}};
    cuda_blocks_place(c, &m->of, lists, 3);
}

bool cuda_heads_fit(int head_dim)
{
    return head_dim % 8 == 0 && head_dim <= 128;
}

/* What the kernels are given. */
static bool prepare(struct cuda *c, const struct attention *a, struct cuda_attention *out)
{
    if (!c->masks)
        c->masks = mem_zalloc(1, sizeof *c->masks);
    struct cuda_masks *m = c->masks;
    if (!cuda_blocks_are(&m->of, a))
        make_lists(m, a);
    place_lists(c, m);
    *out = (struct cuda_attention){
        .rows = a->rows, .q_heads = a->q_heads, .kv_heads = a->kv_heads, .head_dim = a->head_dim,
        .queries = m->of.lists[0], .query_blocks = (int)m->of.query_count,
        .keys = m->of.lists[1], .key_blocks = (int)m->key_count,
        .spans = m->of.lists[2],
        .q = a->q, .k = a->k, .v = a->v, .o = a->o, .lse = a->lse,
    };
    return c->fault.code == ERR_NONE;
}

const char cuda_heads_refused[] = "heads must be a multiple of 8 numbers, 128 at most";

void cuda_attention(struct backend *b, const struct attention *a)
{
    struct cuda *c = cuda_of(b);
    struct cuda_attention k;
    cuda_begin(c, "attention", a->rows, a->q_heads, a->head_dim);
    if (c->own && cuda_heads_fit(a->head_dim)) {
        cuda_hopper_attention(c, a);
        return;
    }
    if (!prepare(c, a, &k))
        return;
    if (kernel_attention(c->stream, &k) != 0)
        cuda_fail(c, cuda_heads_refused);
    cuda_launched(c);
}

size_t cuda_attention_grad_bytes(int rows, int q_heads, int head_dim)
{
    (void)head_dim;
    return (size_t)rows * (size_t)q_heads * sizeof(float);
}

void cuda_attention_grad(struct backend *b, const struct attention *a, const struct attention_grads *g)
{
    struct cuda *c = cuda_of(b);
    struct cuda_attention k;
    cuda_begin(c, "gradient of attention", a->rows, a->q_heads, a->head_dim);
    if (c->own && cuda_heads_fit(a->head_dim)) {
        cuda_hopper_attention_grad(c, a, g);
        return;
    }
    float *delta = cuda_room(c, cuda_attention_grad_bytes(a->rows, a->q_heads, a->head_dim));
    if (!prepare(c, a, &k) || !delta)
        return;
    if (kernel_attention_grad(c->stream, &k, g->d_o, delta, g->d_q, g->d_k, g->d_v) != 0)
        cuda_fail(c, cuda_heads_refused);
    cuda_launched(c);
}
