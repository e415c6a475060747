/* Low-rank adapters (Hu et al. 2021), in PEFT's format and in llama.cpp's (GGUF), in and out. */
#ifndef TRAINER_LORA_LORA_H
#define TRAINER_LORA_LORA_H

#include "trainer/model/model.h"

struct lora_options {
    int rank;
    double alpha;
    bool rslora;           /* alpha / sqrt(rank) instead of alpha / rank */
    bool targets[LINEARS]; /* by enum linear_kind */
};

double lora_scale(const struct lora_options *o);
/* "all" or a list such as "q_proj,v_proj". */
int lora_parse_targets(const char *text, bool targets[LINEARS], struct error *err);

/* Fresh adapters: A uniform in +-1/sqrt(in), B zero; their tensors are appended to params under
 * PEFT's names. */
int lora_attach(struct model *m, const struct lora_options *o, uint64_t seed, struct params *params,
                struct error *err);
/* An adapter, with gradients and params (to train on) or with params NULL: a folder in PEFT's format, or a
 * file that ends in .gguf in llama.cpp's. */
int lora_load(struct model *m, const char *path, struct lora_options *o, struct params *params,
              struct error *err);
/* Only what such an adapter is for m (which needs no weights): its options. */
int lora_describe(const struct model *m, const char *path, struct lora_options *o, struct error *err);
/* Writes the model's adapters: into a folder adapter_model.safetensors, then adapter_config.json, or one
 * .gguf file, which knows neither base (the base model's name) nor rsLoRA: its alpha then stands for
 * both, so that alpha / rank is the same factor. Each file is written atomically. */
int lora_save(const struct model *m, const char *path, const struct lora_options *o, const char *base,
              struct error *err);
/* Adds scale B A to the weights and takes the adapters away. */
int lora_merge(struct model *m, struct error *err);

#endif
