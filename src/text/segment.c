#include "text/segment.h"

#include <assert.h>

#include "base/array.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "text/unicode.h"

/* A grapheme cluster as the word rules see it. */
struct unit {
    size_t len; /* 0 past the end */
    uint32_t first;
    enum unicode_word class;
};

static struct unit unit_at(struct slice text, size_t at)
{
    struct unit u = {.len = 0, .class = UNICODE_WORD_OTHER};
    if (at < text.len) {
        u.len = unicode_grapheme(text, at);
        size_t first_len = utf8_decode(text.at + at, text.len - at, &u.first);
        u.class = unicode_word_class(u.first);
        if (u.class == UNICODE_WORD_SPACE && u.len > first_len)
            u.class = UNICODE_WORD_OTHER; /* a blank that carries a mark is to be seen */
    }
    return u;
}

static bool is_wordy(enum unicode_word class)
{
    return class == UNICODE_WORD_LETTER || class == UNICODE_WORD_NUMERIC ||
           class == UNICODE_WORD_JOINER;
}

/* WB6, WB7, WB11, WB12: a middle character joins what stands on both its sides. */
static bool bridges(enum unicode_word before, enum unicode_word middle, enum unicode_word after)
{
    if (before != after)
        return false;
    if (before == UNICODE_WORD_LETTER)
        return middle == UNICODE_WORD_MID_LETTER || middle == UNICODE_WORD_MID_BOTH;
    return before == UNICODE_WORD_NUMERIC &&
           (middle == UNICODE_WORD_MID_NUMBER || middle == UNICODE_WORD_MID_BOTH);
}

/* Past invisible characters (WB4), for those inside a word belong to it. */
static size_t skip_invisible(struct slice text, size_t at)
{
    for (struct unit u = unit_at(text, at); u.class == UNICODE_WORD_INVISIBLE;
         u = unit_at(text, at))
        at += u.len;
    return at;
}

/* End of the word that starts with a unit of class `before` ending at byte `at`. */
static size_t word_end(struct slice text, size_t at, enum unicode_word before)
{
    for (;;) {
        size_t next_at = skip_invisible(text, at);
        struct unit next = unit_at(text, next_at);
        if (is_wordy(next.class)) {
            at = next_at + next.len;
            before = next.class;
            continue;
        }
        if (next.class < UNICODE_WORD_MID_LETTER || next.class > UNICODE_WORD_MID_BOTH)
            return at;
        size_t after_at = skip_invisible(text, next_at + next.len);
        struct unit after = unit_at(text, after_at);
        if (!bridges(before, next.class, after.class))
            return at;
        at = after_at + after.len;
        before = after.class;
    }
}

/* A word that is plain ASCII and followed by an ASCII character that cannot continue it, which is
 * most words; 0 where the general rules must decide. */
static size_t ascii_word(struct slice text, size_t at)
{
    size_t i = at;
    while (i < text.len) {
        unsigned char c = (unsigned char)text.at[i];
        unsigned char letter = c | 0x20;
        if (!((letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9')))
            break;
        i++;
    }
    if (i == at || i == text.len)
        return i - at;
    unsigned char c = (unsigned char)text.at[i];
    bool may_continue = c >= 0x80 || c == '_' || c == '.' || c == '\'' || c == ',' || c == ';';
    return may_continue ? 0 : i - at;
}

static size_t space_end(struct slice text, size_t at)
{
    for (struct unit u = unit_at(text, at); u.len && u.class == UNICODE_WORD_SPACE;
         u = unit_at(text, at))
        at += u.len;
    return at;
}

static enum token_class class_of(struct slice text, size_t at, struct unit u)
{
    switch (u.class) {
    case UNICODE_WORD_SPACE: return TOKEN_SPACE;
    case UNICODE_WORD_LINE: return TOKEN_BREAK;
    case UNICODE_WORD_NUMERIC: return TOKEN_NUMBER;
    case UNICODE_WORD_LETTER: return TOKEN_WORD;
    case UNICODE_WORD_JOINER: {
        size_t i = at;
        while (i < text.len && text.at[i] == '_')
            i++;
        return is_wordy(unit_at(text, i).class) ? TOKEN_WORD : TOKEN_PUNCT;
    }
    default: break;
    }
    if (u.first == UTF8_BAD)
        return TOKEN_PUNCT;
    return unicode_is_letter(u.first) ? TOKEN_WORD : unicode_is_digit(u.first) ? TOKEN_NUMBER
                                                                              : TOKEN_PUNCT;
}

/* Length and class of the token at byte `at`. */
static size_t next_token(struct slice text, size_t at, enum token_class *class)
{
    size_t quick = ascii_word(text, at);
    if (quick) {
        char c = text.at[at];
        *class = c >= '0' && c <= '9' ? TOKEN_NUMBER : TOKEN_WORD;
        return quick;
    }
    struct unit u = unit_at(text, at);
    *class = class_of(text, at, u);
    if (u.class == UNICODE_WORD_SPACE)
        return space_end(text, at) - at;
    if (is_wordy(u.class))
        return word_end(text, at + u.len, u.class) - at;
    return u.len;
}

void segment(struct tokens *out, struct slice text, struct map *interner)
{
    assert(text.len <= UINT32_MAX);
    out->text = text;
    for (size_t at = 0; at < text.len;) {
        enum token_class class;
        size_t len = next_token(text, at, &class);
        out->items = array_reserve(out->items, &out->cap, out->count + 1, sizeof *out->items);
        out->items[out->count++] = (struct token){
            .from = (uint32_t)at,
            .to = (uint32_t)(at + len),
            .id = (uint32_t)map_intern(interner, slice_sub(text, at, at + len)),
            .class = (uint8_t)class};
        at += len;
    }
}

void tokens_free(struct tokens *t)
{
    mem_free(t->items);
    *t = (struct tokens){.items = NULL};
}

size_t tokens_find(const struct tokens *t, size_t at)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->items[middle].to <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
