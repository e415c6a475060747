/*
 * The readable layer: a shortest difference turned into what a person should see. A word kept is
 * worth its weight (content over function words over punctuation), each group of changes costs a
 * charge, so that a kept "of the" between two changes is not worth the two groups it makes. Not
 * for anyone outside the diff.
 */
#ifndef TEXT_READABLE_H
#define TEXT_READABLE_H

#include "text/diff_parts.h"

enum {
    READABLE_CONTENT = 10,
    READABLE_FUNCTION = 3,
    READABLE_PUNCT = 2,
    READABLE_CHARGE = 7 /* of a group: more than two function words, less than a content word */
};

struct readable {
    struct diff_pair *pair;
    uint8_t *weights;    /* by id; 0 where nobody asked yet */
    uint32_t *partner_a; /* for each kept word of a: the word of b it stands for */
    uint32_t *partner_b; /* and the other way round */
    uint8_t *start_a, *start_b; /* 1 where a sentence starts; known on the lines around changes */
};

/* What keeping word i of a is worth. */
int readable_weight(struct readable *r, size_t i);

/* A part of both texts' words. */
struct readable_box {
    size_t a_from, a_to, b_from, b_to;
};

/* Aligns the box anew, for the most weight less charges; work and memory are its area. */
void readable_align(struct readable *r, struct readable_box box);
/* Ends the keeping of sentences of which less than 30 % is kept. */
void readable_rewrite(struct readable *r);
/* Ends the keeping of odd words in sentences that stand whole in another place. */
void readable_free_moved(struct readable *r);
/* Appends the sentences that are changed here and stand in another place of the other text. */
void readable_moves(struct diff *d, const struct readable *r);
/* Slides deletions and insertions to the borders of lines, sentences and clauses. */
void readable_slide(struct diff_pair *p);

#endif
