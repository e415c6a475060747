#include "text/hinge_score.h"

#include <math.h>

#include "text/hinge_lexicon.h"
#include "text/hinge_stem.h"

enum {
    PAIRS_MAX = 400, /* words of y0 times words of y* in a hunk that are all compared by spelling */
    BRIDGE_MAX = 3   /* words between two lit ones of a phrase that are lit with them */
};

static const double near_spelling = 0.75;

/* Log-odds of each reason. The order is that of hinge_reasons, strongest first. */
struct weight {
    unsigned reason;
    double guided, alone; /* with a grader's word on what is wrong, and without */
    const char *text;
};

static const struct weight weights[] = {
    {HINGE_GRADER_SPAN, 3.0, 3.0, "the grader marked it"},
    {HINGE_QUOTED, 1.5, 0.0, "the rationale names it"},
    {HINGE_CLAUSE, 1.6, 0.0, "the rationale faults it"},
    {HINGE_CONCEPT, 0.5, 0.0, "of a kind the rationale speaks of"},
    {HINGE_NEGATION, 1.0, 0.4, "a negation"},
    {HINGE_SIDE, 1.0, 0.5, "a side"},
    {HINGE_NUMBER, 1.0, 0.5, "a number"},
    {HINGE_UNIT, 0.4, 0.2, "a unit"},
    {HINGE_DATE, 0.4, 0.3, "a time"},
    {HINGE_POLARITY, 0.5, 0.5, "a word with an opposite"},
    {HINGE_NAME, 0.7, 0.7, "a name"},
    {HINGE_UNSUPPORTED, 0.7, 0.6, "not in the prompt"},
    {HINGE_OMISSION, 0.0, 0.0, "left out of y0"},
    {HINGE_SURPRISAL, 0.7, 0.7, "unlikely to the model"},
    {HINGE_FUNCTION_WORD, -1.2, -1.5, "a function word"},
    {HINGE_HEADING, -1.2, -1.5, "a heading"},
    {HINGE_PUNCTUATION, -2.0, -1.6, "punctuation"},
    {HINGE_BETWEEN, 0.0, 0.0, "read with the words around it"},
    {HINGE_SPELLING, -1.4, -0.5, "nearly the same word"},
    {HINGE_MOVED, -4.0, -4.0, "moved"},
};
enum { N_WEIGHTS = sizeof weights / sizeof weights[0] };

void hinge_reasons(struct str *out, unsigned reasons)
{
    bool first = true;
    if (reasons & HINGE_QUOTED)
        reasons &= ~(unsigned)HINGE_CLAUSE; /* what is named is faulted */
    for (int i = 0; i < N_WEIGHTS; i++)
        if (reasons & weights[i].reason) {
            if (!first)
                str_adds(out, ", ");
            str_adds(out, weights[i].text);
            first = false;
        }
}

/* How much is known beforehand of what is wrong. */
enum footing {
    GUIDED, /* a rationale or spans: dark unless something speaks for it */
    ALONE,  /* a prompt to hold against: lit unless it bears the words out */
    BLIND   /* neither: lit but for marks, and what was moved; the scores only rank */
};

static const double biases[] = {[GUIDED] = -0.9, [ALONE] = 1.0, [BLIND] = 1.7};

static double weigh(unsigned reasons, enum footing footing)
{
    double z = biases[footing];
    for (int i = 0; i < N_WEIGHTS; i++)
        if (reasons & weights[i].reason)
            z += footing == GUIDED ? weights[i].guided : weights[i].alone;
    return z;
}

/* ---- what speaks for and against a word by itself ------------------------------------------- */

/* against: the classes of the words on the other side of the hunk. "he" has an opposite where "she"
 * stands there, and is a function word otherwise. */
