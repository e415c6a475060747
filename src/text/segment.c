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

/* Plain ASCII, which is most text, without a look at the tables. What byte 0x80 and up is near
 * goes the general way, for it may join. */
enum ascii {
    ASCII_PUNCT, /* and controls: a token each */
    ASCII_BLANK,
    ASCII_LINE,
    ASCII_LETTER,
    ASCII_DIGIT,
    ASCII_OTHER /* the general way */
};

static enum ascii ascii_at(struct slice text, size_t at)
{
    unsigned char c = at < text.len ? (unsigned char)text.at[at] : '\n';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
        return ASCII_LETTER;
    if (c >= '0' && c <= '9')
        return ASCII_DIGIT;
    if (c == ' ' || c == '\t')
        return ASCII_BLANK;
    if (c >= 0x0A && c <= 0x0D)
        return c == '\n' ? ASCII_LINE : ASCII_OTHER;
    return c == '_' || c >= 0x80 ? ASCII_OTHER : ASCII_PUNCT;
}

/* Length of a word of letters and digits; 0 where the general rules must decide. */
static size_t ascii_word(struct slice text, size_t at)
{
    size_t i = at;
    for (;;) {
        enum ascii last = ASCII_OTHER, class;
        for (; (class = ascii_at(text, i)) == ASCII_LETTER || class == ASCII_DIGIT; i++)
            last = class;
        if (class == ASCII_OTHER)
            return 0;
        char c = class == ASCII_PUNCT ? text.at[i] : ' ';
        bool may_join = c == '.' || c == '\'' || ((c == ',' || c == ';') && last == ASCII_DIGIT);
        if (!may_join)
            return i - at;
        enum ascii next = ascii_at(text, i + 1);
        if (next == ASCII_OTHER)
            return 0;
        if (next != last)
            return i - at;
        i++;
    }
}

static size_t ascii_token(struct slice text, size_t at, enum token_class *class)
{
    size_t len = 1;
    enum ascii first = ascii_at(text, at);
    switch (first) {
    case ASCII_LETTER:
    case ASCII_DIGIT:
        *class = first == ASCII_DIGIT ? TOKEN_NUMBER : TOKEN_WORD;
        return ascii_word(text, at);
    case ASCII_LINE:
        *class = TOKEN_BREAK;
        return 1;
    case ASCII_BLANK:
        *class = TOKEN_SPACE;
        while (at + len < text.len && ascii_at(text, at + len) == ASCII_BLANK)
            len++;
        break;
    case ASCII_PUNCT: *class = TOKEN_PUNCT; break;
    default: return 0;
    }
    bool alone = at + len == text.len || (unsigned char)text.at[at + len] < 0x80;
    return alone ? len : 0;
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

size_t segment_step(struct slice text, size_t at, enum token_class *class)
{
    size_t quick = ascii_token(text, at, class);
    if (quick)
        return quick;
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
        size_t len = segment_step(text, at, &class);
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
