#include "text/diff.h"

#include <assert.h>

#include "base/mem.h"
#include "text/diff_lcs.h"
#include "text/diff_parts.h"
#include "text/diff_words.h"

/* Area in bytes from which equal lines are paired first: more words than the budget of the exact
 * alignment reaches. */
static const uint64_t LARGE = (uint64_t)1 << 33;

static void side_init(struct diff_side *s, const struct tokens *t, size_t *n_ids)
{
    s->text = t->text;
    s->ids = mem_alloc((t->count + 1) * sizeof *s->ids);
    s->from = mem_alloc((t->count + 1) * sizeof *s->from);
    s->to = mem_alloc((t->count + 1) * sizeof *s->to);
    s->class = mem_alloc(t->count + 1);
    s->keep = mem_zalloc(t->count + 1, 1);
    for (size_t i = 0; i < t->count; i++) {
        const struct token *token = &t->items[i];
        if (token->class == TOKEN_SPACE || token->class == TOKEN_BREAK)
            continue;
        s->ids[s->count] = token->id;
        s->from[s->count] = token->from;
        s->to[s->count] = token->to;
        s->class[s->count++] = token->class;
        if (token->id >= *n_ids)
            *n_ids = (size_t)token->id + 1;
    }
}

static void side_free(struct diff_side *s)
{
    mem_free(s->ids);
    mem_free(s->from);
    mem_free(s->to);
    mem_free(s->class);
    mem_free(s->keep);
}

static struct diff *finish(struct diff_pair *p, const struct anchors *pins, enum diff_layer layer)
{
    struct diff *d = mem_zalloc(1, sizeof *d);
    d->exact = lcs_mark((struct lcs_list){p->a.ids, p->a.count},
                        (struct lcs_list){p->b.ids, p->b.count}, p->n_ids, pins->items, pins->count,
                        p->a.keep, p->b.keep);
    if (layer == DIFF_READABLE)
        readable_clean(d, p);
    diff_build(d, p);
    side_free(&p->a);
    side_free(&p->b);
    return d;
}

struct diff *diff_tokens(const struct tokens *a, const struct tokens *b, enum diff_layer layer)
{
    struct diff_pair p = {.n_ids = 0};
    side_init(&p.a, a, &p.n_ids);
    side_init(&p.b, b, &p.n_ids);
    return finish(&p, &(struct anchors){.items = NULL}, layer);
}

struct diff *diff_texts(struct slice a, struct slice b, enum diff_layer layer)
{
    struct diff_pair p = {.n_ids = 0};
    struct diff_blocks blocks = {.items = NULL};
    struct anchors pins = {.items = NULL};
    assert(a.len <= UINT32_MAX && b.len <= UINT32_MAX);
    if ((uint64_t)a.len * b.len > LARGE)
        diff_lines(&blocks, a, b);
    diff_words(&p, a, b, &blocks, &pins);
    struct diff *d = finish(&p, &pins, layer);
    d->exact &= !blocks.chosen;
    mem_free(blocks.items);
    mem_free(pins.items);
    return d;
}

void diff_free(struct diff *d)
{
    if (!d)
        return;
    mem_free(d->ops);
    mem_free(d->moves);
    mem_free(d);
}
