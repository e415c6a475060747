#include "text/hinge_lexicon.h"

#include <stdlib.h>

#include "text/function_words.h"
#include "text/hinge_lexicon_words.h"

static int cmp_row(const void *key, const void *row)
{
    const struct slice *word = key;
    const struct lexicon_row *r = row;
    return slice_cmp(*word, slice_of(r->word));
}

static int cmp_number(const void *key, const void *row)
{
    const struct slice *word = key;
    const struct lexicon_number *r = row;
    return slice_cmp(*word, slice_of(r->word));
}

static unsigned look_up(struct slice word, const struct lexicon_row *rows, size_t n)
{
    const struct lexicon_row *row = bsearch(&word, rows, n, sizeof *rows, cmp_row);
    return row ? row->classes : 0;
}

unsigned lexicon_class(struct slice word)
{
    unsigned classes = look_up(word, lexicon_words, n_lexicon_words);
    if (!(classes & WORD_NEGATION) && is_function_word(word))
        classes |= WORD_FUNCTION;
    return classes;
}

unsigned lexicon_concept(struct slice word)
{
    return look_up(word, lexicon_concepts, n_lexicon_concepts);
}

unsigned lexicon_talks(struct slice word)
{
    return look_up(word, lexicon_talk, n_lexicon_talk);
}

struct slice lexicon_digits(struct slice word)
{
    const struct lexicon_number *row =
        bsearch(&word, lexicon_numbers, n_lexicon_numbers, sizeof *row, cmp_number);
    return slice_of(row ? row->digits : NULL);
}
