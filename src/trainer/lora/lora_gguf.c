/*
 * Adapters as llama.cpp reads them: one GGUF file with general.type "adapter", adapter.type "lora",
 * adapter.lora.alpha, and for each linear map blk.N.NAME.weight.lora_a (rank by in) and .lora_b (out by
 * rank). The factor is alpha / rank; there is no rsLoRA. Rows of B follow the rows of the map, so for q and k
 * of the llama family they are interleaved as the weights are.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "trainer/files/gguf_write.h"
#include "trainer/lora/lora_parts.h"
#include "trainer/model/gguf_order.h"

/* The map's own name, and its tensors' names in the file. */
struct names {
    char map[LORA_NAME_BYTES], a[LORA_NAME_BYTES], b[LORA_NAME_BYTES];
};

static void name_map(struct names *n, int layer, int kind)
{
    char base[GGUF_NAME_BYTES];
    snprintf(n->map, sizeof n->map, "model.layers.%d.%s.%s.weight", layer, linear_parents[kind],
             linear_names[kind]);
    gguf_name(n->map, base);
    snprintf(n->a, sizeof n->a, "%s.lora_a", base);
    snprintf(n->b, sizeof n->b, "%s.lora_b", base);
}

static int check_head(const struct gguf *g, const struct model *m, struct error *err)
{
    struct slice family = gguf_string(g, "general.architecture");
    if (!slice_is(gguf_string(g, "general.type"), "adapter") || !slice_is(gguf_string(g, "adapter.type"), "lora"))
        return error_set(err, ERR_INPUT, "this GGUF file is no LoRA adapter");
    if (!slice_is(family, m->config.family))
        return error_set(err, ERR_INPUT, "the adapter is for the architecture '%.*s', the model is of '%s'",
                         (int)(family.len < 20 ? family.len : 20), family.at, m->config.family);
    if (gguf_get(g, "adapter.alora.invocation_tokens"))
        return error_set(err, ERR_INPUT, "activated adapters (adapter.alora) are not known here");
    return 0;
}

/* All maps must have the rank of the first. */
static int find_rank(const struct weight_set *set, struct lora_options *o, struct error *err)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct weight *w = &set->items[i];
        size_t len = strlen(w->name), rank = w->shape[0];
        if (len < 7 || strcmp(w->name + len - 7, ".lora_a") != 0)
            continue;
        if (w->dims != 2 || rank < 1 || rank > LORA_RANK_MAX || (o->rank && rank != (size_t)o->rank))
            return error_set(err, ERR_INPUT, "%s: the rank is not in 1..%d or not the same in all layers", w->name,
                             LORA_RANK_MAX);
        o->rank = (int)rank;
    }
    return o->rank ? 0 : error_set(err, ERR_INPUT, "the file holds no LoRA tensor");
}

static int read_map(struct model *m, const struct weight_set *set, int layer, int kind, struct error *err)
{
    struct names n;
    const struct linear *l = &m->layers[layer].linears[kind];
    size_t rank = (size_t)l->lora.rank, in = (size_t)l->in, out = (size_t)l->out;
    name_map(&n, layer, kind);
    float *a = mem_alloc(rank * in * sizeof *a), *b = mem_alloc(out * rank * sizeof *b);
    int result = weights_read(set, n.a, rank, in, a, err);
    if (result == 0)
        result = weights_read(set, n.b, out, rank, b, err);
    if (result == 0) {
        if (gguf_interleaves(m->config.family, n.map))
            gguf_deinterleave(b, out, rank, (size_t)m->config.head_dim);
        pair_upload(m->backend, l->lora.a, l->lora.master_a, a, rank * in);
        pair_upload(m->backend, l->lora.b, l->lora.master_b, b, out * rank);
    }
    mem_free(a);
    mem_free(b);
    return result;
}