static unsigned class_reasons(const struct hinge_word *w, unsigned against)
{
    static const struct {
        unsigned class, reason;
    } rows[] = {
        {WORD_NEGATION, HINGE_NEGATION}, {WORD_NUMBER, HINGE_NUMBER}, {WORD_UNIT, HINGE_UNIT},
        {WORD_SIDE, HINGE_SIDE},         {WORD_DATE, HINGE_DATE},     {WORD_POLARITY, HINGE_POLARITY},
        {WORD_NAME, HINGE_NAME},
    };
    if (w->punct || w->heading)
        return w->punct ? HINGE_PUNCTUATION : HINGE_HEADING;
    unsigned reasons = 0, classes = w->classes;
    if ((classes & WORD_FUNCTION) && !(against & WORD_POLARITY))
        classes &= ~(unsigned)WORD_POLARITY;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (classes & rows[i].class)
            reasons |= rows[i].reason;
    if (!reasons && (w->classes & WORD_FUNCTION))
        reasons = HINGE_FUNCTION_WORD;
    return reasons;
}

static unsigned named_reasons(const struct hinge_evidence *e, const struct hinge_text *t, size_t i)
{
    const struct hinge_word *w = &t->words[i];
    const struct clauses *c = &e->clauses;
    if (c->count == 0 || w->punct)
        return 0;
    unsigned reasons = 0;
    bool says = hinge_word_says(w);
    bool pair = (i > 0 && t->words[i - 1].hunk >= 0 && clauses_say_pair(c, t, i - 1)) ||
                clauses_say_pair(c, t, i);
    if ((says && (c->named[w->stem] & NAMED)) || (pair && !says))
        reasons |= HINGE_QUOTED;
    if (w->classes & c->concepts & ~(unsigned)WORD_FUNCTION)
        reasons |= HINGE_CONCEPT;
    if (c->of_hunk[w->hunk] >= 0)
        reasons |= HINGE_CLAUSE;
    return reasons;
}

/* ---- hunks ----------------------------------------------------------------------------------- */

struct scorer {
    struct hinge_evidence *e;
    struct hinge_vocab *vocab;
    enum footing footing;
    double changed; /* share of y0's words */
    double *doubts; /* by phrase of y0, in log-odds; NAN where not yet looked at */
};

static void compare_spelling(struct scorer *s, size_t a, size_t b)
{
    struct hinge_evidence *e = s->e;
    const struct hinge_word *x = &e->y0.words[a], *y = &e->y_star.words[b];
    if (x->punct || y->punct || x->number || y->number)
        return;
    struct slice p = hinge_vocab_fold(s->vocab, x->fold), q = hinge_vocab_fold(s->vocab, y->fold);
    unsigned reason = 0;
    if (hinge_opposites(p, q))
        reason = HINGE_POLARITY;
    else if (x->stem == y->stem || (p.len >= 4 && hinge_alike(p, q) >= near_spelling))
        reason = HINGE_SPELLING;
    e->y0_marks[a].reasons |= reason;
    e->y_star_marks[b].reasons |= reason;
}

/* Every word with every word in a small hunk, with its likely partner in a large one. */
static void compare_hunk(struct scorer *s, const struct hinge_hunk *h)
{
    size_t n = h->a_to - h->a_from, m = h->b_to - h->b_from;
    if (n == 0 || m == 0)
        return;
    for (size_t i = 0; i < n; i++) {
        size_t from = n * m <= PAIRS_MAX ? 0 : i * m / n, to = n * m <= PAIRS_MAX ? m : from + 1;
        for (size_t k = from; k < to; k++)
            compare_spelling(s, h->a_from + i, h->b_from + k);
    }
}

/* A replaced word is usually a rewording: that the prompt lacks it counts when nothing replaced it,
 * or when the prompt has what replaced it. */
static bool absence_counts(const struct hinge_evidence *e, const struct hinge_hunk *h)
{
    bool replaced = false;
    for (size_t i = h->b_from; i < h->b_to; i++)
        if (hinge_word_says(&e->y_star.words[i])) {
            if (hinge_supported(&e->support, e->y_star.words[i].stem))
                return true;
            replaced = true;
        }
    return !replaced;
}

static double doubt_of(struct scorer *s, size_t phrase)
{
    if (!isnan(s->doubts[phrase]))
        return s->doubts[phrase];
    struct hinge_doubt d = hinge_doubt_phrase(&s->e->support, &s->e->y0, phrase);
    double z = 0.3 * d.reversed;
    if (s->e->support.usable)
        z += 1.7 * d.apart + (d.negated ? 1.0 : 0.7) * d.absent - 1.3 * d.agreed +
             0.9 * d.unsteady - 2.1 * s->changed;
    return s->doubts[phrase] = z;
}

