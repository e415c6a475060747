/*
 * Regular expressions over UTF-8 text; the only user of PCRE2. Patterns and texts are hostile: a
 * match is bounded in steps, memory and depth, and invalid UTF-8 in the text is matched around, never into.
 */
#ifndef TEXT_PATTERN_H
#define TEXT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

struct pattern; /* freed with pattern_free */

enum pattern_flag {
    PATTERN_CASELESS = 1 << 0,
    PATTERN_LITERAL = 1 << 1, /* source is plain text */
    PATTERN_WORD = 1 << 2     /* the match begins and ends at word borders */
};

/* Compiles source (at most 64 KiB). ^ and $ fit at line ends, \w \d \b know Unicode. On failure
 * NULL; err says what is wrong and at which byte ("at byte 3: missing )"), and *error_at (may be
 * NULL) is that byte. */
struct pattern *pattern_compile(struct slice source, unsigned flags, size_t *error_at,
                                struct error *err);
void pattern_free(struct pattern *p); /* NULL is fine */

enum pattern_result {
    PATTERN_NO,
    PATTERN_YES,
    PATTERN_GAVE_UP /* the step, depth or memory limit was reached: neither yes nor no */
};

/* First match at or after byte `from`: its bytes into *match_from and *match_to (each may be NULL);
 * a match may be empty. A pattern may be used by one thread at a time. */
enum pattern_result pattern_find(struct pattern *p, struct slice text, size_t from,
                                 size_t *match_from, size_t *match_to);
/* Capture group number `group` of the last pattern_find that said yes; false when it took no part. */
bool pattern_group(const struct pattern *p, size_t group, size_t *from, size_t *to);

#endif
