#include <string.h>

#include "base/array.h"
#include "text/diff_parts.h"

/* Ops cover both texts without gaps: each begins where the one before it ended. */
struct builder {
    struct diff *out;
    const struct diff_pair *pair;
    size_t cap, a_at, b_at;
};

static void push(struct builder *b, enum diff_kind kind, size_t a_to, size_t b_to)
{
    struct diff *d = b->out;
    if (a_to == b->a_at && b_to == b->b_at)
        return;
    if (d->n_ops && d->ops[d->n_ops - 1].kind == kind) {
        d->ops[d->n_ops - 1].a_to = a_to;
        d->ops[d->n_ops - 1].b_to = b_to;
    } else {
        d->ops = array_reserve(d->ops, &b->cap, d->n_ops + 1, sizeof *d->ops);
        d->ops[d->n_ops++] = (struct diff_op){kind, b->a_at, a_to, b->b_at, b_to};
    }
    b->a_at = a_to;
    b->b_at = b_to;
}

/* A run of changed words of one side and the blanks around it. */
struct gap {
    size_t start;       /* end of the kept word before it */
    size_t first, last; /* bytes of the changed words; first == last == stop when there are none */
    size_t stop;        /* start of the kept word behind it, or the end of the text */
};

static struct gap gap_of(const struct diff_side *s, size_t from, size_t to)
{
    struct gap g = {.start = from ? s->to[from - 1] : 0,
                    .stop = to < s->count ? s->from[to] : s->text.len};
    g.first = from < to ? s->from[from] : g.stop;
    g.last = from < to ? s->to[to - 1] : g.stop;
    return g;
}

static bool same(const struct builder *b, size_t a_from, size_t a_to, size_t b_from, size_t b_to)
{
    size_t len = a_to - a_from;
    return len == b_to - b_from &&
           (!len || !memcmp(b->pair->a.text.at + a_from, b->pair->b.text.at + b_from, len));
}

/* Words changed on both sides. Blanks before them are kept where both sides have some. */
static void replaced(struct builder *b, struct gap ga, struct gap gb)
{
    bool lead = ga.start < ga.first && gb.start < gb.first;
    bool trail = ga.last < ga.stop && gb.last < gb.stop;
    if (lead)
        push(b, DIFF_KEEP, ga.first, gb.first);
    push(b, DIFF_DELETE, trail ? ga.last : ga.stop, b->b_at);
    push(b, DIFF_INSERT, b->a_at, trail ? gb.last : gb.stop);
    if (trail)
        push(b, DIFF_KEEP, ga.stop, gb.stop);
}

/* Which blank of the side with words, before or behind them, the other side's one blank is. */
enum place { BEFORE, BEHIND, NEITHER };

static enum place choose(struct gap with, bool before_equal, bool behind_equal, bool other_empty)
{
    if (before_equal)
        return BEFORE;
    if (behind_equal)
        return BEHIND;
    if (other_empty)
        return NEITHER;
    return with.start < with.first ? BEFORE : with.last < with.stop ? BEHIND : NEITHER;
}

static void deleted(struct builder *b, struct gap ga, struct gap gb)
{
    enum place blank = choose(ga, same(b, ga.start, ga.first, gb.start, gb.stop),
                              same(b, ga.last, ga.stop, gb.start, gb.stop), gb.start == gb.stop);
    if (blank == BEFORE)
        push(b, DIFF_KEEP, ga.first, gb.stop);
    push(b, DIFF_DELETE, blank == BEHIND ? ga.last : ga.stop, b->b_at);
    if (blank == BEHIND)
        push(b, DIFF_KEEP, ga.stop, gb.stop);
    push(b, DIFF_INSERT, b->a_at, gb.stop);
}

static void inserted(struct builder *b, struct gap ga, struct gap gb)
{
    enum place blank = choose(gb, same(b, ga.start, ga.stop, gb.start, gb.first),
                              same(b, ga.start, ga.stop, gb.last, gb.stop), ga.start == ga.stop);
    if (blank == BEFORE)
        push(b, DIFF_KEEP, ga.stop, gb.first);
    if (blank == NEITHER)
        push(b, DIFF_DELETE, ga.stop, b->b_at);
    push(b, DIFF_INSERT, b->a_at, blank == BEHIND ? gb.last : gb.stop);
    if (blank == BEHIND)
        push(b, DIFF_KEEP, ga.stop, gb.stop);
}

/* Blanks alone. At the ends of the texts they may stand on one side only. */
static void unchanged(struct builder *b, struct gap ga, struct gap gb)
{
    if (ga.start < ga.stop && gb.start < gb.stop) {
        push(b, DIFF_KEEP, ga.stop, gb.stop);
        return;
    }
    push(b, DIFF_DELETE, ga.stop, b->b_at);
    push(b, DIFF_INSERT, b->a_at, gb.stop);
}

static size_t run_end(const struct diff_side *s, size_t at, bool kept)
{
    while (at < s->count && s->keep[at] == kept)
        at++;
    return at;
}

void diff_build(struct diff *d, const struct diff_pair *p)
{
    struct builder b = {.out = d, .pair = p};
    size_t i = 0, j = 0;
    for (;;) {
        size_t i_end = run_end(&p->a, i, false), j_end = run_end(&p->b, j, false);
        struct gap ga = gap_of(&p->a, i, i_end), gb = gap_of(&p->b, j, j_end);
        if (i < i_end && j < j_end)
            replaced(&b, ga, gb);
        else if (i < i_end)
            deleted(&b, ga, gb);
        else if (j < j_end)
            inserted(&b, ga, gb);
        else
            unchanged(&b, ga, gb);
        if (i_end == p->a.count || j_end == p->b.count)
            break;
        push(&b, DIFF_KEEP, p->a.to[i_end], p->b.to[j_end]);
        i = i_end + 1;
        j = j_end + 1;
    }
}
