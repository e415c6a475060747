/*
 * Bytes: `struct slice` borrows, `struct str` owns and grows. Neither assumes UTF-8 or the absence
 * of NUL; a str's bytes are always followed by one NUL that is not counted, so that `at` can be
 * given to C functions when the text is known to hold none.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct slice {
    const char *at;
    size_t len;
};

/* A slice of a string literal, usable as an initialiser. */
#define SLICE(literal) ((struct slice){"" literal, sizeof(literal) - 1})

struct slice slice_of(const char *text); /* NULL gives the empty slice */
bool slice_eq(struct slice a, struct slice b);
bool slice_is(struct slice a, const char *text);
int slice_cmp(struct slice a, struct slice b); /* bytewise, like memcmp then length */
bool slice_starts(struct slice a, const char *prefix);
struct slice slice_trim(struct slice a); /* without ASCII blanks at both ends */
struct slice slice_sub(struct slice a, size_t from, size_t to); /* clamped to a */

/* Zero-initialise before use: struct str s = {0}; free with str_free. */
struct str {
    char *at;
    size_t len, cap;
};

void str_free(struct str *s);  /* back to {0} */
void str_clear(struct str *s); /* length 0, memory kept */
void str_reserve(struct str *s, size_t extra);
void str_add(struct str *s, const void *bytes, size_t len);
void str_add_slice(struct str *s, struct slice text);
void str_adds(struct str *s, const char *text);
void str_addc(struct str *s, char c);
void str_addf(struct str *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
void str_vaddf(struct str *s, const char *fmt, va_list args);
void str_splice(struct str *s, size_t from, size_t to, struct slice with); /* replaces [from,to) */
void str_cut(struct str *s, size_t len); /* shortens to len; longer is ignored */
struct slice str_slice(const struct str *s);
const char *str_z(const struct str *s); /* never NULL */
char *str_take(struct str *s);          /* the caller frees with mem_free; s is {0} after */

#endif
