/*
 * What was changed from text a to text b, in words. Two layers: the exact one is a longest common
 * subsequence of tokens (nothing is marked that need not be; for counts and hinges), the readable
 * one is what a person should see (no islands of function words, borders on words, sentences and
 * lines, rewritten sentences replaced whole).
 */
#ifndef TEXT_DIFF_H
#define TEXT_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "text/segment.h"

enum diff_kind { DIFF_KEEP = '=', DIFF_DELETE = '-', DIFF_INSERT = '+' };
enum diff_layer { DIFF_EXACT, DIFF_READABLE };

/* Byte ranges. A deletion has b_from == b_to, the place in b where it would stand; an insertion
 * likewise in a. Ops are in order and cover all of both texts, blanks included; a KEEP's two ranges
 * may differ in blanks only (its words are equal), and in a KEEP a_text != b_text is possible only
 * there. */
struct diff_op {
    enum diff_kind kind;
    size_t a_from, a_to, b_from, b_to;
};

/* A sentence or longer that stands in both texts, in another place: its words are inside a DELETE
 * and an INSERT too. */
struct diff_move {
    size_t a_from, a_to, b_from, b_to;
};

struct diff {
    struct diff_op *ops;
    size_t n_ops;
    struct diff_move *moves;
    size_t n_moves;
    bool exact; /* false when the budget of operations was spent and the alignment is a good one,
                   not a shortest one */
};

/* Never fails, whatever the texts; bounded by a budget in operations, never a clock. The caller
 * frees with diff_free. The texts are not kept. */
struct diff *diff_texts(struct slice a, struct slice b, enum diff_layer layer);
/* The same over tokens segmented already with one interner. */
struct diff *diff_tokens(const struct tokens *a, const struct tokens *b, enum diff_layer layer);
void diff_free(struct diff *d); /* NULL is fine */

#endif
