#include "text/hinge_text.h"

#include <string.h>

#include "base/array.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "text/hinge_lexicon.h"
#include "text/hinge_stem.h"
#include "text/segment.h"
#include "text/unicode.h"

enum { HEADING_MAX = 4 }; /* words */

/* What is the same for all places of one token, found once. */
struct entry {
    uint32_t fold, stem;
    uint16_t classes;
    uint8_t talk;
    bool known, capital, capitals, mixed;
};

struct hinge_vocab {
    struct map *tokens; /* the segmenter's interner; its ids index entries */
    struct map *folds, *stems;
    struct entry *entries;
    size_t count, cap;
    struct str fold, stem; /* work space */
};

struct hinge_vocab *hinge_vocab_new(void)
{
    struct hinge_vocab *v = mem_zalloc(1, sizeof *v);
    v->tokens = map_new();
    v->folds = map_new();
    v->stems = map_new();
    return v;
}

void hinge_vocab_free(struct hinge_vocab *v)
{
    if (!v)
        return;
    map_free(v->tokens);
    map_free(v->folds);
    map_free(v->stems);
    str_free(&v->fold);
    str_free(&v->stem);
    mem_free(v->entries);
    mem_free(v);
}

size_t hinge_vocab_stems(const struct hinge_vocab *v)
{
    return map_count(v->stems);
}

struct slice hinge_vocab_fold(const struct hinge_vocab *v, uint32_t fold)
{
    return map_key(v->folds, fold);
}

/* How the word is written: capitals, and letters mixed with digits. */
static void read_shape(struct slice word, struct entry *e)
{
    size_t n = 0, upper = 0, digits = 0;
    for (size_t at = 0; at < word.len; n++) {
        uint32_t c;
        at += utf8_decode(word.at + at, word.len - at, &c);
        bool capital = c != UTF8_BAD && unicode_is_upper(c);
        upper += capital;
        digits += c != UTF8_BAD && unicode_is_decimal(c);
        e->capital |= n == 0 && capital;
    }
    e->capitals = upper >= 2;
    e->mixed = digits && digits < n && upper;
}

/* Case aside, and with one kind of apostrophe. In place: the plain one is shorter. */
static void fold(struct str *out, struct slice word)
{
    static const char typographic[] = "\xe2\x80\x99";
    enum { LEN = sizeof typographic - 1 };
    size_t to = 0;
    unicode_fold(out, word);
    for (size_t at = 0; at < out->len; to++) {
        bool quote = out->len - at >= LEN && memcmp(out->at + at, typographic, LEN) == 0;
        out->at[to] = quote ? '\'' : out->at[at];
        at += quote ? LEN : 1;
    }
    str_cut(out, to);
}

static const struct entry *look_up(struct hinge_vocab *v, uint32_t id, struct slice word)
{
    if (id >= v->count) {
        size_t need = map_count(v->tokens);
        v->entries = array_reserve(v->entries, &v->cap, need, sizeof *v->entries);
        for (; v->count < need; v->count++)
            v->entries[v->count] = (struct entry){0};
    }
    struct entry *e = &v->entries[id];
    if (e->known)
        return e;
    str_clear(&v->fold);
    str_clear(&v->stem);
    read_shape(word, e);
    fold(&v->fold, word);
    hinge_stem(&v->stem, str_slice(&v->fold));
    e->fold = (uint32_t)map_intern(v->folds, str_slice(&v->fold));
    e->stem = (uint32_t)map_intern(v->stems, str_slice(&v->stem));
    e->classes = (uint16_t)lexicon_class(str_slice(&v->fold));
    e->talk = (uint8_t)lexicon_talks(str_slice(&v->fold));
    e->known = true;
    return e;
}

