/* Attention with the branch mask, its gradient, and attention from a cache. */
#include "base/mem.h"
#include "tests/gpu/twin.h"

enum { SEGMENTS = 16, BRANCHES = 5, SEQUENCES = 5 };

struct shape {
    int prefix, branches[BRANCHES + 1];
};

struct attention_case {
    struct attention a;
    struct segment segments[SEGMENTS];
    int count, rows;
    struct pair q, k, v, o, lse, d_o, d_q, d_k, d_v;
};

static struct attention side_of(const struct attention_case *c, int s)
{
    struct attention a = c->a;
    a.segments = c->segments;
    a.q = c->q.at[s];
    a.k = c->k.at[s];
    a.v = c->v.at[s];
    a.o = c->o.at[s];
    a.lse = c->lse.at[s];
    return a;
}

static void run_forward(struct backend *b, int s, const void *ctx)
{
    struct attention a = side_of(ctx, s);
    b->ops->attention(b, &a);
}

static void run_backward(struct backend *b, int s, const void *ctx)
{
    const struct attention_case *c = ctx;
    struct attention a = side_of(c, s);
    b->ops->attention_grad(b, &a, &(struct attention_grads){c->d_o.at[s], c->d_q.at[s], c->d_k.at[s], c->d_v.at[s]});
}

static void add_example(struct attention_case *c, const struct shape *s)
{
    int base = c->rows;
    if (s->prefix) {
        c->segments[c->count++] = (struct segment){base, s->prefix, base, 0};
        c->rows += s->prefix;
    }
    for (int i = 0; s->branches[i]; i++) {
        c->segments[c->count++] = (struct segment){c->rows, s->branches[i], base, s->prefix};
        c->rows += s->branches[i];
    }
}

static void check(struct twin *t, const struct shape *shapes, int count, int q_heads, int kv_heads, int dim)
{
    struct attention_case c = {.rows = 0};
    for (int i = 0; i < count; i++)
        add_example(&c, &shapes[i]);
    size_t rows = (size_t)c.rows, q = rows * (size_t)(q_heads * dim), k = rows * (size_t)(kv_heads * dim);
    c.a = (struct attention){.rows = c.rows, .q_heads = q_heads, .kv_heads = kv_heads, .head_dim = dim,
                             .segment_count = c.count};
    c.q = twin_numbers(t, q, 2);
    c.k = twin_numbers(t, k, 1);
    c.v = twin_numbers(t, k, 1);
    c.o = twin_numbers(t, q, 1);
    c.lse = twin_floats(t, rows * (size_t)q_heads, 1);
    c.d_o = twin_numbers(t, q, 1);
    c.d_q = twin_numbers(t, q, 1);
    c.d_k = twin_numbers(t, k, 1);
    c.d_v = twin_numbers(t, k, 1);
    c.d_q.least = c.d_k.least = 1e-3; /* of one row alone they are nothing but rounding */
    struct pair grads[] = {c.d_q, c.d_k, c.d_v};
    const char *format = "%s, %d rows in %d segments, heads %d/%d of %d";
    twin_run(t, run_forward, &c, &c.o, 1, NEAR, format, "attention", c.rows, c.count, q_heads, kv_heads, dim);
    twin_run(t, run_forward, &c, &c.lse, 1, EXACT, format, "attention's sums", c.rows, c.count, q_heads, kv_heads, dim);
    twin_run(t, run_backward, &c, grads, 3, NEAR, format, "gradient of attention", c.rows, c.count, q_heads, kv_heads,
             dim);
    const struct pair all[] = {c.q, c.k, c.v, c.o, c.lse, c.d_o, c.d_q, c.d_k, c.d_v};
    twin_release(t, all, 9);
}

struct cached_case {
    struct cached_attention a;
    int lengths[SEQUENCES];
    const real *keys[SIDES][SEQUENCES], *values[SIDES][SEQUENCES];
    struct pair q, o;
};

static void run_cached(struct backend *b, int s, const void *ctx)
{
    const struct cached_case *c = ctx;
    struct cached_attention a = c->a;
    a.q = c->q.at[s];
    a.o = c->o.at[s];
    a.k = c->keys[s];
    a.v = c->values[s];
    a.lengths = c->lengths;
    b->ops->attention_cached(b, &a);
}

static void check_cached(struct twin *t, int sequences, int longest, int q_heads, int kv_heads, int dim)
{
    size_t width = (size_t)sequences * (size_t)(q_heads * dim);
    struct cached_case c = {.a = {.sequences = sequences, .q_heads = q_heads, .kv_heads = kv_heads, .head_dim = dim},
                            .q = twin_numbers(t, width, 2), .o = twin_numbers(t, width, 1)};
    struct pair caches[2 * SEQUENCES];
    for (int i = 0; i < sequences; i++) {
        c.lengths[i] = i == 0 ? longest : 1 + twin_below(t, longest);
        size_t n = (size_t)c.lengths[i] * (size_t)(kv_heads * dim);
        caches[2 * i] = twin_numbers(t, n, 1);
        caches[2 * i + 1] = twin_numbers(t, n, 1);
        for (int s = 0; s < SIDES; s++) {
            c.keys[s][i] = caches[2 * i].at[s];
            c.values[s][i] = caches[2 * i + 1].at[s];
        }
    }
    twin_run(t, run_cached, &c, &c.o, 1, NEAR, "cached attention, %d sequences up to %d, heads %d/%d of %d", sequences,
             longest, q_heads, kv_heads, dim);
    const struct pair own[] = {c.q, c.o};
    twin_release(t, own, 2);
    twin_release(t, caches, 2 * sequences);
}

void twin_attention(struct twin *t)
{
    static const struct shape plain[] = {{0, {1}}, {0, {77}}}, pair[] = {{70, {3, 65}}},
                              five[] = {{129, {1, 2, 1, 30, 1}}, {1, {1}}}, none[] = {{0, {3, 1, 64, 1, 65}}},
                              two[] = {{64, {64, 1}}, {63, {130, 1}}}, deep[] = {{400, {1, 70}}};
    check(t, plain, 1, 1, 1, 64);
    check(t, plain, 2, 2, 2, 64);
    check(t, pair, 1, 4, 2, 128);
    check(t, five, 2, 3, 1, 80);
    check(t, none, 1, 2, 1, 96);
    check(t, two, 2, 2, 1, 64);
    check(t, deep, 1, 2, 1, 64); /* more blocks than any ring holds */
    check(t, pair, 1, 2, 1, 16); /* narrower than any tile */
    check_cached(t, 3, 37, 4, 2, 64);
    check_cached(t, 1, 700, 8, 1, 128); /* in parts */
    check_cached(t, 5, 300, 3, 1, 80);
    check_cached(t, 2, 5, 2, 2, 8);
    if (!twin_large(t))
        return;
    static const struct shape long_one[] = {{0, {4096}}}, rgt[] = {{4000, {500, 560}}, {1000, {500, 560}}},
                              longest[] = {{32000, {500, 1, 64, 65, 138}}};
    check(t, long_one, 1, 8, 2, 128);
    check(t, rgt, 2, 16, 8, 128);
    check(t, rgt, 2, 4, 4, 64);
    check(t, rgt, 2, 6, 2, 96);
    check(t, longest, 1, 2, 1, 128); /* 32,768 rows */
    check_cached(t, 5, 32768, 32, 8, 128);
}
