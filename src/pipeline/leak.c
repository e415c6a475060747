#include "pipeline/leak.h"

#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "pipeline/leak_words.h"
#include "text/function_words.h"
#include "text/segment.h"
#include "text/unicode.h"

enum { RUN = 5, NAME_MIN = 2 };
enum { SEEN_CAPITAL = 1, SEEN_SMALL = 2, SEEN_TITLED = 4 };

struct leak_prompt {
    struct map *words;   /* folded word -> how it was seen */
    struct map *numbers; /* "12.5" */
    struct map *runs;    /* RUN ids of folded words, as bytes */
};

/* A text's words, folded, with their places. */
struct word {
    size_t from, to;
    struct slice folded; /* in the list's arena */
    bool grammar;
};

struct words {
    struct word *items;
    size_t count, cap;
    struct arena arena;
};

const char *leak_name(enum leak kind)
{
    static const char *const names[] = {"nothing", "a name", "a date", "a number", "five words in a row"};
    return names[kind];
}

/* Without a possessive's ending. */
static struct slice stem(struct slice word)
{
    static const char *const endings[] = {"'s", "’s"};
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(endings[i]);
        if (word.len > n && memcmp(word.at + word.len - n, endings[i], n) == 0)
            return slice_sub(word, 0, word.len - n);
    }
    return word;
}

static void read_words(struct words *out, struct slice text)
{
    for (size_t at = 0; at < text.len;) {
        enum token_class class;
        size_t len = segment_step(text, at, &class);
        if (class == TOKEN_WORD || class == TOKEN_NUMBER) {
            struct slice word = stem(slice_sub(text, at, at + len));
            struct str folded = {0};
            unicode_fold(&folded, word);
            out->items = array_reserve(out->items, &out->cap, out->count + 1, sizeof *out->items);
            out->items[out->count++] = (struct word){.from = at,
                                                     .to = at + word.len,
                                                     .folded = arena_copy(&out->arena, str_slice(&folded)),
                                                     .grammar = is_function_word(word)};
            str_free(&folded);
        }
        at += len;
    }
}

static void free_words(struct words *w)
{
    mem_free(w->items);
    arena_free(&w->arena);
}

/* --- how a word is written --- */

static bool starts_upper(struct slice word)
{
    uint32_t c;
    utf8_decode(word.at, word.len, &c);
    return c != UTF8_BAD && unicode_is_upper(c);
}

/* "ECG", "COPD": two letters or more, all of them large. */
static bool is_abbreviation(struct slice word)
{
    size_t letters = 0;
    for (size_t at = 0; at < word.len;) {
        uint32_t c;
        at += utf8_decode(word.at + at, word.len - at, &c);
        if (c == UTF8_BAD || unicode_is_lower(c))
            return false;
        letters++;
    }
    return letters > 1;
}

/* A sentence, line or entry starts here: what stands before is its border and signs. */
static bool starts_sentence(struct slice text, size_t at)
{
    while (at > 0) {
        char c = text.at[at - 1];
        if (c == '\n' || strchr(".!?:;|>#*]", c))
            return true;
        if (c != ' ' && c != '\t' && c != '"' && c != '\'' && c != '(' && c != '[' && c != '-')
            return false;
        at--;
    }
    return true;
}

static bool has_digit(struct slice word)
{
    for (size_t i = 0; i < word.len; i++)
        if (isdigit((unsigned char)word.at[i]))
            return true;
    return false;
}

/* "Dr. Smith", not "Doctor: So". */
static bool behind_title(struct slice text, const struct words *w, size_t i)
{
    if (i == 0 || !leak_is_title(w->items[i - 1].folded))
        return false;
    for (size_t at = w->items[i - 1].to; at < w->items[i].from; at++)
        if (text.at[at] != ' ' && text.at[at] != '.')
            return false;
    return true;
}

static uint64_t seen_as(struct slice text, const struct words *w, size_t i)
{
    struct slice word = slice_sub(text, w->items[i].from, w->items[i].to);
    if (!starts_upper(word))
        return SEEN_SMALL;
    if (behind_title(text, w, i))
        return SEEN_TITLED;
    return is_abbreviation(word) || starts_sentence(text, w->items[i].from) ? 0 : SEEN_CAPITAL;
}

static void note_words(struct leak_prompt *p, struct slice text, const struct words *w)
{
    for (size_t i = 0; i < w->count; i++) {
        uint64_t seen = 0;
        map_get(p->words, w->items[i].folded, &seen);
        map_put(p->words, w->items[i].folded, seen | seen_as(text, w, i));
    }
}

/* --- numbers --- */

