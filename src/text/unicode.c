#include "text/unicode.h"

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
