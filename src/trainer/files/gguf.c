#include "trainer/files/gguf.h"

#include <string.h>

#include "base/array.h"
#include "base/map.h"
#include "base/mem.h"

enum { ALIGNMENT_MAX = 65536, NAME_BYTES = 64, KEY_BYTES = 65535, GGUF_VERSION = 3 };

static const size_t type_size[GGUF_TYPES] = {
    [GGUF_U8] = 1,  [GGUF_I8] = 1,  [GGUF_U16] = 2, [GGUF_I16] = 2, [GGUF_U32] = 4, [GGUF_I32] = 4,
    [GGUF_F32] = 4, [GGUF_BOOL] = 1, [GGUF_U64] = 8, [GGUF_I64] = 8, [GGUF_F64] = 8,
};

struct gguf {
    struct map *keys;
    struct gguf_value *values;
    size_t count, cap;
    struct slice pairs; /* the part of the file they stand in */
    struct weight_set weights; /* owns the mapped file, where there is one */
};

/* Reading position. Invariant: at <= len; a failed read sets failed and gives zeros. */
struct cursor {
    const unsigned char *bytes;
    size_t at, len;
    bool failed;
};

static const unsigned char *take(struct cursor *c, uint64_t n)
{
    if (c->failed || n > c->len - c->at) {
        c->failed = true;
        return NULL;
    }
    const unsigned char *p = c->bytes + c->at;
    c->at += (size_t)n;
    return p;
}

static uint64_t little(const unsigned char *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = n; p && i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

static uint32_t take_u32(struct cursor *c)
{
    return (uint32_t)little(take(c, 4), 4);
}

static uint64_t take_u64(struct cursor *c)
{
    return little(take(c, 8), 8);
}

static struct slice take_string(struct cursor *c)
{
    uint64_t n = take_u64(c);
    const unsigned char *p = take(c, n);
    return p ? (struct slice){(const char *)p, (size_t)n} : (struct slice){"", 0};
}

static void take_array(struct cursor *c, struct gguf_value *v)
{
    uint32_t of = take_u32(c);
    v->count = take_u64(c);
    v->data = c->bytes + c->at;
    if (of >= GGUF_TYPES || of == GGUF_ARRAY) {
        c->failed = true;
        return;
    }
    v->of = (enum gguf_type)of;
    size_t least = of == GGUF_STRING ? 8 : type_size[of];
    if (c->failed || v->count > (c->len - c->at) / least) { /* so that the product cannot wrap */
        c->failed = true;
        return;
    }
    if (of != GGUF_STRING)
        take(c, v->count * type_size[of]);
    for (uint64_t i = 0; of == GGUF_STRING && i < v->count && !c->failed; i++)
        take_string(c);
}

static void take_value(struct cursor *c, struct gguf_value *v)
{
    uint32_t type = take_u32(c);
    v->data = c->bytes + c->at;
    if (type >= GGUF_TYPES) {
        c->failed = true;
        return;
    }
    v->type = (enum gguf_type)type;
    if (type == GGUF_ARRAY)
        take_array(c, v);
    else if (type == GGUF_STRING)
        take_string(c);
    else
        take(c, type_size[type]);
}

static int take_pair(struct gguf *g, struct cursor *c, struct error *err)
{
    struct slice key = take_string(c);
    struct gguf_value v = {0};
    if (key.len == 0 || key.len > KEY_BYTES)
        return error_set(err, ERR_INPUT, "a key is empty, cut short or too long");
    take_value(c, &v);
    if (c->failed)
        return error_set(err, ERR_INPUT, "the value of key %zu is cut short or of no known type",
                         g->count);
    if (!map_put(g->keys, key, g->count))
        return error_set(err, ERR_INPUT, "key %zu is there twice", g->count);
    g->values = array_reserve(g->values, &g->cap, g->count + 1, sizeof *g->values);
    g->values[g->count++] = v;
    return 0;
}

static int map_type(uint32_t type, struct weight *w, struct error *err)
{
    static const struct {
        uint32_t number;
        enum dtype dtype;
    } known[] = {{0, DTYPE_F32},  {1, DTYPE_F16},   {2, DTYPE_Q4_0},  {3, DTYPE_Q4_1},
                 {8, DTYPE_Q8_0}, {12, DTYPE_Q4_K}, {14, DTYPE_Q6_K}, {30, DTYPE_BF16}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].number == type) {
            w->dtype = known[i].dtype;
            return 0;
        }
    }
    return error_set(err, ERR_INPUT,
                     "tensor %s is of ggml type %u, which is not read (F32, F16, BF16, Q8_0, Q4_0, "
                     "Q4_1, Q4_K and Q6_K are)",
                     w->name, type);
}