/* The number that starts at or after *at: digits with points and commas inside. */
static struct slice next_number(struct slice text, size_t *at)
{
    while (*at < text.len && !isdigit((unsigned char)text.at[*at]))
        (*at)++;
    size_t from = *at;
    while (*at < text.len && (isdigit((unsigned char)text.at[*at]) ||
                              (strchr(".,", text.at[*at]) && *at + 1 < text.len && *at > from &&
                               isdigit((unsigned char)text.at[*at + 1]))))
        (*at)++;
    return slice_sub(text, from, *at);
}

static void note_numbers(struct leak_prompt *p, struct slice text)
{
    size_t at = 0;
    for (struct slice n; (n = next_number(text, &at)).len;)
        map_put(p->numbers, n, 1);
}

static bool copies_number(const struct leak_prompt *p, struct slice text, struct str *what)
{
    size_t at = 0;
    for (struct slice n; (n = next_number(text, &at)).len;)
        if (map_get(p->numbers, n, NULL)) {
            str_add_slice(what, n);
            return true;
        }
    return false;
}

/* --- runs --- */

/* The run of words that starts at i, as the bytes of their forms; false when there are too few, or they carry nothing. */
static bool run_key(struct str *key, const struct words *w, size_t i)
{
    size_t grammar = 0;
    str_clear(key);
    if (i + RUN > w->count)
        return false;
    for (size_t j = i; j < i + RUN; j++) {
        str_add_slice(key, w->items[j].folded);
        str_addc(key, ' ');
        grammar += w->items[j].grammar;
    }
    return grammar < RUN;
}

static void note_runs(struct leak_prompt *p, const struct words *w)
{
    struct str key = {0};
    for (size_t i = 0; i < w->count; i++)
        if (run_key(&key, w, i))
            map_put(p->runs, str_slice(&key), 1);
    str_free(&key);
}

static bool copies_run(const struct leak_prompt *p, const struct words *w, struct str *what)
{
    struct str key = {0};
    bool found = false;
    for (size_t i = 0; i < w->count && !found; i++)
        if (run_key(&key, w, i) && map_get(p->runs, str_slice(&key), NULL)) {
            str_add_slice(what, slice_trim(str_slice(&key)));
            found = true;
        }
    str_free(&key);
    return found;
}

/* --- names and dates --- */

static enum leak judge_word(const struct leak_prompt *p, struct slice written, const struct word *w)
{
    uint64_t seen = 0;
    if (!map_get(p->words, w->folded, &seen) || has_digit(w->folded))
        return LEAK_NONE;
    if (leak_is_calendar(w->folded) && starts_upper(written) && (seen & (SEEN_CAPITAL | SEEN_TITLED)))
        return LEAK_DATE;
    if (seen & SEEN_TITLED && !w->grammar)
        return LEAK_NAME;
    if (!starts_upper(written) || is_abbreviation(written) || w->grammar || utf8_count(written) < NAME_MIN)
        return LEAK_NONE;
    bool name = (seen & SEEN_CAPITAL) && !(seen & SEEN_SMALL) && !leak_is_common(w->folded);
    return name ? LEAK_NAME : LEAK_NONE;
}

static enum leak copies_word(const struct leak_prompt *p, struct slice text, const struct words *w, struct str *what)
{
    for (size_t i = 0; i < w->count; i++) {
        struct slice written = slice_sub(text, w->items[i].from, w->items[i].to);
        enum leak kind = judge_word(p, written, &w->items[i]);
        if (kind != LEAK_NONE) {
            str_add_slice(what, written);
            return kind;
        }
    }
    return LEAK_NONE;
}

struct leak_prompt *leak_prompt_new(struct slice prompt)
{
    struct leak_prompt *p = mem_zalloc(1, sizeof *p);
    struct words w = {0};
    p->words = map_new();
    p->numbers = map_new();
    p->runs = map_new();
    read_words(&w, prompt);
    note_words(p, prompt, &w);
    note_numbers(p, prompt);
    note_runs(p, &w);
    free_words(&w);
    return p;
}

void leak_prompt_free(struct leak_prompt *p)
{
    if (!p)
        return;
    map_free(p->words);
    map_free(p->numbers);
    map_free(p->runs);
    mem_free(p);
}

enum leak leak_find(const struct leak_prompt *p, struct slice text, struct str *what)
{
    struct words w = {0};
    read_words(&w, text);
    enum leak kind = copies_word(p, text, &w, what);
    if (kind == LEAK_NONE && copies_number(p, text, what))
        kind = LEAK_NUMBER;
    if (kind == LEAK_NONE && copies_run(p, &w, what))
        kind = LEAK_RUN;
    free_words(&w);
    return kind;
}
