/*
 * Attention under the branch mask against a plain loop in double, and its gradient against finite
 * differences; cross entropy and the chunked head the same way.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/suite.h"
#include "tests/trainer/slope.h"
#include "trainer/model/head.h"

#define EXACT 4e-6

enum { SEGMENTS_MAX = 16, BRANCHES_MAX = 5 };

/* An example: a shared prefix (0: none) and branches; ended by a length of 0. */
struct shape {
    int prefix, branches[BRANCHES_MAX + 1];
};

struct mask {
    struct segment segments[SEGMENTS_MAX];
    int count, rows;
};

static void add_example(struct mask *m, const struct shape *s)
{
    int base = m->rows;
    if (s->prefix) {
        m->segments[m->count++] = (struct segment){base, s->prefix, base, 0};
        m->rows += s->prefix;
    }
    for (int i = 0; s->branches[i]; i++) {
        m->segments[m->count++] = (struct segment){m->rows, s->branches[i], base, s->prefix};
        m->rows += s->branches[i];
    }
}

/* Whether a row sees another, by what the header says of segments. */
static bool sees(const struct mask *m, int row, int other)
{
    for (int i = 0; i < m->count; i++) {
        const struct segment *s = &m->segments[i];
        if (row < s->start || row >= s->start + s->len)
            continue;
        bool prefix = other >= s->ctx_start && other < s->ctx_start + s->ctx_len;
        return prefix || (other >= s->start && other <= row);
    }
    return false;
}

struct attention_case {
    struct backend *b;
    struct mask mask;
    struct attention a;
    float *q, *k, *v, *o, *d_q, *d_k, *d_v, *weights;
    size_t q_count, k_count;
};

static double attention_value(void *ctx)
{
    struct attention_case *c = ctx;
    c->b->ops->attention(c->b, &c->a);
    return weighted(c->weights, c->a.o, c->q_count);
}

static void attention_open(struct attention_case *c, struct backend *b, const struct shape *shapes, int count,
                           const int heads[3])
{
    *c = (struct attention_case){.b = b};
    for (int i = 0; i < count; i++)
        add_example(&c->mask, &shapes[i]);
    size_t rows = (size_t)c->mask.rows, dim = (size_t)heads[2];
    c->q_count = rows * (size_t)heads[0] * dim;
    c->k_count = rows * (size_t)heads[1] * dim;
    c->q = some_numbers(b, c->q_count, 1);
    c->k = some_numbers(b, c->k_count, 2);
    c->v = some_numbers(b, c->k_count, 3);
    c->weights = some_numbers(b, c->q_count, 4);
    c->d_q = some_numbers(b, c->q_count, 5); /* overwritten */
    c->d_k = some_numbers(b, c->k_count, 6);
    c->d_v = some_numbers(b, c->k_count, 7);
    c->o = no_numbers(b, c->q_count);
    c->a = (struct attention){.rows = c->mask.rows, .q_heads = heads[0], .kv_heads = heads[1],
                              .head_dim = heads[2], .segments = c->mask.segments,
                              .segment_count = c->mask.count, .q = c->q, .k = c->k, .v = c->v,
                              .o = c->o, .lse = no_numbers(b, rows * (size_t)heads[0])};
}

static void attention_close(struct attention_case *c)
{
    float *all[] = {c->q, c->k, c->v, c->d_q, c->d_k, c->d_v, c->weights, c->a.o, c->a.lse};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        c->b->ops->release(c->b, all[i]);
    CU_ASSERT_EQUAL(c->b->bytes, 0);
}

/* Probabilities of one row and head over all rows (0 where it does not see); returns the lse. */
static double plain_row(const struct attention_case *c, int row, int head, double *p)
{
    const struct attention *a = &c->a;
    int dim = a->head_dim, kv = head / (a->q_heads / a->kv_heads);
    const float *q = c->q + (size_t)(row * a->q_heads + head) * (size_t)dim;
    double sum = 0;
    for (int j = 0; j < a->rows; j++) {
        const float *k = c->k + (size_t)(j * a->kv_heads + kv) * (size_t)dim;
        double score = 0;
        for (int i = 0; i < dim; i++)
            score += (double)q[i] * k[i];
        p[j] = sees(&c->mask, row, j) ? exp(score / sqrt(dim)) : 0;
        sum += p[j];
    }
    for (int j = 0; j < a->rows; j++)
        p[j] /= sum;
    return sum > 0 ? log(sum) : -INFINITY;
}

