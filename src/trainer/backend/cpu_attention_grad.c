/* The gradient of attention: probabilities are made again from the scores, block by block. */
#include <math.h>
#include <string.h>

#include "trainer/backend/cpu_attention_parts.h"
#include "trainer/backend/cpu_parts.h"

enum { PARTS = 2 };

/* s becomes P = exp(S - lse); ds becomes P (dP - delta). */
static void probabilities(float *s, const struct block *b, const float *lse, int stride)
{
    for (int i = 0; i < b->q_len; i++) {
        float *row = s + i * KEYS;
        exp_row(row, b->k_len, lse[(size_t)i * (size_t)stride]);
        for (int j = 0; b->causal && j < b->k_len; j++) {
            if (b->k_start + j > b->q_start + i)
                row[j] = 0;
        }
    }
}

HOT static void score_grads(const float *p, float *ds, const struct block *b, const float *delta)
{
    for (int i = 0; i < b->q_len; i++) {
        for (int j = 0; j < b->k_len; j++)
            ds[i * KEYS + j] = p[i * KEYS + j] * (ds[i * KEYS + j] - delta[i]);
    }
}

static float dot(const float *x, const float *y, int n)
{
    float sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/* Keys' and values' gradients of one query head: rows of head_dim. */
struct head_grads {
    float *d_k, *d_v;
};

/* What a thread packs: of a block of keys, of a block of queries, and of what is between them. */
struct backward_room {
    struct factor k, k_right, v;               /* keys by dim, turned, and values by dim */
    struct factor q, q_right, d_o, d_o_right;  /* queries by dim, and turned */
    struct factor p_turned, ds, ds_turned;     /* queries by keys, and turned */
};

static size_t room_floats(int dim)
{
    return 2 * factor_room(KEYS, dim) + factor_room(dim, KEYS) + 2 * factor_room(QUERIES, dim) +
           2 * factor_room(dim, QUERIES) + 2 * factor_room(KEYS, QUERIES) + factor_room(QUERIES, KEYS);
}

/* at: NULL without tiles */
static struct backward_room room_of(float *at, int dim)
{
    struct backward_room r;
    r.k = factor_new(true, true, KEYS, dim, &at);
    r.v = factor_new(true, true, KEYS, dim, &at);
    r.k_right = factor_new(true, false, dim, KEYS, &at);
    r.q = factor_new(false, true, QUERIES, dim, &at);
    r.d_o = factor_new(false, true, QUERIES, dim, &at);
    r.q_right = factor_new(true, false, dim, QUERIES, &at);
    r.d_o_right = factor_new(true, false, dim, QUERIES, &at);
    r.p_turned = factor_new(false, false, KEYS, QUERIES, &at);
    r.ds_turned = factor_new(false, false, KEYS, QUERIES, &at);
    r.ds = factor_new(false, true, QUERIES, KEYS, &at);
    return r;
}

static void take_keys(const struct attention *a, const struct block *b, int head, struct backward_room *r)
{
    int dim = a->head_dim, kv = head / (a->q_heads / a->kv_heads), ld = a->kv_heads * dim;
    const float *k = head_at(a->k, b->k_start, a->kv_heads, kv, dim);
    factor_take(&r->k, k, ld, b->k_len, dim);
    factor_take(&r->k_right, k, ld, dim, b->k_len);
    factor_take(&r->v, head_at(a->v, b->k_start, a->kv_heads, kv, dim), ld, b->k_len, dim);
}

static void take_queries(const struct attention *a, const struct attention_grads *g, const struct block *b, int head,
                         struct backward_room *r)
{
    int dim = a->head_dim, ld = a->q_heads * dim;
    const float *q = head_at(a->q, b->q_start, a->q_heads, head, dim);
    const float *d_o = head_at(g->d_o, b->q_start, a->q_heads, head, dim);
    factor_take(&r->q, q, ld, b->q_len, dim);
    factor_take(&r->q_right, q, ld, dim, b->q_len);
    factor_take(&r->d_o, d_o, ld, b->q_len, dim);
    factor_take(&r->d_o_right, d_o, ld, dim, b->q_len);
}

/* What a block of queries adds through keys and values that are taken. */
static void backward_block(const struct attention *a, const struct attention_grads *g, const struct block *b, int head,
                           struct backward_room *r, const struct head_grads *h)
{
    float s[QUERIES * KEYS], ds[QUERIES * KEYS], delta[QUERIES], root = 1.0F / sqrtf((float)a->head_dim);
    int dim = a->head_dim, ldq = a->q_heads * dim;
    size_t key = (size_t)b->k_start * (size_t)dim;
    for (int i = 0; i < b->q_len; i++)
        delta[i] = dot(head_at(g->d_o, b->q_start + i, a->q_heads, head, dim),
                       head_at(a->o, b->q_start + i, a->q_heads, head, dim), dim);
    take_queries(a, g, b, head, r);
    attention_scores(&r->q, &r->k, b, dim, s);
    probabilities(s, b, a->lse + (size_t)b->q_start * (size_t)a->q_heads + head, a->q_heads);
    factor_take(&r->p_turned, s, KEYS, b->k_len, b->q_len);
    struct matmul to_keys = {.m = b->k_len, .n = dim, .k = b->q_len, .alpha = 1, .beta = 1, .ldc = dim};
    factor_multiply(&r->p_turned, &r->d_o_right, &to_keys, h->d_v + key);
    factor_multiply(&r->d_o, &r->v, &(struct matmul){.m = b->q_len, .n = b->k_len, .k = dim, .alpha = 1, .ldc = KEYS},
                    ds);
    score_grads(s, ds, b, delta);
    factor_take(&r->ds, ds, KEYS, b->q_len, b->k_len);
    factor_multiply(&r->ds, &r->k_right,
                    &(struct matmul){.m = b->q_len, .n = dim, .k = b->k_len, .alpha = root, .beta = 1, .ldc = ldq},
                    head_of(g->d_q, b->q_start, a->q_heads, head, dim));
    factor_take(&r->ds_turned, ds, KEYS, b->k_len, b->q_len);
    to_keys.alpha = root;
    factor_multiply(&r->ds_turned, &r->q_right, &to_keys, h->d_k + key);
}

/* Every PARTS-th block of queries of one head. */
static void backward_part(const struct attention *a, const struct attention_grads *g, int head, int part,
                          struct backward_room *r, const struct head_grads *h)
{
    for (int i = 0; i < a->segment_count; i++) {
        const struct segment *s = &a->segments[i];
        struct span all = {s, s->start, s->len};
        struct block b;
        for (int at = 0; attention_next_keys(&all, &at, &b);) {
            take_keys(a, &b, head, r);
            for (int q = (part + i) % PARTS * QUERIES; q < s->len; q += PARTS * QUERIES) {
                struct block seen = attention_seen(&b, s->start + q, s->len - q < QUERIES ? s->len - q : QUERIES);
                if (seen.k_len > 0)
                    backward_block(a, g, &seen, head, r, h);
            }
        }
    }
}

HOT static void add_row(float *to, const float *from, int n)
{
    for (int i = 0; i < n; i++)
        to[i] += from[i];
}

/* Planes of heads that share keys add up, always in the same order. */
static void sum_planes(struct backend *b, const struct attention *a, const float *planes, float *out)
{
    int shared = a->q_heads / a->kv_heads * PARTS, dim = a->head_dim;
    size_t plane = (size_t)a->rows * (size_t)dim;
    PARALLEL_FOR(cpu_workers(b, (double)a->rows * a->q_heads * dim))
    for (int r = 0; r < a->rows; r++) {
        for (int kv = 0; kv < a->kv_heads; kv++) {
            float *to = head_of(out, r, a->kv_heads, kv, dim);
            const float *from = planes + (size_t)kv * (size_t)shared * plane + (size_t)r * (size_t)dim;
            memcpy(to, from, (size_t)dim * sizeof *to);
            for (int i = 1; i < shared; i++)
                add_row(to, from + (size_t)i * plane, dim);
        }
    }
}

size_t cpu_attention_grad_bytes(int rows, int q_heads, int head_dim)
{
    return sizeof(float) * 2 * PARTS * (size_t)rows * (size_t)q_heads * (size_t)head_dim;
}

/* A thread takes a head's every other block of queries and has planes of its own for keys and values: what is
 * added to what does not depend on the number of threads, and an odd number of heads divides evenly. */
void cpu_attention_grad(struct backend *b, const struct attention *a, const struct attention_grads *g)
{
    size_t plane = (size_t)a->rows * (size_t)a->head_dim, all = plane * (size_t)a->q_heads;
    bool tiles = cpu_has_tiles(b);
    size_t each = tiles ? room_floats(a->head_dim) : 0;
    float *packed = cpu_room(b, each * (size_t)b->threads + 2 * PARTS * all);
    float *d_k = packed + each * (size_t)b->threads, *d_v = d_k + PARTS * all;
    memset(g->d_q, 0, all * sizeof(float));
    PARALLEL_FOR_ANY_ORDER(cpu_workers(b, attention_work(a)))
    for (int i = 0; i < a->q_heads * PARTS; i++) {
        struct head_grads own = {d_k + (size_t)i * plane, d_v + (size_t)i * plane};
        struct backward_room r = room_of(tiles ? packed + each * (size_t)cpu_thread() : NULL, a->head_dim);
        memset(own.d_k, 0, plane * sizeof *d_k);
        memset(own.d_v, 0, plane * sizeof *d_v);
        factors_begin(tiles);
        backward_part(a, g, i / PARTS, i % PARTS, &r, &own);
        factors_end(tiles);
    }
    sum_planes(b, a, d_k, g->d_k);
    sum_planes(b, a, d_v, g->d_v);
}
