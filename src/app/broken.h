/*
 * On which records of an eval a rule's mistake still happens, told by what the graders said of the answer, sentence by
 * sentence. Two ways, of which the surer counts; a mark from BROKEN_SURE on:
 *
 * 1. By what was learned. A sentence becomes a form: lower case, what it quotes and its numbers taken out. Of the decided
 *    records whose y0 was faulted in that form, the share that cite the rule is how likely the form speaks of it. A form
 *    that was met on one record alone tells of a rule only where that record was faulted in one sentence and cites one rule.
 * 2. By words. The part of the mistake's words (stems, without those that carry nothing) that stand in the sentence, and
 *    where they are fewer than BROKEN_WORDS, none: one word in common is chance. Of a rule whose mistake no grader names in
 *    words like its own, nothing is told this way.
 *
 * An answer with the top score breaks no rule. What is not told is not counted: the number is a lower bound.
 */
#ifndef APP_BROKEN_H
#define APP_BROKEN_H

#include "db/eval_store.h"

#define BROKEN_SURE 0.6
enum { BROKEN_WORDS = 2 };

struct broken; /* what was learned of the rules that are in use; broken_free */
struct broken *broken_learn(struct store *s, struct error *err);
void broken_free(struct broken *b); /* NULL is fine */
/* Looks an eval through and stores its marks; *marks (may be NULL) says how many. */
int broken_mark(struct broken *b, struct store *s, int64_t eval, size_t *marks, struct error *err);

/* Appends the form of a sentence. */
void broken_form(struct str *out, struct slice sentence);

#endif
