/*
 * Words taken to what they share. Private to hinge*.c.
 */
#ifndef TEXT_HINGE_STEM_H
#define TEXT_HINGE_STEM_H

#include <stdbool.h>

#include "base/str.h"

/* Appends word (lower case) without its ending: an English suffix where there is one, otherwise
 * the last letters of a long word, which joins most inflections of other languages too. A number
 * word becomes its digits. Rough on purpose: it only has to agree with itself. */
void hinge_stem(struct str *out, struct slice word);

/* One minus the edit distance by characters over the longer length: 1 is equal. Words past 48
 * bytes are compared by their first 48. */
double hinge_alike(struct slice a, struct slice b);

/* True for pairs such as hyper-/hypo- and un-: near in spelling and the reverse in meaning. */
bool hinge_opposites(struct slice a, struct slice b);

#endif