/* GGUF lists the innermost dimension first; shapes here are outermost first. */
static int take_shape(struct cursor *c, struct weight *w, struct error *err)
{
    uint32_t dims = take_u32(c);
    if (dims < 1 || dims > WEIGHT_DIMS)
        return error_set(err, ERR_INPUT, "tensor %s has %u dimensions", w->name, dims);
    w->dims = (int)dims;
    for (uint32_t i = 0; i < dims; i++) {
        uint64_t n = take_u64(c);
        if (n == 0 || n > INT64_MAX)
            return error_set(err, ERR_INPUT, "tensor %s has a bad dimension", w->name);
        w->shape[dims - 1 - i] = (size_t)n;
    }
    if (!weight_measure(w) || w->count > INT64_MAX)
        return error_set(err, ERR_INPUT, "tensor %s: its dimensions' product is too large", w->name);
    return 0;
}

/* alignment is a power of two (read_alignment). */
static size_t round_up(size_t size, size_t alignment)
{
    return (size + alignment - 1) & ~(alignment - 1);
}

/* Reads one entry of the tensor table; offset (from the start of the data) must be *expected,
 * which moves on past the tensor and its padding. */
static int take_tensor(struct gguf *g, struct cursor *c, size_t alignment, uint64_t *expected,
                       struct error *err)
{
    char name[NAME_BYTES] = "";
    struct slice text = take_string(c);
    if (text.len == 0 || text.len >= NAME_BYTES || memchr(text.at, 0, text.len))
        return error_set(err, ERR_INPUT, "a tensor's name is empty, cut short or over 63 bytes");
    memcpy(name, text.at, text.len);
    struct weight w = {.name = name};
    if (take_shape(c, &w, err) != 0 || map_type(take_u32(c), &w, err) != 0)
        return -1;
    uint64_t offset = take_u64(c);
    size_t bytes;
    if (w.shape[w.dims - 1] % dtype_block(w.dtype) != 0 || !dtype_bytes(w.dtype, w.count, &bytes))
        return error_set(err, ERR_INPUT, "tensor %s: its rows are no whole blocks", name);
    if (c->failed || offset != *expected || bytes > c->len || *expected > c->len)
        return error_set(err, ERR_INPUT, "tensor %s does not lie where it must", name);
    w.data = (const unsigned char *)(uintptr_t)offset; /* placed by place_tensors */
    *expected += round_up(bytes, alignment);
    return weights_add(&g->weights, &w, err);
}

/* Offsets become addresses once it is known where the data starts. */
static int place_tensors(struct gguf *g, const struct cursor *c, size_t alignment,
                         struct error *err)
{
    size_t start = round_up(c->at, alignment);
    for (size_t i = 0; i < g->weights.count; i++) {
        struct weight *w = &g->weights.items[i];
        size_t bytes = 0, offset = (size_t)(uintptr_t)w->data;
        dtype_bytes(w->dtype, w->count, &bytes);
        if (start > c->len || offset > c->len - start || bytes > c->len - start - offset)
            return error_set(err, ERR_INPUT, "tensor %s lies past the end of the file", w->name);
        w->data = c->bytes + start + offset;
    }
    return 0;
}

static int read_alignment(const struct gguf *g, size_t *alignment, struct error *err)
{
    double a = gguf_number(g, "general.alignment", 32);
    *alignment = a >= 8 && a <= ALIGNMENT_MAX ? (size_t)a : 0;
    if (*alignment == 0 || (*alignment & (*alignment - 1)) != 0)
        return error_set(err, ERR_INPUT, "general.alignment is no power of two from 8 to %d",
                         ALIGNMENT_MAX);
    return 0;
}

