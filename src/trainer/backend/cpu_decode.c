/* Attention of new tokens against keys in pages, and rows on their way into and out of pages. */
#include <math.h>
#include <string.h>

#include "trainer/backend/cpu_parts.h"

enum { LANES = 16, KEYS = 64, SIDE = 4, HEADS = 16 };

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

/* s[j] = scale * q . k[j]: some keys at once, so that sums do not wait for each other. */
HOT static void dots(const float *q, const float *k, size_t ldk, int n, int dim, float scale, float *s)
{
    for (int j = 0; j < n; j += SIDE) {
        const float *row[SIDE];
        lanes sum[SIDE] = {{0}};
        int i = 0;
        for (int u = 0; u < SIDE; u++)
            row[u] = k + (size_t)(j + u < n ? j + u : n - 1) * ldk;
        for (; i + LANES <= dim; i += LANES) {
            lanes x, y;
            memcpy(&x, q + i, sizeof x);
            for (int u = 0; u < SIDE; u++) {
                memcpy(&y, row[u] + i, sizeof y);
                sum[u] += x * y;
            }
        }
        for (int u = 0; u < SIDE && j + u < n; u++) {
            float all = 0;
            for (int r = 0; r < LANES; r++)
                all += sum[u][r];
            for (int r = i; r < dim; r++)
                all += q[r] * row[u][r];
            s[j + u] = all * scale;
        }
    }
}

/* o += sum of s[j] v[j] */
HOT static void mix(const float *s, const float *v, size_t ldv, int n, int dim, float *o)
{
    int i = 0;
    for (; i + SIDE * LANES <= dim; i += SIDE * LANES) {
        lanes sum[SIDE], x;
        memcpy(sum, o + i, sizeof sum);
        for (int j = 0; j < n; j++) {
            for (int u = 0; u < SIDE; u++) {
                memcpy(&x, v + (size_t)j * ldv + i + u * LANES, sizeof x);
                sum[u] += s[j] * x;
            }
        }
        memcpy(o + i, sum, sizeof sum);
    }
    for (int j = 0; j < n && i < dim; j++) {
        for (int r = i; r < dim; r++)
            o[r] += s[j] * v[(size_t)j * ldv + (size_t)r];
    }
}

/* A head's softmax so far; o is scaled to its top. */
struct softmax {
    float top, sum;
    float *o;
};

static void take_keys(struct softmax *m, const float *q, const float *k, const float *v, size_t ld, int n, int dim)
{
    float s[KEYS];
    dots(q, k, ld, n, dim, 1.0F / sqrtf((float)dim), s);
    float top = max_row(s, n);
    if (top > m->top) {
        float shrink = isinf(m->top) ? 0.0F : fast_exp(m->top - top);
        m->sum *= shrink;
        for (int i = 0; i < dim; i++)
            m->o[i] *= shrink;
        m->top = top;
    }
    m->sum += exp_row(s, n, m->top);
    mix(s, v, ld, n, dim, m->o);
}

/* Query heads of a row that share the keys of one, at most HEADS; some keys after the other, so that these are read
 * once. */
static void cached_heads(const struct cached_attention *a, int row, int kv, int first_head, int heads)
{
    int dim = a->head_dim, length = a->lengths[row];
    size_t ld = (size_t)a->kv_heads * (size_t)dim, first = ((size_t)row * (size_t)a->q_heads + (size_t)first_head) * (size_t)dim;
    const float *q = (const float *)a->q + first;
    float *o = (float *)a->o + first;
    struct softmax all[HEADS];
    for (int h = 0; h < heads; h++)
        all[h] = (struct softmax){-INFINITY, 0, o + (size_t)h * (size_t)dim};
    memset(o, 0, (size_t)(heads * dim) * sizeof *o);
    for (int at = 0, n; at < length; at += n) {
        int in_page = at % a->page_rows;
        int page = a->tables[(size_t)row * (size_t)a->table_width + (size_t)(at / a->page_rows)];
        n = a->page_rows - in_page < KEYS ? a->page_rows - in_page : KEYS;
        n = length - at < n ? length - at : n;
        size_t from = ((size_t)page * (size_t)a->page_rows + (size_t)in_page) * ld + (size_t)(kv * dim);
        for (int h = 0; h < heads; h++)
            take_keys(&all[h], q + (size_t)h * (size_t)dim, (const float *)a->k + from, (const float *)a->v + from, ld, n,
                      dim);
    }
    for (int h = 0; h < heads; h++) {
        float by = all[h].sum > 0 ? 1.0F / all[h].sum : 0.0F;
        for (int i = 0; i < dim; i++)
            all[h].o[i] *= by;
    }
}

void cpu_attention_cached(struct backend *b, const struct cached_attention *a)
{
    double work = 0;
    for (int i = 0; i < a->rows; i++)
        work += (double)a->lengths[i] * a->q_heads * a->head_dim;
    PARALLEL_FOR_ANY_ORDER(cpu_workers(b, work))
    for (int i = 0; i < a->rows * a->kv_heads; i++) {
        int group = a->q_heads / a->kv_heads, kv = i % a->kv_heads;
        for (int h = 0; h < group; h += HEADS)
            cached_heads(a, i / a->kv_heads, kv, kv * group + h, group - h < HEADS ? group - h : HEADS);
    }
}

void cpu_move_rows(struct backend *b, const struct row_moves *m)
{
    size_t d = (size_t)m->d;
    PARALLEL_FOR(cpu_workers(b, 2.0 * m->n * m->d))
    for (int i = 0; i < m->n; i++) {
        size_t from = (size_t)(m->from ? m->from[i] : i) * d;
        int to = m->to ? m->to[i] : i;
        if (to < 0)
            continue;
        memcpy((float *)m->to_k + (size_t)to * d, (const float *)m->k + from, d * sizeof(float));
        memcpy((float *)m->to_v + (size_t)to * d, (const float *)m->v + from, d * sizeof(float));
    }
}
