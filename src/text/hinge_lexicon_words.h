/* The word lists of hinge_lexicon.c: data only. Each is sorted bytewise by its words. */
#ifndef TEXT_HINGE_LEXICON_WORDS_H
#define TEXT_HINGE_LEXICON_WORDS_H

#include <stddef.h>

#include "text/hinge_lexicon.h"

struct lexicon_row {
    const char *word;
    unsigned classes;
};

struct lexicon_number {
    const char *word, *digits;
};

extern const struct lexicon_row lexicon_words[];    /* classes: enum word_class */
extern const struct lexicon_row lexicon_concepts[]; /* classes: what the word speaks of */
extern const struct lexicon_row lexicon_talk[];     /* classes: enum word_talk */
extern const struct lexicon_number lexicon_numbers[];
extern const size_t n_lexicon_words, n_lexicon_concepts, n_lexicon_talk, n_lexicon_numbers;

#endif
