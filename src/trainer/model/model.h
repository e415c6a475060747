/* A model's weights on a backend, and the list of what trains. */
#ifndef TRAINER_MODEL_MODEL_H
#define TRAINER_MODEL_MODEL_H

#include <stdint.h>

#include "base/error.h"
#include "trainer/files/weights.h"
#include "trainer/model/config.h"
#include "trainer/model/linear.h"

enum linear_kind { LINEAR_Q, LINEAR_K, LINEAR_V, LINEAR_O, LINEAR_GATE, LINEAR_UP, LINEAR_DOWN, LINEARS };

/* Maps by what they read. */
enum input_kind { INPUT_QKV, INPUT_O, INPUT_GATE_UP, INPUT_DOWN, INPUTS };

extern const char *const linear_names[LINEARS];   /* "q_proj", ... */
extern const char *const linear_parents[LINEARS]; /* "self_attn" or "mlp" */

/* Weights of a norm. */
struct norm {
    real *w;
    float *dw, *master; /* NULL when it does not train */
};

struct layer {
    struct norm before_attention, before_ffn, q, k; /* q and k: qk_norm only */
    struct linear linears[LINEARS];
    struct linears inputs[INPUTS]; /* of the same maps, those that read the same rows together */
};

struct model {
    struct model_config config;
    struct backend *backend; /* borrowed */
    real *embed;
    float *d_embed, *master_embed;
    struct linear head; /* w is embed when tied */
    struct norm last;
    struct layer *layers;
    float *freqs; /* host: RoPE's, head_dim / 2 */
    struct shard *shard; /* NULL: the layers' maps are all here (shard.h) */
};

/* One tensor that trains. */
struct param {
    char *name; /* as its file has it */
    float *value; /* what trains: a master */
    real *work;   /* what products read */
    float *grad;
    int dims;
    size_t shape[2], count;
};

/* Zero-initialise before use. */
struct params {
    struct param *items;
    size_t count, cap;
};

/* Adds a tensor of rows by cols (rows 0: of cols) with its master, work and grad. */
void params_add(struct params *list, const char *name, float *value, real *work, float *grad, size_t rows,
                size_t cols);
void params_free(struct params *list);

/* Weights from a model folder (config.json, safetensors) or a GGUF file. */
struct model *model_load(struct backend *b, const char *path, struct error *err);
/* Only what such a model is. */
int model_config_of(const char *path, struct model_config *c, struct error *err);
/* A model without weights: for its shapes and adapters, not to be run. */
struct model *model_shell(struct backend *b, const struct model_config *c);
/* Random weights (normal, 0.02) for a config, from a seed. */
struct model *model_random(struct backend *b, const struct model_config *c, uint64_t seed,
                           struct error *err);
void model_free(struct model *m); /* NULL is fine */
/* The most ranks that maps with one input have together: the width of linear_scratch's u. 0 without an adapter. */
int model_widest_rank(const struct model *m);
/* The same of one input's maps, over all layers. */
int model_input_rank(const struct model *m, enum input_kind input);

/* Where a tensor of the model stands; what *master and *grad point to is NULL while it does not train. */
struct slot {
    real **value;
    float **master, **grad;
    struct linear *map; /* of a layer, which may be packed or divided; NULL: another tensor */
};

/* Calls visit for each tensor of the model with its transformers name. Stops at the first that returns non-zero and returns that. A tied head is not visited. */
typedef int model_visit_fn(void *ctx, const char *name, struct slot slot, size_t rows, size_t cols);
int model_visit(struct model *m, model_visit_fn *visit, void *ctx);

/* Full-parameter training: gradients for all weights, listed in params. */
int model_train_all(struct model *m, struct params *list, struct error *err);

#endif
