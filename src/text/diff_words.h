/* The words of two texts with numbers for equal words: segmentation and interning in one, for the
 * diff alone. */
#ifndef TEXT_DIFF_WORDS_H
#define TEXT_DIFF_WORDS_H

#include "text/diff_lines.h"
#include "text/diff_parts.h"

/* Fills both sides. Each block becomes one word of class DIFF_BLOCK, with a number of its own, and is
 * noted in pins. */
void diff_words(struct diff_pair *p, struct slice a, struct slice b,
                const struct diff_blocks *blocks, struct anchors *pins);

#endif
