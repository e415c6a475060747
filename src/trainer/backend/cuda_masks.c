/*
 * Attention's host side: which blocks of queries meet which blocks of keys under the branch mask. The lists are made
 * once for the segments of a batch and kept on the device: every layer asks with the same.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "trainer/backend/cuda_parts.h"

enum { LISTS = 256 << 10 };

struct cuda_masks {
    struct segment *segments; /* those of the lists */
    size_t segment_count, segment_cap;
    struct cuda_queries *queries;
    struct cuda_keys *keys;
    struct cuda_span *spans;
    int *cuts; /* rows where what sees a key may change */
    size_t query_count, query_cap, key_count, key_cap, span_count, span_cap, cut_count, cut_cap;
    char *device; /* queries, keys, spans */
    size_t device_bytes;
    const char *lists[3]; /* where they lie for the ops at hand: there, or where a body staged them */
    unsigned turn;        /* that body */
    bool sent;            /* device has them */
};

void cuda_masks_free(struct cuda *c, struct cuda_masks *m)
{
    if (!m)
        return;
    cuda_arena_give(c->arena, m->device);
    mem_free(m->segments);
    mem_free(m->queries);
    mem_free(m->keys);
    mem_free(m->spans);
    mem_free(m->cuts);
    mem_free(m);
}

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static int keys_of(const struct cuda_queries *q)
{
    return q->ctx_len + q->start + q->len - q->own_start;
}

/* Long blocks first: those that begin last should be short. */
static int by_keys(const void *a, const void *b)
{
    const struct cuda_queries *x = a, *y = b;
    int off = keys_of(y) - keys_of(x);
    return off ? off : x->start - y->start;
}

static void add_queries(struct cuda_masks *m, const struct segment *s)
{
    for (int at = 0; at < s->len; at += CUDA_BLOCK) {
        int len = s->len - at < CUDA_BLOCK ? s->len - at : CUDA_BLOCK;
        m->queries = array_reserve(m->queries, &m->query_cap, m->query_count + 1, sizeof *m->queries);
        m->queries[m->query_count++] =
            (struct cuda_queries){s->start + at, len, s->ctx_len ? s->ctx_start : 0, s->ctx_len, s->start};
    }
}

static void add_cut(struct cuda_masks *m, int row)
{
    m->cuts = array_reserve(m->cuts, &m->cut_cap, m->cut_count + 1, sizeof *m->cuts);
    m->cuts[m->cut_count++] = row;
}

/* The queries that see keys start..start+len, between two cuts: all or none of them by a segment's context, and those
 * of their own segment from there on. */
static void add_spans(struct cuda_masks *m, struct cuda_keys *k)
{
    k->first_span = (int)m->span_count;
    for (size_t i = 0; i < m->segment_count; i++) {
        const struct segment *s = &m->segments[i];
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
    for (size_t i = 0; i < m->segment_count; i++) {
        const struct segment *s = &m->segments[i];
        add_cut(m, s->start);
        add_cut(m, s->start + s->len);
        add_cut(m, s->ctx_start);
        add_cut(m, s->ctx_start + s->ctx_len);
    }
    qsort(m->cuts, m->cut_count, sizeof *m->cuts, by_number);
    for (size_t i = 0; i + 1 < m->cut_count; i++) {
        for (int at = m->cuts[i]; at < m->cuts[i + 1]; at += CUDA_BLOCK) {
            int len = m->cuts[i + 1] - at;
            struct cuda_keys k = {.start = at, .len = len < CUDA_BLOCK ? len : CUDA_BLOCK};
            add_spans(m, &k);
            m->keys = array_reserve(m->keys, &m->key_cap, m->key_count + 1, sizeof *m->keys);
            m->keys[m->key_count++] = k;
        }
    }
}

static void make_lists(struct cuda_masks *m, const struct attention *a)
{
    m->segment_count = (size_t)a->segment_count;
    m->segments = array_reserve(m->segments, &m->segment_cap, m->segment_count, sizeof *m->segments);
    memcpy(m->segments, a->segments, m->segment_count * sizeof *m->segments);
    m->query_count = m->key_count = m->span_count = m->cut_count = 0;
    m->sent = false;
    m->turn = 0;
    for (size_t i = 0; i < m->segment_count; i++)
        add_queries(m, &m->segments[i]);
    qsort(m->queries, m->query_count, sizeof *m->queries, by_keys);
    add_keys(m);
}

/* Where the three lists lie, each at a multiple of 256. */
static void layout(const struct cuda_masks *m, size_t at[4])
{
    at[0] = 0;
    at[1] = at[0] + cuda_arena_size(m->query_count * sizeof *m->queries);
    at[2] = at[1] + cuda_arena_size(m->key_count * sizeof *m->keys);
    at[3] = at[2] + cuda_arena_size(m->span_count * sizeof *m->spans);
}

static void send_lists(struct cuda *c, struct cuda_masks *m)
{
    size_t at[4];
    layout(m, at);
    if (at[3] > m->device_bytes) { /* room for other batches' lists, too */
        size_t bytes = 2 * at[3] > LISTS ? 2 * at[3] : LISTS;
        cuda_arena_give(c->arena, m->device);
        m->device = cuda_arena_take(c->arena, bytes);
        m->device_bytes = m->device ? bytes : 0;
    }
    if (!m->device) {
        m->segment_count = 0;
        cuda_fail(c, "no memory is left for the lists of its mask");
        return;
    }
    cuda_send(c, m->device + at[0], m->queries, m->query_count * sizeof *m->queries);
    cuda_send(c, m->device + at[1], m->keys, m->key_count * sizeof *m->keys);
    cuda_send(c, m->device + at[2], m->spans, m->span_count * sizeof *m->spans);
    m->sent = true;
}

/* The lists of a body that may be repeated go with what it stages: another time they hold other rows. */
static void stage_lists(struct cuda *c, struct cuda_masks *m)
{
    m->lists[0] = cuda_stage(c, m->queries, m->query_count * sizeof *m->queries);
    m->lists[1] = cuda_stage(c, m->keys, m->key_count * sizeof *m->keys);
    m->lists[2] = cuda_stage(c, m->spans, m->span_count * sizeof *m->spans);
    m->turn = c->turn;
}

static void place_lists(struct cuda *c, struct cuda_masks *m)
{
    size_t at[4];
    if (c->body && m->turn != c->turn)
        stage_lists(c, m);
    if (c->body)
        return;
    if (!m->sent)
        send_lists(c, m);
    layout(m, at);
    for (int i = 0; i < 3; i++)
        m->lists[i] = m->device ? m->device + at[i] : NULL;
    m->turn = 0;
}

bool cuda_same_segments(const struct segment *segments, size_t count, const struct attention *a)
{
    if (count != (size_t)a->segment_count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct segment *x = &segments[i], *y = &a->segments[i];
        if (x->start != y->start || x->len != y->len || x->ctx_start != y->ctx_start || x->ctx_len != y->ctx_len)
            return false;
    }
    return true;
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
    if (!cuda_same_segments(m->segments, m->segment_count, a))
        make_lists(m, a);
    place_lists(c, m);
    *out = (struct cuda_attention){
        .rows = a->rows, .q_heads = a->q_heads, .kv_heads = a->kv_heads, .head_dim = a->head_dim,
        .queries = (const struct cuda_queries *)(const void *)m->lists[0], .query_blocks = (int)m->query_count,
        .keys = (const struct cuda_keys *)(const void *)m->lists[1], .key_blocks = (int)m->key_count,
        .spans = (const struct cuda_span *)(const void *)m->lists[2],
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
