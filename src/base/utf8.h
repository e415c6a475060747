/*
 * UTF-8, strictly: overlong forms, surrogates and values past U+10FFFF are invalid. Each maximal
 * invalid part counts as one fault and repairs to one U+FFFD, as the Unicode Standard recommends
 * (chapter 3.9, "U+FFFD Substitution of Maximal Subparts"), so that counts agree with other tools.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define UTF8_BAD UINT32_MAX

/* Decodes the character at text[0..len), len > 0: returns its bytes (1-4) and sets *cp; for an
 * invalid part returns its bytes (1-3) and sets *cp to UTF8_BAD. */
size_t utf8_decode(const char *text, size_t len, uint32_t *cp);
/* Writes cp (valid) into out, which needs 4 bytes; returns the bytes written. */
size_t utf8_encode(uint32_t cp, char out[4]);
bool utf8_valid(struct slice text);
/* Appends text to out with invalid parts replaced; returns how many were. */
size_t utf8_repair(struct str *out, struct slice text);
/* Number of code points; an invalid part counts as one. */
size_t utf8_count(struct slice text);
/* Byte offset of code point number index (the end when index is past the last). */
size_t utf8_offset(struct slice text, size_t index);
/* Start of the character before byte offset at (0 < at <= len). */
size_t utf8_prev(struct slice text, size_t at);

#endif
