/* Cutting text into words before merging: a sequence of regular expressions, each applied to the
 * pieces the one before left. The one file of the trainer that knows PCRE2 stands behind this. */
#ifndef TRAINER_TOKENIZER_PRETOKEN_H
#define TRAINER_TOKENIZER_PRETOKEN_H

#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

struct pretoken; /* freed with pretoken_free */

struct piece {
    size_t from, to; /* bytes */
};

extern const char pretoken_gpt2[], pretoken_qwen2[], pretoken_llama3[], pretoken_digit[],
    pretoken_digits[];

struct pretoken *pretoken_new(void);
void pretoken_free(struct pretoken *p); /* NULL is fine */
/* Adds a step: each match and each stretch between matches is a piece of its own ("Isolated"). */
int pretoken_add(struct pretoken *p, struct slice regex, struct error *err);
/* Pieces of text (valid UTF-8), in order, none empty; borrowed until the next call. NULL and err
 * when a pattern exceeds its limits. */
const struct piece *pretoken_split(struct pretoken *p, struct slice text, size_t *count,
                                   struct error *err);

#endif
