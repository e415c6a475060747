#include "trainer/run/reduce.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct reduce {
    const struct ranks *ranks;
    struct backend *backend;
    const struct params *params;
    int layers;
    float **grads; /* by layer, then those of none */
    size_t *counts;
    size_t *first; /* where a layer's begin; layers + 2 */
};

/* Which layer a tensor is of, by its name; layers: of none that can be told, so it waits for all. */
static int layer_of(const char *name, int layers)
{
    const char *at = strstr(name, "layers.");
    char *end = NULL;
    long layer = at ? strtol(at + strlen("layers."), &end, 10) : -1;
    return at && *end == '.' && layer >= 0 && layer < layers ? (int)layer : layers;
}

struct reduce *reduce_new(const struct ranks *ranks, struct backend *b, const struct params *params, int layers)
{
    struct reduce *r = mem_zalloc(1, sizeof *r);
    *r = (struct reduce){.ranks = ranks, .backend = b, .params = params, .layers = layers};
    r->grads = mem_zalloc(params->count + 1, sizeof *r->grads);
    r->counts = mem_zalloc(params->count + 1, sizeof *r->counts);
    r->first = mem_zalloc((size_t)layers + 2, sizeof *r->first);
    size_t n = 0;
    for (int layer = 0; layer <= layers; layer++) {
        for (size_t i = 0; i < params->count; i++) {
            if (layer_of(params->items[i].name, layers) != layer)
                continue;
            r->grads[n] = params->items[i].grad;
            r->counts[n++] = params->items[i].count;
        }
        r->first[layer + 1] = n;
    }
    return r;
}

void reduce_free(struct reduce *r)
{
    if (!r)
        return;
    mem_free(r->grads);
    mem_free(r->counts);
    mem_free(r->first);
    mem_free(r);
}

void reduce_layer(void *ctx, int layer)
{
    struct reduce *r = ctx;
    struct backend *b = r->backend;
    size_t at = r->first[layer];
    if (b->processes > 1)
        b->ops->all_reduce(b, r->grads + at, r->counts + at, r->first[layer + 1] - at, COMM_SUMS);
}

void reduce_end(struct reduce *r)
{
    struct backend *b = r->backend;
    if (b->processes <= 1) {
        ranks_sum_grads(r->ranks, b, r->params);
        return;
    }
    reduce_layer(r, r->layers);
    b->ops->comm_wait(b, COMM_SUMS);
}