struct plain {
    double *o, *lse, *d_q, *d_k, *d_v;
};

/* The gradients of one row and head, from its probabilities: dS = P (dP - sum P dP). */
static void plain_back(const struct attention_case *c, int row, int head, const double *p, struct plain *out)
{
    const struct attention *a = &c->a;
    int dim = a->head_dim, kv = head / (a->q_heads / a->kv_heads);
    size_t at = (size_t)(row * a->q_heads + head) * (size_t)dim;
    double *dp = mem_zalloc((size_t)a->rows, sizeof *dp), all = 0;
    for (int j = 0; j < a->rows; j++) {
        size_t key = (size_t)(j * a->kv_heads + kv) * (size_t)dim;
        for (int i = 0; i < dim; i++) {
            out->o[at + (size_t)i] += p[j] * c->v[key + (size_t)i];
            out->d_v[key + (size_t)i] += p[j] * c->weights[at + (size_t)i];
            dp[j] += (double)c->weights[at + (size_t)i] * c->v[key + (size_t)i];
        }
        all += p[j] * dp[j];
    }
    for (int j = 0; j < a->rows; j++) {
        size_t key = (size_t)(j * a->kv_heads + kv) * (size_t)dim;
        double ds = p[j] * (dp[j] - all) / sqrt(dim);
        for (int i = 0; i < dim; i++) {
            out->d_q[at + (size_t)i] += ds * c->k[key + (size_t)i];
            out->d_k[key + (size_t)i] += ds * c->q[at + (size_t)i];
        }
    }
    mem_free(dp);
}

static void check_plain(struct attention_case *c)
{
    size_t rows = (size_t)c->a.rows, lse_count = rows * (size_t)c->a.q_heads;
    struct plain want = {mem_zalloc(c->q_count, sizeof(double)), mem_zalloc(lse_count, sizeof(double)),
                         mem_zalloc(c->q_count, sizeof(double)), mem_zalloc(c->k_count, sizeof(double)),
                         mem_zalloc(c->k_count, sizeof(double))};
    double *p = mem_zalloc(rows, sizeof *p);
    for (int r = 0; r < c->a.rows; r++) {
        for (int h = 0; h < c->a.q_heads; h++) {
            want.lse[r * c->a.q_heads + h] = plain_row(c, r, h, p);
            plain_back(c, r, h, p, &want);
        }
    }
    attention_value(c);
    c->b->ops->attention_grad(c->b, &c->a, &(struct attention_grads){c->weights, c->d_q, c->d_k, c->d_v});
    CU_ASSERT(near("attention", c->a.o, want.o, c->q_count, EXACT));
    CU_ASSERT(near("attention lse", c->a.lse, want.lse, lse_count, EXACT));
    CU_ASSERT(near("attention q", c->d_q, want.d_q, c->q_count, EXACT));
    CU_ASSERT(near("attention k", c->d_k, want.d_k, c->k_count, EXACT));
    CU_ASSERT(near("attention v", c->d_v, want.d_v, c->k_count, EXACT));
    double *all[] = {want.o, want.lse, want.d_q, want.d_k, want.d_v, p};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        mem_free(all[i]);
}

/* q heads, kv heads (shared by groups, or not) and their size. */
static const int head_kinds[][3] = {{4, 2, 6}, {3, 1, 10}, {2, 2, 2}};

static void attention_gradients_are_slopes(void)
{
    static const struct shape shapes[][2] = {
        {{0, {7}}},                                      /* a plain sequence */
        {{3, {4}}},                                      /* one branch */
        {{5, {3, 4}}},                                   /* two */
        {{4, {1, 2, 1, 3, 1}}},                          /* five, some of one token */
        {{0, {3, 1, 2, 1, 1}}},                          /* no prefix: five sequences */
        {{1, {1}}, {2, {1, 1}}},                         /* the smallest, and two examples in a row */
        {{3, {2, 3}}, {4, {2, 1}}},
    };
    struct backend *b = cpu_backend_new(3);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        for (size_t h = 0; h < 3; h++) {
            struct attention_case c;
            attention_open(&c, b, shapes[i], shapes[i][1].branches[0] ? 2 : 1, head_kinds[h]);
            check_plain(&c);
            CU_ASSERT(slope_fits("attention q", attention_value, &c, c.q, c.q_count, c.d_q));
            CU_ASSERT(slope_fits("attention k", attention_value, &c, c.k, c.k_count, c.d_k));
            CU_ASSERT(slope_fits("attention v", attention_value, &c, c.v, c.k_count, c.d_v));
            attention_close(&c);
        }
    }
    cpu_backend_free(b);
}

