#include "trainer/model/shard.h"

#include "base/mem.h"

enum { SIDES = 2 };

struct shard {
    int *first[LINEARS];          /* of a kind of map: each process's first row, then the number of rows */
    void **own;                   /* this process's rows: layers by LINEARS; NULL where it has none */
    void *whole[SIDES][LINEARS];  /* even layers, odd layers */
    int held[SIDES];              /* the layer that is there; -1: none */
};

/* The first row of process k: units as even as they go. */
static int first_row(const struct linear *l, int k, int count)
{
    long units = (l->out + l->unit - 1) / l->unit;
    long row = units * k / count * l->unit;
    return row < l->out ? (int)row : l->out;
}

struct rows shard_rows(const struct backend *b, const struct linear *l)
{
    if (!b->shards)
        return (struct rows){0, (size_t)l->out};
    int first = first_row(l, b->shard, b->shards), end = first_row(l, b->shard + 1, b->shards);
    return (struct rows){(size_t)first, (size_t)(end - first)};
}

static void *alloc_map(struct backend *b, const struct linear *l, struct error *err)
{
    if (!b->base_bits)
        return b->ops->alloc(b, (size_t)l->in * (size_t)l->out, err);
    size_t bytes = b->ops->packed_bytes(l->out, l->in, b->base_bits);
    return b->ops->alloc_f32(b, (bytes + sizeof(float) - 1) / sizeof(float), err);
}

static void **place_of(struct backend *b, struct linear *l)
{
    return b->base_bits ? &l->packed.at : (void **)&l->w;
}

static int open_places(struct model *m, struct shard *s, struct error *err)
{
    struct backend *b = m->backend;
    for (int k = 0; k < LINEARS; k++) {
        const struct linear *l = &m->layers[0].linears[k];
        s->first[k] = mem_alloc(((size_t)b->shards + 1) * sizeof *s->first[k]);
        for (int i = 0; i <= b->shards; i++)
            s->first[k][i] = first_row(l, i, b->shards);
        for (int side = 0; side < SIDES; side++) {
            if (!(s->whole[side][k] = alloc_map(b, l, err)))
                return -1;
        }
    }
    return 0;
}

int shard_begin(struct model *m, struct error *err)
{
    struct backend *b = m->backend;
    if (!b->shards)
        return 0;
    struct shard *s = mem_zalloc(1, sizeof *s);
    m->shard = s;
    s->own = mem_zalloc((size_t)m->config.layers * LINEARS, sizeof *s->own);
    s->held[0] = s->held[1] = -1;
    for (int i = 0; i < m->config.layers; i++) {
        for (int k = 0; k < LINEARS; k++) {
            void **place = place_of(b, &m->layers[i].linears[k]);
            s->own[i * LINEARS + k] = *place;
            *place = NULL;
        }
    }
    if (open_places(m, s, err) != 0)
        return -1;
    for (int i = 0; i < m->config.layers; i++) {
        for (int k = 0; k < LINEARS; k++)
            *place_of(b, &m->layers[i].linears[k]) = s->whole[i % SIDES][k];
    }
    return 0;
}

void shard_end(struct model *m)
{
    struct shard *s = m->shard;
    struct backend *b = m->backend;
    if (!s)
        return;
    for (int i = 0; i < m->config.layers * LINEARS; i++) {
        b->ops->release(b, s->own[i]);
        *place_of(b, &m->layers[i / LINEARS].linears[i % LINEARS]) = NULL;
    }
    for (int k = 0; k < LINEARS; k++) {
        for (int side = 0; side < SIDES; side++)
            b->ops->release(b, s->whole[side][k]);
        mem_free(s->first[k]);
    }
    mem_free(s->own);
    mem_free(s);
    m->shard = NULL;
}

/* A layer on its way to its place. What reads that place was put to work before. */
static void bring(struct model *m, int layer)
{
    struct shard *s = m->shard;
    struct backend *b = m->backend;
    struct divided list[LINEARS];
    int side = layer % SIDES;
    if (s->held[side] == layer)
        return;
    for (int k = 0; k < LINEARS; k++) {
        const struct linear *l = &m->layers[layer].linears[k];
        list[k] = (struct divided){.rows = l->out, .cols = l->in, .bits = b->base_bits, .first = s->first[k],
                                   .own = s->own[layer * LINEARS + k], .whole = s->whole[side][k]};
    }
    b->ops->gather_rows(b, list, LINEARS, COMM_ROWS + side);
    s->held[side] = layer;
}

void shard_enter(struct model *m, int layer, int next)
{
    if (!m->shard)
        return;
    bring(m, layer);
    m->backend->ops->comm_wait(m->backend, COMM_ROWS + layer % SIDES);
    if (next >= 0)
        bring(m, next);
}

static double map_bytes(const struct backend *b, int rows, int cols)
{
    return b->base_bits ? (double)b->ops->packed_bytes(rows, cols, b->base_bits)
                        : (double)b->real_bytes * rows * cols;
}

double shard_bytes(const struct model *m)
{
    const struct backend *b = m->backend;
    double bytes = 0;
    for (int k = 0; k < LINEARS; k++) {
        const struct linear *l = &m->layers[0].linears[k];
        bytes += m->config.layers * map_bytes(b, (int)shard_rows(b, l).count, l->in);
        if (b->shards)
            bytes += SIDES * map_bytes(b, l->out, l->in);
    }
    return bytes;
}