/* ---- words ----------------------------------------------------------------------------------- */

static double logistic(double z)
{
    return 1.0 / (1.0 + exp(-z));
}

struct side { /* one side of a hunk */
    const struct hinge_text *text;
    struct hinge_mark *marks;
    unsigned against; /* classes of the words on the other side */
};

static void mark_word(struct scorer *s, const struct side *side, size_t i, double doubt)
{
    const struct hinge_text *t = side->text;
    const struct hinge_word *w = &t->words[i];
    struct hinge_mark *m = &side->marks[i];
    m->reasons |= class_reasons(w, side->against) | named_reasons(s->e, t, i) | (w->moved ? HINGE_MOVED : 0);
    if (m->reasons & HINGE_UNSUPPORTED)
        m->reasons &= ~(unsigned)HINGE_SPELLING; /* near in spelling, and still another thing */
    m->score = logistic(weigh(m->reasons, s->footing) + doubt);
}

static void mark_hunk(struct scorer *s, const struct hinge_hunk *h)
{
    struct hinge_evidence *e = s->e;
    bool absence = e->support.usable && absence_counts(e, h);
    double most = 0;
    struct side y0 = {&e->y0, e->y0_marks,
                      hinge_text_classes(&e->y_star, h->b_from, h->b_to)};
    struct side y_star = {&e->y_star, e->y_star_marks,
                          hinge_text_classes(&e->y0, h->a_from, h->a_to)};
    compare_hunk(s, h);
    for (size_t i = h->a_from; i < h->a_to; i++) {
        const struct hinge_word *w = &e->y0.words[i];
        if (absence && hinge_word_says(w) && !hinge_supported(&e->support, w->stem))
            e->y0_marks[i].reasons |= HINGE_UNSUPPORTED;
        double doubt = doubt_of(s, w->phrase);
        most = doubt > most ? doubt : most;
        mark_word(s, &y0, i, doubt);
    }
    for (size_t i = h->b_from; i < h->b_to; i++) {
        if (h->a_from == h->a_to)
            e->y_star_marks[i].reasons |= HINGE_OMISSION;
        mark_word(s, &y_star, i, most / 2);
    }
}

/* ---- what others say of y0 ------------------------------------------------------------------- */

/* So unlikely, and so much less likely than the model expected its own next word to be. */
static const float surprising_nats = 4.0F, beyond_entropy_nats = 2.0F;

static bool is_surprising(const struct hinge_input *in, size_t i)
{
    float nats = in->y0_surprisal[i], expected = in->y0_entropy ? in->y0_entropy[i] : 0;
    return nats >= surprising_nats && nats - expected >= beyond_entropy_nats;
}

static void mark_range(struct hinge_evidence *e, const struct hinge_span *span, unsigned reason)
{
    const struct hinge_text *t = &e->y0;
    for (size_t i = hinge_text_at(t, span->from); i < t->count && t->words[i].from < span->to; i++)
        if (t->words[i].hunk >= 0)
            e->y0_marks[i].reasons |= reason;
}

static void mark_ranges(struct hinge_evidence *e)
{
    const struct hinge_input *in = e->in;
    for (size_t i = 0; i < in->n_spans; i++)
        mark_range(e, &in->spans[i], HINGE_GRADER_SPAN);
    for (size_t i = 0; in->y0_surprisal && i < in->n_surprisal; i++)
        if (is_surprising(in, i))
            mark_range(e, &in->surprisal_at[i], HINGE_SURPRISAL);
}

/* ---- which are lit --------------------------------------------------------------------------- */

static const double lit_score = 0.5, rewritten_share = 0.5;

static void light(const struct hinge_text *t, struct hinge_mark *marks, double least)
{
    for (size_t i = 0; i < t->count; i++)
        marks[i].lit = t->words[i].hunk >= 0 && marks[i].score >= least;
}

static double highest(const struct hinge_text *t, const struct hinge_mark *marks)
{
    double best = 0;
    for (size_t i = 0; i < t->count; i++)
        if (t->words[i].hunk >= 0 && !t->words[i].moved && marks[i].score > best)
            best = marks[i].score;
    return best;
}

