/* A merged model as one GGUF file. */
#ifndef TRAINER_RUN_MERGE_GGUF_H
#define TRAINER_RUN_MERGE_GGUF_H

#include "trainer/model/model.h"

/* Writes m in fp32 under path, with all keys of the GGUF file it was read from, its tokenizer and chat template among
 * them, and the tensors that file has, in its order. */
int merge_write_gguf(struct model *m, const char *source, const char *path, struct error *err);

#endif
