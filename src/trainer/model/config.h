/* What a model is, read from config.json or GGUF. Every field that changes the arithmetic is
 * honoured or refused by name. */
#ifndef TRAINER_MODEL_CONFIG_H
#define TRAINER_MODEL_CONFIG_H

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"
#include "trainer/files/gguf.h"

enum { MODEL_FAMILY_MAX = 16, HEAD_DIM_MAX = 512 };

struct model_config {
    char family[MODEL_FAMILY_MAX]; /* "qwen3", "qwen2", "llama" */
    int vocab, hidden, layers, q_heads, kv_heads, head_dim, ffn, max_positions;
    float eps;
    bool tied;     /* the head is the embedding */
    bool qkv_bias; /* on q, k and v */
    bool qk_norm;  /* each head of q and k is normalised before RoPE */
    float rope_theta;
    float rope_linear; /* every frequency is divided by it; 1: not scaled */
    struct {
        bool on; /* Llama 3's scaling by wavelength */
        float factor, low, high, original;
    } rope_llama3;
};

int config_from_json(struct slice text, struct model_config *c, struct error *err);
int config_from_gguf(const struct gguf *g, struct model_config *c, struct error *err);
/* The config.json that transformers reads for this model; appended to out. */
void config_print(const struct model_config *c, struct str *out);
/* Frequencies of RoPE into out[head_dim / 2]. */
void config_rope_freqs(const struct model_config *c, float *out);
/* Sets the scaling that gives these frequencies, where a GGUF file has them without its name. False when
 * config.json could not tell them: such a model is run, but not written. */
bool config_name_rope(struct model_config *c, const float *freqs);
/* Number of weights of the whole model. */
double config_weights(const struct model_config *c);

#endif
