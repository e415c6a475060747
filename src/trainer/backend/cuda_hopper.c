/* The host side of attention on Hopper: tensors described for TMA, and lists of blocks of 128. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "trainer/backend/cuda_blocks.h"
#include "trainer/backend/cuda_hopper.h"

typedef CUresult encode_fn(CUtensorMap *, CUtensorMapDataType, cuuint32_t, void *, const cuuint64_t *, const cuuint64_t *,
                           const cuuint32_t *, const cuuint32_t *, CUtensorMapInterleave, CUtensorMapSwizzle,
                           CUtensorMapL2promotion, CUtensorMapFloatOOBfill);

struct cuda_hopper {
    encode_fn *encode;
    struct cuda_blocks of;
    int tile_rows; /* and what lists of tiles were made for */
    struct hopper_tile *tiles;
    struct hopper_keys *keys;
    struct hopper_span *spans;
    size_t *first_tiles; /* of each segment */
    size_t tile_count, tile_cap, key_count, key_cap, span_count, span_cap, first_cap;
};

/* cuTensorMapEncodeTiled of the driver, which is not linked; NULL where it has none. */
static encode_fn *find_encode(void)
{
    static const char *const name = "cuTensorMapEncodeTiled";
    void *found = NULL;
    encode_fn *f = NULL;
    enum cudaDriverEntryPointQueryResult how = cudaDriverEntryPointSymbolNotFound;
#if CUDART_VERSION >= 12050
    cudaError_t e = cudaGetDriverEntryPointByVersion(name, &found, 12000, cudaEnableDefault, &how);
#else
    cudaError_t e = cudaGetDriverEntryPoint(name, &found, cudaEnableDefault, &how);
#endif
    if (e != cudaSuccess) {
        (void)cudaGetLastError(); /* then the kernels for Ampere serve */
        return NULL;
    }
    if (how == cudaDriverEntryPointSuccess && found)
        memcpy(&f, &found, sizeof f);
    return f;
}

struct cuda_hopper *cuda_hopper_new(const struct cuda *c)
{
    const char *wish = getenv("HINGE_ATTENTION");
    encode_fn *encode = c->hopper && !(wish && strcmp(wish, "ampere") == 0) ? find_encode() : NULL;
    if (!encode)
        return NULL;
    struct cuda_hopper *h = mem_zalloc(1, sizeof *h);
    h->encode = encode;
    return h;
}

void cuda_hopper_free(struct cuda *c, struct cuda_hopper *h)
{
    if (!h)
        return;
    cuda_blocks_free(c, &h->of);
    mem_free(h->tiles);
    mem_free(h->keys);
    mem_free(h->spans);
    mem_free(h->first_tiles);
    mem_free(h);
}

/* Blocks of keys between cuts: all of a block are seen by the same segments. */
static void add_keys(struct cuda_hopper *h)
{
    const int *cuts = h->of.cuts;
    for (size_t i = 0; i + 1 < h->of.cut_count; i++) {
        for (int at = cuts[i]; at < cuts[i + 1]; at += HOPPER_BLOCK) {
            int len = cuts[i + 1] - at < HOPPER_BLOCK ? cuts[i + 1] - at : HOPPER_BLOCK;
            h->keys = array_reserve(h->keys, &h->key_cap, h->key_count + 1, sizeof *h->keys);
            h->keys[h->key_count++] = (struct hopper_keys){.start = at, .len = len};
        }
    }
}

/* The last block of keys that begins at or before a row. */
static int keys_at(const struct cuda_hopper *h, int row)
{
    size_t low = 0, high = h->key_count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (h->keys[middle].start <= row)
            low = middle;
        else
            high = middle;
    }
    return (int)low;
}

static void add_tiles(struct cuda_hopper *h)
{
    h->first_tiles = array_reserve(h->first_tiles, &h->first_cap, h->of.segment_count + 1, sizeof *h->first_tiles);
    for (size_t i = 0; i < h->of.segment_count; i++) {
        const struct segment *s = &h->of.segments[i];
        h->first_tiles[i] = h->tile_count;
        for (int at = 0; at < s->len; at += h->tile_rows) {
            int len = s->len - at < h->tile_rows ? s->len - at : h->tile_rows;
            h->tiles = array_reserve(h->tiles, &h->tile_cap, h->tile_count + 1, sizeof *h->tiles);
            h->tiles[h->tile_count++] = (struct hopper_tile){s->start + at, len, keys_at(h, s->start + at + len - 1)};
        }
    }
    h->first_tiles[h->of.segment_count] = h->tile_count;
}

