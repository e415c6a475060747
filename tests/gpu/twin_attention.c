/* Attention with the branch mask, its gradient, and attention from a cache. */
#include <stdio.h>
#include <stdlib.h>

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

/* What ops->upload_ints gave, on both sides. */
struct ints {
    int *at[SIDES];
};

static struct ints make_ints(struct twin *t, const int *host, size_t count)
{
    struct ints out;
    for (int s = 0; s < SIDES; s++) {
        struct error err = {0};
        struct backend *b = twin_side(t, s)->backend;
        out.at[s] = (int *)(void *)b->ops->alloc_f32(b, count, &err);
        if (!out.at[s]) {
            fprintf(stderr, "twin: %s\n", err.text);
            exit(2);
        }
        b->ops->upload_ints(b, out.at[s], host, count);
    }
    return out;
}

static void release_ints(struct twin *t, const struct ints *p)
{
    for (int s = 0; s < SIDES; s++)
        twin_side(t, s)->backend->ops->release(twin_side(t, s)->backend, p->at[s]);
}

struct cached_case {
    struct cached_attention a;
    struct ints lengths, tables;
    struct pair q, o, k, v;
};

static void run_cached(struct backend *b, int s, const void *ctx)
{
    const struct cached_case *c = ctx;
    struct cached_attention a = c->a;
    a.q = c->q.at[s];
    a.o = c->o.at[s];
    a.k = c->k.at[s];
    a.v = c->v.at[s];
    a.lengths = c->lengths.at[s];
    a.tables = c->tables.at[s];
    b->ops->attention_cached(b, &a);
}

/* Pages in no order, some of them of several rows; the second row sees nothing, the third ends with a page. */
static void check_cached(struct twin *t, int rows, int longest, int page_rows, int q_heads, int kv_heads, int dim)
{
    int width = (longest + page_rows - 1) / page_rows, pages = rows * width, *tables = mem_alloc((size_t)pages * sizeof *tables);
    int lengths[SEQUENCES];
    for (int i = 0; i < rows; i++) {
        lengths[i] = i == 0 ? longest : i == 1 ? 0 : i == 2 ? width / 2 * page_rows : 1 + twin_below(t, longest);
        for (int p = 0; p < width; p++)
            tables[i * width + p] = p < width / 2 ? p * 7 % pages : twin_below(t, pages);
    }
    size_t wide = (size_t)rows * (size_t)(q_heads * dim);
    size_t all = (size_t)pages * (size_t)page_rows * (size_t)(kv_heads * dim);
    struct cached_case c = {.a = {.rows = rows, .q_heads = q_heads, .kv_heads = kv_heads, .head_dim = dim, .page_rows = page_rows,
                                  .table_width = width, .longest = longest},
                            .q = twin_numbers(t, wide, 2), .o = twin_numbers(t, wide, 1), .k = twin_numbers(t, all, 1),
                            .v = twin_numbers(t, all, 1), .lengths = make_ints(t, lengths, (size_t)rows),
                            .tables = make_ints(t, tables, (size_t)pages)};
    twin_run(t, run_cached, &c, &c.o, 1, NEAR, "cached attention, %d rows up to %d by %d, heads %d/%d of %d", rows, longest,
             page_rows, q_heads, kv_heads, dim);
    const struct pair own[] = {c.q, c.o, c.k, c.v};
    twin_release(t, own, 4);
    release_ints(t, &c.lengths);
    release_ints(t, &c.tables);
    mem_free(tables);
}

struct moves_case {
    struct row_moves m;
    struct ints from, to;
    bool by_from, by_to;
    struct pair k, v, outs[2];
};

static void run_moves(struct backend *b, int s, const void *ctx)
{
    const struct moves_case *c = ctx;
    struct row_moves m = c->m;
    m.from = c->by_from ? c->from.at[s] : NULL;
    m.to = c->by_to ? c->to.at[s] : NULL;
    m.k = c->k.at[s];
    m.v = c->v.at[s];
    m.to_k = c->outs[0].at[s];
    m.to_v = c->outs[1].at[s];
    b->ops->move_rows(b, &m);
}

static void check_moves(struct twin *t, int n, int rows, int d, bool by_from, bool by_to)
{
    int *from = mem_alloc((size_t)n * sizeof *from), *to = mem_alloc((size_t)n * sizeof *to);
    for (int i = 0; i < n; i++) {
        from[i] = twin_below(t, rows);
        to[i] = i % 5 == 3 ? -1 : rows - 1 - i;
    }
    size_t count = (size_t)rows * (size_t)d;
    struct moves_case c = {.m = {.n = n, .d = d}, .from = make_ints(t, from, (size_t)n), .to = make_ints(t, to, (size_t)n),
                           .by_from = by_from, .by_to = by_to, .k = twin_numbers(t, count, 1), .v = twin_numbers(t, count, 1),
                           .outs = {twin_numbers(t, count, 1), twin_numbers(t, count, 1)}};
    twin_run(t, run_moves, &c, c.outs, 2, 0, "moving %d of %d rows of %d, %d %d", n, rows, d, by_from, by_to);
    const struct pair own[] = {c.k, c.v, c.outs[0], c.outs[1]};
    twin_release(t, own, 4);
    release_ints(t, &c.from);
    release_ints(t, &c.to);
    mem_free(from);
    mem_free(to);
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
    check(t, plain, 2, 8, 1, 64);
    check(t, two, 2, 2, 1, 64);
    check(t, deep, 1, 2, 1, 64); /* more blocks than any ring holds */
    check(t, pair, 1, 2, 1, 16); /* narrower than any tile */
    check_cached(t, 3, 37, 8, 4, 2, 64);
    check_cached(t, 1, 700, 64, 8, 1, 128); /* in parts */
    check_cached(t, 5, 320, 64, 3, 1, 80);
    check_cached(t, 4, 5, 1, 2, 2, 8);
    check_cached(t, 2, 1, 64, 2, 1, 16);
    check_moves(t, 7, 9, 64, false, true);
    check_moves(t, 33, 40, 13, true, true);
    check_moves(t, 1, 1, 8, true, false);
    if (!twin_large(t))
        return;
    static const struct shape long_one[] = {{0, {4096}}}, rgt[] = {{4000, {500, 560}}, {1000, {500, 560}}},
                              longest[] = {{32000, {500, 1, 64, 65, 138}}};
    check(t, long_one, 1, 8, 2, 128);
    check(t, rgt, 2, 16, 8, 128);
    check(t, rgt, 2, 4, 4, 64);
    check(t, rgt, 2, 6, 2, 96);
    check(t, longest, 1, 2, 1, 128); /* 32,768 rows */
    check_cached(t, 5, 32768, 64, 32, 8, 128);
    check_moves(t, 32768, 40000, 1024, true, true);
}
