#include "trainer/tokenizer/compose.h"

#include <stdbool.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "base/utf8.h"

static bool ascii(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.at[i] >= 0x80)
            return false;
    }
    return true;
}

/* Characters that Unicode has given a combining class or a composition since its version 9, which is the one
 * the `tokenizers` library normalises by: there they are letters that neither move nor compose. Found by asking
 * it for every character; blocks that are newer as a whole stand whole, those of Unicode 15 and 16 too. */
static const struct {
    uint32_t from, to;
} newer[] = {
    {0x07FD, 0x07FD},   {0x0897, 0x089F},   {0x08CA, 0x08D3},   {0x09FE, 0x09FE},   {0x0C3C, 0x0C3C},
    {0x0D3B, 0x0D3C},   {0x0EBA, 0x0EBA},   {0x1715, 0x1715},   {0x1ABF, 0x1AEB},   {0x1DF6, 0x1DFA},
    {0xA82C, 0xA82C},   {0x105C0, 0x105FF}, {0x10D24, 0x10D27}, {0x10D69, 0x10D6D}, {0x10EAB, 0x10EAC},
    {0x10EFA, 0x10EFF}, {0x10F46, 0x10F50}, {0x10F82, 0x10F85}, {0x11070, 0x11070}, {0x1133B, 0x1133B},
    {0x11380, 0x113FF}, {0x1145E, 0x1145E}, {0x11839, 0x1183A}, {0x11900, 0x1195F}, {0x119E0, 0x119E0},
    {0x11A34, 0x11A34}, {0x11A47, 0x11A47}, {0x11A99, 0x11A99}, {0x11D42, 0x11D42}, {0x11D44, 0x11D45},
    {0x11D97, 0x11D97}, {0x11F41, 0x11F42}, {0x16100, 0x1613F}, {0x16D40, 0x16D7F}, {0x16FF0, 0x16FF1},
    {0x1E130, 0x1E136}, {0x1E2AE, 0x1E2AE}, {0x1E2EC, 0x1E2EF}, {0x1E4EC, 0x1E4EF}, {0x1E5EE, 0x1E5EF},
};

static bool is_newer(uint32_t cp)
{
    if (cp < newer[0].from)
        return false;
    for (size_t i = 0; i < sizeof newer / sizeof *newer && newer[i].from <= cp; i++) {
        if (cp <= newer[i].to)
            return true;
    }
    return false;
}

static int compose(struct str *out, struct slice text, struct error *err)
{
    utf8proc_uint8_t *made = NULL;
    utf8proc_ssize_t len =
        utf8proc_map((const utf8proc_uint8_t *)text.at, (utf8proc_ssize_t)text.len, &made,
                     (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    if (len < 0)
        return error_set(err, ERR_INPUT, "text could not be normalised: %s", utf8proc_errmsg(len));
    str_add(out, made, (size_t)len);
    free(made);
    return 0;
}

int compose_nfc(struct str *out, struct slice text, struct error *err)
{
    if (ascii(text)) {
        str_add_slice(out, text);
        return 0;
    }
    size_t done = 0;
    for (size_t at = 0; at < text.len;) {
        uint32_t cp;
        size_t n = utf8_decode(text.at + at, text.len - at, &cp);
        if (is_newer(cp)) {
            if (at > done && compose(out, slice_sub(text, done, at), err) != 0)
                return -1;
            str_add(out, text.at + at, n);
            done = at + n;
        }
        at += n;
    }
    return done < text.len ? compose(out, slice_sub(text, done, text.len), err) : 0;
}
