#include "text/hinge_stem.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "text/hinge_lexicon.h"

enum { KEEP_CHARS = 3, ALIKE_MAX = 48 };

/* Longest first, so that "ations" is not taken for "s". */
static const char *const suffixes[] = {
    "ations", "ation", "ingly", "ities", "ments", "ement", "ness", "ions", "ings", "ment", "ance",
    "ence",   "able",  "ible",  "ally",  "edly",  "ive",   "ion",  "ing",  "ity",  "ies",  "ied",
    "ary",    "ous",   "ful",   "ers",   "ed",    "es",    "er",   "ly",   "al",   "ic",   "or",
    "'s",     "s",     "e",     "y",
};

static struct slice without_suffix(struct slice word)
{
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        size_t len = strlen(suffixes[i]);
        if (word.len >= len + KEEP_CHARS &&
            memcmp(word.at + word.len - len, suffixes[i], len) == 0)
            return slice_sub(word, 0, word.len - len);
    }
    return word;
}

static bool ascii_word(struct slice word)
{
    for (size_t i = 0; i < word.len; i++)
        if ((unsigned char)word.at[i] >= 0x80)
            return false;
    return true;
}

void hinge_stem(struct str *out, struct slice word)
{
    struct slice digits = lexicon_digits(word);
    if (digits.len) {
        str_add_slice(out, digits);
        return;
    }
    if (ascii_word(word)) {
        struct slice once = without_suffix(word);
        /* "stopped" and "stop": a doubled last letter is one. */
        if (once.len < word.len && once.len > KEEP_CHARS &&
            once.at[once.len - 1] == once.at[once.len - 2])
            once.len--;
        str_add_slice(out, once);
        return;
    }
    size_t chars = utf8_count(word);
    size_t keep = chars > 7 ? chars - 3 : chars > 5 ? chars - 2 : chars > 4 ? chars - 1 : chars;
    str_add_slice(out, slice_sub(word, 0, utf8_offset(word, keep)));
}

/* Characters of a word, at most ALIKE_MAX. */
static size_t characters(struct slice word, uint32_t out[ALIKE_MAX])
{
    size_t n = 0;
    for (size_t at = 0; at < word.len && n < ALIKE_MAX; n++)
        at += utf8_decode(word.at + at, word.len - at, &out[n]);
    return n;
}

double hinge_alike(struct slice a, struct slice b)
{
    uint32_t x[ALIKE_MAX], y[ALIKE_MAX];
    unsigned row[ALIKE_MAX + 1];
    size_t n = characters(a, x), m = characters(b, y);
    if (n == 0 || m == 0)
        return n == m;
    for (size_t j = 0; j <= m; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned best = diagonal + (x[i - 1] != y[j - 1]);
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return 1.0 - (double)row[m] / (double)(n > m ? n : m);
}

static bool is_with_prefix(struct slice longer, const char *prefix, struct slice shorter)
{
    size_t len = strlen(prefix);
    return shorter.len >= KEEP_CHARS && longer.len == shorter.len + len &&
           slice_starts(longer, prefix) && slice_eq(slice_sub(longer, len, longer.len), shorter);
}

bool hinge_opposites(struct slice a, struct slice b)
{
    static const char *const negating[] = {"un", "in", "im", "ir", "il", "non", "dis", "a", "ab"};
    static const char *const pairs[][2] = {
        {"hyper", "hypo"}, {"tachy", "brady"}, {"pre", "post"}, {"intra", "extra"},
        {"in", "out"},     {"in", "ex"},       {"up", "down"},  {"over", "under"},
        {"macro", "micro"}, {"inter", "intra"},
    };
    for (size_t i = 0; i < sizeof negating / sizeof negating[0]; i++)
        if (is_with_prefix(a, negating[i], b) || is_with_prefix(b, negating[i], a))
            return true;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        for (int turn = 0; turn < 2; turn++) {
            const char *x = pairs[i][turn], *y = pairs[i][!turn];
            if (slice_starts(a, x) && slice_starts(b, y) && a.len > strlen(x) &&
                slice_eq(slice_sub(a, strlen(x), a.len), slice_sub(b, strlen(y), b.len)))
                return true;
        }
    return false;
}
