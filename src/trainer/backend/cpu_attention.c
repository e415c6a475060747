/*
 * Attention with the branch mask, in blocks of queries against blocks of keys (Dao et al. 2022): no matrix of scores is
 * ever held whole. The keys that queries may see are two spans: the context (all of it) and their own segment up to
 * themselves (causal). Four blocks of queries and all heads that share keys meet one block of keys after the other.
 */
#include <math.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "trainer/backend/cpu_attention_parts.h"
#include "trainer/backend/cpu_parts.h"

enum { BLOCKS = 4 }; /* of queries, of a span */

bool attention_next_keys(const struct span *w, int *at, struct block *b)
{
    const struct segment *s = w->segment;
    int own = w->q_start + w->q_len - s->start; /* keys of the segment up to the block's end */
    b->q_start = w->q_start;
    b->q_len = w->q_len;
    if (*at < s->ctx_len) {
        b->k_start = s->ctx_start + *at;
        b->k_len = s->ctx_len - *at < KEYS ? s->ctx_len - *at : KEYS;
        b->causal = false;
    } else {
        int done = *at - s->ctx_len;
        if (done >= own)
            return false;
        b->k_start = s->start + done;
        b->k_len = own - done < KEYS ? own - done : KEYS;
        b->causal = b->k_start + b->k_len - 1 > b->q_start;
    }
    *at += b->k_len;
    return true;
}

struct block attention_seen(const struct block *b, int q_start, int q_len)
{
    struct block seen = {q_start, q_len, b->k_start, b->k_len, false};
    if (!b->causal)
        return seen;
    int before = q_start + q_len - b->k_start; /* keys up to the last query */
    seen.k_len = before < 0 ? 0 : before < b->k_len ? before : b->k_len;
    seen.causal = seen.k_start + seen.k_len - 1 > q_start;
    return seen;
}

const float *head_at(const real *x, int row, int heads, int head, int dim)
{
    return (const float *)x + ((size_t)row * (size_t)heads + (size_t)head) * (size_t)dim;
}

float *head_of(real *x, int row, int heads, int head, int dim)
{
    return (float *)x + ((size_t)row * (size_t)heads + (size_t)head) * (size_t)dim;
}

void attention_scores(const struct factor *q, const struct factor *k, const struct block *b, int dim, float *s)
{
    struct matmul p = {.m = b->q_len, .n = b->k_len, .k = dim, .alpha = 1.0F / sqrtf((float)dim), .ldc = KEYS};
    factor_multiply(q, k, &p, s);
    for (int i = 0; b->causal && i < b->q_len; i++) {
        int first = b->q_start + i + 1 - b->k_start;
        for (int j = first < 0 ? 0 : first; j < b->k_len; j++)
            s[i * KEYS + j] = -INFINITY;
    }
}

HOT static void scale(float *x, int n, float by)
{
    for (int i = 0; i < n; i++)
        x[i] *= by;
}

/* Softmax so far: the running maximum and sum of each query, o scaled to the new maximum. */
static void soften(float *s, const struct block *b, float *top, float *sum, float *o, int ldo,
                   int dim)
{
    for (int i = 0; i < b->q_len; i++) {
        float *row = s + i * KEYS, block_top = max_row(row, b->k_len);
        if (block_top > top[i]) {
            float shrink = fast_exp(top[i] - block_top);
            shrink = isinf(top[i]) ? 0.0F : shrink;
            sum[i] *= shrink;
            scale(o + (size_t)i * (size_t)ldo, dim, shrink);
            top[i] = block_top;
        }
        sum[i] += exp_row(row, b->k_len, top[i]);
        for (int j = 0; b->causal && j < b->k_len; j++) { /* exp_row clamps: masked is exactly 0 */
            if (b->k_start + j > b->q_start + i)
                row[j] = 0;
        }
    }
}

/* What a thread needs beside the operands: for each head that shares keys and each block of queries the packed queries
 * and the state of its softmax; packed keys, values and probabilities. */
struct forward_room {
    float *top, *sum; /* QUERIES of each */
    float *queries;   /* packed, NULL without tiles */
    struct factor k, v, p;
};

static size_t packed_floats(int heads, int dim)
{
    return (size_t)(heads * BLOCKS) * factor_room(QUERIES, dim) + factor_room(KEYS, dim) + factor_room(dim, KEYS) +
           factor_room(QUERIES, KEYS);
}

static size_t state_floats(int heads)
{
    return 2 * (size_t)(heads * BLOCKS) * QUERIES;
}

static struct forward_room room_of(float *at, int heads, int dim, bool tiles)
{
    struct forward_room r = {.top = at, .sum = at + state_floats(heads) / 2};
    float *packed = tiles ? at + state_floats(heads) : NULL;
    r.queries = packed;
    if (tiles)
        packed += (size_t)(heads * BLOCKS) * factor_room(QUERIES, dim);
    r.k = factor_new(true, true, KEYS, dim, &packed);
    r.v = factor_new(true, false, dim, KEYS, &packed);
    r.p = factor_new(false, true, QUERIES, KEYS, &packed);
    return r;
}

/* The queries of a head and a block: rows from q_start. */
static struct factor queries_of(const struct attention *a, const struct forward_room *r, int slot)
{
    float *room = r->queries ? r->queries + (size_t)slot * factor_room(QUERIES, a->head_dim) : NULL;
    return factor_new(false, true, QUERIES, a->head_dim, &room);
}