/* Sizes over the blocks of queries (64) and keys (256), and one less and one more. */
static void long_attention_is_the_plain_loop(void)
{
    static const struct shape shapes[][2] = {
        {{0, {333}}},
        {{64, {64, 65}}, {63, {1, 130}}},
        {{257, {70, 1, 63, 2, 65}}},
        {{0, {129, 1, 257}}, {256, {64}}},
    };
    struct backend *b = cpu_backend_new(3);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct attention_case c;
        attention_open(&c, b, shapes[i], shapes[i][1].branches[0] ? 2 : 1, head_kinds[i % 2]);
        check_plain(&c);
        attention_close(&c);
    }
    cpu_backend_free(b);
}

/* Scores that differ by hundreds: the softmax must neither overflow nor lose the top. */
static void sharp_attention_is_finite(void)
{
    struct backend *b = cpu_backend_new(1);
    struct attention_case c;
    attention_open(&c, b, &(struct shape){70, {300, 40}}, 1, head_kinds[0]);
    for (size_t i = 0; i < c.q_count; i++)
        c.q[i] *= 300;
    attention_value(&c);
    c.b->ops->attention_grad(b, &c.a, &(struct attention_grads){c.weights, c.d_q, c.d_k, c.d_v});
    bool finite = true;
    for (size_t i = 0; i < c.q_count; i++)
        finite = finite && isfinite(c.o[i]) && isfinite(c.d_q[i]) && fabsf(c.o[i]) <= 1.0001F;
    for (size_t i = 0; i < c.k_count; i++)
        finite = finite && isfinite(c.d_k[i]) && isfinite(c.d_v[i]);
    CU_ASSERT(finite);
    attention_close(&c);
    cpu_backend_free(b);
}

/* The last row of each sequence, from a cache of pages, is that row of the whole. The pages of a sequence lie apart, and
 * two sequences hold the same first page. */
static void cached_attention_is_the_last_row(void)
{
    enum { SEQUENCES = 5, WIDE = 4 * 6, KEYS = 2 * 6, PAGE = 8, WIDTH = 40, NONE = SEQUENCES };
    static const struct shape shapes[SEQUENCES] = {{0, {1}}, {0, {300}}, {0, {17}}, {0, {8}}, {0, {17}}};
    struct backend *b = cpu_backend_new(3);
    struct attention_case c;
    attention_open(&c, b, shapes, SEQUENCES, head_kinds[0]);
    memcpy(c.k + (size_t)c.mask.segments[4].start * KEYS, c.k + (size_t)c.mask.segments[2].start * KEYS, PAGE * KEYS * sizeof *c.k);
    memcpy(c.v + (size_t)c.mask.segments[4].start * KEYS, c.v + (size_t)c.mask.segments[2].start * KEYS, PAGE * KEYS * sizeof *c.v);
    attention_value(&c);
    size_t rows = (size_t)(SEQUENCES + 1);
    float *q = no_numbers(b, rows * WIDE), *o = some_numbers(b, rows * WIDE, 1);
    float *k = some_numbers(b, (size_t)SEQUENCES * WIDTH * PAGE * KEYS, 1), *v = some_numbers(b, (size_t)SEQUENCES * WIDTH * PAGE * KEYS, 1);
    int lengths[SEQUENCES + 1] = {0}, tables[(SEQUENCES + 1) * WIDTH] = {0};
    double want[(SEQUENCES + 1) * WIDE] = {0};
    for (int s = 0; s < SEQUENCES; s++) {
        const struct segment *at = &c.mask.segments[s];
        size_t last = (size_t)(at->start + at->len - 1) * WIDE;
        int to[300];
        for (int p = 0; p < WIDTH; p++)
            tables[s * WIDTH + p] = p * SEQUENCES + s;
        tables[4 * WIDTH] = tables[2 * WIDTH];
        for (int t = 0; t < at->len; t++)
            to[t] = s == 4 && t < PAGE ? -1 : tables[s * WIDTH + t / PAGE] * PAGE + t % PAGE;
        b->ops->move_rows(b, &(struct row_moves){.n = at->len, .d = KEYS, .to = to, .k = c.k + (size_t)at->start * KEYS,
                                                 .v = c.v + (size_t)at->start * KEYS, .to_k = k, .to_v = v});
        lengths[s] = at->len;
        memcpy(q + s * WIDE, c.q + last, WIDE * sizeof *q);
        for (int i = 0; i < WIDE; i++)
            want[s * WIDE + i] = c.o[last + (size_t)i];
    }
    b->ops->attention_cached(b, &(struct cached_attention){SEQUENCES + 1, 4, 2, 6, q, o, k, v, PAGE, WIDTH, tables, lengths,
                                                           300});
    CU_ASSERT(near("attention_cached", o, want, rows * WIDE, EXACT));
    for (int i = 0; i < WIDE; i++)
        CU_ASSERT_EQUAL(o[NONE * WIDE + i], 0); /* a row that sees nothing */
    float *all[] = {q, o, k, v};
    for (size_t i = 0; i < 4; i++)
        b->ops->release(b, all[i]);
    attention_close(&c);
    cpu_backend_free(b);
}

