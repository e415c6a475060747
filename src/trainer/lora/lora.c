#include "trainer/lora/lora.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "trainer/files/safetensors.h"
#include "trainer/tensor/rng.h"

enum { NAME_BYTES = 160, CONFIG_MAX = 1 << 20, RANK_MAX = 4096 };

double lora_scale(const struct lora_options *o)
{
    return o->alpha / (o->rslora ? sqrt(o->rank) : o->rank);
}

static int find_target(struct slice name)
{
    for (int k = 0; k < LINEARS; k++) {
        if (slice_is(name, linear_names[k]))
            return k;
    }
    return -1;
}

int lora_parse_targets(const char *text, bool targets[LINEARS], struct error *err)
{
    bool all = strcmp(text, "all") == 0;
    for (int k = 0; k < LINEARS; k++)
        targets[k] = all;
    for (const char *at = text; !all; at++) {
        size_t len = strcspn(at, ",");
        int k = find_target((struct slice){at, len});
        if (k < 0)
            return error_set(err, ERR_USAGE,
                             "'%.*s' is no linear layer (q_proj, k_proj, v_proj, o_proj, gate_proj, "
                             "up_proj, down_proj or all)",
                             (int)(len > 40 ? 40 : len), at);
        targets[k] = true;
        at += len;
        if (!*at)
            break;
    }
    return 0;
}

static void tensor_name(char out[NAME_BYTES], int layer, int kind, char part)
{
    snprintf(out, NAME_BYTES, "base_model.model.model.layers.%d.%s.%s.lora_%c.weight", layer,
             linear_parents[kind], linear_names[kind], part);
}

/* Memory for one map's adapter; with params also gradients. */
static int attach_one(struct model *m, int layer, int kind, const struct lora_options *o,
                      struct params *params, struct error *err)
{
    struct backend *b = m->backend;
    struct linear *l = &m->layers[layer].linears[kind];
    size_t r = (size_t)o->rank, in = (size_t)l->in, out = (size_t)l->out;
    l->lora.rank = o->rank;
    l->lora.scale = (float)lora_scale(o);
    if (!(l->lora.a = b->ops->alloc(b, r * in, err)) || !(l->lora.b = b->ops->alloc(b, out * r, err)))
        return -1;
    if (!params)
        return 0;
    if (!(l->lora.da = b->ops->alloc(b, r * in, err)) ||
        !(l->lora.db = b->ops->alloc(b, out * r, err)))
        return -1;
    char name[NAME_BYTES];
    tensor_name(name, layer, kind, 'A');
    params_add(params, name, l->lora.a, l->lora.da, r, in);
    tensor_name(name, layer, kind, 'B');
    params_add(params, name, l->lora.b, l->lora.db, out, r);
    return 0;
}

static void init_a(struct model *m, const struct linear *l, struct rng *rng)
{
    size_t count = (size_t)l->lora.rank * (size_t)l->in;
    float *host = mem_alloc(count * sizeof *host);
    double bound = 1.0 / sqrt(l->in); /* PEFT: kaiming_uniform with a = sqrt(5) */
    for (size_t i = 0; i < count; i++)
        host[i] = (float)((2 * rng_unit(rng) - 1) * bound);
    m->backend->ops->upload(m->backend, l->lora.a, host, count);
    mem_free(host);
}

int lora_attach(struct model *m, const struct lora_options *o, uint64_t seed, struct params *params,
                struct error *err)
{
    struct rng rng;
    rng_seed(&rng, seed, 2);
    if (o->rank < 1 || o->rank > RANK_MAX)
        return error_set(err, ERR_USAGE, "the rank must be in 1..%d", RANK_MAX);
    for (int i = 0; i < m->config.layers; i++) {
        for (int k = 0; k < LINEARS; k++) {
            if (!o->targets[k])
                continue;
            if (attach_one(m, i, k, o, params, err) != 0)
                return -1;
            init_a(m, &m->layers[i].linears[k], &rng);
        }
    }
    return 0;
}

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
    if (result == 0 && (!json_int(json_get(j, "r"), &rank) || rank < 1 || rank > RANK_MAX))
        result = error_set(err, ERR_INPUT, "adapter_config.json: r is not in 1..%d", RANK_MAX);
    o->rank = (int)rank;
    o->alpha = json_number(json_get(j, "lora_alpha"), (double)rank);
    o->rslora = json_bool(json_get(j, "use_rslora"), false);
    json_free(j);
    str_free(&name);
    str_free(&text);
    return result;
}