/* The tiles that see block number at. Turns go from later keys to earlier: first a segment's own, then its context's. */
static void add_spans(struct cuda_hopper *h, int at)
{
    struct hopper_keys *k = &h->keys[at];
    k->first_span = (int)h->span_count;
    for (size_t i = 0; i < h->of.segment_count; i++) {
        const struct segment *s = &h->of.segments[i];
        int first = (int)h->first_tiles[i], count = (int)h->first_tiles[i + 1] - first;
        struct hopper_span span = {0};
        if (k->start >= s->start && k->start < s->start + s->len) {
            int skipped = (k->start - s->start) / h->tile_rows;
            span = (struct hopper_span){first + skipped, count - skipped, 1, at};
        } else if (k->start >= s->ctx_start && k->start < s->ctx_start + s->ctx_len) {
            int last = keys_at(h, s->ctx_start + s->ctx_len - 1);
            span = (struct hopper_span){first, count, 0, at - last + keys_at(h, s->start) - 1};
        }
        if (span.tiles == 0)
            continue;
        h->spans = array_reserve(h->spans, &h->span_cap, h->span_count + 1, sizeof *h->spans);
        h->spans[h->span_count++] = span;
        k->spans++;
    }
}

static void make_lists(struct cuda_hopper *h, const struct attention *a, int tile_rows)
{
    cuda_blocks_make(&h->of, a, HOPPER_BLOCK);
    h->tile_rows = tile_rows;
    h->tile_count = h->key_count = h->span_count = 0;
    add_keys(h);
    add_tiles(h);
    for (size_t i = 0; i < h->key_count; i++)
        add_spans(h, (int)i);
}

static void place_lists(struct cuda *c, struct cuda_hopper *h)
{
    const struct cuda_list lists[] = {{h->of.queries, h->of.query_count * sizeof *h->of.queries},
                                      {h->tiles, h->tile_count * sizeof *h->tiles},
                                      {h->keys, h->key_count * sizeof *h->keys},
                                      {h->spans, h->span_count * sizeof *h->spans}};
    cuda_blocks_place(c, &h->of, lists, 4);
}

/* Rows of k and v: contexts may lie behind the queries' own. */
static int key_rows(const struct attention *a)
{
    int rows = a->rows;
    for (int i = 0; i < a->segment_count; i++) {
        int end = a->segments[i].ctx_len ? a->segments[i].ctx_start + a->segments[i].ctx_len : 0;
        rows = end > rows ? end : rows;
    }
    return rows;
}

/* A tensor of three dimensions, and boxes of it as TMA reads them; strides: bytes of all dimensions but the first. */
struct described {
    CUtensorMapDataType type;
    CUtensorMapSwizzle swizzle;
    const void *at;
    cuuint64_t dims[3], strides[2];
    cuuint32_t box[3];
};

