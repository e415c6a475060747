/* Sentence borders: the rules of UAX #29 (SB4 to SB11) as far as they matter between people, with
 * a list of abbreviations, which the standard leaves to its users. */
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "text/segment.h"
#include "text/unicode.h"

/* Words that a full stop belongs to. Those that commonly end a sentence too ("etc.") are followed
 * by a lower-case letter where they do not, which SB8 sees. */
static const char *const abbreviations[] = {
    "Dr",   "Mr",   "Mrs",  "Ms",   "Prof", "St",  "Sr",   "Jr",  "Mt",  "vs",  "Vs",
    "e.g",  "i.e",  "cf",   "approx", "Fig", "fig", "No",   "Nos", "Inc", "Ltd", "Co",
    "Gen",  "Col",  "Sgt",  "Capt", "Rev",  "Hon", "Messrs", "Jan", "Feb", "Mar", "Apr",
    "Jun",  "Jul",  "Aug",  "Sept", "Sep",  "Oct", "Nov",  "Dec", "dept", "est",  "Ph.D",
};

static uint32_t char_at(struct slice text, size_t at, size_t *len)
{
    uint32_t c = 0;
    *len = 0;
    if (at < text.len)
        *len = utf8_decode(text.at + at, text.len - at, &c);
    return c;
}

static bool is_ideographic_stop(uint32_t c)
{
    return c == 0x3002 || c == 0xFF01 || c == 0xFF1F || c == 0xFF61;
}

static bool is_stop(uint32_t c)
{
    return c == '.' || c == '!' || c == '?' || c == 0x2024 || c == 0x203C || c == 0x203D ||
           (c >= 0x2047 && c <= 0x2049) || c == 0x2026 || c == 0x0964 || c == 0x0965 ||
           c == 0x061F || c == 0x06D4 || is_ideographic_stop(c);
}

static bool is_closing(uint32_t c)
{
    return c == ')' || c == ']' || c == '}' || c == '"' || c == '\'' || c == 0x2019 ||
           c == 0x201D || c == 0x00BB || (c >= 0x300B && c <= 0x3011 && c % 2) || c == 0xFF09;
}

static size_t skip_while(struct slice text, size_t at, bool (*fits)(uint32_t))
{
    size_t len;
    uint32_t c = char_at(text, at, &len);
    for (; len && fits(c); c = char_at(text, at, &len))
        at += len;
    return at;
}

static bool is_blank(uint32_t c)
{
    return unicode_is_space(c) && !unicode_is_line_end(c);
}

/* Whether the word that ends at byte `end` (its full stop) is an abbreviation or an initial. */
static bool is_abbreviation(struct slice text, size_t from, size_t end)
{
    size_t start = end, letters = 0;
    while (start > from && text.at[start - 1] != ' ' && text.at[start - 1] != '(' &&
           (unsigned char)text.at[start - 1] > 0x20 && letters < 8)
        start--, letters++;
    struct slice word = slice_sub(text, start, end);
    bool numbering = word.len > 0 && start == from;
    for (size_t i = 0; i < word.len; i++)
        numbering &= word.at[i] >= '0' && word.at[i] <= '9';
    if (numbering)
        return true; /* "2. Metformin" at the start of a line */
    if (word.len == 1 && word.at[0] >= 'A' && word.at[0] <= 'Z' && word.at[0] != 'I')
        return true; /* an initial: "J. Smith" */
    for (size_t i = 0; i < sizeof abbreviations / sizeof abbreviations[0]; i++)
        if (slice_is(word, abbreviations[i]))
            return true;
    return false;
}

/* Whether the stop character c at byte `at` ends the sentence that began at `from`; *end is then
 * past its closing quotes, its blanks and one line end. */
static bool ends_here(struct slice text, size_t from, size_t at, size_t *end)
{
    size_t len, next_len;
    uint32_t c = char_at(text, at, &len);
    size_t stops = skip_while(text, at, is_stop);
    size_t closed = skip_while(text, stops, is_closing);
    size_t blank = skip_while(text, closed, is_blank);
    uint32_t next = char_at(text, blank, &next_len);
    *end = blank;
    if (!next_len || unicode_is_line_end(next))
        return true;
    if (is_ideographic_stop(c))
        return true;
    if (blank == closed)
        return false; /* 3.5, foo.bar */
    if (c != '.' && c != 0x2026)
        return true;
    if (unicode_is_lower(next))
        return false; /* SB8 */
    return stops > at + 1 || !is_abbreviation(text, from, at);
}

/* Past one line end, "\r\n" being one, and the blanks before it. */
static size_t line_end(struct slice text, size_t at)
{
    size_t len;
    if (char_at(text, at, &len) == '\r' && char_at(text, at + len, &len) == '\n')
        return at + 2;
    char_at(text, at, &len);
    return at + len;
}

static void add(struct ranges *out, size_t from, size_t to)
{
    out->items = array_reserve(out->items, &out->cap, out->count + 1, sizeof *out->items);
    out->items[out->count++] = (struct range){from, to};
}

/* Past characters that neither end a sentence nor need decoding, which is most of them. */
static size_t skip_plain(struct slice text, size_t at)
{
    static const bool matters[128] = {['\n'] = true, ['\v'] = true, ['\f'] = true, ['\r'] = true,
                                      ['.'] = true,  ['!'] = true,  ['?'] = true};
    while (at < text.len && (unsigned char)text.at[at] < 0x80 && !matters[(unsigned char)text.at[at]])
        at++;
    return at;
}

/* Where the sentence that began at `from` ends if the character at `at` ends it, otherwise 0. */
static size_t border_at(struct slice text, size_t from, size_t at)
{
    size_t len, end;
    uint32_t c = char_at(text, at, &len);
    if (unicode_is_line_end(c))
        return line_end(text, at);
    if (!is_stop(c) || !ends_here(text, from, at, &end))
        return 0;
    uint32_t next = char_at(text, end, &len);
    return len && unicode_is_line_end(next) ? line_end(text, end) : end;
}

void sentences(struct ranges *out, struct slice text)
{
    size_t from = 0, at = 0;
    while ((at = skip_plain(text, at)) < text.len) {
        size_t end = border_at(text, from, at), len;
        if (end) {
            add(out, from, end);
            from = at = end;
        } else if (is_stop(char_at(text, at, &len))) {
            at = skip_while(text, at, is_stop);
        } else {
            at += len;
        }
    }
    if (from < text.len)
        add(out, from, text.len);
}

void ranges_free(struct ranges *r)
{
    mem_free(r->items);
    *r = (struct ranges){.items = NULL};
}
