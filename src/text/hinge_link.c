/* Which hunk a clause faults: clauses_link and what it rests on. */
#include <math.h>
#include <string.h>

#include "base/map.h"
#include "text/hinge_clauses.h"
#include "text/hinge_lexicon.h"

enum {
    CONTEXT = 4,      /* kept words to either side of a hunk that help to find it */
    LOOKED_AT = 64,   /* hunks of one word, or of one class, that are looked at */
    CLASS_BITS = 16
};

static const double changed_weight = 1.0, context_weight = 0.3, pair_weight = 0.8;
static const double quoted_factor = 2.0, function_factor = 0.15, concept_weight = 0.6;
static const double least_score = 0.25; /* below it a clause speaks of no hunk */

struct mention {
    uint32_t stem, hunk;
    float weight;
};

struct linker {
    struct clauses *c;
    const struct hinge_text *y0, *y_star;
    const struct hinge_hunks *hunks;
    struct arena *arena;
    uint32_t *starts; /* by stem, into mentions */
    struct mention *mentions;
    struct map *pairs; /* changed words side by side: their first hunk */
    uint32_t *of_class[CLASS_BITS];
    size_t n_of_class[CLASS_BITS];
    double *score; /* by hunk, for the clause at hand */
    uint32_t *touched, n_touched;
    uint32_t *stamp; /* by hunk: the last word that scored it */
    uint32_t serial;
    double *best; /* by hunk: score of clauses.of_hunk */
    uint32_t *taken; /* by hunk: clauses it already has */
};

static struct slice pair_key(const struct hinge_word *first, char room[8])
{
    memcpy(room, &first[0].fold, 4);
    memcpy(room + 4, &first[1].fold, 4);
    return (struct slice){room, 8};
}

bool clauses_say_pair(const struct clauses *c, const struct hinge_text *t, size_t i)
{
    char room[8];
    return c->pairs && i + 1 < t->count && map_get(c->pairs, pair_key(&t->words[i], room), NULL);
}

/* ---- what the rationale names --------------------------------------------------------------- */

static void note_clause(struct clauses *c, const struct clause *clause)
{
    for (size_t i = clause->from; i < clause->to; i++) {
        const struct hinge_word *w = &c->text.words[i];
        if (hinge_word_says(w) && c->quoted[i])
            c->named[w->stem] |= QUOTED | NAMED;
        else if (hinge_word_says(w) && !(w->talk & (TALK_GENERIC | TALK_FAULT)))
            c->named[w->stem] |= NAMED;
        char room[8];
        if (i + 1 < clause->to && !w->punct)
            map_put(c->pairs, pair_key(w, room), 1);
    }
}

/* ---- where words stand ---------------------------------------------------------------------- */

static void add_mentions(struct linker *l, const struct hinge_text *t, uint32_t *next, bool fill)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct hinge_word *w = &t->words[i];
        if (w->hunk < 0 || w->punct)
            continue;
        if (fill)
            l->mentions[next[w->stem]] = (struct mention){
                .stem = w->stem,
                .hunk = (uint32_t)w->hunk,
                .weight = (float)(hinge_word_says(w) ? changed_weight : function_factor),
            };
        next[w->stem]++;
    }
}

static void add_context(struct linker *l, uint32_t *next, bool fill)
{
    for (size_t h = 0; h < l->hunks->count; h++) {
        const struct hinge_hunk *hunk = &l->hunks->items[h];
        size_t from = hunk->a_from > CONTEXT ? hunk->a_from - CONTEXT : 0;
        for (size_t i = from; i < l->y0->count && i < hunk->a_to + (size_t)CONTEXT; i++) {
            const struct hinge_word *w = &l->y0->words[i];
            if (w->hunk >= 0 || !hinge_word_says(w))
                continue;
            if (fill)
                l->mentions[next[w->stem]] = (struct mention){
                    .stem = w->stem, .hunk = (uint32_t)h, .weight = (float)context_weight};
            next[w->stem]++;
        }
    }
}

/* Counting sort by stem: changed words first, so that they win over the context. */
static void index_words(struct linker *l, size_t n_stems)
{
    uint32_t *counts = arena_zalloc(l->arena, n_stems + 1, sizeof *counts);
    add_mentions(l, l->y0, counts, false);
    add_mentions(l, l->y_star, counts, false);
    add_context(l, counts, false);
    l->starts = arena_alloc(l->arena, (n_stems + 1) * sizeof *l->starts);
    uint32_t sum = 0;
    for (size_t i = 0; i <= n_stems; i++) {
        l->starts[i] = sum;
        sum += i < n_stems ? counts[i] : 0;
    }
    l->mentions = arena_alloc(l->arena, (sum + 1) * sizeof *l->mentions);
    memcpy(counts, l->starts, n_stems * sizeof *counts);
    add_mentions(l, l->y0, counts, true);
    add_mentions(l, l->y_star, counts, true);
    add_context(l, counts, true);
}

static void index_pairs(struct linker *l, const struct hinge_text *t)
{
    for (size_t i = 0; i + 1 < t->count; i++) {
        const struct hinge_word *w = &t->words[i];
        if (w->hunk < 0 || w->punct || !(hinge_word_says(w) || hinge_word_says(&w[1])))
            continue;
        char room[8];
        struct slice key = pair_key(w, room);
        if (!map_get(l->pairs, key, NULL))
            map_put(l->pairs, key, (uint64_t)w->hunk);
    }
}