static int parse(struct gguf *g, struct cursor *c, struct error *err)
{
    const unsigned char *magic = take(c, 4);
    if (!magic || memcmp(magic, "GGUF", 4) != 0)
        return error_set(err, ERR_INPUT, "no GGUF file");
    uint32_t version = take_u32(c);
    if (version != GGUF_VERSION)
        return error_set(err, ERR_INPUT, "GGUF version %u is not read (3 is)", version);
    uint64_t tensors = take_u64(c), pairs = take_u64(c);
    if (c->failed || tensors > c->len / 32 || pairs > c->len / 13)
        return error_set(err, ERR_INPUT, "more tensors or keys than the file has room for");
    size_t start = c->at;
    for (uint64_t i = 0; i < pairs; i++) {
        if (take_pair(g, c, err) != 0)
            return -1;
    }
    g->pairs = (struct slice){(const char *)c->bytes + start, c->at - start};
    size_t alignment;
    if (read_alignment(g, &alignment, err) != 0)
        return -1;
    uint64_t expected = 0;
    for (uint64_t i = 0; i < tensors; i++) {
        if (take_tensor(g, c, alignment, &expected, err) != 0)
            return -1;
    }
    return place_tensors(g, c, alignment, err);
}

struct gguf *gguf_parse(struct slice bytes, struct error *err)
{
    struct gguf *g = mem_zalloc(1, sizeof *g);
    g->keys = map_new();
    struct cursor c = {(const unsigned char *)bytes.at, 0, bytes.len, false};
    if (parse(g, &c, err) != 0) {
        gguf_close(g);
        return NULL;
    }
    return g;
}

struct gguf *gguf_open(const char *path, struct error *err)
{
    struct mapped m;
    if (mapped_open(path, &m, err) != 0)
        return NULL;
    struct gguf *g = gguf_parse((struct slice){(const char *)m.at, m.size}, err);
    if (!g) {
        mapped_close(&m);
        error_prefix(err, "%s: ", path);
        return NULL;
    }
    struct weight_set *w = &g->weights;
    w->files = array_reserve(w->files, &w->files_cap, w->files_count + 1, sizeof m);
    w->files[w->files_count++] = m;
    return g;
}

void gguf_close(struct gguf *g)
{
    if (!g)
        return;
    map_free(g->keys);
    mem_free(g->values);
    weights_free(&g->weights);
    mem_free(g);
}

const struct weight_set *gguf_weights(const struct gguf *g)
{
    return &g->weights;
}

const struct gguf_value *gguf_get(const struct gguf *g, const char *key)
{
    uint64_t at;
    return map_get(g->keys, slice_of(key), &at) ? &g->values[at] : NULL;
}

struct slice gguf_pairs(const struct gguf *g, size_t *count)
{
    *count = g->count;
    return g->pairs;
}

static double number_of(enum gguf_type type, const unsigned char *p, double fallback)
{
    size_t size = type_size[type];
    uint64_t bits = little(p, size);
    switch (type) {
    case GGUF_F32: {
        float f;
        uint32_t word = (uint32_t)bits;
        memcpy(&f, &word, sizeof f);
        return f;
    }
    case GGUF_F64: {
        double d;
        memcpy(&d, &bits, sizeof d);
        return d;
    }
    case GGUF_I8: return (double)(int8_t)bits;
    case GGUF_I16: return (double)(int16_t)bits;
    case GGUF_I32: return (double)(int32_t)bits;
    case GGUF_I64: return (double)(int64_t)bits;
    case GGUF_STRING:
    case GGUF_ARRAY: return fallback;
    default: return (double)bits;
    }
}

double gguf_number(const struct gguf *g, const char *key, double fallback)
{
    const struct gguf_value *v = gguf_get(g, key);
    return v ? number_of(v->type, v->data, fallback) : fallback;
}

struct slice gguf_string(const struct gguf *g, const char *key)
{
    const struct gguf_value *v = gguf_get(g, key);
    if (!v || v->type != GGUF_STRING)
        return (struct slice){"", 0};
    return (struct slice){(const char *)v->data + 8, (size_t)little(v->data, 8)};
}

double gguf_number_at(const struct gguf_value *array, uint64_t i)
{
    return number_of(array->of, array->data + i * type_size[array->of], 0);
}

struct slice gguf_string_next(const struct gguf_value *array, size_t *offset)
{
    const unsigned char *p = array->data + *offset;
    size_t len = (size_t)little(p, 8);
    *offset += 8 + len;
    return (struct slice){(const char *)p + 8, len};
}
