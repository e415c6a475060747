/* What llama.cpp calls a model's tensors in GGUF, and how it orders their rows. */
#ifndef TRAINER_MODEL_GGUF_ORDER_H
#define TRAINER_MODEL_GGUF_ORDER_H

#include <stdbool.h>
#include <stddef.h>

enum { GGUF_NAME_BYTES = 128 };

/* transformers' name ("model.layers.3.self_attn.q_proj.weight") as GGUF has it ("blk.3.attn_q.weight");
 * "" for one it does not have. */
void gguf_name(const char *name, char out[GGUF_NAME_BYTES]);

/* Whether GGUF files of this family hold the tensor with the two halves of each head interleaved: q and
 * k of the llama family. transformers' order, halves one after the other, is the one used here. */
bool gguf_interleaves(const char *family, const char *name);
/* Rows of cols numbers, head_dim rows a head, from GGUF's order into transformers' and back, in place. */
void gguf_deinterleave(float *w, size_t rows, size_t cols, size_t head_dim);
void gguf_interleave(float *w, size_t rows, size_t cols, size_t head_dim);

#endif
