/*
 * A text as hinge finding sees it: its words (blanks dropped), each with the ids of its lower-case
 * form and of its stem, its classes, and the phrase it stands in. Private to hinge*.c.
 */
#ifndef TEXT_HINGE_TEXT_H
#define TEXT_HINGE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct hinge_word {
    uint32_t from, to;   /* bytes */
    uint32_t fold, stem; /* equal ids: equal in lower case, equal stems; one vocabulary */
    uint32_t phrase;     /* index of its phrase: cut at punctuation and line ends */
    int32_t hunk;        /* its group of changes, or -1 when it is kept */
    uint16_t classes;    /* enum word_class */
    uint8_t talk;        /* enum word_talk; set for every text, used for the rationale */
    bool punct, number;
    bool name; /* capitals where no sentence starts, or letters mixed with digits */
    bool heading; /* of a short line start that ends in a colon */
    bool moved;
};

struct hinge_text {
    struct slice text;
    struct hinge_word *words;
    size_t count;
    uint32_t *phrases; /* first word of each phrase, and count after the last */
    size_t n_phrases;
};

/* Ids shared by the texts of one call. */
struct hinge_vocab;
struct hinge_vocab *hinge_vocab_new(void);
void hinge_vocab_free(struct hinge_vocab *v);
size_t hinge_vocab_stems(const struct hinge_vocab *v);        /* ids of stems are below this */
struct slice hinge_vocab_fold(const struct hinge_vocab *v, uint32_t fold); /* borrowed */

/* Fills out with the words of text; its arrays live in the arena. */
void hinge_text_read(struct hinge_text *out, struct slice text, struct hinge_vocab *v,
                     struct arena *arena);

/* Neither punctuation nor a function word: says something by itself. */
bool hinge_word_says(const struct hinge_word *w);
/* First word that ends after byte offset at (count when there is none). O(log n). */
size_t hinge_text_at(const struct hinge_text *t, size_t at);
/* True when a word of the phrase is a negation. */
bool hinge_phrase_negated(const struct hinge_text *t, size_t phrase);

/* The classes of words [from, to), together. */
unsigned hinge_text_classes(const struct hinge_text *t, size_t from, size_t to);

#endif
