/* What a model is, from the keys llama.cpp writes into GGUF. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "trainer/model/config.h"

enum { KEY_BYTES = 96 };

static const struct gguf_value *find(const struct gguf *g, const char *family, const char *key, char name[KEY_BYTES])
{
    snprintf(name, KEY_BYTES, "%s.%s", family, key);
    return gguf_get(g, name);
}

/* A whole number; an array (a number a layer) is none. */
static int read_size(const struct gguf *g, const char *family, const char *key, double fallback, int *out,
                     struct error *err)
{
    char name[KEY_BYTES];
    const struct gguf_value *value = find(g, family, key, name);
    double v = value ? gguf_number(g, name, 0) : fallback;
    if (!(v >= 1 && v <= 1 << 24) || v != floor(v))
        return error_set(err, ERR_INPUT, "%s is missing, out of range or no single number", name);
    *out = (int)v;
    return 0;
}

static int read_positive(const struct gguf *g, const char *family, const char *key, double fallback, float *out,
                         struct error *err)
{
    char name[KEY_BYTES];
    const struct gguf_value *value = find(g, family, key, name);
    float v = (float)(value ? gguf_number(g, name, 0) : fallback);
    if (!(v > 0) || !isfinite(v))
        return error_set(err, ERR_INPUT, "%s is missing or no number above 0", name);
    *out = v;
    return 0;
}

static int read_sizes(const struct gguf *g, struct model_config *c, struct error *err)
{
    const char *f = c->family;
    if (read_size(g, f, "embedding_length", 0, &c->hidden, err) != 0 ||
        read_size(g, f, "block_count", 0, &c->layers, err) != 0 ||
        read_size(g, f, "feed_forward_length", 0, &c->ffn, err) != 0 ||
        read_size(g, f, "attention.head_count", 0, &c->q_heads, err) != 0 ||
        read_size(g, f, "attention.head_count_kv", c->q_heads, &c->kv_heads, err) != 0)
        return -1;
    int usual = c->hidden / c->q_heads;
    if (read_size(g, f, "attention.key_length", usual, &c->head_dim, err) != 0 ||
        read_size(g, f, "context_length", 0, &c->max_positions, err) != 0 ||
        read_positive(g, f, "attention.layer_norm_rms_epsilon", 0, &c->eps, err) != 0)
        return -1;
    if (c->layers > 1024 || c->head_dim > HEAD_DIM_MAX || c->head_dim < 2 || c->q_heads % c->kv_heads != 0 ||
        c->head_dim % 2 != 0)
        return error_set(err, ERR_INPUT, "the numbers of layers, heads or their size do not fit");
    return 0;
}

/* llama.cpp takes a factor without a type for a linear one. */
static int read_rope(const struct gguf *g, struct model_config *c, struct error *err)
{
    char name[KEY_BYTES];
    const char *f = c->family;
    float factor = 1;
    find(g, f, "rope.scaling.type", name);
    struct slice type = gguf_string(g, name);
    bool none = slice_is(type, "none");
    if (type.len && !none && !slice_is(type, "linear"))
        return error_set(err, ERR_INPUT, "%s '%.*s' is not known here (none and linear are)", name,
                         (int)(type.len < 40 ? type.len : 40), type.at);
    const char *key = find(g, f, "rope.scaling.factor", name) ? "rope.scaling.factor" : "rope.scale_linear";
    if (read_positive(g, f, "rope.freq_base", 10000, &c->rope_theta, err) != 0 ||
        (find(g, f, key, name) && gguf_number(g, name, 0) != 0 &&
         read_positive(g, f, key, 1, &factor, err) != 0))
        return -1;
    c->rope_linear = none ? 1 : factor;
    return 0;
}

/* Keys that change the arithmetic in ways not built here, unless they have the value that does not. */
static int refuse_others(const struct gguf *g, const struct model_config *c, struct error *err)
{
    const struct {
        const char *key;
        double neutral;
    } list[] = {{"rope.dimension_count", c->head_dim}, {"attention.value_length", c->head_dim},
                {"rope.scaling.attn_factor", 1},       {"attention.sliding_window", 0},
                {"attention.causal", 1},               {"attention.clamp_kqv", 0},
                {"attention.scale", 0},                {"attn_logit_softcapping", 0},
                {"final_logit_softcapping", 0},        {"logit_scale", 0},
                {"residual_scale", 0},                 {"embedding_scale", 0},
                {"expert_count", 0},                   {"pooling_type", 0}};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        char name[KEY_BYTES];
        if (find(g, c->family, list[i].key, name) && gguf_number(g, name, NAN) != list[i].neutral)
            return error_set(err, ERR_INPUT, "%s is not known here", name);
    }
    return 0;
}

int config_from_gguf(const struct gguf *g, struct model_config *c, struct error *err)
{
    *c = (struct model_config){0};
    struct slice family = gguf_string(g, "general.architecture");
    if (!slice_is(family, "qwen3") && !slice_is(family, "qwen2") && !slice_is(family, "llama"))
        return error_set(err, ERR_INPUT,
                         "this GGUF's architecture '%.*s' is not known here (qwen3, qwen2 and llama are)",
                         (int)(family.len < 40 ? family.len : 40), family.at);
    struct slice type = gguf_string(g, "general.type");
    if (type.len && !slice_is(type, "model"))
        return error_set(err, ERR_INPUT, "this GGUF file holds no model but general.type '%.*s'",
                         (int)(type.len < 40 ? type.len : 40), type.at);
    snprintf(c->family, sizeof c->family, "%.*s", (int)family.len, family.at);
    const struct weight *embed = weights_find(gguf_weights(g), "token_embd.weight");
    if (!embed || embed->dims != 2 || embed->shape[0] > 1 << 22)
        return error_set(err, ERR_INPUT, "the file has no token_embd.weight");
    c->vocab = (int)embed->shape[0];
    c->qk_norm = slice_is(family, "qwen3");
    c->qkv_bias = slice_is(family, "qwen2");
    c->tied = !weights_find(gguf_weights(g), "output.weight");
    return read_sizes(g, c, err) != 0 || read_rope(g, c, err) != 0 ? -1 : refuse_others(g, c, err);
}
