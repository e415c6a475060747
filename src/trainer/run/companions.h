/* The files that stand beside a model's weights, so that transformers loads the folder as it is. */
#ifndef TRAINER_RUN_COMPANIONS_H
#define TRAINER_RUN_COMPANIONS_H

#include "trainer/model/model.h"

/* Into folder: config.json (the source folder's own with the type of the weights set to float32; for a GGUF
 * source one made from the file's keys), and the tokenizer's and chat template's files where source is a
 * folder that has them. A GGUF file has none: they come from the model it was made from. */
int companions_write(const struct model *m, const char *source, const char *folder, struct error *err);

#endif
