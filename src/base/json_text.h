/*
 * JSON as text, without a tree: strict checking, decoding of strings, compacting. For the hot path
 * of reading records, where the exact bytes of a piece matter and most pieces are strings.
 */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include <stdbool.h>

#include "base/str.h"

/* True when text is one value by RFC 8259 with nothing but blanks around it; otherwise *bad_at is
 * the offset of the first byte that does not fit. Nesting deeper than 512 does not fit. */
bool json_check(struct slice text, size_t *bad_at);

/* Makes text safe to decode: invalid UTF-8, \u0000 and escaped surrogates without their partner
 * become U+FFFD. Returns how many were replaced; the result is appended to out only when there
 * were some. */
size_t json_repair(struct str *out, struct slice text);

/* Appends the text that a checked JSON string (with its quotes) stands for. */
void json_unquote(struct str *out, struct slice quoted);

/* Appends checked JSON without the blanks between its tokens. Strings and numbers stay as they are,
 * or, with recode, strings are decoded and written again the way json_quote does. */
void json_compact(struct str *out, struct slice text, bool recode);

#endif
