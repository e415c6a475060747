#include "text/unicode.h"

#include <stdlib.h>
#include <utf8proc.h>

#include "base/utf8.h"

unsigned unicode_width(uint32_t c)
{
    if (c >= 0x20 && c < 0x7F)
        return 1;
    int width = utf8proc_charwidth((utf8proc_int32_t)c);
    return width > 0 ? (unsigned)width : 0;
}

bool unicode_is_mark(uint32_t c)
{
    if (c < 0x300)
        return false;
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);
    return (category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME) &&
           unicode_width(c) == 0;
}

bool unicode_is_unprintable(uint32_t c)
{
    switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return true;
    default: return false;
    }
}

void unicode_decompose(struct str *out, struct slice text)
{
    enum { LONGEST_FORM = 64 };
    for (size_t i = 0; i < text.len;) {
        uint32_t c;
        size_t len = utf8_decode(text.at + i, text.len - i, &c);
        utf8proc_int32_t parts[LONGEST_FORM];
        utf8proc_ssize_t n = c < 0x80 || c == UTF8_BAD
                                 ? -1
                                 : utf8proc_decompose_char((utf8proc_int32_t)c, parts, LONGEST_FORM,
                                                           UTF8PROC_DECOMPOSE, NULL);
        if (n < 0 || n > LONGEST_FORM)
            str_add(out, text.at + i, len);
        for (utf8proc_ssize_t k = 0; k < n && n <= LONGEST_FORM; k++) {
            char bytes[4];
            str_add(out, bytes, utf8_encode((uint32_t)parts[k], bytes));
        }
        i += len;
    }
}

static utf8proc_category_t category_of(uint32_t c)
{
    return utf8proc_category((utf8proc_int32_t)c);
}

bool unicode_is_line_end(uint32_t c)
{
    return (c >= 0x0A && c <= 0x0D) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

bool unicode_is_space(uint32_t c)
{
    if (c < 0x80)
        return c == ' ' || (c >= 0x09 && c <= 0x0D);
    return unicode_is_line_end(c) || category_of(c) == UTF8PROC_CATEGORY_ZS;
}

bool unicode_is_letter(uint32_t c)
{
    utf8proc_category_t k = category_of(c);
    return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO;
}

bool unicode_is_upper(uint32_t c)
{
    utf8proc_category_t k = category_of(c);
    return k == UTF8PROC_CATEGORY_LU || k == UTF8PROC_CATEGORY_LT;
}

bool unicode_is_lower(uint32_t c)
{
    return category_of(c) == UTF8PROC_CATEGORY_LL;
}

bool unicode_is_digit(uint32_t c)
{
    utf8proc_category_t k = category_of(c);
    return k >= UTF8PROC_CATEGORY_ND && k <= UTF8PROC_CATEGORY_NO;
}

bool unicode_is_decimal(uint32_t c)
{
    return category_of(c) == UTF8PROC_CATEGORY_ND;
}

bool unicode_is_invisible(uint32_t c)
{
    utf8proc_category_t k = category_of(c);
    return (k >= UTF8PROC_CATEGORY_MN && k <= UTF8PROC_CATEGORY_ME) || k == UTF8PROC_CATEGORY_CF;
}

bool unicode_is_punct(uint32_t c)
{
    utf8proc_category_t k = category_of(c);
    return k >= UTF8PROC_CATEGORY_PC && k <= UTF8PROC_CATEGORY_SO;
}

uint32_t unicode_lower(uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    return c == UTF8_BAD ? c : (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
}

size_t unicode_grapheme(struct slice text, size_t at)
{
    uint32_t c, next;
    size_t end = at + utf8_decode(text.at + at, text.len - at, &c);
    utf8proc_int32_t state = 0;
    while (c != UTF8_BAD && end < text.len) {
        if (c < 0x80 && c != '\r' && (unsigned char)text.at[end] < 0x80)
            break;
        size_t len = utf8_decode(text.at + end, text.len - end, &next);
        if (next == UTF8_BAD || utf8proc_grapheme_break_stateful((utf8proc_int32_t)c,
                                                                 (utf8proc_int32_t)next, &state))
            break;
        end += len;
        c = next;
    }
    return end - at;
}

unsigned unicode_grapheme_width(struct slice cluster)
{
    unsigned width = 0;
    bool regional = false;
    for (size_t i = 0; i < cluster.len;) {
        uint32_t c;
        i += utf8_decode(cluster.at + i, cluster.len - i, &c);
        if (c == UTF8_BAD)
            return 1;
        if (c == 0xFE0F && width)
            return 2;
        if (c >= 0x1F1E6 && c <= 0x1F1FF) {
            if (regional)
                return 2;
            regional = true;
        }
        if (!width)
            width = unicode_width(c);
    }
    return width;
}

/* Appends text through utf8proc's mapping with options; ASCII and invalid parts pass by it. */
static void map_valid(struct str *out, struct slice text, utf8proc_option_t options)
{
    utf8proc_uint8_t *mapped = NULL;
    utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)text.at,
                                      (utf8proc_ssize_t)text.len, &mapped, options);
    if (n >= 0)
        str_add(out, mapped, (size_t)n);
    else
        str_add_slice(out, text);
    free(mapped); /* utf8proc allocates with malloc */
}

static void map_text(struct str *out, struct slice text, utf8proc_option_t options)
{
    size_t from = 0, i = 0;
    while (i < text.len) {
        uint32_t c;
        size_t len = utf8_decode(text.at + i, text.len - i, &c);
        if (c == UTF8_BAD) {
            if (i > from)
                map_valid(out, slice_sub(text, from, i), options);
            str_add(out, text.at + i, len);
            from = i + len;
        }
        i += len;
    }
    if (i > from)
        map_valid(out, slice_sub(text, from, i), options);
}

static bool is_ascii(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] >= 0x80)
            return false;
    return true;
}

void unicode_compose(struct str *out, struct slice text)
{
    if (is_ascii(text))
        str_add_slice(out, text);
    else
        map_text(out, text, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
}

void unicode_fold(struct str *out, struct slice text)
{
    if (!is_ascii(text)) {
        map_text(out, text, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
        return;
    }
    str_reserve(out, text.len);
    for (size_t i = 0; i < text.len; i++)
        str_addc(out, (char)unicode_lower((unsigned char)text.at[i]));
}