static void light_too(struct hinge_mark *m)
{
    if (m->lit)
        return;
    m->lit = true;
    m->reasons |= HINGE_BETWEEN;
    if (m->score < lit_score)
        m->score = lit_score;
}

/* A changed run is a hunk's words in one phrase: its function words and marks are read with its lit
 * words, and dark without one. */
static void light_run(const struct hinge_text *t, struct hinge_mark *marks, size_t from, size_t to)
{
    bool any = false;
    for (size_t i = from; i < to; i++)
        any |= marks[i].lit;
    for (size_t i = from; any && i < to; i++)
        if (!hinge_word_says(&t->words[i]) && !t->words[i].moved)
            light_too(&marks[i]);
}

static void light_runs(const struct hinge_text *t, struct hinge_mark *marks)
{
    for (size_t from = 0, to; from < t->count; from = to) {
        const struct hinge_word *w = &t->words[from];
        for (to = from + 1; to < t->count && t->words[to].hunk == w->hunk; to++)
            if (t->words[to].phrase != w->phrase)
                break;
        if (w->hunk >= 0)
            light_run(t, marks, from, to);
    }
}

/* Kept words between two lit ones of a phrase that say little by themselves are read with them. */
static void bridge(const struct hinge_text *t, struct hinge_mark *marks)
{
    size_t last = t->count;
    bool says = false;
    for (size_t i = 0; i < t->count; i++) {
        if (!marks[i].lit) {
            says |= hinge_word_says(&t->words[i]);
            continue;
        }
        bool near = last < i && !says && i - last <= BRIDGE_MAX + 1 &&
                    t->words[last].phrase == t->words[i].phrase;
        for (size_t k = last + 1; near && k < i; k++)
            light_too(&marks[k]);
        last = i;
        says = false;
    }
}

/* A phrase rewritten for the most part is read whole. */
static void light_phrases(const struct hinge_text *t, struct hinge_mark *marks)
{
    for (size_t p = 0; p < t->n_phrases; p++) {
        size_t lit = 0, from = t->phrases[p], to = t->phrases[p + 1];
        for (size_t i = from; i < to; i++)
            lit += marks[i].lit;
        for (size_t i = from; (double)lit >= rewritten_share * (double)(to - from) && i < to; i++)
            light_too(&marks[i]);
    }
}

static void finish(const struct scorer *s, const struct hinge_text *t, struct hinge_mark *marks,
                   double least)
{
    light(t, marks, least);
    light_runs(t, marks);
    bridge(t, marks);
    if (s->footing != GUIDED)
        light_phrases(t, marks);
}

static double share_changed(const struct hinge_text *t)
{
    size_t changed = 0;
    for (size_t i = 0; i < t->count; i++)
        changed += t->words[i].hunk >= 0;
    return t->count ? (double)changed / (double)t->count : 0;
}

void hinge_score(struct hinge_evidence *e, struct hinge_vocab *vocab, struct arena *arena)
{
    struct scorer s = {.e = e, .vocab = vocab};
    s.footing = e->guided ? GUIDED : e->support.usable ? ALONE : BLIND;
    s.changed = share_changed(&e->y0);
    s.doubts = arena_alloc(arena, (e->y0.n_phrases + 1) * sizeof *s.doubts);
    for (size_t i = 0; i < e->y0.n_phrases; i++)
        s.doubts[i] = NAN;
    e->y0_marks = arena_zalloc(arena, e->y0.count + 1, sizeof *e->y0_marks);
    e->y_star_marks = arena_zalloc(arena, e->y_star.count + 1, sizeof *e->y_star_marks);
    mark_ranges(e);
    for (size_t i = 0; i < e->hunks.count; i++)
        mark_hunk(&s, &e->hunks.items[i]);
    double best = fmax(highest(&e->y0, e->y0_marks), highest(&e->y_star, e->y_star_marks));
    double least = best < lit_score ? best : lit_score; /* there is always a best one */
    finish(&s, &e->y0, e->y0_marks, least);
    finish(&s, &e->y_star, e->y_star_marks, least);
}
