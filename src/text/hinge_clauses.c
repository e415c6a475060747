#include "text/hinge_clauses.h"

#include <string.h>

#include "base/map.h"
#include "text/hinge_lexicon.h"
#include "text/segment.h"

enum { QUOTE_MAX_WORDS = 60 };

/* ---- quotes ------------------------------------------------------------------------------- */

static bool is_blank_at(struct slice text, size_t at)
{
    return at >= text.len || strchr(" \t\r\n([{", text.at[at]) != NULL;
}

/* The mark that closes what word i opens, or NULL when it opens nothing. */
static const char *closing_mark(const struct hinge_text *t, size_t i)
{
    static const char *const marks[][2] = {{"\"", "\""}, {"'", "'"}, {"`", "'"}, {"“", "”"},
                                           {"‘", "’"},   {"«", "»"}, {"„", "“"}, {"「", "」"}};
    struct slice word = slice_sub(t->text, t->words[i].from, t->words[i].to);
    for (size_t k = 0; k < sizeof marks / sizeof marks[0]; k++)
        if (slice_is(word, marks[k][0])) {
            /* An apostrophe inside or after a word opens no quote. */
            bool opens = marks[k][0][0] != '\'' || t->words[i].from == 0 ||
                         is_blank_at(t->text, t->words[i].from - 1);
            return opens ? marks[k][1] : NULL;
        }
    return NULL;
}

/* Index of the word that closes the quote opened at i, or i. */
static size_t find_close(const struct hinge_text *t, size_t i)
{
    const char *mark = closing_mark(t, i);
    if (!mark)
        return i;
    for (size_t k = i + 1; k < t->count && k <= i + QUOTE_MAX_WORDS; k++)
        if (slice_is(slice_sub(t->text, t->words[k].from, t->words[k].to), mark))
            return k > i + 1 ? k : i;
    return i;
}

static void mark_quotes(struct clauses *c)
{
    for (size_t i = 0; i < c->text.count; i++) {
        size_t close = c->text.words[i].punct ? find_close(&c->text, i) : i;
        for (; i < close; i++)
            c->quoted[i] = true;
    }
}

/* ---- clauses ------------------------------------------------------------------------------ */

static bool word_is(const struct hinge_text *t, size_t i, const char *text)
{
    return i < t->count && slice_is(slice_sub(t->text, t->words[i].from, t->words[i].to), text);
}

static bool joins(const struct hinge_text *t, size_t i)
{
    static const char *const words[] = {"and", "but", "nor", "while", "also", "plus", "however"};
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
        if (word_is(t, i, words[k]))
            return true;
    return false;
}

/* True when a new clause starts at word i, which is not the first of its sentence. quoted: the
 * clause so far quotes something. */
static bool splits(const struct clauses *c, size_t i, bool quoted)
{
    const struct hinge_text *t = &c->text;
    if (c->quoted[i] && c->quoted[i - 1])
        return false;
    if (word_is(t, i - 1, ";"))
        return true;
    if (!joins(t, i))
        return false;
    if (word_is(t, i - 1, ","))
        return true;
    /* "added 'x' and changed 'y'": a quote on either side. */
    bool after = false;
    for (size_t k = i; quoted && k < t->count && k < i + 16 && !word_is(t, k, "."); k++)
        after |= c->quoted[k];
    return after;
}

/* A clause that praises and finds no fault names nothing that is wrong. */
static void read_clause(struct clauses *c, struct hinge_vocab *v, struct clause *clause)
{
    bool faults = false, praises = false;
    for (size_t i = clause->from; i < clause->to; i++) {
        const struct hinge_word *w = &c->text.words[i];
        if (c->quoted[i])
            continue;
        faults |= (w->talk & TALK_FAULT) != 0;
        praises |= (w->talk & TALK_PRAISE) != 0;
        clause->concepts |= lexicon_concept(hinge_vocab_fold(v, w->fold));
    }
    clause->faults = faults || !praises;
    if (clause->faults)
        c->concepts |= clause->concepts;
}

static void add_clause(struct clauses *c, struct hinge_vocab *v, size_t from, size_t to)
{
    if (from >= to)
        return;
    struct clause *clause = &c->items[c->count++];
    *clause = (struct clause){.from = (uint32_t)from, .to = (uint32_t)to, .hunk = -1};
    read_clause(c, v, clause);
}

static void split_sentence(struct clauses *c, struct hinge_vocab *v, size_t from, size_t to)
{
    bool quoted = false;
    for (size_t i = from + 1; i < to; i++) {
        quoted |= c->quoted[i - 1];
        if (splits(c, i, quoted)) {
            add_clause(c, v, from, i);
            from = i;
            quoted = false;
        }
    }
    add_clause(c, v, from, to);
}

void clauses_read(struct clauses *c, struct slice rationale, struct hinge_vocab *v,
                  struct arena *arena)
{
    *c = (struct clauses){0};
    hinge_text_read(&c->text, rationale, v, arena);
    c->quoted = arena_zalloc(arena, c->text.count + 1, sizeof *c->quoted);
    c->items = arena_alloc(arena, (c->text.count + 1) * sizeof *c->items);
    mark_quotes(c);
    struct ranges ranges = {0};
    sentences(&ranges, rationale);
    size_t at = 0;
    for (size_t i = 0; i < ranges.count; i++) {
        size_t end = hinge_text_at(&c->text, ranges.items[i].to);
        bool inside = end > 0 && end < c->text.count && c->quoted[end] && c->quoted[end - 1];
        if (end <= at || inside)
            continue;
        split_sentence(c, v, at, end);
        at = end;
    }
    split_sentence(c, v, at, c->text.count);
    ranges_free(&ranges);
}

void clauses_free(struct clauses *c)
{
    map_free(c->pairs);
    c->pairs = NULL;
}
