#include "trainer/model/config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

/* A whole number in [min, max]; absent when the field is not there, null when it is null. */
static int read_int(const struct json *j, const char *name, int absent, int null, int min, int max, int *out,
                    struct error *err)
{
    const struct json *field = json_get(j, name);
    int64_t v = field ? null : absent;
    if (json_type(field) != JSON_NULL && !json_int(field, &v))
        return error_set(err, ERR_INPUT, "config.json: %s is no whole number", name);
    if (v < min || v > max)
        return error_set(err, ERR_INPUT, "config.json: %s is missing or not in %d..%d", name, min, max);
    *out = (int)v;
    return 0;
}

/* A number above 0; fallback when absent or null, where that is above 0 too. */
static int read_positive(const struct json *j, const char *name, double fallback, float *out, struct error *err)
{
    const struct json *field = json_get(j, name);
    double v = json_type(field) == JSON_NULL ? fallback : json_number(field, 0);
    if (!((float)v > 0) || !isfinite((float)v))
        return error_set(err, ERR_INPUT, "config.json: %s is missing or no number above 0", name);
    *out = (float)v;
    return 0;
}

static int read_bool(const struct json *j, const char *name, bool *out, struct error *err)
{
    const struct json *field = json_get(j, name);
    if (json_type(field) != JSON_NULL && json_type(field) != JSON_BOOL)
        return error_set(err, ERR_INPUT, "config.json: %s is neither true nor false", name);
    *out = json_bool(field, false);
    return 0;
}

/* What is absent is as the family's class in transformers has it. */
static int read_sizes(const struct json *j, struct model_config *c, struct error *err)
{
    enum { WIDE = 1 << 20, DEEP = 1024, VOCAB = 1 << 22 };
    bool llama = strcmp(c->family, "llama") == 0;
    if (read_int(j, "vocab_size", 0, 0, 1, VOCAB, &c->vocab, err) != 0 ||
        read_int(j, "hidden_size", 0, 0, 1, WIDE, &c->hidden, err) != 0 ||
        read_int(j, "intermediate_size", 0, 0, 1, WIDE, &c->ffn, err) != 0 ||
        read_int(j, "num_hidden_layers", 0, 0, 1, DEEP, &c->layers, err) != 0 ||
        read_int(j, "num_attention_heads", 0, 0, 1, DEEP, &c->q_heads, err) != 0)
        return -1;
    int heads = c->q_heads, usual = c->hidden / heads;
    if (read_int(j, "num_key_value_heads", llama ? heads : 32, heads, 1, DEEP, &c->kv_heads, err) != 0 ||
        read_int(j, "head_dim", c->qk_norm ? 128 : usual, usual, 2, HEAD_DIM_MAX, &c->head_dim, err) != 0 ||
        read_int(j, "max_position_embeddings", llama ? 2048 : 32768, 0, 1, 1 << 24, &c->max_positions, err) != 0 ||
        read_positive(j, "rms_norm_eps", 1e-6, &c->eps, err) != 0 ||
        read_bool(j, "tie_word_embeddings", &c->tied, err) != 0)
        return -1;
    if (c->q_heads % c->kv_heads != 0 || c->head_dim % 2 != 0)
        return error_set(err, ERR_INPUT, "config.json: the numbers of heads or head_dim do not fit");
    return 0;
}

static int read_llama3(const struct json *p, struct model_config *c, struct error *err)
{
    c->rope_llama3.on = true;
    return read_positive(p, "factor", 0, &c->rope_llama3.factor, err) != 0 ||
                   read_positive(p, "low_freq_factor", 0, &c->rope_llama3.low, err) != 0 ||
                   read_positive(p, "high_freq_factor", 0, &c->rope_llama3.high, err) != 0 ||
                   read_positive(p, "original_max_position_embeddings", c->max_positions,
                                 &c->rope_llama3.original, err) != 0
               ? -1
               : 0;
}