enum { VOCAB = 41, ROWS = 6 };

struct loss_case {
    struct backend *b;
    float *logits, *copy, weights[ROWS];
    int targets[ROWS];
};

static double loss_value(void *ctx)
{
    struct loss_case *c = ctx;
    float loss[ROWS];
    c->b->ops->copy(c->b, c->copy, c->logits, (size_t)ROWS * VOCAB);
    c->b->ops->cross_entropy(c->b, c->copy, c->targets, NULL, ROWS, VOCAB, &(struct loss_out){.loss = loss}, NULL);
    return weighted(c->weights, loss, ROWS);
}

static void check_loss_row(const float *x, int target, const struct loss_out *got, int row)
{
    double sum = 0, entropy = 0, top = x[0], other = -INFINITY;
    int rank = 0;
    for (int i = 0; i < VOCAB; i++)
        top = x[i] > top ? x[i] : top;
    for (int i = 0; i < VOCAB; i++)
        sum += exp(x[i] - top);
    for (int i = 0; i < VOCAB; i++) {
        double logp = x[i] - top - log(sum);
        entropy -= exp(logp) * logp;
        rank += x[i] > x[target];
        other = i != target && x[i] > other ? x[i] : other;
    }
    CU_ASSERT_DOUBLE_EQUAL(got->loss[row], log(sum) + top - x[target], 2e-6 * (1 + fabs(top - x[target])));
    CU_ASSERT_DOUBLE_EQUAL(got->entropy[row], entropy, 1e-5);
    CU_ASSERT_DOUBLE_EQUAL(got->margin[row], x[target] - other, 1e-6 * (1 + fabs(x[target] - other)));
    CU_ASSERT_EQUAL(got->rank[row], rank);
}

static void cross_entropy_and_its_gradient(void)
{
    struct backend *b = cpu_backend_new(3);
    struct loss_case c = {.b = b, .logits = some_numbers(b, (size_t)ROWS * VOCAB, 1),
                          .copy = no_numbers(b, (size_t)ROWS * VOCAB), .weights = {0.5F, 1, 0, 0.25F, 2, 1},
                          .targets = {0, VOCAB - 1, 7, 7, 20, 33}};
    float loss[ROWS], entropy[ROWS], margin[ROWS], plain[ROWS];
    int rank[ROWS];
    const struct loss_out out = {loss, entropy, margin, rank};
    for (int everything = 0; everything < 2; everything++) { /* with and without a description of the row */
        b->ops->copy(b, c.copy, c.logits, (size_t)ROWS * VOCAB);
        b->ops->cross_entropy(b, c.copy, c.targets, c.weights, ROWS, VOCAB,
                              everything ? &out : &(struct loss_out){.loss = plain}, c.copy);
        float *grad = mem_copy(c.copy, (size_t)ROWS * VOCAB * sizeof *grad);
        CU_ASSERT(slope_fits("cross entropy", loss_value, &c, c.logits, (size_t)ROWS * VOCAB, grad));
        mem_free(grad);
    }
    for (int i = 0; i < VOCAB; i++)
        c.logits[i] *= 90, c.logits[VOCAB + i] += 1000, c.logits[2 * VOCAB + i] = 3;
    c.logits[3 * VOCAB + 7] = 500; /* a sure row, and above all equal ones, large ones, far apart ones */
    b->ops->copy(b, c.copy, c.logits, (size_t)ROWS * VOCAB);
    b->ops->cross_entropy(b, c.copy, c.targets, NULL, ROWS, VOCAB, &out, NULL);
    for (int r = 0; r < ROWS; r++)
        check_loss_row(c.logits + (size_t)r * VOCAB, c.targets[r], &out, r);
    b->ops->release(b, c.logits);
    b->ops->release(b, c.copy);
    cpu_backend_free(b);
}