static void index_classes(struct linker *l)
{
    for (size_t h = 0; h < l->hunks->count; h++) {
        const struct hinge_hunk *hunk = &l->hunks->items[h];
        unsigned classes = hinge_text_classes(l->y0, hunk->a_from, hunk->a_to) |
                           hinge_text_classes(l->y_star, hunk->b_from, hunk->b_to);
        if (hunk->b_from == hunk->b_to)
            classes |= WORD_ADDED;
        if (hunk->a_from == hunk->a_to)
            classes |= WORD_OMITTED;
        for (int bit = 0; bit < CLASS_BITS; bit++)
            if ((classes & (1u << bit) & ~(unsigned)WORD_FUNCTION) &&
                l->n_of_class[bit] < LOOKED_AT)
                l->of_class[bit][l->n_of_class[bit]++] = (uint32_t)h;
    }
}

/* ---- one clause ------------------------------------------------------------------------------ */

static void add_score(struct linker *l, uint32_t hunk, double score)
{
    if (l->score[hunk] == 0)
        l->touched[l->n_touched++] = hunk;
    l->score[hunk] += score;
}

static void score_word(struct linker *l, size_t i)
{
    const struct hinge_word *w = &l->c->text.words[i];
    bool quoted = l->c->quoted[i];
    if (!quoted && (w->talk & (TALK_GENERIC | TALK_FAULT)))
        return;
    uint32_t from = l->starts[w->stem], to = l->starts[w->stem + 1];
    double rarity = 1.0 / sqrt((double)(to - from) + 1);
    double factor = rarity * (quoted ? quoted_factor : 1.0);
    l->serial++;
    for (uint32_t k = from; k < to && k < from + LOOKED_AT; k++) {
        const struct mention *m = &l->mentions[k];
        if (l->stamp[m->hunk] == l->serial)
            continue;
        l->stamp[m->hunk] = l->serial;
        add_score(l, m->hunk, factor * (double)m->weight);
    }
}

static void score_pair(struct linker *l, size_t i)
{
    char room[8];
    uint64_t hunk;
    if (map_get(l->pairs, pair_key(&l->c->text.words[i], room), &hunk))
        add_score(l, (uint32_t)hunk, pair_weight);
}

static void score_concepts(struct linker *l, unsigned concepts)
{
    for (int bit = 0; bit < CLASS_BITS; bit++)
        if (concepts & (1u << bit))
            for (size_t k = 0; k < l->n_of_class[bit]; k++)
                add_score(l, l->of_class[bit][k], concept_weight / sqrt((double)l->n_of_class[bit]));
}

/* The better of two hunks for a clause: by score, then the one with fewer clauses, then the
 * first. */
static bool is_better(const struct linker *l, uint32_t a, int b)
{
    if (b < 0)
        return l->score[a] >= least_score;
    double difference = l->score[a] - l->score[b];
    if (fabs(difference) > 1e-9)
        return difference > 0;
    if (l->taken[a] != l->taken[b])
        return l->taken[a] < l->taken[b];
    return (int)a < b;
}

static void settle(struct linker *l, struct clause *clause, int index)
{
    for (uint32_t k = 0; k < l->n_touched; k++)
        if (is_better(l, l->touched[k], clause->hunk))
            clause->hunk = (int)l->touched[k];
    if (clause->hunk < 0 && l->hunks->count == 1)
        clause->hunk = 0;
    if (clause->hunk >= 0) {
        l->taken[clause->hunk]++;
        add_score(l, (uint32_t)clause->hunk, 1.0); /* its own hunk before one it also mentions */
    }
    for (uint32_t k = 0; k < l->n_touched; k++) {
        uint32_t h = l->touched[k];
        if (l->score[h] >= 2 * least_score && l->score[h] > l->best[h]) {
            l->best[h] = l->score[h];
            l->c->of_hunk[h] = index;
        }
        l->score[h] = 0;
    }
    l->n_touched = 0;
}

static void link_clause(struct linker *l, size_t index)
{
    struct clause *clause = &l->c->items[index];
    if (!clause->faults)
        return;
    for (size_t i = clause->from; i < clause->to; i++) {
        if (!l->c->text.words[i].punct)
            score_word(l, i);
        if (i + 1 < clause->to)
            score_pair(l, i);
    }
    score_concepts(l, clause->concepts);
    settle(l, clause, (int)index);
}

void clauses_link(struct clauses *c, const struct hinge_text *y0, const struct hinge_text *y_star,
                  const struct hinge_hunks *hunks, size_t n_stems, struct arena *arena)
{
    size_t n = hunks->count;
    c->named = arena_zalloc(arena, n_stems + 1, sizeof *c->named);
    c->n_stems = n_stems;
    c->of_hunk = arena_alloc(arena, (n + 1) * sizeof *c->of_hunk);
    for (size_t h = 0; h < n; h++)
        c->of_hunk[h] = -1;
    if (c->count == 0 || n == 0)
        return;
    c->pairs = map_new();
    for (size_t i = 0; i < c->count; i++)
        if (c->items[i].faults)
            note_clause(c, &c->items[i]);
    struct linker l = {.c = c, .y0 = y0, .y_star = y_star, .hunks = hunks, .arena = arena};
    l.pairs = map_new();
    l.score = arena_zalloc(arena, n, sizeof *l.score);
    l.best = arena_zalloc(arena, n, sizeof *l.best);
    l.touched = arena_alloc(arena, (n + 1) * sizeof *l.touched);
    l.stamp = arena_zalloc(arena, n, sizeof *l.stamp);
    l.taken = arena_zalloc(arena, n, sizeof *l.taken);
    for (int bit = 0; bit < CLASS_BITS; bit++)
        l.of_class[bit] = arena_alloc(arena, LOOKED_AT * sizeof(uint32_t));
    index_words(&l, n_stems);
    index_pairs(&l, y0);
    index_pairs(&l, y_star);
    index_classes(&l);
    for (size_t i = 0; i < c->count; i++)
        link_clause(&l, i);
    map_free(l.pairs);
}
