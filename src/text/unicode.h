/* What Unicode says of characters; the only user of utf8proc. */
#ifndef TEXT_UNICODE_H
#define TEXT_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Terminal cells of a character: 0, 1 or 2; what is not printable has 0. */
unsigned unicode_width(uint32_t c);
/* A mark that stands on the character before it and takes no cell. */
bool unicode_is_mark(uint32_t c);
/* Controls, format characters, private, unassigned: nothing a reader could see as a character. */
bool unicode_is_unprintable(uint32_t c);
/* Appends text with composed letters taken apart (NFD); invalid parts are copied. */
void unicode_decompose(struct str *out, struct slice text);

#endif
