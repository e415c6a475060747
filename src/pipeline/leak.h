/*
 * The check that keeps a patient out of the rule library: whether a candidate copies names, dates, numbers or runs of
 * five words out of the prompt it was distilled from. A rule goes into every training example that cites it.
 *
 * What counts as a name: a word behind a title (Mr, Dr ...), or one that the prompt writes with a capital inside a
 * sentence and never without, that is no abbreviation, no word of grammar and none of a list of words that are often
 * written so (headings, conditions, professions). Runs of function words alone are nobody's.
 */
#ifndef PIPELINE_LEAK_H
#define PIPELINE_LEAK_H

#include "base/str.h"

enum leak { LEAK_NONE, LEAK_NAME, LEAK_DATE, LEAK_NUMBER, LEAK_RUN };
/* "a name", "a date", "a number", "five words in a row": for messages, which must not hold the words themselves. */
const char *leak_name(enum leak kind);

struct leak_prompt; /* a prompt read once for several candidates; leak_prompt_free */
struct leak_prompt *leak_prompt_new(struct slice prompt);
void leak_prompt_free(struct leak_prompt *p); /* NULL is fine */

/* The first thing of the prompt that text copies, its words appended to what (which may go back to the model, and
 * nowhere else). */
enum leak leak_find(const struct leak_prompt *p, struct slice text, struct str *what);

#endif
