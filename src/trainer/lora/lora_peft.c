/* Adapters in PEFT's format: adapter_config.json and adapter_model.safetensors. */
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "trainer/files/safetensors.h"
#include "trainer/lora/lora_parts.h"

enum { CONFIG_MAX = 1 << 20 };

/* What PEFT can ask for and is not built here. */
static int refuse_others(const struct json *j, struct error *err)
{
    static const char *const names[] = {"use_dora", "rank_pattern", "alpha_pattern", "fan_in_fan_out",
                                        "modules_to_save", "layers_to_transform", "lora_bias",
                                        "trainable_token_indices"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct json *f = json_get(j, names[i]);
        if (json_bool(f, false) || json_size(f) > 0 || json_type(f) == JSON_NUMBER)
            return error_set(err, ERR_INPUT, "adapter_config.json: %s is not known here", names[i]);
    }
    if (strcmp(json_string(json_get(j, "bias"), "none"), "none") != 0)
        return error_set(err, ERR_INPUT, "adapter_config.json: bias is not known here");
    if (strcmp(json_string(json_get(j, "peft_type"), ""), "LORA") != 0)
        return error_set(err, ERR_INPUT, "adapter_config.json: this is no LoRA adapter");
    return 0;
}

static int read_config(const char *folder, struct lora_options *o, struct error *err)
{
    struct str name = {0}, text = {0};
    str_addf(&name, "%s/adapter_config.json", folder);
    struct json *j = file_read(name.at, CONFIG_MAX, &text, err) == 0
                         ? json_parse(str_slice(&text), NULL, err)
                         : NULL;
    int64_t rank = 0;
    int result = j ? refuse_others(j, err) : -1;
    if (result == 0 && (!json_int(json_get(j, "r"), &rank) || rank < 1 || rank > LORA_RANK_MAX))
        result = error_set(err, ERR_INPUT, "adapter_config.json: r is not in 1..%d", LORA_RANK_MAX);
    o->rank = (int)rank;
    o->alpha = json_number(json_get(j, "lora_alpha"), (double)rank);
    o->rslora = json_bool(json_get(j, "use_rslora"), false);
    json_free(j);
    str_free(&name);
    str_free(&text);
    return result;
}

static int read_tensor(struct model *m, const struct weight_set *set, const char *name, size_t rows,
                       size_t cols, real *to, float *master, struct error *err)
{
    float *host = mem_alloc(rows * cols * sizeof *host);
    int result = weights_read(set, name, rows, cols, host, err);
    if (result == 0)
        pair_upload(m->backend, to, master, host, rows * cols);
    mem_free(host);
    return result;
}

static int load_map(struct model *m, const struct weight_set *set, int layer, int kind, struct error *err)
{
    const struct linear *l = &m->layers[layer].linears[kind];
    size_t rank = (size_t)l->lora.rank;
    char a[LORA_NAME_BYTES], b[LORA_NAME_BYTES];
    lora_peft_name(a, layer, kind, 'A');
    lora_peft_name(b, layer, kind, 'B');
    return read_tensor(m, set, a, rank, (size_t)l->in, l->lora.a, l->lora.master_a, err) != 0
               ? -1
               : read_tensor(m, set, b, (size_t)l->out, rank, l->lora.b, l->lora.master_b, err);
}

static int load_tensors(struct model *m, const struct weight_set *set, struct lora_options *o,
                        struct params *params, struct error *err)
{
    char a[LORA_NAME_BYTES], b[LORA_NAME_BYTES];
    size_t used = 0;
    for (int i = 0; i < m->config.layers; i++) {
        bool here[LINEARS];
        for (int k = 0; k < LINEARS; k++) {
            lora_peft_name(a, i, k, 'A');
            lora_peft_name(b, i, k, 'B');
            here[k] = weights_find(set, a) || weights_find(set, b);
            o->targets[k] = o->targets[k] || here[k];
            used += here[k] ? 2 : 0;
        }
        if (lora_attach_layer(m, i, here, o, params, err) != 0)
            return -1;
        for (int k = 0; k < LINEARS; k++) {
            if (here[k] && load_map(m, set, i, k, err) != 0)
                return -1;
        }
    }
    if (used != set->count)
        return error_set(err, ERR_INPUT, "%zu of the adapter's %zu tensors are for no layer known here",
                         set->count - used, set->count);
    return 0;
}

static int open_peft(const char *folder, struct weight_set *set, struct lora_options *o, struct error *err)
{
    struct str name = {0};
    str_addf(&name, "%s/adapter_model.safetensors", folder);
    int result = read_config(folder, o, err);
    if (result == 0)
        result = safetensors_read(name.at, set, err);
    str_free(&name);
    return result;
}

