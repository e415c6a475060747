/* Words of a text as queries of FTS5. Whatever the text holds, what comes out is a valid query that
 * can name neither columns nor operators. */
#ifndef DB_WORDS_H
#define DB_WORDS_H

#include "base/str.h"

/* Any of the words: appends "a" OR "b" ...; false (nothing appended) when text holds no word. At
 * most 32 different words are taken, the first ones. */
bool words_any(struct str *out, struct slice text);
/* All words one after another; where the text ends in "*", the last one is the beginning of a word.
 * False as above. */
bool words_phrase(struct str *out, struct slice text);
/* Enough of the words that carry meaning (the longest five, without those of grammar): two of up to
 * four, three of more, one of one. False when there is none. */
bool words_enough(struct str *out, struct slice text);

#endif
