/* Words that carry grammar rather than content: "the", "of", "was". */
#ifndef TEXT_FUNCTION_WORDS_H
#define TEXT_FUNCTION_WORDS_H

#include <stdbool.h>

#include "base/str.h"

/* English, with the commonest of German, French, Spanish, Italian, Portuguese, Ukrainian and
 * Russian; in either case. Negations ("no", "not", "without") are content: they decide outcomes. */
bool is_function_word(struct slice word);

#endif
