#include "trainer/data/pack.h"

#include "base/array.h"
#include "base/mem.h"

void pack_clear(struct pack *p)
{
    p->ids.count = p->positions.count = p->rows.count = p->targets.count = p->segment_count = 0;
}

void pack_free(struct pack *p)
{
    ids_free(&p->ids);
    ids_free(&p->positions);
    ids_free(&p->rows);
    ids_free(&p->targets);
    mem_free(p->segments);
    mem_free(p->weights);
    mem_free(p->infos);
    *p = (struct pack){0};
}

/* Tokens from..to of ids as a segment that sees ctx rows before it; returns its first row. */
static size_t add_segment(struct pack *p, const struct ids *ids, size_t from, size_t to, size_t ctx_start)
{
    size_t start = p->ids.count;
    if (to <= from)
        return start;
    p->segments = array_reserve(p->segments, &p->segment_cap, p->segment_count + 1, sizeof *p->segments);
    p->segments[p->segment_count++] = (struct segment){
        .start = (int)start, .len = (int)(to - from), .ctx_start = (int)ctx_start, .ctx_len = (int)from};
    ids_append(&p->ids, ids->items + from, to - from);
    for (size_t i = from; i < to; i++)
        ids_add(&p->positions, (int)i);
    return start;
}

static void add_target(struct pack *p, size_t row, const struct branch *b, size_t at, float weight)
{
    size_t n = p->targets.count;
    p->weights = array_reserve(p->weights, &p->weights_cap, n + 1, sizeof *p->weights);
    p->infos = array_reserve(p->infos, &p->infos_cap, n + 1, sizeof *p->infos);
    p->weights[n] = weight;
    p->infos[n] = (struct target_info){b, at};
    ids_add(&p->rows, (int)row);
    ids_add(&p->targets, b->ids.items[at]);
}

void pack_add(struct pack *p, const struct example *e, bool share, pack_weight_fn *weight_of, void *ctx)
{
    size_t shared = share ? e->shared : 0;
    size_t base = add_segment(p, &e->branches[0].ids, 0, shared, 0);
    for (size_t i = 0; i < e->count; i++) {
        const struct branch *b = &e->branches[i];
        size_t own = add_segment(p, &b->ids, shared, b->ids.count - 1, base);
        float weight = weight_of(ctx, b);
        for (size_t t = b->given ? b->given : 1; t < b->ids.count; t++)
            add_target(p, t - 1 < shared ? base + t - 1 : own + t - 1 - shared, b, t, weight);
    }
}

struct batch pack_batch(const struct pack *p)
{
    return (struct batch){.rows = (int)p->ids.count, .ids = p->ids.items, .positions = p->positions.items,
                          .segments = p->segments, .segment_count = (int)p->segment_count};
}
