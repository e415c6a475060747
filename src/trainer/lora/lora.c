#include "trainer/lora/lora.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "trainer/lora/lora_parts.h"
#include "trainer/tensor/rng.h"

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

void lora_peft_name(char out[LORA_NAME_BYTES], int layer, int kind, char part)
{
    snprintf(out, LORA_NAME_BYTES, "base_model.model.model.layers.%d.%s.%s.lora_%c.weight", layer,
             linear_parents[kind], linear_names[kind], part);
}

int lora_attach_one(struct model *m, int layer, int kind, const struct lora_options *o, struct params *params,
                    struct error *err)
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
    if (!(l->lora.da = b->ops->alloc_f32(b, r * in, err)) ||
        !(l->lora.db = b->ops->alloc_f32(b, out * r, err)) ||
        !(l->lora.master_a = b->ops->master(b, l->lora.a, r * in, err)) ||
        !(l->lora.master_b = b->ops->master(b, l->lora.b, out * r, err)))
        return -1;
    char name[LORA_NAME_BYTES];
    lora_peft_name(name, layer, kind, 'A');
    params_add(params, name, l->lora.master_a, l->lora.a, l->lora.da, r, in);
    lora_peft_name(name, layer, kind, 'B');
    params_add(params, name, l->lora.master_b, l->lora.b, l->lora.db, out, r);
    return 0;
}

static void init_a(struct model *m, const struct linear *l, struct rng *rng)
{
    size_t count = (size_t)l->lora.rank * (size_t)l->in;
    float *host = mem_alloc(count * sizeof *host);
    double bound = 1.0 / sqrt(l->in); /* PEFT: kaiming_uniform with a = sqrt(5) */
    for (size_t i = 0; i < count; i++)
        host[i] = (float)((2 * rng_unit(rng) - 1) * bound);
    pair_upload(m->backend, l->lora.a, l->lora.master_a, host, count);
    mem_free(host);
}

int lora_attach(struct model *m, const struct lora_options *o, uint64_t seed, struct params *params,
                struct error *err)
{
    struct rng rng;
    rng_seed(&rng, seed, 2);
    if (o->rank < 1 || o->rank > LORA_RANK_MAX)
        return error_set(err, ERR_USAGE, "the rank must be in 1..%d", LORA_RANK_MAX);
    for (int i = 0; i < m->config.layers; i++) {
        for (int k = 0; k < LINEARS; k++) {
            if (!o->targets[k])
                continue;
            if (lora_attach_one(m, i, k, o, params, err) != 0)
                return -1;
            init_a(m, &m->layers[i].linears[k], &rng);
        }
    }
    return 0;
}

float *lora_host_copy(const struct model *m, const real *work, const float *master, size_t count)
{
    float *host = mem_alloc(count * sizeof *host);
    pair_download(m->backend, host, work, master, 0, count);
    return host;
}

/* A GGUF file by its name's end; else a folder in PEFT's format. */
static bool is_gguf(const char *path)
{
    size_t len = strlen(path);
    return len > 5 && strcmp(path + len - 5, ".gguf") == 0;
}

int lora_load(struct model *m, const char *path, struct lora_options *o, struct params *params,
              struct error *err)
{
    *o = (struct lora_options){0};
    if ((is_gguf(path) ? lora_load_gguf : lora_load_peft)(m, path, o, params, err) == 0)
        return 0;
    return error_prefix(err, "adapter %s: ", path);
}

int lora_save(const struct model *m, const char *path, const struct lora_options *o, const char *base,
              struct error *err)
{
    return is_gguf(path) ? lora_save_gguf(m, path, o, err) : lora_save_peft(m, path, o, base, err);
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
