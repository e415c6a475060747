#include "ui/views/lookalike.h"

#include <stdint.h>

#include "base/utf8.h"
#include "text/unicode.h"

enum { LONGEST = 4096 };

/* Letters drawn like Latin ones in most fonts, each with the one it is taken for; in order of the
 * first. A choice from Unicode's confusables.txt: whole-letter doubles in Cyrillic, Greek, Armenian
 * and the letterlike symbols. */
static const struct {
    uint32_t from;
    char to;
} doubles[] = {
    {0x0131, 'i'}, {0x0251, 'a'}, {0x0261, 'g'}, {0x0391, 'A'}, {0x0392, 'B'}, {0x0395, 'E'},
    {0x0396, 'Z'}, {0x0397, 'H'}, {0x0399, 'I'}, {0x039A, 'K'}, {0x039C, 'M'}, {0x039D, 'N'},
    {0x039F, 'O'}, {0x03A1, 'P'}, {0x03A4, 'T'}, {0x03A5, 'Y'}, {0x03A7, 'X'}, {0x03B1, 'a'},
    {0x03B9, 'i'}, {0x03BD, 'v'}, {0x03BF, 'o'}, {0x03C1, 'p'}, {0x03F2, 'c'}, {0x0405, 'S'},
    {0x0406, 'I'}, {0x0408, 'J'}, {0x0410, 'A'}, {0x0412, 'B'}, {0x0415, 'E'}, {0x041A, 'K'},
    {0x041C, 'M'}, {0x041D, 'H'}, {0x041E, 'O'}, {0x0420, 'P'}, {0x0421, 'C'}, {0x0422, 'T'},
    {0x0425, 'X'}, {0x0430, 'a'}, {0x0435, 'e'}, {0x043E, 'o'}, {0x0440, 'p'}, {0x0441, 'c'},
    {0x0443, 'y'}, {0x0445, 'x'}, {0x0455, 's'}, {0x0456, 'i'}, {0x0458, 'j'}, {0x04BB, 'h'},
    {0x04CF, 'l'}, {0x0501, 'd'}, {0x051B, 'q'}, {0x051D, 'w'}, {0x0555, 'O'}, {0x0585, 'o'},
    {0x2010, '-'}, {0x2011, '-'}, {0x2212, '-'}, {0x212A, 'K'},
};

static uint32_t single(uint32_t c)
{
    size_t low = 0, high = sizeof doubles / sizeof doubles[0];
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (doubles[mid].from < c)
            low = mid + 1;
        else
            high = mid;
    }
    bool hit = low < sizeof doubles / sizeof doubles[0] && doubles[low].from == c;
    return hit ? (unsigned char)doubles[low].to : c;
}

/* Characters that draw nothing: invisible, joiners, marks of direction, selectors. */
static bool draws_nothing(uint32_t c)
{
    return c == 0xAD || c == 0x34F || c == 0x61C || (c >= 0x180B && c <= 0x180F) ||
           (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF ||
           (c >= 0xE0000 && c <= 0xE01EF) || c < 0x09 || c == '\r' || c == UTF8_BAD;
}

static bool is_blank(uint32_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F || c == 0x3000;
}

/* What the eye sees of text, without blanks. */
static void skeleton(struct str *out, struct slice text)
{
    struct str plain = {0};
    unicode_decompose(&plain, text);
    for (size_t i = 0; i < plain.len;) {
        uint32_t c;
        i += utf8_decode(plain.at + i, plain.len - i, &c);
        if (draws_nothing(c) || is_blank(c))
            continue;
        char bytes[4];
        str_add(out, bytes, utf8_encode(single(c), bytes));
    }
    str_free(&plain);
}

bool looks_alike(struct slice a, struct slice b)
{
    if (a.len > LONGEST || b.len > LONGEST || !a.len || !b.len)
        return false;
    struct str seen_a = {0}, seen_b = {0};
    skeleton(&seen_a, a);
    skeleton(&seen_b, b);
    bool same = slice_eq(str_slice(&seen_a), str_slice(&seen_b));
    str_free(&seen_a);
    str_free(&seen_b);
    return same;
}
