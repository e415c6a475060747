/*
 * Words by Unicode segmentation (UAX #29 word borders over utf8proc's properties, with CJK split by
 * character, and a grapheme cluster never cut). Every byte of a text belongs to exactly one token.
 */
#ifndef TEXT_SEGMENT_H
#define TEXT_SEGMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum token_class {
    TOKEN_WORD,   /* letters, with marks and inner apostrophes */
    TOKEN_NUMBER, /* digits with inner points and commas */
    TOKEN_PUNCT,  /* punctuation, symbols, emoji, invisible characters, invalid bytes */
    TOKEN_SPACE,  /* blanks without line ends */
    TOKEN_BREAK   /* a line end */
};

struct token {
    uint32_t from, to; /* bytes */
    uint32_t id;       /* equal bytes have equal ids within one interner */
    uint8_t class;     /* enum token_class */
};

struct tokens {
    struct slice text; /* borrowed */
    struct token *items;
    size_t count, cap;
};

struct map;

/* Appends the tokens of text (at most UINT32_MAX bytes; assert) to out, zero-initialised; ids come from
 * interner (map_intern), shared by all texts to be compared. Invalid UTF-8 is segmented too: an
 * invalid part is a TOKEN_PUNCT of its own. The caller frees with tokens_free. */
void segment(struct tokens *out, struct slice text, struct map *interner);
void tokens_free(struct tokens *t);

/* Bytes and class of the token that starts at byte `at` < text.len, a token border: segmentation
 * without a list. */
size_t segment_step(struct slice text, size_t at, enum token_class *class);

/* Index of the token that holds byte offset at (count when past the end). O(log n). */
size_t tokens_find(const struct tokens *t, size_t at);

/* Appends the byte ranges of text's sentences, which follow each other without gaps: a sentence has
 * the blanks and the line end behind it. Borders are line ends and, by UAX #29, ". " and its like;
 * abbreviations and decimals are kept whole. The caller frees with ranges_free. */
struct range {
    size_t from, to;
};
struct ranges {
    struct range *items;
    size_t count, cap;
};
void sentences(struct ranges *out, struct slice text);
void ranges_free(struct ranges *r);

#endif
