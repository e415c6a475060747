/*
 * How alike two rules are, by their words: no model, fast enough to run on every keystroke. Words are
 * lower-cased, stripped of endings and of words that carry nothing; opposites count as the same word with
 * the other sign ("omit" is "include" turned round), so that "Include doses" and "Never include doses" have
 * all words in common and opposite signs: they contradict.
 */
#ifndef APP_LIKENESS_H
#define APP_LIKENESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* The words of one text, as hashes in ascending order without doubles. Zero-initialise. */
struct word_set {
    uint64_t *items;
    size_t count, cap;
    int sign; /* +1, or -1 when an odd number of words turn the sense round */
};

/* Fills set, dropping what it held. The caller frees with word_set_free. */
void word_set_read(struct word_set *set, struct slice text);
void word_set_free(struct word_set *set);

/* Shared words over the mean of both counts (Dice's coefficient), in [0,1]; 0 when one is empty. */
double word_set_overlap(const struct word_set *a, const struct word_set *b);
/* Part of a's words that stand in b, in [0,1]. */
double word_set_covered(const struct word_set *a, const struct word_set *b);

struct rule_words {
    struct word_set mistake, guardrail;
};
void rule_words_read(struct rule_words *r, struct slice mistake, struct slice guardrail);
void rule_words_free(struct rule_words *r);

/* In [0,1]: the guardrails' overlap weighs 0.7, the mistakes' 0.3 (where both have one). */
double rule_likeness(const struct rule_words *a, const struct rule_words *b);
/* True when the guardrails speak of the same things (overlap 0.6 or more) with opposite signs. */
bool rule_contradicts(const struct rule_words *a, const struct rule_words *b);

/* Appends the words of text that carry meaning, as written but lower-case, longest first, at most max of
 * them and each once, separated by blanks: what to search for. */
void telling_words(struct str *out, struct slice text, size_t max);

#endif