int lora_load_peft(struct model *m, const char *folder, struct lora_options *o, struct params *params,
                   struct error *err)
{
    struct weight_set set = {0};
    int result = open_peft(folder, &set, o, err);
    if (result == 0)
        result = load_tensors(m, &set, o, params, err);
    weights_free(&set);
    return result;
}

int lora_describe_peft(const struct model *m, const char *folder, struct lora_options *o, struct error *err)
{
    struct weight_set set = {0};
    char name[LORA_NAME_BYTES];
    int result = open_peft(folder, &set, o, err);
    for (int i = 0; result == 0 && i < m->config.layers; i++) {
        for (int k = 0; k < LINEARS; k++) {
            lora_peft_name(name, i, k, 'A');
            o->targets[k] = o->targets[k] || weights_find(&set, name);
        }
    }
    weights_free(&set);
    return result;
}

static int write_config(const char *folder, const struct lora_options *o, const char *base,
                        struct error *err)
{
    struct json *j = json_new_object(), *targets = json_new_array();
    for (int k = 0; k < LINEARS; k++) {
        if (o->targets[k])
            json_push(targets, json_new_string(linear_names[k]));
    }
    json_set_string(j, "peft_type", "LORA");
    json_set_string(j, "task_type", "CAUSAL_LM");
    json_set_string(j, "base_model_name_or_path", base);
    json_set_int(j, "r", o->rank);
    json_set_number(j, "lora_alpha", o->alpha);
    json_set_number(j, "lora_dropout", 0);
    json_set_bool(j, "use_rslora", o->rslora);
    json_set(j, "target_modules", targets);
    json_set_string(j, "bias", "none");
    json_set_bool(j, "fan_in_fan_out", false);
    json_set_bool(j, "inference_mode", true);
    json_set_bool(j, "use_dora", false);
    json_set(j, "modules_to_save", json_new_null());
    struct str text = {0}, name = {0};
    json_print_pretty(&text, j);
    str_addf(&name, "%s/adapter_config.json", folder);
    int result = file_write_atomic(name.at, 0600, str_slice(&text), err);
    str_free(&text);
    str_free(&name);
    json_free(j);
    return result;
}

/* Tensors on their way to a file: names are owned, values stay on the backend until they are written. */
struct outgoing {
    struct backend *backend;
    struct st_tensor *items;
    struct values {
        const real *work;
        const float *master;
    } *values;
    size_t count;
};

static void add_tensor(struct outgoing *out, int layer, int kind, char part, struct values values, int rows,
                       int cols)
{
    char name[LORA_NAME_BYTES];
    lora_peft_name(name, layer, kind, part);
    out->values[out->count] = values;
    out->items[out->count++] =
        (struct st_tensor){.name = mem_strdup(name), .dims = 2, .shape = {(size_t)rows, (size_t)cols}};
}

static void give_values(void *ctx, size_t tensor, size_t first, size_t count, float *host)
{
    struct outgoing *out = ctx;
    const struct values *v = &out->values[tensor];
    pair_download(out->backend, host, v->work, v->master, first, count);
}

int lora_save_peft(const struct model *m, const char *folder, const struct lora_options *o, const char *base,
                   struct error *err)
{
    size_t most = (size_t)m->config.layers * LINEARS * 2;
    struct outgoing out = {m->backend, mem_zalloc(most, sizeof *out.items), mem_zalloc(most, sizeof *out.values), 0};
    for (int i = 0; i < m->config.layers; i++) {
        for (int k = 0; k < LINEARS; k++) {
            const struct linear *l = &m->layers[i].linears[k];
            if (l->lora.rank == 0)
                continue;
            add_tensor(&out, i, k, 'A', (struct values){l->lora.a, l->lora.master_a}, l->lora.rank, l->in);
            add_tensor(&out, i, k, 'B', (struct values){l->lora.b, l->lora.master_b}, l->out, l->lora.rank);
        }
    }
    struct str name = {0};
    str_addf(&name, "%s/adapter_model.safetensors", folder);
    int result = safetensors_write_from(name.at, out.items, out.count, NULL, give_values, &out, err);
    if (result == 0)
        result = write_config(folder, o, base, err);
    for (size_t i = 0; i < out.count; i++)
        mem_free((void *)(uintptr_t)out.items[i].name);
    mem_free(out.items);
    mem_free(out.values);
    str_free(&name);
    return result;
}
