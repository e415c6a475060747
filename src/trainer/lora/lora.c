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

/* The As of maps that read the same rows, and in each map its part of them. */
static int attach_a(struct backend *b, struct linears *g, bool train, struct error *err)
{
    size_t in = (size_t)g->maps->in, count = (size_t)linears_rank(g) * in, at = 0;
    if (count == 0)
        return 0;
    if (!(g->a = b->ops->alloc(b, count, err)) ||
        (train && (!(g->da = b->ops->alloc_f32(b, count, err)) ||
                   !(g->master_a = b->ops->master(b, g->a, count, err)))))
        return -1;
    for (int i = 0; i < g->count; i++) {
        struct low_rank *l = &g->maps[i].lora;
        if (!l->rank)
            continue;
        l->a = real_at(b, g->a, at);
        l->da = train ? g->da + at : NULL;
        l->master_a = train ? g->master_a + at : NULL;
        at += (size_t)l->rank * in;
    }
    return 0;
}

static int attach_b(struct backend *b, struct linear *l, bool train, struct error *err)
{
    size_t count = (size_t)l->out * (size_t)l->lora.rank;
    if (!(l->lora.b = b->ops->alloc(b, count, err)))
        return -1;
    return !train || ((l->lora.db = b->ops->alloc_f32(b, count, err)) &&
                      (l->lora.master_b = b->ops->master(b, l->lora.b, count, err)))
               ? 0
               : -1;
}

static void list_params(const struct model *m, int layer, int kind, struct params *params)
{
    const struct linear *l = &m->layers[layer].linears[kind];
    const struct low_rank *r = &l->lora;
    size_t rank = (size_t)r->rank;
    char name[LORA_NAME_BYTES];
    lora_peft_name(name, layer, kind, 'A');
    params_add(params, name, r->master_a, r->a, r->da, rank, (size_t)l->in);
    lora_peft_name(name, layer, kind, 'B');
    params_add(params, name, r->master_b, r->b, r->db, (size_t)l->out, rank);
}

int lora_attach_layer(struct model *m, int layer, const bool targets[LINEARS], const struct lora_options *o,
                      struct params *params, struct error *err)
{
    struct backend *b = m->backend;
    struct layer *at = &m->layers[layer];
    for (int k = 0; k < LINEARS; k++) {
        at->linears[k].lora.rank = targets[k] ? o->rank : 0;
        at->linears[k].lora.scale = (float)lora_scale(o);
    }
    for (int i = 0; i < INPUTS; i++) {
        if (attach_a(b, &at->inputs[i], params != NULL, err) != 0)
            return -1;
    }
    for (int k = 0; k < LINEARS; k++) {
        if (!targets[k])
            continue;
        if (attach_b(b, &at->linears[k], params != NULL, err) != 0)
            return -1;
        if (params)
            list_params(m, layer, k, params);
    }
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
        if (lora_attach_layer(m, i, o->targets, o, params, err) != 0)
            return -1;
        for (int k = 0; k < LINEARS; k++) {
            if (o->targets[k])
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

int lora_describe(const struct model *m, const char *path, struct lora_options *o, struct error *err)
{
    *o = (struct lora_options){0};
    if ((is_gguf(path) ? lora_describe_gguf : lora_describe_peft)(m, path, o, err) == 0)
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