static int read_rope(const struct json *j, struct model_config *c, struct error *err)
{
    const struct json *p = json_get(j, "rope_parameters"); /* transformers 5; else rope_scaling */
    if (json_type(p) != JSON_OBJECT)
        p = json_get(j, "rope_scaling");
    float theta = 0;
    if (read_positive(j, "rope_theta", 10000, &theta, err) != 0 ||
        read_positive(p, "rope_theta", theta, &c->rope_theta, err) != 0)
        return -1;
    const char *type = json_string(json_get(p, "type"), "default");
    type = json_string(json_get(p, "rope_type"), type);
    for (const struct json *m = json_first(p); m; m = json_next(m)) {
        if (json_type(m) == JSON_OBJECT)
            return error_set(err, ERR_INPUT, "config.json: RoPE by kind of layer (%.40s) is not known here",
                             json_name(m));
    }
    double partial = json_number(json_get(p, "partial_rotary_factor"),
                                 json_number(json_get(j, "partial_rotary_factor"), 1));
    if (partial != 1)
        return error_set(err, ERR_INPUT, "config.json: partial_rotary_factor is not known here");
    c->rope_linear = 1;
    if (strcmp(type, "default") == 0)
        return 0;
    if (strcmp(type, "linear") == 0)
        return read_positive(p, "factor", 0, &c->rope_linear, err);
    if (strcmp(type, "llama3") == 0)
        return read_llama3(p, c, err);
    return error_set(err, ERR_INPUT, "config.json: rope type '%.40s' is not known here (default, linear and llama3 "
                                     "are)", type);
}

/* Layers of Qwen from max_window_layers on see a window, where it is asked for. */
static int refuse_windows(const struct json *j, const struct model_config *c, struct error *err)
{
    const struct json *kinds = json_get(j, "layer_types");
    bool uses = false;
    if (read_bool(j, "use_sliding_window", &uses, err) != 0)
        return -1;
    for (const struct json *k = json_first(kinds); k; k = json_next(k)) {
        if (strcmp(json_string(k, ""), "full_attention") != 0)
            return error_set(err, ERR_INPUT, "config.json: layer_types: '%.40s' is not known here (full_attention is)",
                             json_string(k, ""));
    }
    double window = json_number(json_get(j, "sliding_window"), json_get(j, "sliding_window") ? 0 : 4096);
    if (uses && window > 0 && json_size(kinds) == 0 &&
        json_number(json_get(j, "max_window_layers"), 28) < c->layers)
        return error_set(err, ERR_INPUT, "config.json: use_sliding_window is not known here");
    return 0;
}

/* A head that gives anything but the next token is another program. */
static int refuse_heads(const struct json *j, struct error *err)
{
    static const char wanted[] = "ForCausalLM";
    const struct json *list = json_get(j, "architectures");
    for (const struct json *a = json_first(list); a; a = json_next(a)) {
        const char *name = json_string(a, "");
        size_t len = strlen(name);
        if (len < sizeof wanted - 1 || strcmp(name + len - (sizeof wanted - 1), wanted) != 0)
            return error_set(err, ERR_INPUT, "config.json: architectures: '%.60s' is not known here (one that ends in "
                                             "%s is)", name, wanted);
    }
    return 0;
}

/* Fields that change the arithmetic in ways not built here, unless they have the value that does not. */
static int refuse_others(const struct json *j, struct error *err)
{
    static const struct {
        const char *name;
        double neutral;
    } list[] = {{"attention_bias", 0},        {"mlp_bias", 0},           {"quantization_config", 0},
                {"attention_dropout", 0},     {"hidden_dropout", 0},     {"resid_pdrop", 0},
                {"embd_pdrop", 0},            {"use_qk_norm", 0},        {"is_causal", 1},
                {"use_bidirectional_attention", 0}, {"rope_interleaved", 0}, {"rotary_pct", 1},
                {"logit_scale", 1},           {"logits_scaling", 1},     {"embedding_multiplier", 1},
                {"residual_multiplier", 1},   {"attention_multiplier", 0}, {"query_pre_attn_scalar", 0},
                {"attn_logit_softcapping", 0}, {"final_logit_softcapping", 0}, {"clip_qkv", 0},
                {"num_experts", 0},           {"num_local_experts", 0},  {"no_rope_layers", 0},
                {"tie_encoder_decoder", 0}};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        const struct json *f = json_get(j, list[i].name);
        enum json_type type = json_type(f);
        double v = type == JSON_BOOL ? json_bool(f, false) : json_number(f, list[i].neutral);
        if (json_size(f) > 0 || type == JSON_STRING || v != list[i].neutral)
            return error_set(err, ERR_INPUT, "config.json: %s is not known here", list[i].name);
    }
    const char *act = json_string(json_get(j, "hidden_act"), "silu");
    if (strcmp(act, "silu") != 0 && strcmp(act, "swish") != 0) /* two names of one */
        return error_set(err, ERR_INPUT, "config.json: hidden_act '%.40s' is not known here (silu is)", act);
    return 0;
}

