/*
 * What a word is, for hinge finding: small closed lists of general English clinical usage
 * (negation, numbers, units, sides, times, opposites) and what a grader's words speak of ("dose":
 * numbers and units), beside function_words.h. A word of another language is simply of no class.
 */
#ifndef TEXT_HINGE_LEXICON_H
#define TEXT_HINGE_LEXICON_H

#include "base/str.h"

enum word_class {
    WORD_FUNCTION = 1 << 0,
    WORD_NEGATION = 1 << 1,
    WORD_NUMBER = 1 << 2, /* "three" and "twice"; digits are told by the segmenter */
    WORD_UNIT = 1 << 3,
    WORD_SIDE = 1 << 4,
    WORD_DATE = 1 << 5,
    WORD_POLARITY = 1 << 6, /* increase, decrease, positive, chronic: has an opposite */
    WORD_NAME = 1 << 7,     /* only ever asked for by a concept: told by its capitals */
    WORD_ADDED = 1 << 8,    /* a concept: something stands in y0 that should not */
    WORD_OMITTED = 1 << 9,  /* a concept: something is missing from y0 */
    WORD_SURFACE = 1 << 10  /* a concept: spelling, grammar, punctuation */
};

/* Classes of a word in lower case; 0 when it is in no list. */
unsigned lexicon_class(struct slice word);
/* What a rationale's word (lower case) speaks of, as a set of the classes above; 0 for nothing. */
unsigned lexicon_concept(struct slice word);
/* The digits a number word stands for ("three" gives "3"); empty when it is none. */
struct slice lexicon_digits(struct slice word);
/* How a rationale talks: it finds fault ("not", "wrong"), it praises ("correct"), or it speaks of
 * the texts themselves ("summary", "mentions"), which names nothing in them. */
enum word_talk { TALK_FAULT = 1 << 0, TALK_PRAISE = 1 << 1, TALK_GENERIC = 1 << 2 };
unsigned lexicon_talks(struct slice word); /* a set of enum word_talk */

#endif