enum { TARGETS = HEAD_CHUNK * 2 + 5, HIDDEN = 9, HIDDEN_ROWS = 7 };

struct head_case {
    struct model *m;
    struct head *head;
    float *hidden, weights[TARGETS];
    int rows[TARGETS], targets[TARGETS];
};

static double head_value(void *ctx)
{
    struct head_case *c = ctx;
    float loss[TARGETS];
    head_loss(c->head, c->hidden, c->rows, c->targets, NULL, TARGETS, NULL, &(struct loss_out){.loss = loss});
    return weighted(c->weights, loss, TARGETS);
}

/* More targets than two chunks hold, several of one row: the last norm, the head and the hidden state. */
static void the_chunked_head_and_its_gradient(void)
{
    struct error err = {0};
    struct backend *b = cpu_backend_new(3);
    struct params params = {0};
    struct model_config config = {.family = "llama", .vocab = VOCAB, .hidden = HIDDEN, .layers = 1,
                                  .q_heads = 1, .kv_heads = 1, .head_dim = 2, .ffn = 3,
                                  .max_positions = 16, .eps = 1e-5F, .rope_theta = 100, .rope_linear = 1};
    struct head_case c = {.m = model_random(b, &config, 1, &err)};
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.m);
    CU_ASSERT_EQUAL_FATAL(model_train_all(c.m, &params, &err), 0);
    c.head = head_new(c.m, true, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.head);
    c.hidden = some_numbers(b, (size_t)HIDDEN_ROWS * HIDDEN, 1);
    float *d_hidden = no_numbers(b, (size_t)HIDDEN_ROWS * HIDDEN);
    for (int i = 0; i < TARGETS; i++) {
        c.rows[i] = i * 5 % HIDDEN_ROWS;
        c.targets[i] = i * 17 % VOCAB;
        c.weights[i] = (float)(i % 4) / 64;
    }
    float *big = some_numbers(b, (size_t)VOCAB * HIDDEN, 2);
    b->ops->copy(b, c.m->head.w, big, (size_t)VOCAB * HIDDEN);
    head_loss(c.head, c.hidden, c.rows, c.targets, c.weights, TARGETS, d_hidden, &(struct loss_out){0});
    CU_ASSERT(slope_fits("head hidden", head_value, &c, c.hidden, (size_t)HIDDEN_ROWS * HIDDEN, d_hidden));
    CU_ASSERT(slope_fits("head w", head_value, &c, c.m->head.w, (size_t)VOCAB * HIDDEN, c.m->head.dw));
    CU_ASSERT(slope_fits("last norm", head_value, &c, c.m->last.w, HIDDEN, c.m->last.dw));
    float *all[] = {c.hidden, d_hidden, big};
    for (size_t i = 0; i < 3; i++)
        b->ops->release(b, all[i]);
    head_free(c.head);
    params_free(&params);
    model_free(c.m);
    CU_ASSERT_EQUAL(b->bytes, 0);
    cpu_backend_free(b);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"attention's gradient, by branches and heads", attention_gradients_are_slopes},
        {"attention over many blocks", long_attention_is_the_plain_loop},
        {"attention with scores far apart", sharp_attention_is_finite},
        {"attention from a cache", cached_attention_is_the_last_row},
        {"cross entropy and its gradient", cross_entropy_and_its_gradient},
        {"the head in chunks and its gradient", the_chunked_head_and_its_gradient},
        {NULL, NULL},
    };
    return suite_run("trainer: attention and loss", tests, argc, argv);
}