/* Punctuation that ends a phrase, and whether it ends a sentence too. */
static bool ends_phrase(struct slice mark, bool *sentence)
{
    static const char *const marks[] = {".", "!", "?", "…", ":", "。", "！", "？",
                                        "：", ",", ";", "，", "；", "、", "•"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (slice_is(mark, marks[i])) {
            *sentence = i < 9; /* what may be followed by a capital */
            return true;
        }
    return false;
}

struct reader {
    struct hinge_text *out;
    bool phrase_due, sentence_due, line_due; /* the next word starts one */
    bool line_start;                         /* the phrase at hand began its line */
};

/* A heading is a short phrase at the start of a line that ends in a colon: "PMH:". */
static void close_phrase(struct reader *r, struct slice mark)
{
    struct hinge_text *t = r->out;
    size_t from = t->phrases[t->n_phrases - 1];
    if (!slice_is(mark, ":") || !r->line_start || t->count - from > HEADING_MAX + 1)
        return;
    for (size_t i = from; i < t->count; i++)
        t->words[i].heading = true;
}

static void add_word(struct reader *r, const struct token *t, const struct entry *e)
{
    struct hinge_text *out = r->out;
    bool punct = t->class == TOKEN_PUNCT;
    if (r->phrase_due) {
        out->phrases[out->n_phrases++] = (uint32_t)out->count;
        r->line_start = r->line_due;
    }
    r->phrase_due = r->line_due = false;
    struct hinge_word *w = &out->words[out->count++];
    *w = (struct hinge_word){
        .from = t->from,
        .to = t->to,
        .fold = e->fold,
        .stem = e->stem,
        .phrase = (uint32_t)out->n_phrases - 1,
        .hunk = -1,
        .classes = e->classes,
        .talk = e->talk,
        .punct = punct && !(e->classes & WORD_UNIT), /* "%" is a unit */
        .number = t->class == TOKEN_NUMBER,
        .name = e->capitals || e->mixed ||
                (e->capital && !r->sentence_due && !(e->classes & WORD_FUNCTION)),
    };
    if (w->number)
        w->classes |= WORD_NUMBER;
    if (w->name)
        w->classes |= WORD_NAME;
    bool sentence = false;
    struct slice text = slice_sub(out->text, t->from, t->to);
    if (punct && ends_phrase(text, &sentence)) {
        r->phrase_due = true;
        close_phrase(r, text);
    }
    r->sentence_due = punct ? r->sentence_due || sentence : false;
}

void hinge_text_read(struct hinge_text *out, struct slice text, struct hinge_vocab *v,
                     struct arena *arena)
{
    struct tokens tokens = {0};
    segment(&tokens, text, v->tokens);
    *out = (struct hinge_text){.text = text};
    out->words = arena_alloc(arena, (tokens.count + 1) * sizeof *out->words);
    out->phrases = arena_alloc(arena, (tokens.count + 2) * sizeof *out->phrases);
    struct reader r = {
        .out = out, .phrase_due = true, .sentence_due = true, .line_due = true};
    for (size_t i = 0; i < tokens.count; i++) {
        const struct token *t = &tokens.items[i];
        if (t->class == TOKEN_BREAK)
            r.phrase_due = r.sentence_due = r.line_due = true;
        else if (t->class != TOKEN_SPACE)
            add_word(&r, t, look_up(v, t->id, slice_sub(text, t->from, t->to)));
    }
    out->phrases[out->n_phrases] = (uint32_t)out->count;
    tokens_free(&tokens);
}

bool hinge_word_says(const struct hinge_word *w)
{
    return !w->punct && (!(w->classes & WORD_FUNCTION) || (w->classes & WORD_NEGATION));
}

size_t hinge_text_at(const struct hinge_text *t, size_t at)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->words[middle].to <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool hinge_phrase_negated(const struct hinge_text *t, size_t phrase)
{
    for (size_t i = t->phrases[phrase]; i < t->phrases[phrase + 1]; i++)
        if (t->words[i].classes & WORD_NEGATION)
            return true;
    return false;
}

unsigned hinge_text_classes(const struct hinge_text *t, size_t from, size_t to)
{
    unsigned classes = 0;
    for (size_t i = from; i < to; i++)
        classes |= t->words[i].classes;
    return classes;
}
