#include "text/hinge_hunks.h"

#include <stdbool.h>

struct grouper {
    struct hinge_hunks *out;
    struct hinge_text *y0, *y_star;
    size_t a, b; /* the next words */
    bool open;   /* the last hunk still takes changes */
};

/* Words that end at or before byte to are consumed; a changed one joins the open hunk. */
static void take(struct grouper *g, struct hinge_text *t, size_t *next, size_t to, bool changed)
{
    while (*next < t->count && t->words[*next].to <= to) {
        if (changed)
            t->words[*next].hunk = (int32_t)g->out->count - 1;
        else
            g->open = false;
        ++*next;
    }
}

static void begin(struct grouper *g, const struct diff_op *op)
{
    g->out->items[g->out->count++] = (struct hinge_hunk){
        .a_from = (uint32_t)g->a,
        .a_to = (uint32_t)g->a,
        .b_from = (uint32_t)g->b,
        .b_to = (uint32_t)g->b,
        .at = g->a < g->y0->count && g->y0->words[g->a].from < op->a_to
                  ? g->y0->words[g->a].from
                  : op->a_from,
    };
    g->open = true;
}

static void change(struct grouper *g, const struct diff_op *op)
{
    bool words = (g->a < g->y0->count && g->y0->words[g->a].to <= op->a_to) ||
                 (g->b < g->y_star->count && g->y_star->words[g->b].to <= op->b_to);
    if (!words)
        return; /* blanks only */
    if (!g->open)
        begin(g, op);
    take(g, g->y0, &g->a, op->a_to, true);
    take(g, g->y_star, &g->b, op->b_to, true);
    struct hinge_hunk *h = &g->out->items[g->out->count - 1];
    h->a_to = (uint32_t)g->a;
    h->b_to = (uint32_t)g->b;
}

static void mark_moved(struct hinge_text *t, size_t from, size_t to)
{
    for (size_t i = hinge_text_at(t, from); i < t->count && t->words[i].from < to; i++)
        t->words[i].moved = t->words[i].hunk >= 0;
}

/* Marks left over around moved words moved with them. */
static void spread_moved(struct hinge_text *t, size_t from, size_t to)
{
    bool moved = false, more = false;
    for (size_t i = from; i < to; i++) {
        moved |= t->words[i].moved;
        more |= !t->words[i].moved && !t->words[i].punct;
    }
    for (size_t i = from; moved && !more && i < to; i++)
        t->words[i].moved = true;
}

void hinge_hunks_read(struct hinge_hunks *out, const struct diff *exact, struct hinge_text *y0,
                      struct hinge_text *y_star, struct arena *arena)
{
    *out = (struct hinge_hunks){0};
    out->items = arena_alloc(arena, (exact->n_ops + 1) * sizeof *out->items);
    struct grouper g = {.out = out, .y0 = y0, .y_star = y_star};
    for (size_t i = 0; i < exact->n_ops; i++) {
        const struct diff_op *op = &exact->ops[i];
        if (op->kind == DIFF_KEEP) {
            take(&g, y0, &g.a, op->a_to, false);
            take(&g, y_star, &g.b, op->b_to, false);
        } else {
            change(&g, op);
        }
    }
    for (size_t i = 0; i < exact->n_moves; i++) {
        const struct diff_move *m = &exact->moves[i];
        mark_moved(y0, m->a_from, m->a_to);
        mark_moved(y_star, m->b_from, m->b_to);
    }
    for (size_t i = 0; exact->n_moves && i < out->count; i++) {
        spread_moved(y0, out->items[i].a_from, out->items[i].a_to);
        spread_moved(y_star, out->items[i].b_from, out->items[i].b_to);
    }
}
