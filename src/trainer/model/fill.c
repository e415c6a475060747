#include "trainer/model/fill.h"

#include <assert.h>

#include "base/array.h"
#include "base/mem.h"

/* where[t] of a sequence in a pass: a row of that pass, or ~ a row of the cache that was there before it. */

static void add(struct numbers *n, int number)
{
    n->items = array_reserve(n->items, &n->cap, n->count + 1, sizeof *n->items);
    n->items[n->count++] = number;
}

void fill_clear(struct fill *f)
{
    struct numbers *all[] = {&f->ids, &f->positions, &f->from, &f->to, &f->copy_from, &f->copy_to, &f->context};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        all[i]->count = 0;
    f->segment_count = f->taken_count = 0;
    f->last = NULL;
    f->last_start = f->last_len = 0;
}

void fill_free(struct fill *f)
{
    struct numbers *all[] = {&f->ids, &f->positions, &f->from, &f->to, &f->copy_from, &f->copy_to, &f->context};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        mem_free(all[i]->items);
    mem_free(f->segments);
    mem_free(f->taken);
    *f = (struct fill){0};
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int common(const struct sequence *a, const struct sequence *b, int most)
{
    int n = 0;
    while (n < most && a->ids[n] == b->ids[n])
        n++;
    return n;
}

/* Tokens of o that a sequence may take over. */
static int there(const struct sequence *o)
{
    return o->where ? o->planned : o->done;
}

/* The sequence with the longest beginning that s has, too; the first of equals. */
static const struct sequence *longest_common(const struct sequence *s, struct sequence *const *others, size_t count,
                                             int *tokens)
{
    const struct sequence *best = NULL;
    *tokens = 0;
    for (size_t i = 0; i < count; i++) {
        const struct sequence *o = others[i];
        int most = o && o != s ? least(there(o), s->count) : 0;
        int n = most > *tokens ? common(o, s, most) : 0;
        if (n > *tokens) {
            *tokens = n;
            best = o;
        }
    }
    return best;
}

static int origin(const struct sequence *o, int token)
{
    return o->where ? o->where[token] : ~table_row(&o->table, token);
}

/* s begins with tokens of o: what they do not share in full pages is copied. */
static void take_over(struct fill *f, struct sequence *s, const struct sequence *o, int tokens)
{
    for (int t = 0; t < tokens; t++) {
        s->where[t] = origin(o, t);
        if (t < tokens / PAGE_ROWS * PAGE_ROWS)
            continue;
        bool pass = s->where[t] >= 0;
        add(pass ? &f->from : &f->copy_from, pass ? s->where[t] : ~s->where[t]);
        add(pass ? &f->to : &f->copy_to, table_row(&s->table, t));
    }
}

/* Whether the keys of the first tokens are rows of the pass side by side; or stand in the context already. */
static bool has_context(const struct fill *f, const struct sequence *s, int tokens)
{
    return tokens == 0 || (s->where[0] >= 0 && s->where[tokens - 1] - s->where[0] == tokens - 1) ||
           (f->last && f->last_len >= tokens && common(f->last, s, tokens) == tokens);
}

/* Where the keys of the first tokens begin; those of the context are counted from ~0 down until the pass's rows are
 * known. */
static int context_of(struct fill *f, const struct sequence *s, int tokens)
{
    if (tokens == 0)
        return 0;
    if (s->where[0] >= 0 && s->where[tokens - 1] - s->where[0] == tokens - 1)
        return s->where[0];
    if (!has_context(f, s, tokens)) {
        f->last = s;
        f->last_start = (int)f->context.count;
        f->last_len = tokens;
        for (int t = 0; t < tokens; t++)
            add(&f->context, table_row(&s->table, t));
    }
    return ~f->last_start;
}

static void add_rows(struct fill *f, struct sequence *s, int start, int end)
{
    int row = (int)f->ids.count;
    f->segments = array_reserve(f->segments, &f->segment_cap, f->segment_count + 1, sizeof *f->segments);
    f->segments[f->segment_count++] =
        (struct segment){.start = row, .len = end - start, .ctx_start = context_of(f, s, start), .ctx_len = start};
    for (int t = start; t < end; t++, row++) {
        s->where[t] = row;
        add(&f->ids, s->ids[t]);
        add(&f->positions, t);
        add(&f->from, row);
        add(&f->to, table_row(&s->table, t));
    }
}

enum fill_result fill_add(struct fill *f, struct pages *p, struct sequence *s, struct sequence *const *others,
                          size_t other_count, int rows, int context, int spare)
{
    int start = s->done, left = rows - (int)f->ids.count;
    const struct sequence *o = start ? NULL : longest_common(s, others, other_count, &start);
    int held = s->table.count ? s->table.count : start / PAGE_ROWS;
    if (pages_for(s->count + 1) - held + spare > pages_left(p))
        return FILL_NO_PAGES;
    int end = least(s->count, start + left);
    s->where = mem_alloc(((size_t)s->count + 1) * sizeof *s->where);
    for (int t = 0; t < start; t++)
        s->where[t] = origin(o ? o : &(struct sequence){.table = s->table}, t);
    if (f->taken_count && ((end == start && start < s->count) ||
                           (!has_context(f, s, start) && (int)f->context.count + start > context))) {
        mem_free(s->where);
        s->where = NULL;
        return FILL_FULL;
    }
    if (o)
        table_share(p, &s->table, &o->table, start);
    int grown = table_grow(p, &s->table, s->count + 1);
    assert(grown == 0);
    (void)grown;
    if (o)
        take_over(f, s, o, start);
    if (end > start)
        add_rows(f, s, start, end);
    s->planned = end;
    f->taken = array_reserve(f->taken, &f->taken_cap, f->taken_count + 1, sizeof *f->taken);
    f->taken[f->taken_count++] = s;
    return FILL_ADDED;
}

void fill_done(struct fill *f)
{
    for (size_t i = 0; i < f->taken_count; i++) {
        struct sequence *s = f->taken[i];
        s->done = s->planned;
        mem_free(s->where);
        s->where = NULL;
    }
    fill_clear(f);
}

struct batch fill_batch(struct fill *f)
{
    int rows = (int)f->ids.count;
    for (size_t i = 0; i < f->segment_count; i++) {
        struct segment *s = &f->segments[i];
        s->ctx_start = s->ctx_start < 0 ? rows + ~s->ctx_start : s->ctx_start;
    }
    return (struct batch){.rows = rows, .ids = f->ids.items, .positions = f->positions.items, .segments = f->segments,
                          .segment_count = (int)f->segment_count};
}
