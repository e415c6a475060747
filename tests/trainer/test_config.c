/* Every field of a config that changes the arithmetic is honoured or refused by its name. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "trainer/files/gguf_write.h"
#include "trainer/model/model.h"

#define SIZES "\"vocab_size\":64,\"hidden_size\":32,\"intermediate_size\":48,\"num_hidden_layers\":2,\"num_attention_heads\":4"

static int parse(const char *family, const char *more, struct model_config *c, struct error *err)
{
    struct str text = {0};
    *err = (struct error){0};
    str_addf(&text, "{\"model_type\":\"%s\"," SIZES "%s%s}", family, *more ? "," : "", more);
    int result = config_from_json(str_slice(&text), c, err);
    str_free(&text);
    return result;
}

/* Fields and values, and the word of the message that names them. */
static void what_is_not_known_is_refused_by_name(void)
{
    static const struct {
        const char *family, *more, *name;
    } bad[] = {
        {"mistral", "", "'mistral'"},
        {"llama", "\"attention_bias\":true", "attention_bias"},
        {"qwen3", "\"num_key_value_heads\":2,\"attention_bias\":true", "attention_bias"},
        {"llama", "\"mlp_bias\":true", "mlp_bias"},
        {"llama", "\"hidden_act\":\"gelu\"", "'gelu'"},
        {"llama", "\"attention_dropout\":0.1", "attention_dropout"},
        {"llama", "\"quantization_config\":{\"bits\":4}", "quantization_config"},
        {"llama", "\"partial_rotary_factor\":0.5", "partial_rotary_factor"},
        {"llama", "\"rope_parameters\":{\"rope_type\":\"default\",\"partial_rotary_factor\":0.5}", "partial_rotary_factor"},
        {"llama", "\"rope_scaling\":{\"type\":\"dynamic\",\"factor\":2}", "'dynamic'"},
        {"qwen2", "\"num_key_value_heads\":2,\"rope_scaling\":{\"rope_type\":\"yarn\",\"factor\":4}", "'yarn'"},
        {"llama", "\"rope_scaling\":{\"rope_type\":\"longrope\"}", "'longrope'"},
        {"llama", "\"rope_scaling\":{\"rope_type\":\"linear\"}", "factor"},
        {"llama", "\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8}", "low_freq_factor"},
        {"qwen3", "\"num_key_value_heads\":2,\"rope_parameters\":{\"full_attention\":{\"rope_type\":\"default\"}}", "full_attention"},
        {"qwen2", "\"num_key_value_heads\":2,\"use_sliding_window\":true,\"max_window_layers\":1", "use_sliding_window"},
        {"qwen3", "\"num_key_value_heads\":2,\"layer_types\":[\"full_attention\",\"sliding_attention\"]", "'sliding_attention'"},
        {"llama", "\"logits_scaling\":8", "logits_scaling"},
        {"llama", "\"logit_scale\":0.5", "logit_scale"},
        {"llama", "\"embedding_multiplier\":12", "embedding_multiplier"},
        {"llama", "\"residual_multiplier\":0.2", "residual_multiplier"},
        {"llama", "\"attention_multiplier\":0.1", "attention_multiplier"},
        {"llama", "\"final_logit_softcapping\":30", "final_logit_softcapping"},
        {"llama", "\"attn_logit_softcapping\":50", "attn_logit_softcapping"},
        {"llama", "\"num_local_experts\":8", "num_local_experts"},
        {"llama", "\"is_causal\":false", "is_causal"},
        {"llama", "\"no_rope_layers\":[1,0]", "no_rope_layers"},
        {"llama", "\"architectures\":[\"LlamaForSequenceClassification\"]", "LlamaForSequenceClassification"},
        {"llama", "\"tie_word_embeddings\":\"yes\"", "tie_word_embeddings"},
        {"llama", "\"rms_norm_eps\":0", "rms_norm_eps"},
        {"llama", "\"rms_norm_eps\":\"1e-6\"", "rms_norm_eps"},
        {"llama", "\"rope_theta\":-1", "rope_theta"},
        {"llama", "\"num_key_value_heads\":3", "heads"},
        {"llama", "\"head_dim\":7", "head_dim"},
        {"llama", "\"head_dim\":2.5", "head_dim"},
        {"qwen3", "\"num_key_value_heads\":2,\"max_position_embeddings\":0", "max_position_embeddings"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct model_config c;
        struct error err;
        int result = parse(bad[i].family, bad[i].more, &c, &err);
        if (result == 0 || !strstr(err.text, bad[i].name))
            printf("%s {%s}: %s\n", bad[i].family, bad[i].more, result == 0 ? "was read" : err.text);
        CU_ASSERT_EQUAL(result, -1);
        CU_ASSERT(strstr(err.text, bad[i].name) != NULL);
    }
}

static void neutral_values_are_read(void)
{
    static const struct {
        const char *family, *more;
    } good[] = {
        {"llama", "\"attention_bias\":false,\"mlp_bias\":false,\"attention_dropout\":0.0,\"pretraining_tp\":1"},
        {"llama", "\"rope_scaling\":null,\"quantization_config\":null,\"head_dim\":null,\"hidden_act\":\"swish\""},
        {"llama", "\"architectures\":[\"LlamaForCausalLM\"],\"logits_scaling\":1.0,\"is_causal\":true"},
        {"qwen2", "\"num_key_value_heads\":2,\"use_sliding_window\":false,\"sliding_window\":32768,\"max_window_layers\":1"},
        {"qwen2", "\"num_key_value_heads\":2,\"use_sliding_window\":true,\"max_window_layers\":2,\"attention_bias\":false"},
        {"qwen3", "\"num_key_value_heads\":4,\"sliding_window\":null,\"layer_types\":[\"full_attention\",\"full_attention\"]"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct model_config c;
        struct error err;
        int result = parse(good[i].family, good[i].more, &c, &err);
        if (result != 0)
            printf("{%s}: %s\n", good[i].more, err.text);
        CU_ASSERT_EQUAL(result, 0);
    }
}

/* What is absent is what the class in transformers has for it; null is something else again. */
static void absent_fields_are_transformers_defaults(void)
{
    struct model_config c;
    struct error err;
    CU_ASSERT_EQUAL(parse("qwen3", "\"num_key_value_heads\":null", &c, &err), 0);
    CU_ASSERT(c.head_dim == 128 && c.kv_heads == 4 && c.max_positions == 32768);
    CU_ASSERT_EQUAL(parse("qwen3", "\"num_key_value_heads\":2,\"head_dim\":null", &c, &err), 0);
    CU_ASSERT(c.head_dim == 8 && c.kv_heads == 2 && c.qk_norm && !c.qkv_bias);
    CU_ASSERT_EQUAL(parse("qwen3", "", &c, &err), -1); /* 32 key heads for 4 */
    CU_ASSERT_EQUAL(parse("llama", "", &c, &err), 0);
    CU_ASSERT(c.head_dim == 8 && c.kv_heads == 4 && c.max_positions == 2048 && !c.tied && c.rope_theta == 10000);
    CU_ASSERT_EQUAL(c.eps, 1e-6F);
}

static void rope_is_scaled(void)
{
    struct model_config c;
    struct error err;
    float plain[4], scaled[4];
    CU_ASSERT_EQUAL(parse("llama", "", &c, &err), 0);
    config_rope_freqs(&c, plain);
    CU_ASSERT_EQUAL(parse("llama", "\"rope_scaling\":{\"type\":\"linear\",\"factor\":4.0}", &c, &err), 0);
    config_rope_freqs(&c, scaled);
    for (int i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(scaled[i], plain[i] / 4);
    struct str text = {0};
    struct model_config back;
    config_print(&c, &text);
    CU_ASSERT_EQUAL(config_from_json(str_slice(&text), &back, &err), 0);
    CU_ASSERT_EQUAL(memcmp(&back, &c, sizeof c), 0);
    str_free(&text);
}

/* Llama 3.1's frequencies out of a GGUF file get their name back, others do not. */
static void rope_factors_are_named(void)
{
    struct model_config c, plain;
    struct error err;
    float freqs[HEAD_DIM_MAX / 2];
    CU_ASSERT_EQUAL(parse("llama", "\"head_dim\":64,\"rope_theta\":500000.0,\"rope_scaling\":{\"rope_type\":\"llama3\","
                                   "\"factor\":8,\"low_freq_factor\":1,\"high_freq_factor\":4,"
                                   "\"original_max_position_embeddings\":8192}", &c, &err), 0);
    CU_ASSERT_EQUAL(parse("llama", "\"head_dim\":64,\"rope_theta\":500000.0", &plain, &err), 0);
    config_rope_freqs(&c, freqs);
    CU_ASSERT(config_name_rope(&plain, freqs));
    CU_ASSERT_EQUAL(memcmp(&plain.rope_llama3, &c.rope_llama3, sizeof c.rope_llama3), 0);
    freqs[10] *= 1.5F;
    plain.rope_llama3.on = false;
    CU_ASSERT_FALSE(config_name_rope(&plain, freqs));
}

enum { KEYS = 7 };

/* A GGUF file's config with one key more, or one of the usual ones with another value. */
static int parse_gguf(const char *dir, const struct gguf_pair *other, struct error *err)
{
    struct gguf_pair pairs[KEYS + 1] = {
        {"general.architecture", GGUF_STRING, "llama", 0},
        {"llama.embedding_length", GGUF_U32, NULL, 4},
        {"llama.block_count", GGUF_U32, NULL, 1},
        {"llama.feed_forward_length", GGUF_U32, NULL, 4},
        {"llama.attention.head_count", GGUF_U32, NULL, 2},
        {"llama.context_length", GGUF_U32, NULL, 16},
        {"llama.attention.layer_norm_rms_epsilon", GGUF_F32, NULL, 1e-5},
        *other,
    };
    static const float zeros[8];
    const struct st_tensor embed = {"token_embd.weight", 2, {2, 4}, zeros};
    size_t count = KEYS + 1;
    for (size_t i = 0; i < KEYS; i++) {
        if (strcmp(pairs[i].key, other->key) == 0) {
            pairs[i] = *other;
            count = KEYS;
        }
    }
    struct model_config c;
    *err = (struct error){0};
    const char *path = tmp_join(dir, "m.gguf");
    CU_ASSERT_EQUAL(gguf_write(path, pairs, count, &embed, 1, err), 0);
    return model_config_of(path, &c, err);
}

static void gguf_keys_are_refused_by_name(void)
{
    static const struct gguf_pair bad[] = {
        {"general.architecture", GGUF_STRING, "mamba", 0},
        {"general.type", GGUF_STRING, "adapter", 0},
        {"llama.rope.scaling.type", GGUF_STRING, "yarn", 0},
        {"llama.rope.dimension_count", GGUF_U32, NULL, 1},
        {"llama.attention.value_length", GGUF_U32, NULL, 4},
        {"llama.expert_count", GGUF_U32, NULL, 8},
        {"llama.attention.sliding_window", GGUF_U32, NULL, 128},
        {"llama.logit_scale", GGUF_F32, NULL, 0.5},
        {"llama.attention.scale", GGUF_F32, NULL, 0.5},
        {"llama.attention.layer_norm_rms_epsilon", GGUF_F32, NULL, 0},
        {"llama.attention.head_count_kv", GGUF_STRING, "1,2", 0},
        {"llama.block_count", GGUF_F32, NULL, 1.5},
    };
    static const struct gguf_pair good[] = {
        {"llama.rope.dimension_count", GGUF_U32, NULL, 2},
        {"llama.rope.scaling.type", GGUF_STRING, "none", 0},
        {"llama.attention.head_count_kv", GGUF_U32, NULL, 1},
    };
    char *dir = tmp_make();
    struct error err;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *name = strcmp(bad[i].key, "general.architecture") == 0 ? "'mamba'" : bad[i].key;
        int result = parse_gguf(dir, &bad[i], &err);
        if (result == 0 || !strstr(err.text, name))
            printf("%s: %s\n", bad[i].key, result == 0 ? "was read" : err.text);
        CU_ASSERT_EQUAL(result, -1);
        CU_ASSERT(strstr(err.text, name) != NULL);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (parse_gguf(dir, &good[i], &err) != 0)
            CU_FAIL(err.text);
    }
    tmp_remove(dir);
}

/* A bias that the config does not tell of would be left out: the file is refused. */
static void tensors_nobody_asks_for_are_refused(void)
{
    char *dir = tmp_make();
    struct error err = {0};
    struct weight_set set = {0};
    struct str config = {0};
    CU_ASSERT_EQUAL_FATAL(safetensors_read(GOLDEN "/llama/model.safetensors", &set, &err), 0);
    CU_ASSERT_EQUAL_FATAL(file_read(GOLDEN "/llama/config.json", 1 << 20, &config, &err), 0);
    CU_ASSERT_EQUAL(file_write_atomic(tmp_join(dir, "config.json"), 0600, str_slice(&config), &err), 0);
    static const char *const extra[] = {"model.layers.0.self_attn.q_proj.bias", "model.layers.0.self_attn.rotary_emb.inv_freq"};
    struct st_tensor out[64];
    static const float zeros[64];
    CU_ASSERT_FATAL(set.count < 64);
    for (size_t i = 0; i < set.count; i++) {
        const struct weight *w = &set.items[i];
        out[i] = (struct st_tensor){w->name, w->dims, {w->shape[0], w->shape[1]}, (const float *)(const void *)w->data};
    }
    struct backend *b = cpu_backend_new(1);
    for (size_t k = 0; k < 2; k++) {
        out[set.count] = (struct st_tensor){extra[k], 1, {48}, zeros};
        CU_ASSERT_EQUAL(safetensors_write(tmp_join(dir, "model.safetensors"), out, set.count + 1, NULL, &err), 0);
        struct model *m = model_load(b, dir, &err);
        CU_ASSERT_EQUAL(m != NULL, k == 1);
        CU_ASSERT(m || strstr(err.text, extra[k]));
        model_free(m);
    }
    CU_ASSERT_EQUAL(b->bytes, 0);
    cpu_backend_free(b);
    weights_free(&set);
    str_free(&config);
    tmp_remove(dir);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"what is not known is refused by name", what_is_not_known_is_refused_by_name},
        {"neutral values are read", neutral_values_are_read},
        {"absent fields are transformers' defaults", absent_fields_are_transformers_defaults},
        {"RoPE is scaled, and printed", rope_is_scaled},
        {"Llama 3's RoPE in a GGUF file is named", rope_factors_are_named},
        {"GGUF keys are refused by name", gguf_keys_are_refused_by_name},
        {"tensors nobody asks for are refused", tensors_nobody_asks_for_are_refused},
        {NULL, NULL},
    };
    return suite_run("trainer: config", tests, argc, argv);
}