static int read_maps(struct model *m, const struct weight_set *set, struct lora_options *o, struct params *params,
                     struct error *err)
{
    struct names n;
    size_t used = 0;
    for (int i = 0; i < m->config.layers; i++) {
        bool here[LINEARS];
        for (int k = 0; k < LINEARS; k++) {
            name_map(&n, i, k);
            here[k] = weights_find(set, n.a) || weights_find(set, n.b);
            o->targets[k] = o->targets[k] || here[k];
            used += here[k] ? 2 : 0;
        }
        if (lora_attach_layer(m, i, here, o, params, err) != 0)
            return -1;
        for (int k = 0; k < LINEARS; k++) {
            if (here[k] && read_map(m, set, i, k, err) != 0)
                return -1;
        }
    }
    if (used != set->count)
        return error_set(err, ERR_INPUT, "%zu of the adapter's %zu tensors are for no layer known here",
                         set->count - used, set->count);
    return 0;
}

static struct gguf *open_adapter(const struct model *m, const char *path, struct lora_options *o, struct error *err)
{
    struct gguf *g = gguf_open(path, err);
    if (g && check_head(g, m, err) == 0 && find_rank(gguf_weights(g), o, err) == 0)
        return g;
    gguf_close(g);
    return NULL;
}

int lora_load_gguf(struct model *m, const char *path, struct lora_options *o, struct params *params,
                   struct error *err)
{
    struct gguf *g = open_adapter(m, path, o, err);
    if (!g)
        return -1;
    double alpha = gguf_number(g, "adapter.lora.alpha", 0);
    o->alpha = alpha != 0 ? alpha : o->rank; /* llama.cpp: no alpha, factor 1 */
    int result = isfinite(alpha) ? read_maps(m, gguf_weights(g), o, params, err)
                                 : error_set(err, ERR_INPUT, "adapter.lora.alpha is no number");
    gguf_close(g);
    return result;
}

int lora_describe_gguf(const struct model *m, const char *path, struct lora_options *o, struct error *err)
{
    struct gguf *g = open_adapter(m, path, o, err);
    struct names n;
    for (int i = 0; g && i < m->config.layers; i++) {
        for (int k = 0; k < LINEARS; k++) {
            name_map(&n, i, k);
            o->targets[k] = o->targets[k] || weights_find(gguf_weights(g), n.a);
        }
    }
    gguf_close(g);
    return g ? 0 : -1;
}

static void add_map(struct st_tensor *out, const struct model *m, int layer, int kind)
{
    struct names n;
    const struct linear *l = &m->layers[layer].linears[kind];
    size_t rank = (size_t)l->lora.rank, rows = (size_t)l->out, in = (size_t)l->in;
    name_map(&n, layer, kind);
    float *b = lora_host_copy(m, l->lora.b, l->lora.master_b, rows * rank);
    if (gguf_interleaves(m->config.family, n.map))
        gguf_interleave(b, rows, rank, (size_t)m->config.head_dim);
    out[0] = (struct st_tensor){mem_strdup(n.a), 2, {rank, in},
                                lora_host_copy(m, l->lora.a, l->lora.master_a, rank * in)};
    out[1] = (struct st_tensor){mem_strdup(n.b), 2, {rows, rank}, b};
}

int lora_save_gguf(const struct model *m, const char *path, const struct lora_options *o, struct error *err)
{
    const struct gguf_pair pairs[] = {
        {.key = "general.type", .type = GGUF_STRING, .text = "adapter"},
        {.key = "general.architecture", .type = GGUF_STRING, .text = m->config.family},
        {.key = "adapter.type", .type = GGUF_STRING, .text = "lora"},
        {.key = "adapter.lora.alpha", .type = GGUF_F32, .number = lora_scale(o) * o->rank},
    };
    struct st_tensor *tensors = mem_zalloc((size_t)m->config.layers * LINEARS * 2, sizeof *tensors);
    size_t count = 0;
    for (int i = 0; i < m->config.layers; i++) {
        for (int k = 0; k < LINEARS; k++) {
            if (m->layers[i].linears[k].lora.rank == 0)
                continue;
            add_map(tensors + count, m, i, k);
            count += 2;
        }
    }
    int result = gguf_write(path, pairs, sizeof pairs / sizeof *pairs, tensors, count, err);
    for (size_t i = 0; i < count; i++) {
        mem_free((void *)(uintptr_t)tensors[i].name);
        mem_free((void *)(uintptr_t)tensors[i].values);
    }
    mem_free(tensors);
    return result;
}
