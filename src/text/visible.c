#include "text/visible.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "text/unicode.h"

enum { MARKS_SHOWN = 4 }; /* on one letter; Vietnamese and Hebrew need three */

static const struct {
    uint32_t c;
    const char *name;
} names[] = {
    {0x00A0, "<NBSP>"}, {0x00AD, "<SHY>"}, {0x034F, "<CGJ>"},  {0x061C, "<ALM>"},
    {0x200B, "<ZWSP>"}, {0x200C, "<ZWNJ>"}, {0x200D, "<ZWJ>"}, {0x200E, "<LRM>"},
    {0x200F, "<RLM>"},  {0x2028, "<LS>"},  {0x2029, "<PS>"},   {0x202A, "<LRE>"},
    {0x202B, "<RLE>"},  {0x202C, "<PDF>"}, {0x202D, "<LRO>"},  {0x202E, "<RLO>"},
    {0x202F, "<NNBSP>"}, {0x2060, "<WJ>"}, {0x2066, "<LRI>"},  {0x2067, "<RLI>"},
    {0x2068, "<FSI>"},  {0x2069, "<PDI>"}, {0xFE0E, "<VS15>"}, {0xFE0F, "<VS16>"},
    {0xFEFF, "<BOM>"},
};

static void show(struct visible *out, const char *text, unsigned width)
{
    out->shown = slice_of(text);
    out->width = width;
    out->mark = true;
}

/* The character c (or the invalid byte) by name or number, in ASCII. */
static void by_number(struct visible *out, uint32_t c, unsigned char byte)
{
    out->own[0] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].c == c)
            snprintf(out->own, sizeof out->own, "%s", names[i].name);
    if (c == UTF8_BAD) {
        snprintf(out->own, sizeof out->own, "<%02X>", byte);
        out->len = 1; /* each invalid byte is told */
    } else if (c < 0x20 || c == 0x7F) {
        snprintf(out->own, sizeof out->own, "^%c", (char)(c ^ 0x40));
    } else if (!out->own[0]) {
        snprintf(out->own, sizeof out->own, "<U+%04X>", (unsigned)c);
    }
    show(out, out->own, (unsigned)strlen(out->own));
}

static uint32_t char_at(struct slice text, size_t at, size_t *len)
{
    uint32_t c;
    *len = utf8_decode(text.at + at, text.len - at, &c);
    return c;
}

static bool is_selector(uint32_t c)
{
    return c == 0xFE0E || c == 0xFE0F;
}

/* Extends the step over the marks that stand on its base, as far as they are shown. */
static void take_marks(struct visible *out, struct slice text, size_t at)
{
    bool whole = true; /* shown is the text itself, unbroken */
    for (int n = 0; n < MARKS_SHOWN && at + out->len < text.len; n++) {
        size_t len;
        uint32_t c = char_at(text, at + out->len, &len);
        if (!unicode_is_mark(c))
            break;
        if (is_selector(c)) { /* chooses emoji or text form, at a width nobody can know */
            whole = false;
        } else if (whole) {
            out->shown.len += len;
        } else {
            memcpy(out->own, out->shown.at, out->shown.len);
            memcpy(out->own + out->shown.len, text.at + at + out->len, len);
            out->shown = (struct slice){out->own, out->shown.len + len};
        }
        out->len += len;
    }
}

/* Marks with no letter before them, or more of them than are shown. */
static void stray_marks(struct visible *out, struct slice text, size_t at)
{
    uint32_t before = 0;
    size_t len;
    if (at > 0)
        before = char_at(text, utf8_prev(text, at), &len);
    if (!unicode_is_mark(before)) {
        char_at(text, at, &len);
        int n = snprintf(out->own, sizeof out->own, "\u25CC%.*s", (int)len, text.at + at);
        out->shown = (struct slice){out->own, (size_t)n};
        out->width = 1;
        out->mark = true;
        return;
    }
    size_t count = 0, end = at;
    while (end < text.len && unicode_is_mark(char_at(text, end, &len))) {
        end += len;
        count++;
    }
    out->len = end - at;
    snprintf(out->own, sizeof out->own, "<+%zu>", count);
    show(out, out->own, (unsigned)strlen(out->own));
}