static int read_family(const struct json *j, struct model_config *c, struct error *err)
{
    const char *family = json_string(json_get(j, "model_type"), "");
    if (strcmp(family, "qwen3") != 0 && strcmp(family, "qwen2") != 0 && strcmp(family, "llama") != 0)
        return error_set(err, ERR_INPUT,
                         "config.json: model_type '%.40s' is not known here (qwen3, qwen2 and llama are)",
                         family);
    snprintf(c->family, sizeof c->family, "%s", family);
    c->qk_norm = strcmp(family, "qwen3") == 0;
    c->qkv_bias = strcmp(family, "qwen2") == 0;
    return 0;
}

int config_from_json(struct slice text, struct model_config *c, struct error *err)
{
    *c = (struct model_config){0};
    struct json *j = json_parse(text, NULL, err);
    if (!j)
        return error_prefix(err, "config.json: ");
    int result = 0;
    if (read_family(j, c, err) != 0 || refuse_heads(j, err) != 0 || read_sizes(j, c, err) != 0 ||
        read_rope(j, c, err) != 0 || refuse_windows(j, c, err) != 0 || refuse_others(j, err) != 0)
        result = -1;
    json_free(j);
    return result;
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
    if (c->rope_linear != 1)
        str_addf(out, "  \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": %.9g},\n",
                 (double)c->rope_linear);
    if (c->rope_llama3.on)
        str_addf(out,
                 "  \"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": %.9g, "
                 "\"low_freq_factor\": %.9g, \"high_freq_factor\": %.9g, "
                 "\"original_max_position_embeddings\": %.9g},\n",
                 (double)c->rope_llama3.factor, (double)c->rope_llama3.low,
                 (double)c->rope_llama3.high, (double)c->rope_llama3.original);
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
        out[i] = c->rope_llama3.on ? scale_llama3(c, freq) : freq / c->rope_linear;
    }
}

static bool has_freqs(const struct model_config *c, const float *freqs)
{
    float own[HEAD_DIM_MAX / 2];
    config_rope_freqs(c, own);
    for (int i = 0; i < c->head_dim / 2; i++) {
        if (fabsf(own[i] - freqs[i]) > 1e-5F * own[i])
            return false;
    }
    return true;
}

bool config_name_rope(struct model_config *c, const float *freqs)
{
    struct model_config plain = *c, scaled = *c;
    if (has_freqs(c, freqs))
        return true;
    plain.rope_llama3.on = false;
    float own[HEAD_DIM_MAX / 2];
    int last = c->head_dim / 2 - 1; /* the slowest is divided by the whole factor */
    config_rope_freqs(&plain, own);
    scaled.rope_llama3.on = true;
    scaled.rope_llama3.factor = roundf(own[last] / freqs[last]);
    scaled.rope_llama3.low = 1;
    scaled.rope_llama3.high = 4;
    scaled.rope_llama3.original = 8192;
    if (!has_freqs(&scaled, freqs))
        return false;
    *c = scaled;
    return true;
}

double config_weights(const struct model_config *c)
{
    double d = c->hidden, q = (double)c->q_heads * c->head_dim, kv = (double)c->kv_heads * c->head_dim;
    double layer = d * (2 * q + 2 * kv) + 3 * d * c->ffn + 2 * d;
    layer += c->qkv_bias ? q + 2 * kv : 0;
    layer += c->qk_norm ? 2.0 * c->head_dim : 0;
    return layer * c->layers + d + (c->tied ? 1 : 2) * d * c->vocab;
}
