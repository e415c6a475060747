#include "base/utf8.h"

#include <string.h>

#include "base/error.h"

/* Range of the second byte after each lead byte (Unicode Standard, table 3-7). */
static bool second_ok(unsigned char lead, unsigned char second)
{
    switch (lead) {
    case 0xE0: return second >= 0xA0 && second <= 0xBF;
    case 0xED: return second >= 0x80 && second <= 0x9F;
    case 0xF0: return second >= 0x90 && second <= 0xBF;
    case 0xF4: return second >= 0x80 && second <= 0x8F;
    default: return second >= 0x80 && second <= 0xBF;
    }
}

static size_t wanted(unsigned char lead)
{
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 3;
    if (lead >= 0xF0 && lead <= 0xF4)
        return 4;
    return 1;
}

size_t utf8_decode(const char *text, size_t len, uint32_t *cp)
{
    const unsigned char *s = (const unsigned char *)text;
    if (s[0] < 0x80) {
        *cp = s[0];
        return 1;
    }
    size_t need = wanted(s[0]);
    *cp = UTF8_BAD;
    if (need == 1 || len < 2 || !second_ok(s[0], s[1]))
        return 1;
    uint32_t value = s[0] & (0xFFu >> (need + 1));
    value = value << 6 | (s[1] & 0x3F);
    for (size_t i = 2; i < need; i++) {
        if (i >= len || (s[i] & 0xC0) != 0x80)
            return i;
        value = value << 6 | (s[i] & 0x3F);
    }
    *cp = value;
    return need;
}

size_t utf8_encode(uint32_t cp, char out[4])
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[2] = (char)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[3] = (char)(0x80 | (cp & 0x3F));
    return 4;
}

/* Bytes at the start of text that are plain ASCII, eight at a time. */
static size_t ascii_run(const char *text, size_t len)
{
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t word;
        memcpy(&word, text + i, 8);
        if (word & 0x8080808080808080u)
            break;
    }
    while (i < len && (unsigned char)text[i] < 0x80)
        i++;
    return i;
}

bool utf8_valid(struct slice text)
{
    for (size_t i = 0; i < text.len;) {
        i += ascii_run(text.at + i, text.len - i);
        if (i == text.len)
            break;
        uint32_t cp;
        i += utf8_decode(text.at + i, text.len - i, &cp);
        if (cp == UTF8_BAD)
            return false;
    }
    return true;
}

size_t utf8_repair(struct str *out, struct slice text)
{
    size_t faults = 0, copied = 0;
    for (size_t i = 0; i < text.len;) {
        i += ascii_run(text.at + i, text.len - i);
        if (i == text.len)
            break;
        uint32_t cp;
        size_t len = utf8_decode(text.at + i, text.len - i, &cp);
        if (cp == UTF8_BAD) {
            str_add(out, text.at + copied, i - copied);
            str_adds(out, "\xEF\xBF\xBD");
            copied = i + len;
            faults++;
        }
        i += len;
    }
    if (copied < text.len)
        str_add(out, text.at + copied, text.len - copied);
    return faults;
}

size_t utf8_count(struct slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; count++) {
        uint32_t cp;
        i += utf8_decode(text.at + i, text.len - i, &cp);
    }
    return count;
}

size_t utf8_offset(struct slice text, size_t index)
{
    size_t i = 0;
    for (; i < text.len && index > 0; index--) {
        uint32_t cp;
        i += utf8_decode(text.at + i, text.len - i, &cp);
    }
    return i;
}

size_t utf8_prev(struct slice text, size_t at)
{
    for (size_t back = 4; back >= 2; back--) {
        uint32_t cp;
        if (back <= at && utf8_decode(text.at + at - back, back, &cp) == back && cp != UTF8_BAD)
            return at - back;
    }
    return at - 1;
}