static bool is_emoji(uint32_t c)
{
    return (c >= 0x1F000 && c < 0x1FB00) || (c >= 0x2190 && c < 0x2C00);
}

/* Parts of emoji that terminals join, or not. */
static bool emoji_part(struct visible *out, struct slice text, size_t at, uint32_t c)
{
    if (c >= 0x1F1E6 && c <= 0x1F1FF) { /* flag letters */
        out->own[0] = (char)('A' + (c - 0x1F1E6));
        out->own[1] = '\0';
        show(out, out->own, 1);
        return true;
    }
    if (c >= 0x1F3FB && c <= 0x1F3FF) { /* skin tones, 1-2 to 6 on Fitzpatrick's scale */
        snprintf(out->own, sizeof out->own, "~%u", (unsigned)(c - 0x1F3FB + 2));
        show(out, out->own, 2);
        return true;
    }
    size_t len;
    if (c == 0x200D && at + 3 < text.len && is_emoji(char_at(text, at + 3, &len))) {
        show(out, "+", 1);
        return true;
    }
    return false;
}

static unsigned odd_blank(uint32_t c)
{
    if (c == 0x3000)
        return 2;
    return c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F;
}

void visible_step(struct visible *out, struct slice text, size_t at)
{
    uint32_t c = char_at(text, at, &out->len);
    out->mark = false;
    out->shown = slice_sub(text, at, at + out->len);
    out->width = 1;
    if (c == UTF8_BAD || c < 0x20 || c == 0x7F) {
        by_number(out, c, (unsigned char)text.at[at]);
    } else if (odd_blank(c)) {
        show(out, &"  "[c != 0x3000], odd_blank(c));
    } else if (emoji_part(out, text, at, c)) {
        return;
    } else if (unicode_is_mark(c) && !is_selector(c)) {
        stray_marks(out, text, at);
    } else if (unicode_is_unprintable(c) || is_selector(c) || unicode_width(c) == 0) {
        by_number(out, c, 0);
    } else {
        out->width = unicode_width(c);
        take_marks(out, text, at);
    }
}

void visible_number(struct visible *out, struct slice text, size_t at)
{
    uint32_t c = char_at(text, at, &out->len);
    if (c < 0x80 && c >= 0x20 && c != 0x7F) {
        out->shown = slice_sub(text, at, at + 1);
        out->width = 1;
        out->mark = false;
    } else {
        by_number(out, c, (unsigned char)text.at[at]);
    }
}

/* As visible_step, with line ends and tabs as blanks. */
static void line_step(struct visible *out, struct slice text, size_t at)
{
    char c = text.at[at];
    if (c == '\n' || c == '\t' || (c == '\r' && at + 1 < text.len && text.at[at + 1] == '\n'))
        *out = (struct visible){.len = c == '\r' ? 2 : 1, .width = 1, .shown = SLICE(" ")};
    else
        visible_step(out, text, at);
}

void visible_text(struct str *out, struct slice text)
{
    struct visible v;
    for (size_t i = 0; i < text.len; i += v.len) {
        line_step(&v, text, i);
        str_add_slice(out, v.shown);
    }
}

size_t visible_width(struct slice text)
{
    struct visible v;
    size_t width = 0;
    for (size_t i = 0; i < text.len; i += v.len) {
        line_step(&v, text, i);
        width += v.width;
    }
    return width;
}

size_t visible_cut(struct str *out, struct slice text, size_t width)
{
    struct visible v;
    size_t used = 0, fits_len = out->len, fits_used = 0; /* fits: with room for the "…" */
    for (size_t i = 0; i < text.len; i += v.len) {
        line_step(&v, text, i);
        if (used + v.width > width) {
            str_cut(out, fits_len);
            if (width > 0)
                str_adds(out, "…");
            return width > 0 ? fits_used + 1 : 0;
        }
        str_add_slice(out, v.shown);
        used += v.width;
        if (used + 1 <= width) {
            fits_len = out->len;
            fits_used = used;
        }
    }
    return used;
}
