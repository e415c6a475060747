/* What the two layers of diff.h share: words of the texts (tokens that are not blank), which of
 * them are kept, and how ops are made of that. Not for anyone else. */
#ifndef TEXT_DIFF_PARTS_H
#define TEXT_DIFF_PARTS_H

#include "text/diff.h"
#include "text/diff_chain.h"

/* Class of a word that stands for whole lines which are equal in both texts. */
enum { DIFF_BLOCK = TOKEN_BREAK + 1 };

/* One text's tokens without the blanks, in arrays of their own. */
struct diff_side {
    struct slice text;
    size_t count;
    uint32_t *ids;
    uint32_t *from, *to; /* bytes */
    uint8_t *class;      /* enum token_class */
    uint8_t *keep;       /* 1 for words that stand in the other text too, in the same order */
};

struct diff_pair {
    struct diff_side a, b;
    size_t n_ids; /* all ids are below */
    bool exact;
};

/* Appends the ops for what the pair keeps to d, blanks given to the ops beside them: what is equal is kept,
 * a deleted word takes the blank behind it with it. */
void diff_build(struct diff *d, const struct diff_pair *p);

/* Turns the longest common subsequence into what a person should see; appends the moves to d. */
void readable_clean(struct diff *d, struct diff_pair *p);

#endif
