#include "text/hinge_support.h"

#include <string.h>

#include "text/hinge_lexicon.h"

enum {
    Y0_AFFIRMS = 1 << 0,
    Y0_NEGATES = 1 << 1,
    Y_STAR_AFFIRMS = 1 << 2,
    Y_STAR_NEGATES = 1 << 3
};

enum {
    PHRASE_WORDS = 24,  /* telling words of a phrase that are looked at */
    ANCHORS = 2,        /* its rarest words, around which the others are looked for */
    ANCHOR_PLACES = 32, /* places of an anchor that are tried */
    REACH = 40          /* words to either side of an anchor that still stand together with it */
};

/* With less than this share of y0's words in it (numbers and names apart, which pass from language
 * to language), a prompt is in another language or about something else, and the absence of a word
 * from it tells nothing. */
static const double usable_share = 0.35;

static bool tells(const struct hinge_word *w)
{
    return hinge_word_says(w) && !w->heading && !(w->classes & WORD_NEGATION);
}

static void index_prompt(struct hinge_support *s, struct arena *arena)
{
    const struct hinge_text *p = s->prompt;
    s->starts = arena_zalloc(arena, s->n_stems + 2, sizeof *s->starts);
    s->places = arena_alloc(arena, (p->count + 1) * sizeof *s->places);
    for (size_t i = 0; i < p->count; i++)
        s->starts[p->words[i].stem + 1]++;
    for (size_t i = 0; i < s->n_stems; i++)
        s->starts[i + 1] += s->starts[i];
    uint32_t *next = arena_alloc(arena, (s->n_stems + 1) * sizeof *next);
    memcpy(next, s->starts, (s->n_stems + 1) * sizeof *next);
    for (size_t i = 0; i < p->count; i++)
        s->places[next[p->words[i].stem]++] = (uint32_t)i;
}

static void note_said(struct hinge_support *s, const struct hinge_text *t, uint8_t affirms,
                      uint8_t negates)
{
    for (size_t i = 0; i < t->n_phrases; i++) {
        uint8_t bit = hinge_phrase_negated(t, i) ? negates : affirms;
        for (size_t k = t->phrases[i]; k < t->phrases[i + 1]; k++)
            s->said[t->words[k].stem] |= bit;
    }
}

bool hinge_supported(const struct hinge_support *s, uint32_t stem)
{
    return stem < s->n_stems && s->starts[stem + 1] > s->starts[stem];
}

static bool is_usable(const struct hinge_support *s, const struct hinge_text *y0)
{
    size_t telling = 0, found = 0;
    for (size_t i = 0; i < y0->count; i++)
        if (tells(&y0->words[i]) && !(y0->words[i].classes & (WORD_NUMBER | WORD_NAME))) {
            telling++;
            found += hinge_supported(s, y0->words[i].stem);
        }
    return telling && s->prompt->count && (double)found >= usable_share * (double)telling;
}

void hinge_support_read(struct hinge_support *s, const struct hinge_text *prompt,
                        const struct hinge_text *y0, const struct hinge_text *y_star,
                        size_t n_stems, struct arena *arena)
{
    *s = (struct hinge_support){.prompt = prompt, .n_stems = n_stems};
    index_prompt(s, arena);
    s->said = arena_zalloc(arena, n_stems + 1, 1);
    note_said(s, y0, Y0_AFFIRMS, Y0_NEGATES);
    note_said(s, y_star, Y_STAR_AFFIRMS, Y_STAR_NEGATES);
    s->usable = is_usable(s, y0);
}

/* The different telling stems of a phrase. */
static size_t telling_stems(const struct hinge_text *t, size_t phrase, uint32_t out[PHRASE_WORDS])
{
    size_t n = 0;
    for (size_t i = t->phrases[phrase]; i < t->phrases[phrase + 1] && n < PHRASE_WORDS; i++) {
        bool seen = !tells(&t->words[i]);
        for (size_t k = 0; k < n && !seen; k++)
            seen = out[k] == t->words[i].stem;
        if (!seen)
            out[n++] = t->words[i].stem;
    }
    return n;
}

static uint32_t places_of(const struct hinge_support *s, uint32_t stem)
{
    return s->starts[stem + 1] - s->starts[stem];
}

/* True when stem stands within REACH words of place. O(log n). */
static bool stands_near(const struct hinge_support *s, uint32_t stem, uint32_t place)
{
    uint32_t from = place > REACH ? place - REACH : 0;
    uint32_t low = s->starts[stem], high = s->starts[stem + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (s->places[middle] < from)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->starts[stem + 1] && s->places[low] <= place + REACH;
}

static size_t best_around(const struct hinge_support *s, uint32_t anchor, const uint32_t *stems,
                          size_t n)
{
    size_t best = 0;
    uint32_t count = places_of(s, anchor);
    for (uint32_t i = 0; i < count && i < ANCHOR_PLACES && best < n; i++) {
        size_t together = 0;
        for (size_t k = 0; k < n; k++)
            together += stands_near(s, stems[k], s->places[s->starts[anchor] + i]);
        if (together > best)
            best = together;
    }
    return best;
}

/* The most of the stems that stand together at one place of the prompt. */
static size_t most_together(const struct hinge_support *s, const uint32_t *stems, size_t n)
{
    size_t best = 0;
    bool used[PHRASE_WORDS] = {false};
    for (int round = 0; round < ANCHORS; round++) {
        size_t rarest = n;
        for (size_t k = 0; k < n; k++)
            if (!used[k] && places_of(s, stems[k]) &&
                (rarest == n || places_of(s, stems[k]) < places_of(s, stems[rarest])))
                rarest = k;
        if (rarest == n)
            break;
        used[rarest] = true;
        size_t together = best_around(s, stems[rarest], stems, n);
        if (together > best)
            best = together;
    }
    return best;
}

/* Of the phrase's changed telling words, the share that y* says elsewhere with the same
 * polarity. */
static double share_agreed(const struct hinge_support *s, const struct hinge_text *y0, size_t phrase,
                           uint8_t same)
{
    size_t changed = 0, agreed = 0;
    for (size_t i = y0->phrases[phrase]; i < y0->phrases[phrase + 1]; i++)
        if (y0->words[i].hunk >= 0 && tells(&y0->words[i])) {
            changed++;
            agreed += (s->said[y0->words[i].stem] & same) != 0;
        }
    return changed ? (double)agreed / (double)changed : 0;
}

struct hinge_doubt hinge_doubt_phrase(const struct hinge_support *s, const struct hinge_text *y0,
                                      size_t phrase)
{
    uint32_t stems[PHRASE_WORDS];
    size_t n = telling_stems(y0, phrase, stems);
    struct hinge_doubt d = {.negated = hinge_phrase_negated(y0, phrase)};
    if (n == 0)
        return d;
    uint8_t same = d.negated ? Y_STAR_NEGATES : Y_STAR_AFFIRMS;
    uint8_t other = d.negated ? Y_STAR_AFFIRMS : Y_STAR_NEGATES;
    uint8_t both = Y0_AFFIRMS | Y0_NEGATES;
    double one = 1.0 / (double)n;
    d.agreed = share_agreed(s, y0, phrase, same);
    for (size_t k = 0; k < n; k++) {
        uint8_t said = s->said[stems[k]];
        d.absent += hinge_supported(s, stems[k]) ? 0 : one;
        d.reversed += (said & other) && !(said & same) ? one : 0;
        d.unsteady += (said & both) == both ? one : 0;
    }
    d.apart = 1.0 - (double)most_together(s, stems, n) * one;
    return d;
}
