#include "trainer/model/config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

/* A whole number in [min, max]; fallback when absent and fallback is in range. */
static int read_int(const struct json *j, const char *name, int fallback, int min, int max, int *out,
                    struct error *err)
{
    int64_t v = fallback;
    const struct json *field = json_get(j, name);
    if (json_type(field) != JSON_NULL && !json_int(field, &v))
        return error_set(err, ERR_INPUT, "config.json: %s is no whole number", name);
    if (v < min || v > max)
        return error_set(err, ERR_INPUT, "config.json: %s is missing or not in %d..%d", name, min, max);
    *out = (int)v;
    return 0;
}

static int read_sizes(const struct json *j, struct model_config *c, struct error *err)
{
    enum { WIDE = 1 << 20, DEEP = 1024, VOCAB = 1 << 22 };
    if (read_int(j, "vocab_size", 0, 1, VOCAB, &c->vocab, err) != 0 ||
        read_int(j, "hidden_size", 0, 1, WIDE, &c->hidden, err) != 0 ||
        read_int(j, "intermediate_size", 0, 1, WIDE, &c->ffn, err) != 0 ||
        read_int(j, "num_hidden_layers", 0, 1, DEEP, &c->layers, err) != 0 ||
        read_int(j, "num_attention_heads", 0, 1, DEEP, &c->q_heads, err) != 0 ||
        read_int(j, "num_key_value_heads", c->q_heads, 1, DEEP, &c->kv_heads, err) != 0 ||
        read_int(j, "head_dim", c->hidden / c->q_heads, 2, HEAD_DIM_MAX, &c->head_dim, err) != 0 ||
        read_int(j, "max_position_embeddings", 2048, 1, 1 << 24, &c->max_positions, err) != 0)
        return -1;
    if (c->q_heads % c->kv_heads != 0 || c->head_dim % 2 != 0)
        return error_set(err, ERR_INPUT, "config.json: the numbers of heads or head_dim do not fit");
    return 0;
}

static int read_rope(const struct json *j, struct model_config *c, struct error *err)
{
    const struct json *p = json_get(j, "rope_parameters"); /* transformers 5; else rope_scaling */
    if (json_type(p) != JSON_OBJECT)
        p = json_get(j, "rope_scaling");
    double theta = json_number(json_get(j, "rope_theta"), 10000);
    c->rope_theta = (float)json_number(json_get(p, "rope_theta"), theta);
    const char *type = json_string(json_get(p, "type"), "default");
    type = json_string(json_get(p, "rope_type"), type);
    double partial = json_number(json_get(p, "partial_rotary_factor"),
                                 json_number(json_get(j, "partial_rotary_factor"), 1));
    if (partial != 1)
        return error_set(err, ERR_INPUT, "config.json: partial_rotary_factor is not known here");
    if (strcmp(type, "default") == 0)
        return 0;
    if (strcmp(type, "llama3") != 0)
        return error_set(err, ERR_INPUT, "config.json: rope type '%.40s' is not known here "
                                         "(default and llama3 are)", type);
    c->rope_llama3.on = true;
    c->rope_llama3.factor = (float)json_number(json_get(p, "factor"), 8);
    c->rope_llama3.low = (float)json_number(json_get(p, "low_freq_factor"), 1);
    c->rope_llama3.high = (float)json_number(json_get(p, "high_freq_factor"), 4);
    c->rope_llama3.original =
        (float)json_number(json_get(p, "original_max_position_embeddings"), 8192);
    return 0;
}

/* Fields that would change the arithmetic in ways not built here. */
static int refuse_others(const struct json *j, struct error *err)
{
    static const char *const off[] = {"use_sliding_window", "mlp_bias", "quantization_config",
                                      "tie_encoder_decoder"};
    for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
        const struct json *f = json_get(j, off[i]);
        if (json_bool(f, false) || json_type(f) == JSON_OBJECT)
            return error_set(err, ERR_INPUT, "config.json: %s is not known here", off[i]);
    }
    const char *act = json_string(json_get(j, "hidden_act"), "silu");
    if (strcmp(act, "silu") != 0)
        return error_set(err, ERR_INPUT, "config.json: hidden_act '%.40s' is not known here", act);
    if (json_number(json_get(j, "attention_dropout"), 0) != 0)
        return error_set(err, ERR_INPUT, "config.json: attention_dropout is not known here");
    const struct json *kinds = json_get(j, "layer_types");
    for (const struct json *k = json_first(kinds); k; k = json_next(k)) {
        if (strcmp(json_string(k, ""), "full_attention") != 0)
            return error_set(err, ERR_INPUT, "config.json: attention other than full is not known here");
    }
    return 0;
}

