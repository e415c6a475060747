#include "text/diff.h"

#include "base/map.h"
#include "base/mem.h"
#include "text/diff_lcs.h"
#include "text/diff_parts.h"

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

void diff_pair_align(struct diff_pair *p, const struct tokens *a, const struct tokens *b)
{
    *p = (struct diff_pair){.n_ids = 0};
    side_init(&p->a, a, &p->n_ids);
    side_init(&p->b, b, &p->n_ids);
    p->exact = lcs_mark((struct lcs_list){p->a.ids, p->a.count},
                        (struct lcs_list){p->b.ids, p->b.count}, p->n_ids, p->a.keep, p->b.keep);
}

void diff_pair_free(struct diff_pair *p)
{
    side_free(&p->a);
    side_free(&p->b);
}

struct diff *diff_tokens(const struct tokens *a, const struct tokens *b, enum diff_layer layer)
{
    struct diff_pair pair;
    diff_pair_align(&pair, a, b);
    struct diff *d = mem_zalloc(1, sizeof *d);
    d->exact = pair.exact;
    if (layer == DIFF_READABLE)
        readable_clean(d, &pair);
    diff_build(d, &pair);
    diff_pair_free(&pair);
    return d;
}

struct diff *diff_texts(struct slice a, struct slice b, enum diff_layer layer)
{
    struct map *interner = map_new();
    struct tokens ta = {.items = NULL}, tb = {.items = NULL};
    segment(&ta, a, interner);
    segment(&tb, b, interner);
    struct diff *d = diff_tokens(&ta, &tb, layer);
    tokens_free(&ta);
    tokens_free(&tb);
    map_free(interner);
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
