#include "text/hinge.h"

#include "base/mem.h"
#include "text/hinge_score.h"

/* ---- items ----------------------------------------------------------------------------------- */

struct writer {
    const struct hinge_evidence *e;
    struct hinges *out;
};

static int clause_of(const struct writer *w, int hunk)
{
    return w->e->clauses.count && hunk >= 0 ? w->e->clauses.of_hunk[hunk] : -1;
}

static void put(struct writer *w, enum hinge_side side, const struct hinge_word *word,
                const struct hinge_mark *mark, int hunk)
{
    w->out->items[w->out->count++] = (struct hinge){
        .side = side,
        .from = word->from,
        .to = word->to,
        .score = mark->score,
        .reasons = mark->reasons,
        .hunk = hunk,
        .clause = clause_of(w, hunk),
        .lit = mark->lit,
    };
}

/* Words [from, to) of a side, and the lit kept ones that follow them up to the next hunk. */
static void put_words(struct writer *w, enum hinge_side side, size_t from, size_t to, int hunk)
{
    const struct hinge_text *t = side == HINGE_Y0 ? &w->e->y0 : &w->e->y_star;
    const struct hinge_mark *marks = side == HINGE_Y0 ? w->e->y0_marks : w->e->y_star_marks;
    for (size_t i = from; i < to; i++)
        put(w, side, &t->words[i], &marks[i], hunk);
    for (size_t i = to; from < to && i < t->count && t->words[i].hunk < 0 && marks[i].lit; i++)
        put(w, side, &t->words[i], &marks[i], hunk);
}

/* What y* puts in where y0 has nothing, as a gap in y0: it weighs as much as its heaviest word. */
static void put_gap(struct writer *w, const struct hinge_hunk *h, int hunk)
{
    struct hinge_mark gap = {.reasons = HINGE_OMISSION};
    for (size_t i = h->b_from; i < h->b_to; i++) {
        const struct hinge_mark *m = &w->e->y_star_marks[i];
        if (m->score >= gap.score)
            gap = (struct hinge_mark){m->reasons | HINGE_OMISSION, m->score, gap.lit};
        gap.lit |= m->lit;
    }
    struct hinge_word place = {.from = (uint32_t)h->at, .to = (uint32_t)h->at};
    put(w, HINGE_Y0, &place, &gap, hunk);
}

static void put_hunk(struct writer *w, const struct hinge_hunk *h, int hunk)
{
    size_t first = w->out->count;
    if (h->a_from == h->a_to)
        put_gap(w, h, hunk);
    put_words(w, HINGE_Y0, h->a_from, h->a_to, hunk);
    put_words(w, HINGE_Y_STAR, h->b_from, h->b_to, hunk);
    bool lit = false;
    for (size_t i = first; i < w->out->count; i++)
        lit |= w->out->items[i].lit;
    w->out->n_lit_hunks += lit;
}

static void put_items(struct writer *w)
{
    const struct hinge_evidence *e = w->e;
    size_t most = e->y0.count + e->y_star.count + e->hunks.count + 1;
    w->out->items = mem_zalloc(most, sizeof *w->out->items);
    w->out->n_hunks = e->hunks.count;
    for (size_t h = 0; h < e->hunks.count; h++)
        put_hunk(w, &e->hunks.items[h], (int)h);
}

static void put_clauses(struct writer *w)
{
    const struct clauses *c = &w->e->clauses;
    w->out->n_clauses = c->count;
    w->out->clauses = mem_zalloc(c->count + 1, sizeof *w->out->clauses);
    for (size_t i = 0; i < c->count; i++)
        w->out->clauses[i] = (struct hinge_clause){
            .from = c->text.words[c->items[i].from].from,
            .to = c->text.words[c->items[i].to - 1].to,
            .hunk = c->items[i].hunk,
        };
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool finds_fault(const struct clauses *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->items[i].faults)
            return true;
    return false;
}

static void read_all(struct hinge_evidence *e, const struct diff *exact, struct hinge_vocab *vocab,
                     struct arena *arena)
{
    const struct hinge_input *in = e->in;
    hinge_text_read(&e->y0, in->y0, vocab, arena);
    hinge_text_read(&e->y_star, in->y_star, vocab, arena);
    hinge_text_read(&e->prompt, in->prompt, vocab, arena);
    clauses_read(&e->clauses, in->rationale, vocab, arena);
    hinge_hunks_read(&e->hunks, exact, &e->y0, &e->y_star, arena);
    size_t n_stems = hinge_vocab_stems(vocab);
    hinge_support_read(&e->support, &e->prompt, &e->y0, &e->y_star, n_stems, arena);
    clauses_link(&e->clauses, &e->y0, &e->y_star, &e->hunks, n_stems, arena);
    e->guided = finds_fault(&e->clauses) || in->n_spans > 0;
}

struct hinges *hinges_find(const struct hinge_input *in, const struct diff *exact)
{
    struct arena arena = {0};
    struct hinge_vocab *vocab = hinge_vocab_new();
    struct hinge_evidence e = {.in = in};
    struct hinges *out = mem_zalloc(1, sizeof *out);
    read_all(&e, exact, vocab, &arena);
    hinge_score(&e, vocab, &arena);
    struct writer w = {.e = &e, .out = out};
    put_items(&w);
    put_clauses(&w);
    clauses_free(&e.clauses);
    hinge_vocab_free(vocab);
    arena_free(&arena);
    return out;
}

void hinges_free(struct hinges *h)
{
    if (!h)
        return;
    mem_free(h->items);
    mem_free(h->clauses);
    mem_free(h);
}