static int read_family(const struct json *j, struct model_config *c, struct error *err)
{
    const char *family = json_string(json_get(j, "model_type"), "");
    bool bias = json_bool(json_get(j, "attention_bias"), false);
    if (strcmp(family, "qwen3") != 0 && strcmp(family, "qwen2") != 0 && strcmp(family, "llama") != 0)
        return error_set(err, ERR_INPUT,
                         "config.json: model_type '%.40s' is not known here (qwen3, qwen2 and llama are)",
                         family);
    snprintf(c->family, sizeof c->family, "%s", family);
    c->qk_norm = strcmp(family, "qwen3") == 0;
    c->qkv_bias = strcmp(family, "qwen2") == 0;
    if (bias && !c->qkv_bias)
        return error_set(err, ERR_INPUT, "config.json: attention_bias is not known here for %s", family);
    return 0;
}

int config_from_json(struct slice text, struct model_config *c, struct error *err)
{
    *c = (struct model_config){0};
    struct json *j = json_parse(text, NULL, err);
    if (!j)
        return error_prefix(err, "config.json: ");
    int result = 0;
    if (read_family(j, c, err) != 0 || read_sizes(j, c, err) != 0 || read_rope(j, c, err) != 0 ||
        refuse_others(j, err) != 0)
        result = -1;
    c->eps = (float)json_number(json_get(j, "rms_norm_eps"), 1e-6);
    c->tied = json_bool(json_get(j, "tie_word_embeddings"), false);
    json_free(j);
    return result;
}

static int gguf_size(const struct gguf *g, const char *family, const char *key, double fallback,
                     int *out, struct error *err)
{
    char name[96];
    snprintf(name, sizeof name, "%s.%s", family, key);
    double v = gguf_number(g, name, fallback);
    if (!(v >= 1 && v <= 1 << 24))
        return error_set(err, ERR_INPUT, "%s is missing or out of range", name);
    *out = (int)v;
    return 0;
}

static float gguf_float(const struct gguf *g, const char *family, const char *key, float fallback)
{
    char name[96];
    snprintf(name, sizeof name, "%s.%s", family, key);
    return (float)gguf_number(g, name, fallback);
}

/* Of a model that does not say: the hidden width shared among the heads. */
static int usual_head_dim(const struct model_config *c)
{
    return c->hidden / c->q_heads;
}

static int gguf_sizes(const struct gguf *g, struct model_config *c, struct error *err)
{
    const char *f = c->family;
    if (gguf_size(g, f, "embedding_length", 0, &c->hidden, err) != 0 ||
        gguf_size(g, f, "block_count", 0, &c->layers, err) != 0 ||
        gguf_size(g, f, "feed_forward_length", 0, &c->ffn, err) != 0 ||
        gguf_size(g, f, "attention.head_count", 0, &c->q_heads, err) != 0 ||
        gguf_size(g, f, "attention.head_count_kv", c->q_heads, &c->kv_heads, err) != 0 ||
        gguf_size(g, f, "attention.key_length", usual_head_dim(c), &c->head_dim, err) != 0 ||
        gguf_size(g, f, "context_length", 2048, &c->max_positions, err) != 0)
        return -1;
    if (c->layers > 1024 || c->head_dim > HEAD_DIM_MAX || c->q_heads % c->kv_heads != 0 ||
        c->head_dim % 2 != 0)
        return error_set(err, ERR_INPUT, "the numbers of layers, heads or their size do not fit");
    return 0;
}