static int read_tensor(struct model *m, const struct weight_set *set, const char *name, size_t rows,
                       size_t cols, float *to, struct error *err)
{
    float *host = mem_alloc(rows * cols * sizeof *host);
    int result = weights_read(set, name, rows, cols, host, err);
    if (result == 0)
        m->backend->ops->upload(m->backend, to, host, rows * cols);
    mem_free(host);
    return result;
}

static int load_tensors(struct model *m, const struct weight_set *set, struct lora_options *o,
                        struct params *params, struct error *err)
{
    char a[NAME_BYTES], b[NAME_BYTES];
    size_t used = 0;
    for (int i = 0; i < m->config.layers; i++) {
        for (int k = 0; k < LINEARS; k++) {
            struct linear *l = &m->layers[i].linears[k];
            tensor_name(a, i, k, 'A');
            tensor_name(b, i, k, 'B');
            if (!weights_find(set, a) && !weights_find(set, b))
                continue;
            o->targets[k] = true;
            if (attach_one(m, i, k, o, params, err) != 0 ||
                read_tensor(m, set, a, (size_t)o->rank, (size_t)l->in, l->lora.a, err) != 0 ||
                read_tensor(m, set, b, (size_t)l->out, (size_t)o->rank, l->lora.b, err) != 0)
                return -1;
            used += 2;
        }
    }
    if (used != set->count)
        return error_set(err, ERR_INPUT, "%zu of the adapter's %zu tensors are for no layer known here",
                         set->count - used, set->count);
    return 0;
}

int lora_load(struct model *m, const char *folder, struct lora_options *o, struct params *params,
              struct error *err)
{
    struct weight_set set = {0};
    struct str name = {0};
    *o = (struct lora_options){0};
    str_addf(&name, "%s/adapter_model.safetensors", folder);
    int result = read_config(folder, o, err);
    if (result == 0)
        result = safetensors_read(name.at, &set, err);
    if (result == 0)
        result = load_tensors(m, &set, o, params, err);
    weights_free(&set);
    str_free(&name);
    return result == 0 ? 0 : error_prefix(err, "adapter %s: ", folder);
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

int lora_save(const struct model *m, const char *folder, const struct lora_options *o,
              const struct params *params, const char *base, struct error *err)
{
    struct backend *b = m->backend;
    struct st_tensor *tensors = mem_zalloc(params->count, sizeof *tensors);
    float **hosts = mem_zalloc(params->count, sizeof *hosts);
    for (size_t i = 0; i < params->count; i++) {
        const struct param *p = &params->items[i];
        hosts[i] = mem_alloc(p->count * sizeof **hosts);
        b->ops->download(b, hosts[i], p->value, p->count);
        tensors[i] = (struct st_tensor){p->name, p->dims, {p->shape[0], p->shape[1]}, hosts[i]};
    }
    struct str name = {0};
    str_addf(&name, "%s/adapter_model.safetensors", folder);
    int result = safetensors_write(name.at, tensors, params->count, NULL, err);
    if (result == 0)
        result = write_config(folder, o, base, err);
    for (size_t i = 0; i < params->count; i++)
        mem_free(hosts[i]);
    mem_free(hosts);
    mem_free(tensors);
    str_free(&name);
    return result;
}

int lora_merge(struct model *m, struct error *err)
{
    struct backend *b = m->backend;
    bool any = false;
    for (int i = 0; i < m->config.layers; i++) {
        for (int k = 0; k < LINEARS; k++) {
            struct linear *l = &m->layers[i].linears[k];
            int r = l->lora.rank;
            if (r == 0)
                continue;
            any = true;
            b->ops->matmul(b,
                           &(struct matmul){.m = l->out, .n = l->in, .k = r, .alpha = l->lora.scale,
                                            .beta = 1, .lda = r, .ldb = l->in, .ldc = l->in},
                           l->lora.b, l->lora.a, l->w);
            l->lora.rank = 0;
        }
    }
    return any ? 0 : error_set(err, ERR_INPUT, "there is no adapter to merge");
}