static bool encode(struct cuda *c, CUtensorMap *out, const struct described *d)
{
    static const cuuint32_t each[3] = {1, 1, 1};
    void *base = NULL;
    memcpy(&base, &d->at, sizeof base); /* it may be only read, but the driver's call says void * */
    CUresult e = c->own->encode(out, d->type, 3, base, d->dims, d->strides, d->box, each, CU_TENSOR_MAP_INTERLEAVE_NONE,
                                d->swizzle, CU_TENSOR_MAP_L2_PROMOTION_L2_128B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
    if (e != CUDA_SUCCESS)
        cuda_fail(c, "the driver refuses to describe its operands");
    return e == CUDA_SUCCESS;
}

/* Rows of heads as boxes of 64 columns of one head and so many rows. */
static bool describe(struct cuda *c, CUtensorMap *out, const real *at, int rows, int heads, int dim, int box_rows)
{
    size_t row = (size_t)heads * (size_t)dim * 2;
    return encode(c, out,
                  &(struct described){.type = CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, .swizzle = CU_TENSOR_MAP_SWIZZLE_128B, .at = at,
                                      .dims = {(cuuint64_t)dim, (cuuint64_t)heads, (cuuint64_t)rows},
                                      .strides = {(cuuint64_t)dim * 2, row}, .box = {64, 1, (cuuint32_t)box_rows}});
}

/* Numbers by row: boxes of so many rows of both kinds. */
static bool describe_stats(struct cuda *c, CUtensorMap *out, const float *at, int rows, int heads, int box_rows)
{
    size_t row = (size_t)hopper_stride(rows) * sizeof(float);
    return encode(c, out,
                  &(struct described){.type = CU_TENSOR_MAP_DATA_TYPE_FLOAT32, .swizzle = CU_TENSOR_MAP_SWIZZLE_NONE, .at = at,
                                      .dims = {(cuuint64_t)rows, (cuuint64_t)heads, 2},
                                      .strides = {row, (cuuint64_t)heads * row}, .box = {(cuuint32_t)box_rows, 1, 2}});
}

/* Lists for these segments and heads are on the device. */
static bool prepare(struct cuda *c, const struct attention *a)
{
    struct cuda_hopper *h = c->own;
    int tile_rows = hopper_tile_rows(a->head_dim);
    if (tile_rows != h->tile_rows || !cuda_blocks_are(&h->of, a))
        make_lists(h, a, tile_rows);
    place_lists(c, h);
    return c->fault.code == ERR_NONE;
}

void cuda_hopper_attention(struct cuda *c, const struct attention *a)
{
    struct hopper_maps maps;
    int keys = key_rows(a);
    memset(&maps, 0, sizeof maps);
    if (!prepare(c, a) || !describe(c, &maps.q, a->q, a->rows, a->q_heads, a->head_dim, HOPPER_BLOCK) ||
        !describe(c, &maps.k, a->k, keys, a->kv_heads, a->head_dim, HOPPER_BLOCK) ||
        !describe(c, &maps.v, a->v, keys, a->kv_heads, a->head_dim, HOPPER_BLOCK))
        return;
    struct cuda_attention k = {
        .rows = a->rows, .q_heads = a->q_heads, .kv_heads = a->kv_heads, .head_dim = a->head_dim,
        .queries = c->own->of.lists[0], .query_blocks = (int)c->own->of.query_count,
        .q = a->q, .k = a->k, .v = a->v, .o = a->o, .lse = a->lse,
    };
    kernel_attention_hopper(c->stream, &k, &maps);
    cuda_launched(c);
}

/* What the gradient keeps beside its operands: sums of dQ, numbers by row, and the counts of turns with the ticket. */
static void divide_room(int rows, int q_heads, int head_dim, size_t at[4])
{
    size_t heads = (size_t)q_heads, turns = heads * (size_t)rows + 1;
    at[0] = 0;
    at[1] = at[0] + cuda_arena_size(heads * (size_t)rows * (size_t)hopper_wide(head_dim) * sizeof(float));
    at[2] = at[1] + cuda_arena_size(2 * heads * (size_t)hopper_stride(rows) * sizeof(float));
    at[3] = at[2] + cuda_arena_size(turns * sizeof(int));
}

size_t cuda_hopper_grad_bytes(int rows, int q_heads, int head_dim)
{
    size_t at[4];
    divide_room(rows, q_heads, head_dim, at);
    return at[3];
}

static bool describe_grad(struct cuda *c, const struct attention *a, const struct attention_grads *g, float *stats,
                          struct hopper_grad_maps *maps)
{
    int rows = c->own->tile_rows;
    memset(maps, 0, sizeof *maps);
    return describe(c, &maps->q, a->q, a->rows, a->q_heads, a->head_dim, rows) &&
           describe(c, &maps->d_o, g->d_o, a->rows, a->q_heads, a->head_dim, rows) &&
           describe(c, &maps->k, a->k, a->rows, a->kv_heads, a->head_dim, HOPPER_BLOCK) &&
           describe(c, &maps->v, a->v, a->rows, a->kv_heads, a->head_dim, HOPPER_BLOCK) &&
           describe_stats(c, &maps->stats, stats, a->rows, a->q_heads, rows);
}

void cuda_hopper_attention_grad(struct cuda *c, const struct attention *a, const struct attention_grads *g)
{
    struct hopper_grad_maps maps;
    size_t part[4];
    divide_room(a->rows, a->q_heads, a->head_dim, part);
    char *room = cuda_room(c, part[3]);
    if (!prepare(c, a) || !room || !describe_grad(c, a, g, (float *)(void *)(room + part[1]), &maps))
        return;
    int *turns = (int *)(void *)(room + part[2]);
    cuda_clear(c, turns, part[3] - part[2]);
    struct hopper_grad k = {
        .rows = a->rows, .q_heads = a->q_heads, .kv_heads = a->kv_heads, .head_dim = a->head_dim,
        .tiles = c->own->of.lists[1], .keys = c->own->of.lists[2], .spans = c->own->of.lists[3], .key_blocks = (long)c->own->key_count,
        .o = a->o, .d_o = g->d_o, .lse = a->lse, .d_q = g->d_q, .d_k = g->d_k, .d_v = g->d_v,
        .sums = (float *)(void *)room, .stats = (float *)(void *)(room + part[1]), .turns = turns,
        .ticket = turns + (size_t)a->q_heads * (size_t)a->rows,
    };
    kernel_attention_grad_hopper(c->stream, &k, &maps);
    cuda_launched(c);
}
