/*
 * Attention with the branch mask, in blocks of queries against blocks of keys (Dao et al. 2022):
 * no matrix of scores is ever held whole. For one block of queries the keys it may see are two
 * spans: the context (all of it) and its own segment up to the block's end (causal).
 */
#include <math.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "trainer/backend/cpu_parts.h"

enum { QUERIES = 64, KEYS = 256, PARTS = 2 };

/* A block of queries of one segment, and one of the key blocks it sees. */
struct block {
    int q_start, q_len;
    int k_start, k_len;
    bool causal; /* query row i sees key row j only when j <= i */
};

struct work {
    const struct segment *segment;
    int q_start, q_len;
};

/* Next key block for the queries of w; *at counts keys done. False at the end. */
static bool next_keys(const struct work *w, int *at, struct block *b)
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

static const float *head_at(const real *x, int row, int heads, int head, int dim)
{
    return (const float *)x + ((size_t)row * (size_t)heads + (size_t)head) * (size_t)dim;
}

static float *head_of(real *x, int row, int heads, int head, int dim)
{
    return (float *)x + ((size_t)row * (size_t)heads + (size_t)head) * (size_t)dim;
}

/* Scaled scores of a block into s (rows of KEYS), masked ones as -inf. */
static void scores(const struct attention *a, const struct block *b, int head, float *s)
{
    int kv = head / (a->q_heads / a->kv_heads), dim = a->head_dim;
    struct matmul p = {.tb = true, .m = b->q_len, .n = b->k_len, .k = dim,
                       .alpha = 1.0F / sqrtf((float)dim), .lda = a->q_heads * dim,
                       .ldb = a->kv_heads * dim, .ldc = KEYS};
    cpu_small_matmul(&p, head_at(a->q, b->q_start, a->q_heads, head, dim),
                     head_at(a->k, b->k_start, a->kv_heads, kv, dim), s);
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

static void forward_block(const struct attention *a, const struct work *w, int head)
{
    float s[QUERIES * KEYS], top[QUERIES], sum[QUERIES] = {0};
    int dim = a->head_dim, kv = head / (a->q_heads / a->kv_heads), ldo = a->q_heads * dim;
    float *o = head_of(a->o, w->q_start, a->q_heads, head, dim);
    for (int i = 0; i < w->q_len; i++) {
        top[i] = -INFINITY;
        memset(o + (size_t)i * (size_t)ldo, 0, (size_t)dim * sizeof *o);
    }
    struct block b;
    for (int at = 0; next_keys(w, &at, &b);) {
        scores(a, &b, head, s);
        soften(s, &b, top, sum, o, ldo, dim);
        struct matmul p = {.m = b.q_len, .n = dim, .k = b.k_len, .alpha = 1, .beta = 1, .lda = KEYS,
                           .ldb = a->kv_heads * dim, .ldc = ldo};
        cpu_small_matmul(&p, s, head_at(a->v, b.k_start, a->kv_heads, kv, dim), o);
    }
    for (int i = 0; i < w->q_len; i++) {
        scale(o + (size_t)i * (size_t)ldo, dim, 1.0F / sum[i]);
        a->lse[(size_t)(w->q_start + i) * (size_t)a->q_heads + (size_t)head] = top[i] + logf(sum[i]);
    }
}

/* All blocks of queries of all segments; the caller frees. */
static struct work *list_work(const struct attention *a, int *count)
{
    struct work *list = NULL;
    size_t cap = 0;
    *count = 0;
    for (int i = 0; i < a->segment_count; i++) {
        const struct segment *s = &a->segments[i];
        for (int at = 0; at < s->len; at += QUERIES) {
            int len = s->len - at < QUERIES ? s->len - at : QUERIES;
            list = array_reserve(list, &cap, (size_t)*count + 1, sizeof *list);
            list[(*count)++] = (struct work){s, s->start + at, len};
        }
    }
    return list;
}

static double attention_work(const struct attention *a)
{
    double pairs = 0;
    for (int i = 0; i < a->segment_count; i++)
        pairs += (double)a->segments[i].len * (a->segments[i].ctx_len + a->segments[i].len / 2.0);
    return pairs * a->q_heads * a->head_dim / 4;
}

void cpu_attention(struct backend *b, const struct attention *a)
{
    int count;
    struct work *list = list_work(a, &count);
    PARALLEL_FOR_ANY_ORDER(cpu_workers(b, attention_work(a)))
    for (int i = 0; i < count * a->q_heads; i++)
        forward_block(a, &list[i / a->q_heads], i % a->q_heads);
    mem_free(list);
}

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

static void backward_keys(const struct attention *a, const struct attention_grads *g,
                          const struct block *b, int head, const float *delta,
                          const struct head_grads *h)
{
    float s[QUERIES * KEYS], ds[QUERIES * KEYS];
    int dim = a->head_dim, kv = head / (a->q_heads / a->kv_heads);
    int ldq = a->q_heads * dim, ldk = a->kv_heads * dim;
    const float *d_o = head_at(g->d_o, b->q_start, a->q_heads, head, dim);
    const float *q = head_at(a->q, b->q_start, a->q_heads, head, dim);
    size_t key = (size_t)b->k_start * (size_t)dim;
    float root = 1.0F / sqrtf((float)dim);
    scores(a, b, head, s);
    probabilities(s, b, a->lse + (size_t)b->q_start * (size_t)a->q_heads + head, a->q_heads);
    struct matmul to_v = {.ta = true, .m = b->k_len, .n = dim, .k = b->q_len, .alpha = 1, .beta = 1,
                          .lda = KEYS, .ldb = ldq, .ldc = dim};
    cpu_small_matmul(&to_v, s, d_o, h->d_v + key);
    struct matmul to_p = {.tb = true, .m = b->q_len, .n = b->k_len, .k = dim, .alpha = 1,
                          .lda = ldq, .ldb = ldk, .ldc = KEYS};
    cpu_small_matmul(&to_p, d_o, head_at(a->v, b->k_start, a->kv_heads, kv, dim), ds);
    score_grads(s, ds, b, delta);
    struct matmul to_q = {.m = b->q_len, .n = dim, .k = b->k_len, .alpha = root, .beta = 1,
                          .lda = KEYS, .ldb = ldk, .ldc = ldq};
    cpu_small_matmul(&to_q, ds, head_at(a->k, b->k_start, a->kv_heads, kv, dim),
                     head_of(g->d_q, b->q_start, a->q_heads, head, dim));
    struct matmul to_k = to_v;
    to_k.alpha = root;
    cpu_small_matmul(&to_k, ds, q, h->d_k + key);
}

/* Every PARTS-th block of queries of one head. */
static void backward_part(const struct attention *a, const struct attention_grads *g, int head,
                          const struct work *list, int count, int part, const struct head_grads *h)
{
    int dim = a->head_dim;
    for (int w = part; w < count; w += PARTS) {
        float delta[QUERIES];
        for (int i = 0; i < list[w].q_len; i++) {
            int row = list[w].q_start + i;
            delta[i] = dot(head_at(g->d_o, row, a->q_heads, head, dim),
                           head_at(a->o, row, a->q_heads, head, dim), dim);
        }
        struct block b;
        for (int at = 0; next_keys(&list[w], &at, &b);)
            backward_keys(a, g, &b, head, delta, h);
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
void cpu_attention_grad(struct backend *b, const struct attention *a,
                        const struct attention_grads *g)
{
    int count;
    struct work *list = list_work(a, &count);
    size_t plane = (size_t)a->rows * (size_t)a->head_dim, all = plane * (size_t)a->q_heads;
    float *d_k = cpu_room(b, 2 * PARTS * all), *d_v = d_k + PARTS * all;
    memset(g->d_q, 0, all * sizeof(float));
    PARALLEL_FOR_ANY_ORDER(cpu_workers(b, attention_work(a)))
    for (int i = 0; i < a->q_heads * PARTS; i++) {
        struct head_grads own = {d_k + (size_t)i * plane, d_v + (size_t)i * plane};
        memset(own.d_k, 0, plane * sizeof *d_k);
        memset(own.d_v, 0, plane * sizeof *d_v);
        backward_part(a, g, i / PARTS, list, count, i % PARTS, &own);
    }
    sum_planes(b, a, d_k, g->d_k);
    sum_planes(b, a, d_v, g->d_v);
    mem_free(list);
}

static void cached_head(const struct cached_attention *a, int sequence, int head)
{
    int dim = a->head_dim, kv = head / (a->q_heads / a->kv_heads), len = a->lengths[sequence];
    const float *q = head_at(a->q, sequence, a->q_heads, head, dim);
    float *o = head_of(a->o, sequence, a->q_heads, head, dim), top = -INFINITY, sum = 0;
    float s[KEYS];
    memset(o, 0, (size_t)dim * sizeof *o);
    for (int at = 0; at < len; at += KEYS) {
        int n = len - at < KEYS ? len - at : KEYS;
        struct matmul score = {.tb = true, .m = 1, .n = n, .k = dim,
                               .alpha = 1.0F / sqrtf((float)dim), .lda = dim,
                               .ldb = a->kv_heads * dim, .ldc = KEYS};
        cpu_small_matmul(&score, q, head_at(a->k[sequence], at, a->kv_heads, kv, dim), s);
        struct block b = {.q_len = 1, .k_start = at, .k_len = n};
        soften(s, &b, &top, &sum, o, dim, dim);
        struct matmul mix = {.m = 1, .n = dim, .k = n, .alpha = 1, .beta = 1, .lda = KEYS,
                             .ldb = a->kv_heads * dim, .ldc = dim};
        cpu_small_matmul(&mix, s, head_at(a->v[sequence], at, a->kv_heads, kv, dim), o);
    }
    scale(o, dim, 1.0F / sum);
}

void cpu_attention_cached(struct backend *b, const struct cached_attention *a)
{
    double work = 0;
    for (int i = 0; i < a->sequences; i++)
        work += (double)a->lengths[i] * a->q_heads * a->head_dim;
    PARALLEL_FOR_ANY_ORDER(cpu_workers(b, work))
    for (int i = 0; i < a->sequences * a->q_heads; i++)
        cached_head(a, i / a->q_heads, i % a->q_heads);
}
