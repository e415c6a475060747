/* What Unicode says of characters; the only user of utf8proc. Texts may hold invalid UTF-8: an
 * invalid part is never an error, it is a cluster of its own and is copied as it is. */
#ifndef TEXT_UNICODE_H
#define TEXT_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Terminal cells of a character: 0, 1 or 2; what is not printable has 0. */
unsigned unicode_width(uint32_t c);
/* A mark that stands on the character before it and takes no cell. */
bool unicode_is_mark(uint32_t c);
/* Controls, format characters, private, unassigned: nothing a reader could see as a character. */
bool unicode_is_unprintable(uint32_t c);

/* White_Space of the Unicode database, line ends included. */
bool unicode_is_space(uint32_t c);
/* Ends a line: LF, VT, FF, CR, NEL, LS, PS. */
bool unicode_is_line_end(uint32_t c);
bool unicode_is_letter(uint32_t c);
bool unicode_is_upper(uint32_t c); /* title case too */
bool unicode_is_lower(uint32_t c);
bool unicode_is_digit(uint32_t c); /* any number character: 7, ½, ², Ⅳ */
bool unicode_is_decimal(uint32_t c); /* 0-9 of any script */
/* Marks of every kind and format characters: nothing that stands by itself. */
bool unicode_is_invisible(uint32_t c);
bool unicode_is_punct(uint32_t c); /* punctuation and symbols */
uint32_t unicode_lower(uint32_t c);

/* Bytes of the grapheme cluster (UAX #29, extended) that starts at byte `at` < text.len, which must
 * be a cluster border. */
size_t unicode_grapheme(struct slice text, size_t at);
/* Cells that most terminals give a cluster: its base's width; two for flags, keycaps, emoji sequences
 * and what U+FE0F turns into an emoji. */
unsigned unicode_grapheme_width(struct slice cluster);

/* Appends text with composed letters taken apart (NFD). */
void unicode_decompose(struct str *out, struct slice text);
/* Appends text with letters and marks put together (NFC). */
void unicode_compose(struct str *out, struct slice text);
/* Appends text in the form that ignores case: full case folding, then NFC. */
void unicode_fold(struct str *out, struct slice text);

/* Word_Break of UAX #29, derived from general categories and a table of the exceptions. ':' is no
 * MidLetter, as in CLDR. */
enum unicode_word {
    UNICODE_WORD_OTHER, /* breaks on both sides; ideographs, kana and the scripts that need a
                           dictionary too: one cluster a word */
    UNICODE_WORD_SPACE, /* blank, no line end */
    UNICODE_WORD_LINE,  /* line end */
    UNICODE_WORD_LETTER,
    UNICODE_WORD_NUMERIC,
    UNICODE_WORD_JOINER, /* ExtendNumLet: '_' and such */
    UNICODE_WORD_MID_LETTER,
    UNICODE_WORD_MID_NUMBER,
    UNICODE_WORD_MID_BOTH,  /* '.', and the apostrophes */
    UNICODE_WORD_INVISIBLE, /* Format and Extend */
    UNICODE_WORD_CLASSES
};
enum unicode_word unicode_word_class(uint32_t c);

#endif
