/* What the files of this folder share. */
#ifndef TRAINER_LORA_LORA_PARTS_H
#define TRAINER_LORA_LORA_PARTS_H

#include "trainer/lora/lora.h"

enum { LORA_NAME_BYTES = 160, LORA_RANK_MAX = 4096 };

/* PEFT's name of one tensor; part is 'A' or 'B'. */
void lora_peft_name(char out[LORA_NAME_BYTES], int layer, int kind, char part);
/* Memory for the adapters of those of a layer's maps that are targets (rank and scale from o), once a layer; with
 * params also gradients. */
int lora_attach_layer(struct model *m, int layer, const bool targets[LINEARS], const struct lora_options *o,
                      struct params *params, struct error *err);
/* A host copy of a tensor (work, and its master where it trains); the caller frees. */
float *lora_host_copy(const struct model *m, const real *work, const float *master, size_t count);

/* The two formats; lora_load and lora_save choose. */
int lora_load_peft(struct model *m, const char *folder, struct lora_options *o, struct params *params,
                   struct error *err);
int lora_describe_peft(const struct model *m, const char *folder, struct lora_options *o, struct error *err);
int lora_describe_gguf(const struct model *m, const char *path, struct lora_options *o, struct error *err);
int lora_save_peft(const struct model *m, const char *folder, const struct lora_options *o, const char *base,
                   struct error *err);
int lora_load_gguf(struct model *m, const char *path, struct lora_options *o, struct params *params,
                   struct error *err);
int lora_save_gguf(const struct model *m, const char *path, const struct lora_options *o, struct error *err);

#endif
