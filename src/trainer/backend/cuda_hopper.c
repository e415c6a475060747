/*
 * The host side of attention on Hopper: tensors described for TMA, and lists of blocks of 128. The lists are made once for the
 * segments of a batch and kept on the device, as those of cuda_masks.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "trainer/backend/cuda_hopper.h"
#include "trainer/backend/cuda_parts.h"

typedef CUresult encode_fn(CUtensorMap *, CUtensorMapDataType, cuuint32_t, void *, const cuuint64_t *, const cuuint64_t *,
                           const cuuint32_t *, const cuuint32_t *, CUtensorMapInterleave, CUtensorMapSwizzle,
                           CUtensorMapL2promotion, CUtensorMapFloatOOBfill);

struct cuda_hopper {
    encode_fn *encode;
    struct segment *segments; /* those of the lists */
    size_t segment_count, segment_cap;
    struct cuda_queries *queries;
    size_t query_count, query_cap;
    char *device; /* queries */
    size_t device_bytes;
    bool sent;          /* device has them */
    const void *staged; /* those of a body that may be repeated (cuda_masks.c) */
    unsigned turn;      /* that body */
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
    cuda_arena_give(c->arena, h->device);
    mem_free(h->segments);
    mem_free(h->queries);
    mem_free(h);
}

static int keys_of(const struct cuda_queries *q)
{
    return q->ctx_len + q->start + q->len - q->own_start;
}

/* Long blocks first: those that begin last should be short. */
static int by_keys(const void *a, const void *b)
{
    const struct cuda_queries *x = a, *y = b;
    int off = keys_of(y) - keys_of(x);
    return off ? off : x->start - y->start;
}

static void add_queries(struct cuda_hopper *h, const struct segment *s)
{
    for (int at = 0; at < s->len; at += HOPPER_BLOCK) {
        int len = s->len - at < HOPPER_BLOCK ? s->len - at : HOPPER_BLOCK;
        h->queries = array_reserve(h->queries, &h->query_cap, h->query_count + 1, sizeof *h->queries);
        h->queries[h->query_count++] =
            (struct cuda_queries){s->start + at, len, s->ctx_len ? s->ctx_start : 0, s->ctx_len, s->start};
    }
}

static void make_lists(struct cuda_hopper *h, const struct attention *a)
{
    h->segment_count = (size_t)a->segment_count;
    h->segments = array_reserve(h->segments, &h->segment_cap, h->segment_count, sizeof *h->segments);
    memcpy(h->segments, a->segments, h->segment_count * sizeof *h->segments);
    h->query_count = 0;
    h->sent = false;
    h->turn = 0;
    for (size_t i = 0; i < h->segment_count; i++)
        add_queries(h, &h->segments[i]);
    qsort(h->queries, h->query_count, sizeof *h->queries, by_keys);
}

static void send_lists(struct cuda *c, struct cuda_hopper *h)
{
    size_t bytes = cuda_arena_size(h->query_count * sizeof *h->queries);
    if (bytes > h->device_bytes) {
        cuda_arena_give(c->arena, h->device);
        h->device = cuda_arena_take(c->arena, bytes);
        h->device_bytes = h->device ? bytes : 0;
    }
    if (!h->device) {
        h->segment_count = 0;
        cuda_fail(c, "no memory is left for the lists of its mask");
        return;
    }
    cuda_send(c, h->device, h->queries, h->query_count * sizeof *h->queries);
    h->sent = true;
}

static const void *place_lists(struct cuda *c, struct cuda_hopper *h)
{
    if (c->body && h->turn != c->turn) {
        h->staged = cuda_stage(c, h->queries, h->query_count * sizeof *h->queries);
        h->turn = c->turn;
    }
    if (c->body)
        return h->staged;
    if (!h->sent)
        send_lists(c, h);
    return h->device;
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

/* Rows of heads as boxes of 64 columns of one head and so many rows. */
static bool describe(struct cuda *c, CUtensorMap *out, const real *at, int rows, int heads, int dim, int box_rows)
{
    const size_t row = (size_t)heads * (size_t)dim * 2;
    const cuuint64_t dims[3] = {(cuuint64_t)dim, (cuuint64_t)heads, (cuuint64_t)rows}, strides[2] = {(cuuint64_t)dim * 2, row};
    const cuuint32_t box[3] = {64, 1, (cuuint32_t)box_rows}, each[3] = {1, 1, 1};
    void *base = NULL;
    memcpy(&base, &at, sizeof base); /* it is only read, but the driver's call says void * */
    CUresult e = c->own->encode(out, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 3, base, dims, strides, box, each,
                                CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_128B,
                                CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
    if (e != CUDA_SUCCESS)
        cuda_fail(c, "the driver refuses to describe its operands");
    return e == CUDA_SUCCESS;
}

/* What the kernels are given. */
static bool prepare(struct cuda *c, const struct attention *a, struct cuda_attention *out)
{
    struct cuda_hopper *h = c->own;
    if (!cuda_same_segments(h->segments, h->segment_count, a))
        make_lists(h, a);
    *out = (struct cuda_attention){
        .rows = a->rows, .q_heads = a->q_heads, .kv_heads = a->kv_heads, .head_dim = a->head_dim,
        .queries = place_lists(c, h), .query_blocks = (int)h->query_count,
        .q = a->q, .k = a->k, .v = a->v, .o = a->o, .lse = a->lse,
    };
    return c->fault.code == ERR_NONE;
}

void cuda_hopper_attention(struct cuda *c, const struct attention *a)
{
    struct cuda_attention k;
    struct hopper_maps maps;
    int keys = key_rows(a);
    if (!prepare(c, a, &k) || !describe(c, &maps.q, a->q, a->rows, a->q_heads, a->head_dim, HOPPER_BLOCK) ||
        !describe(c, &maps.k, a->k, keys, a->kv_heads, a->head_dim, HOPPER_BLOCK) ||
        !describe(c, &maps.v, a->v, keys, a->kv_heads, a->head_dim, HOPPER_BLOCK))
        return;
    kernel_attention_hopper(c->stream, &k, &maps);
    cuda_launched(c);
}
