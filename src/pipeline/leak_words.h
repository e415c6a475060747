/* The words that leak.h knows. Private to src/pipeline/leak*.c. */
#ifndef PIPELINE_LEAK_WORDS_H
#define PIPELINE_LEAK_WORDS_H

#include <stdbool.h>

#include "base/str.h"

/* Of case-folded words: a title before a name; a month or a day of the week; a word often written with a capital that
 * is no name. */
bool leak_is_title(struct slice folded);
bool leak_is_calendar(struct slice folded);
bool leak_is_common(struct slice folded);

#endif
