/* Generating: keys and values of what is behind are kept, each step computes one token of several
 * sequences together. */
#ifndef TRAINER_MODEL_DECODE_H
#define TRAINER_MODEL_DECODE_H

#include "trainer/model/pass.h"

struct decoder;

/* slots sequences of up to capacity tokens, rows tokens at most in one step. NULL and err when memory is
 * short. */
struct decoder *decoder_new(struct model *m, int slots, int capacity, int rows, struct error *err);
void decoder_free(struct decoder *d); /* NULL is fine */

/* Rows row..row+count of a batch are tokens position..position+count of the sequence in slot. Rows may
 * be part of several spans: a shared prefix is computed once. */
struct span {
    int row, count, slot, position;
};

/* Computes a batch with p and keeps its keys and values as the spans say. */
void decoder_fill(struct decoder *d, struct pass *p, const struct batch *batch, const struct span *spans,
                  int count);
/* The first count tokens of the sequence in one slot become those of the sequence in another. */
void decoder_copy(struct decoder *d, int from, int to, int count);
/* n more tokens (at most rows): ids[i] is token positions[i] of the sequence in slots[i]. A slot may come
 * several times, with successive positions: the rest of a prompt. Returns n rows of hidden state before the
 * last norm; borrowed until the next call. */
const real *decoder_step(struct decoder *d, const int *slots, const int *ids, const int *positions, int n);

#endif
