/* Sentences that stand whole in both texts, in another place: found by their words. */
#include "base/array.h"
#include "base/map.h"
#include "base/mem.h"
#include "text/readable.h"

enum {
    WORDS_MIN = 6,        /* shorter ones repeat by chance */
    KEPT_PERCENT_MAX = 50 /* of a sentence that may be freed to be a move */
};

/* A sentence of one side: its words, and how many of them are kept. */
struct phrase {
    size_t from, to, kept;
};

/* The next sentence at or after word `at` that is changed, in part at least; false at the end. */
static bool next_phrase(const struct diff_side *s, const uint8_t *starts, size_t at,
                        struct phrase *out)
{
    while (at < s->count) {
        *out = (struct phrase){.from = at};
        do
            out->kept += s->keep[at++];
        while (at < s->count && !starts[at]);
        out->to = at;
        if (out->kept < at - out->from)
            return true;
    }
    return false;
}

static struct slice key_of(const struct diff_side *s, const struct phrase *f)
{
    return (struct slice){(const char *)(s->ids + f->from), (f->to - f->from) * sizeof *s->ids};
}

static bool worth(const struct phrase *f, unsigned kept_percent)
{
    size_t n = f->to - f->from;
    return n >= WORDS_MIN && 100 * f->kept <= kept_percent * n;
}

/* Where each sentence of b begins, by its words; SIZE_MAX for one that stands there twice. */
static struct map *index_b(const struct readable *r, unsigned kept_percent)
{
    struct map *at = map_new();
    const struct diff_side *b = &r->pair->b;
    struct phrase f = {.to = 0};
    while (next_phrase(b, r->start_b, f.to, &f))
        if (worth(&f, kept_percent) && !map_put(at, key_of(b, &f), f.from))
            map_put(at, key_of(b, &f), SIZE_MAX);
    return at;
}

static void free_words(struct diff_side *s, size_t from, size_t to, struct diff_side *other,
                       const uint32_t *partner)
{
    for (size_t i = from; i < to; i++)
        if (s->keep[i])
            s->keep[i] = other->keep[partner[i]] = 0;
}

void readable_free_moved(struct readable *r)
{
    struct diff_side *a = &r->pair->a, *b = &r->pair->b;
    struct map *places = index_b(r, KEPT_PERCENT_MAX);
    struct phrase f = {.to = 0};
    while (map_count(places) && next_phrase(a, r->start_a, f.to, &f)) {
        uint64_t at;
        if (!worth(&f, KEPT_PERCENT_MAX) || !map_get(places, key_of(a, &f), &at) || at == SIZE_MAX)
            continue;
        free_words(a, f.from, f.to, b, r->partner_a);
        free_words(b, at, at + (f.to - f.from), a, r->partner_b);
    }
    map_free(places);
}

static bool all_changed(const struct diff_side *s, size_t from, size_t to)
{
    while (from < to && !s->keep[from])
        from++;
    return from == to;
}

/* Appends a move, or lengthens the last one when both sides go on where it ended. */
static void add_move(struct diff *d, size_t *cap, const struct diff_pair *p, const struct phrase *f,
                     size_t b_from)
{
    size_t n = f->to - f->from;
    struct diff_move move = {p->a.from[f->from], p->a.to[f->to - 1], p->b.from[b_from],
                             p->b.to[b_from + n - 1]};
    struct diff_move *last = d->n_moves ? &d->moves[d->n_moves - 1] : NULL;
    if (last && f->from && last->a_to == p->a.to[f->from - 1] && b_from &&
        last->b_to == p->b.to[b_from - 1]) {
        last->a_to = move.a_to;
        last->b_to = move.b_to;
        return;
    }
    d->moves = array_reserve(d->moves, cap, d->n_moves + 1, sizeof *d->moves);
    d->moves[d->n_moves++] = move;
}

void readable_moves(struct diff *d, const struct readable *r)
{
    const struct diff_pair *p = r->pair;
    struct map *places = index_b(r, 0);
    size_t cap = d->n_moves;
    struct phrase f = {.to = 0};
    while (map_count(places) && next_phrase(&p->a, r->start_a, f.to, &f)) {
        uint64_t at;
        if (!worth(&f, 0) || !map_get(places, key_of(&p->a, &f), &at) || at == SIZE_MAX)
            continue;
        if (all_changed(&p->b, at, at + f.to - f.from)) {
            add_move(d, &cap, p, &f, at);
            map_put(places, key_of(&p->a, &f), SIZE_MAX); /* taken */
        }
    }
    map_free(places);
}