/* One block of queries of one head, with keys and values that are taken. */
static void forward_block(const struct attention *a, const struct block *b, int head, struct factor *q,
                          struct forward_room *r, int slot)
{
    float s[QUERIES * KEYS], *top = r->top + (size_t)slot * QUERIES, *sum = r->sum + (size_t)slot * QUERIES;
    int dim = a->head_dim, ldo = a->q_heads * dim;
    float *o = head_of(a->o, b->q_start, a->q_heads, head, dim);
    attention_scores(q, &r->k, b, dim, s);
    soften(s, b, top, sum, o, ldo, dim);
    factor_take(&r->p, s, KEYS, b->q_len, b->k_len);
    factor_multiply(&r->p, &r->v,
                    &(struct matmul){.m = b->q_len, .n = dim, .k = b->k_len, .alpha = 1, .beta = 1, .ldc = ldo}, o);
}

static int block_len(const struct span *w, int block)
{
    int left = w->q_len - block * QUERIES;
    return left < QUERIES ? left : QUERIES;
}

static void start_block(const struct attention *a, const struct span *w, int head, int block, struct factor *q,
                        float *top, float *sum)
{
    int dim = a->head_dim, row = w->q_start + block * QUERIES, len = block_len(w, block);
    float *o = head_of(a->o, row, a->q_heads, head, dim);
    factor_take(q, head_at(a->q, row, a->q_heads, head, dim), a->q_heads * dim, len, dim);
    for (int i = 0; i < len; i++) {
        top[i] = -INFINITY;
        sum[i] = 0;
        memset(o + (size_t)i * (size_t)(a->q_heads * dim), 0, (size_t)dim * sizeof *o);
    }
}

static void finish_block(const struct attention *a, const struct span *w, int head, int block, const float *top,
                         const float *sum)
{
    int dim = a->head_dim, row = w->q_start + block * QUERIES;
    for (int i = 0; i < block_len(w, block); i++) {
        scale(head_of(a->o, row + i, a->q_heads, head, dim), dim, 1.0F / sum[i]);
        a->lse[(size_t)(row + i) * (size_t)a->q_heads + (size_t)head] = top[i] + logf(sum[i]);
    }
}

/* The queries of a span and of all heads that share the keys of one. */
static void forward_span(const struct attention *a, const struct span *w, int kv, struct forward_room *r)
{
    int heads = a->q_heads / a->kv_heads, blocks = (w->q_len + QUERIES - 1) / QUERIES, dim = a->head_dim;
    int ldk = a->kv_heads * dim;
    struct factor *q = mem_alloc((size_t)(heads * blocks) * sizeof *q);
    for (int i = 0; i < heads * blocks; i++) {
        q[i] = queries_of(a, r, i);
        start_block(a, w, kv * heads + i / blocks, i % blocks, &q[i], r->top + (size_t)i * QUERIES,
                    r->sum + (size_t)i * QUERIES);
    }
    struct block b;
    for (int at = 0; attention_next_keys(w, &at, &b);) {
        factor_take(&r->k, head_at(a->k, b.k_start, a->kv_heads, kv, dim), ldk, b.k_len, dim);
        factor_take(&r->v, head_at(a->v, b.k_start, a->kv_heads, kv, dim), ldk, dim, b.k_len);
        for (int i = 0; i < heads * blocks; i++) {
            struct block seen = attention_seen(&b, w->q_start + i % blocks * QUERIES, block_len(w, i % blocks));
            if (seen.k_len > 0)
                forward_block(a, &seen, kv * heads + i / blocks, &q[i], r, i);
        }
    }
    for (int i = 0; i < heads * blocks; i++)
        finish_block(a, w, kv * heads + i / blocks, i % blocks, r->top + (size_t)i * QUERIES,
                     r->sum + (size_t)i * QUERIES);
    mem_free(q);
}

/* All segments' queries in spans; the caller frees. */
static struct span *list_spans(const struct attention *a, int *count)
{
    struct span *list = NULL;
    size_t cap = 0;
    *count = 0;
    for (int i = 0; i < a->segment_count; i++) {
        const struct segment *s = &a->segments[i];
        for (int at = 0; at < s->len; at += BLOCKS * QUERIES) {
            int len = s->len - at < BLOCKS * QUERIES ? s->len - at : BLOCKS * QUERIES;
            list = array_reserve(list, &cap, (size_t)*count + 1, sizeof *list);
            list[(*count)++] = (struct span){s, s->start + at, len};
        }
    }
    return list;
}

double attention_work(const struct attention *a)
{
    double pairs = 0;
    for (int i = 0; i < a->segment_count; i++)
        pairs += (double)a->segments[i].len * (a->segments[i].ctx_len + a->segments[i].len / 2.0);
    return pairs * a->q_heads * a->head_dim / 4;
}

/* The last spans see most keys: they come first, so that no thread is left with one. */
void cpu_attention(struct backend *b, const struct attention *a)
{
    int count, threads = cpu_workers(b, attention_work(a)), heads = a->q_heads / a->kv_heads;
    bool tiles = cpu_has_tiles(b);
    struct span *list = list_spans(a, &count);
    size_t each = state_floats(heads) + (tiles ? packed_floats(heads, a->head_dim) : 0);
    float *room = cpu_room(b, each * (size_t)b->threads);
    PARALLEL_FOR_ANY_ORDER(threads)
    for (int i = count * a->kv_heads - 1; i >= 0; i--) {
        struct forward_room r = room_of(room + each * (size_t)cpu_thread(), heads, a->head_dim, tiles);
        factors_begin(tiles);
        forward_span(a, &list[i / a->kv_heads], i % a->kv_heads, &r);
        factors_end(tiles);
    }
    mem_free(list);
}
