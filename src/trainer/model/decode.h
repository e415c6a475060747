/* Generating: keys and values of what is behind are kept in pages, each step computes one token of several sequences
 * together. */
#ifndef TRAINER_MODEL_DECODE_H
#define TRAINER_MODEL_DECODE_H

#include "trainer/model/fill.h"
#include "trainer/model/head.h"

struct decoder;

struct decoder_size {
    int rows;    /* sequences in one step, at most */
    int tokens;  /* of a sequence, at most */
    int pages;   /* in the cache */
    int fill;    /* rows of a pass of decoder_fill, which sees up to the greater of fill and tokens more as context; 0: it
                  * is not called */
};

/* NULL and err when memory is short. */
struct decoder *decoder_new(struct model *m, const struct decoder_size *size, struct error *err);
void decoder_free(struct decoder *d); /* NULL is fine */
/* Bytes of a page over all layers, and of all else that decoder_new takes. */
double decoder_page_bytes(const struct model *m);
double decoder_bytes(const struct model *m, const struct decoder_size *size);
struct pages *decoder_pages(struct decoder *d);
int decoder_context(const struct decoder *d); /* rows of context that a fill may have */

/* Computes what f holds with p and puts it into the cache; then it is done (fill_done). */
void decoder_fill(struct decoder *d, struct pass *p, struct fill *f);

/* A token of each of count sequences (at most rows): ids[i] is token positions[i] of the one with table tables[i],
 * which has a page for it that nobody else holds. */
struct step {
    int count;
    const int *ids, *positions;
    const struct page_table *const *tables;
};

/* Rows of hidden state before the last norm; borrowed until the next call. */
const real *decoder_step(struct decoder *d, const struct step *s);
/* And the tokens that follow, drawn as ops->sample says: they are there after ops->finish, until the next call. */
const int *decoder_next(struct decoder *d, struct head *h, const struct step *s, const struct sampling *sampling,
                        const float *uniforms);

#endif
