#include "pipeline/quotes.h"

#include <stdint.h>
#include <string.h>

#include "base/array.h"
#include "base/utf8.h"
#include "base/mem.h"
#include "text/unicode.h"

enum { PIECE_MIN = 3 }; /* bytes: a shorter piece stands anywhere */

/* A text in the form that ignores shape, and for each of its bytes where it came from. */
struct loose {
    struct str text;
    size_t *from, *to; /* bytes of the original that the byte's character covers */
    size_t cap_from, cap_to;
};

static uint32_t plain_shape(uint32_t c)
{
    if (c == 0x2018 || c == 0x2019 || c == 0x201a || c == 0x2032)
        return '\'';
    if (c == 0x201c || c == 0x201d || c == 0x201e || c == 0x00ab || c == 0x00bb)
        return '"';
    if (c >= 0x2010 && c <= 0x2015)
        return '-';
    return unicode_lower(c);
}

static void add_loose(struct loose *l, uint32_t c, size_t from, size_t to)
{
    char bytes[4];
    size_t n = utf8_encode(c, bytes);
    l->from = array_reserve(l->from, &l->cap_from, l->text.len + n, sizeof *l->from);
    l->to = array_reserve(l->to, &l->cap_to, l->text.len + n, sizeof *l->to);
    for (size_t i = 0; i < n; i++) {
        l->from[l->text.len + i] = from;
        l->to[l->text.len + i] = to;
    }
    str_add(&l->text, bytes, n);
}

static void read_loose(struct loose *l, struct slice text)
{
    bool blank = true; /* blanks at the start are left away */
    for (size_t at = 0, n; at < text.len; at += n) {
        uint32_t c;
        n = utf8_decode(text.at + at, text.len - at, &c);
        if (c == UTF8_BAD)
            c = 0xfffd;
        bool space = unicode_is_space(c);
        if (!space)
            add_loose(l, plain_shape(c), at, at + n);
        else if (!blank)
            add_loose(l, ' ', at, at + n);
        blank = space;
    }
    if (l->text.len && l->text.at[l->text.len - 1] == ' ')
        str_cut(&l->text, l->text.len - 1);
}

static void free_loose(struct loose *l)
{
    str_free(&l->text);
    mem_free(l->from);
    mem_free(l->to);
}

/* Bytes of the quotation mark at the start or end, 0 where there is none. */
static size_t mark_at(struct slice text, bool end)
{
    static const char *const marks[] = {"\"", "'", "“", "”", "‘", "’", "«", "»"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t n = strlen(marks[i]);
        if (text.len >= n && memcmp(text.at + (end ? text.len - n : 0), marks[i], n) == 0)
            return n;
    }
    return 0;
}

/* Without the pairs of marks around it; one that stands at one end alone is a word's. */
static struct slice without_marks(struct slice quote)
{
    size_t first, last;
    quote = slice_trim(quote);
    while ((first = mark_at(quote, false)) && (last = mark_at(quote, true)) && quote.len >= first + last)
        quote = slice_trim(slice_sub(quote, first, quote.len - last));
    return quote;
}

static bool find_exact(struct slice text, struct slice quote, size_t *from, size_t *to)
{
    const char *at = quote.len && quote.len <= text.len ? memmem(text.at, text.len, quote.at, quote.len) : NULL;
    if (!at)
        return false;
    *from = (size_t)(at - text.at);
    *to = *from + quote.len;
    return true;
}

bool quote_find(struct slice text, struct slice quote, size_t *from, size_t *to)
{
    struct slice bare = without_marks(quote);
    if (find_exact(text, slice_trim(quote), from, to) || find_exact(text, bare, from, to))
        return true;
    struct loose in = {0}, sought = {0};
    size_t start, end;
    read_loose(&in, text);
    read_loose(&sought, bare);
    bool found = find_exact(str_slice(&in.text), str_slice(&sought.text), &start, &end);
    if (found && in.from && in.to) { /* they are there for every byte of a text that is not empty */
        *from = in.from[start];
        *to = in.to[end - 1];
    }
    free_loose(&in);
    free_loose(&sought);
    return found;
}

/* Bytes of an ellipsis at the place, 0 for none. */
static size_t ellipsis(struct slice text, size_t at)
{
    static const char *const forms[] = {"[...]", "[…]", "...", "…"};
    struct slice rest = slice_sub(text, at, text.len);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (slice_starts(rest, forms[i]))
            return strlen(forms[i]);
    return 0;
}

void quote_find_pieces(struct slice text, struct slice quote, quote_found_fn *found, void *context)
{
    size_t from = 0, to = 0;
    if (quote_find(text, quote, &from, &to)) {
        found(context, from, to);
        return;
    }
    quote = without_marks(quote);
    size_t start = 0;
    for (size_t at = 0; at <= quote.len; at++) {
        size_t gap = at < quote.len ? ellipsis(quote, at) : 0;
        if (at < quote.len && gap == 0)
            continue;
        struct slice piece = slice_trim(slice_sub(quote, start, at));
        bool whole = start == 0 && at == quote.len;
        if (!whole && piece.len >= PIECE_MIN && quote_find(text, piece, &from, &to))
            found(context, from, to);
        start = at + gap;
        at += gap ? gap - 1 : 0;
    }
}
