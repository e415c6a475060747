#include "db/words.h"

#include <stdlib.h>
#include <string.h>

enum { ANY_MAX = 32, ENOUGH_MAX = 5, MEANING_MIN = 4 };

/* Letters, digits and everything beyond ASCII: what FTS5's tokenizer splits further, it splits
 * inside the quotes, and then it looks for the parts one after another. */
static bool in_word(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static bool next_word(struct slice text, size_t *at, struct slice *word)
{
    while (*at < text.len && !in_word((unsigned char)text.at[*at]))
        ++*at;
    size_t from = *at;
    while (*at < text.len && in_word((unsigned char)text.at[*at]))
        ++*at;
    *word = slice_sub(text, from, *at);
    return word->len > 0;
}

static bool same(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if ((a.at[i] | 0x20) != (b.at[i] | 0x20) && a.at[i] != b.at[i])
            return false;
    return true;
}

static bool among(const struct slice *words, size_t n, struct slice word)
{
    for (size_t i = 0; i < n; i++)
        if (same(words[i], word))
            return true;
    return false;
}

static void quote(struct str *out, struct slice word)
{
    str_addc(out, '"');
    str_add_slice(out, word);
    str_addc(out, '"');
}

bool words_any(struct str *out, struct slice text)
{
    struct slice words[ANY_MAX], word;
    size_t n = 0, at = 0;
    while (n < ANY_MAX && next_word(text, &at, &word)) {
        if (among(words, n, word))
            continue;
        str_adds(out, n ? " OR " : "");
        quote(out, word);
        words[n++] = word;
    }
    return n > 0;
}

bool words_phrase(struct str *out, struct slice text)
{
    struct slice word;
    size_t at = 0, n = 0;
    while (next_word(text, &at, &word)) {
        str_adds(out, n++ ? " + " : "");
        quote(out, word);
    }
    if (n && text.at[text.len - 1] == '*')
        str_adds(out, " *");
    return n > 0;
}

static const char *const grammar[] = {
    "about", "after", "also",   "because", "been",  "before", "being",  "both",   "could",
    "does",  "each",  "ever",   "every",   "from",  "have",   "into",   "more",   "most",
    "much",  "must",  "never",  "only",    "other", "over",   "rather", "should", "some",
    "such",  "than",  "that",   "their",   "them",  "then",   "there",  "these",  "they",
    "this",  "those", "unless", "until",   "were",  "what",   "when",   "where",  "which",
    "while", "will",  "with",   "without", "would", "your",
};

static int by_name(const void *key, const void *item)
{
    const struct slice *word = key;
    const char *name = *(const char *const *)item;
    size_t len = strlen(name);
    for (size_t i = 0; i < word->len && i < len; i++)
        if ((word->at[i] | 0x20) != name[i])
            return (unsigned char)(word->at[i] | 0x20) < (unsigned char)name[i] ? -1 : 1;
    return word->len < len ? -1 : word->len > len;
}

static bool has_meaning(struct slice word)
{
    return word.len >= MEANING_MIN &&
           !bsearch(&word, grammar, sizeof grammar / sizeof *grammar, sizeof *grammar, by_name);
}

/* Keeps the longest, in any order. */
static void keep(struct slice *words, size_t *n, struct slice word)
{
    if (*n < ENOUGH_MAX) {
        words[(*n)++] = word;
        return;
    }
    size_t shortest = 0;
    for (size_t i = 1; i < ENOUGH_MAX; i++)
        if (words[i].len < words[shortest].len)
            shortest = i;
    if (word.len > words[shortest].len)
        words[shortest] = word;
}

static void join(struct str *out, const struct slice *words, const size_t *pick, size_t n,
                 bool first)
{
    str_adds(out, first ? "(" : " OR (");
    for (size_t i = 0; i < n; i++) {
        str_adds(out, i ? " AND " : "");
        quote(out, words[pick[i]]);
    }
    str_addc(out, ')');
}

bool words_enough(struct str *out, struct slice text)
{
    struct slice words[ENOUGH_MAX], word;
    size_t n = 0, at = 0;
    while (next_word(text, &at, &word))
        if (has_meaning(word) && !among(words, n, word))
            keep(words, &n, word);
    if (n == 0)
        return false;
    size_t need = n > 4 ? 3 : n > 1 ? 2 : 1;
    bool first = true;
    for (size_t a = 0; a < n; a++)
        for (size_t b = need > 1 ? a + 1 : n - 1; b < n; b++)
            for (size_t c = need > 2 ? b + 1 : n - 1; c < n; c++, first = false)
                join(out, words, (const size_t[]){a, b, c}, need, first);
    return true;
}