int config_from_gguf(const struct gguf *g, struct model_config *c, struct error *err)
{
    *c = (struct model_config){0};
    struct slice family = gguf_string(g, "general.architecture");
    if (!slice_is(family, "qwen3") && !slice_is(family, "qwen2") && !slice_is(family, "llama"))
        return error_set(err, ERR_INPUT,
                         "this GGUF's architecture is not known here (qwen3, qwen2 and llama are)");
    snprintf(c->family, sizeof c->family, "%.*s", (int)family.len, family.at);
    const struct weight *embed = weights_find(gguf_weights(g), "token_embd.weight");
    if (!embed || embed->dims != 2 || embed->shape[0] > 1 << 22)
        return error_set(err, ERR_INPUT, "the file has no token_embd.weight");
    if (gguf_sizes(g, c, err) != 0)
        return -1;
    char scaling[64];
    snprintf(scaling, sizeof scaling, "%s.rope.scaling.type", c->family);
    struct slice type = gguf_string(g, scaling);
    if (type.len && !slice_is(type, "none"))
        return error_set(err, ERR_INPUT, "%s is not known here", scaling);
    c->vocab = (int)embed->shape[0];
    c->eps = gguf_float(g, c->family, "attention.layer_norm_rms_epsilon", 1e-6F);
    c->rope_theta = gguf_float(g, c->family, "rope.freq_base", 10000);
    c->qk_norm = slice_is(family, "qwen3");
    c->qkv_bias = slice_is(family, "qwen2");
    c->tied = !weights_find(gguf_weights(g), "output.weight");
    return 0;
}

void config_print(const struct model_config *c, struct str *out)
{
    bool qwen3 = c->qk_norm, qwen2 = c->qkv_bias;
    str_addf(out, "{\n  \"architectures\": [\"%s\"],\n",
             qwen3 ? "Qwen3ForCausalLM" : qwen2 ? "Qwen2ForCausalLM" : "LlamaForCausalLM");
    str_addf(out, "  \"model_type\": \"%s\",\n  \"hidden_act\": \"silu\",\n", c->family);
    str_addf(out, "  \"vocab_size\": %d,\n  \"hidden_size\": %d,\n", c->vocab, c->hidden);
    str_addf(out, "  \"intermediate_size\": %d,\n  \"num_hidden_layers\": %d,\n", c->ffn, c->layers);
    str_addf(out, "  \"num_attention_heads\": %d,\n  \"num_key_value_heads\": %d,\n", c->q_heads,
             c->kv_heads);
    str_addf(out, "  \"head_dim\": %d,\n  \"max_position_embeddings\": %d,\n", c->head_dim,
             c->max_positions);
    str_addf(out, "  \"rms_norm_eps\": %.9g,\n  \"rope_theta\": %.9g,\n", (double)c->eps,
             (double)c->rope_theta);
    if (c->rope_llama3.on)
        str_addf(out,
                 "  \"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": %.9g, "
                 "\"low_freq_factor\": %.9g, \"high_freq_factor\": %.9g, "
                 "\"original_max_position_embeddings\": %.9g},\n",
                 (double)c->rope_llama3.factor, (double)c->rope_llama3.low,
                 (double)c->rope_llama3.high, (double)c->rope_llama3.original);
    str_addf(out, "  \"attention_bias\": %s,\n", qwen2 ? "true" : "false");
    str_addf(out, "  \"tie_word_embeddings\": %s,\n  \"torch_dtype\": \"float32\"\n}\n",
             c->tied ? "true" : "false");
}

static float scale_llama3(const struct model_config *c, float freq)
{
    float wave = 6.283185307179586F / freq, old = c->rope_llama3.original;
    float low = c->rope_llama3.low, high = c->rope_llama3.high, factor = c->rope_llama3.factor;
    if (wave > old / low)
        return freq / factor;
    if (wave < old / high)
        return freq;
    float smooth = (old / wave - low) / (high - low);
    return (1 - smooth) * freq / factor + smooth * freq;
}

void config_rope_freqs(const struct model_config *c, float *out)
{
    for (int i = 0; i < c->head_dim / 2; i++) {
        float freq = 1.0F / powf(c->rope_theta, (float)(2 * i) / (float)c->head_dim);
        out[i] = c->rope_llama3.on ? scale_llama3(c, freq) : freq;
    }
}

double config_weights(const struct model_config *c)
{
    double d = c->hidden, q = (double)c->q_heads * c->head_dim, kv = (double)c->kv_heads * c->head_dim;
    double layer = d * (2 * q + 2 * kv) + 3 * d * c->ffn + 2 * d;
    layer += c->qkv_bias ? q + 2 * kv : 0;
    layer += c->qk_norm ? 2.0 * c->head_dim : 0;
    return layer * c->layers + d + (c->tied ? 1 : 2) * d * c->vocab;
}
