/* Whether two pieces of text look the same on a screen although their bytes differ: composed and
 * decomposed letters, letters of other scripts drawn alike, invisible characters, odd blanks. */
#ifndef UI_VIEWS_LOOKALIKE_H
#define UI_VIEWS_LOOKALIKE_H

#include <stdbool.h>

#include "base/str.h"

/* Bounded: pieces of more than 4 KiB are not compared (a whole page is read, not squinted at). */
bool looks_alike(struct slice a, struct slice b);

#endif
