#include "trainer/files/safetensors.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"
#include "base/json.h"
#include "base/json_text.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { HEADER_MAX = 100000000, INDEX_MAX = 100000000, NAME_MAX_BYTES = 512, PIECE = 1 << 18 };

static uint64_t u64_at(const char *p)
{
    uint64_t v = 0;
    for (int i = 7; i >= 0; i--)
        v = v << 8 | (unsigned char)p[i];
    return v;
}

static int read_dtype(const struct json *entry, struct weight *w, struct error *err)
{
    static const enum dtype known[] = {DTYPE_F32, DTYPE_F16, DTYPE_BF16};
    const char *name = json_string(json_get(entry, "dtype"), "");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(name, dtype_name(known[i])) == 0) {
            w->dtype = known[i];
            return 0;
        }
    }
    return error_set(err, ERR_INPUT, "tensor %.100s: type '%.20s' is not read (F32, F16 and BF16 are)",
                     w->name, name);
}

static int read_shape(const struct json *entry, struct weight *w, struct error *err)
{
    const struct json *shape = json_get(entry, "shape");
    if (json_type(shape) != JSON_ARRAY || json_size(shape) > WEIGHT_DIMS)
        return error_set(err, ERR_INPUT, "tensor %.100s: the shape is no list of up to %d numbers",
                         w->name, WEIGHT_DIMS);
    for (const struct json *c = json_first(shape); c; c = json_next(c)) {
        int64_t n;
        if (!json_int(c, &n) || n < 0)
            return error_set(err, ERR_INPUT, "tensor %.100s: a bad number in the shape", w->name);
        w->shape[w->dims++] = (size_t)n;
    }
    if (!weight_measure(w))
        return error_set(err, ERR_INPUT, "tensor %.100s: the shape's product is too large", w->name);
    return 0;
}

/* Where the tensor lies; its length must be what shape and type ask for. */
static int read_span(const struct json *entry, struct slice data, struct weight *w,
                     struct error *err)
{
    const struct json *span = json_get(entry, "data_offsets");
    int64_t from, to;
    size_t bytes;
    if (json_size(span) != 2 || !json_int(json_at(span, 0), &from) ||
        !json_int(json_at(span, 1), &to) || from < 0 || to < from || (uint64_t)to > data.len)
        return error_set(err, ERR_INPUT, "tensor %.100s: data_offsets are not inside the file",
                         w->name);
    if (!dtype_bytes(w->dtype, w->count, &bytes) || bytes != (size_t)(to - from))
        return error_set(err, ERR_INPUT, "tensor %.100s: its bytes do not fit its shape", w->name);
    w->data = (const unsigned char *)data.at + from;
    return 0;
}

static int by_place(const void *a, const void *b)
{
    const struct weight *x = a, *y = b;
    if (x->data != y->data)
        return x->data < y->data ? -1 : 1;
    return (x->count > y->count) - (x->count < y->count); /* empty tensors first */
}

/* Tensors must fill data from end to end, so that no byte is read twice or not at all. */
static int check_contiguous(const struct weight *items, size_t count, struct slice data,
                            struct error *err)
{
    struct weight *sorted = mem_copy(items, count * sizeof *items);
    qsort(sorted, count, sizeof *sorted, by_place);
    const unsigned char *at = (const unsigned char *)data.at;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        size_t bytes = 0;
        if (sorted[i].data != at)
            result = error_set(err, ERR_INPUT, "tensor %.100s: a hole or an overlap before it",
                               sorted[i].name);
        dtype_bytes(sorted[i].dtype, sorted[i].count, &bytes);
        at += bytes;
    }
    if (result == 0 && at != (const unsigned char *)data.at + data.len)
        result = error_set(err, ERR_INPUT, "bytes after the last tensor");
    mem_free(sorted);
    return result;
}

static int add_entry(const struct json *entry, struct slice data, struct weight_set *set,
                     struct error *err)
{
    struct weight w = {.name = json_name(entry)};
    if (strlen(w.name) > NAME_MAX_BYTES)
        return error_set(err, ERR_INPUT, "a tensor's name is longer than %d bytes", NAME_MAX_BYTES);
    if (read_dtype(entry, &w, err) != 0 || read_shape(entry, &w, err) != 0 ||
        read_span(entry, data, &w, err) != 0)
        return -1;
    return weights_add(set, &w, err);
}

static int add_entries(const struct json *header, struct slice data, struct weight_set *set,
                       struct error *err)
{
    size_t first = set->count;
    for (const struct json *c = json_first(header); c; c = json_next(c)) {
        if (strcmp(json_name(c), "__metadata__") != 0 && add_entry(c, data, set, err) != 0)
            return -1;
    }
    if (set->count == first)
        return data.len ? error_set(err, ERR_INPUT, "bytes after the last tensor") : 0;
    return check_contiguous(set->items + first, set->count - first, data, err);
}

int safetensors_parse(struct slice bytes, struct weight_set *set, struct error *err)
{
    if (bytes.len < 8)
        return error_set(err, ERR_INPUT, "too short for a safetensors file");
    uint64_t len = u64_at(bytes.at);
    if (len > HEADER_MAX || len > bytes.len - 8)
        return error_set(err, ERR_INPUT, "no safetensors file: the header's length is wrong");
    struct slice text = {bytes.at + 8, (size_t)len};
    size_t bad_at = 0;
    if (!utf8_valid(text) || len == 0 || text.at[0] != '{' || !json_check(text, &bad_at))
        return error_set(err, ERR_INPUT, "the header is no JSON object in UTF-8 (byte %zu)", bad_at);
    struct json *header = json_parse(text, NULL, err);
    if (!header)
        return -1;
    struct slice data = {text.at + text.len, bytes.len - 8 - text.len};
    int result = add_entries(header, data, set, err);
    json_free(header);
    return result;
}

int safetensors_read(const char *path, struct weight_set *set, struct error *err)
{
    struct mapped m;
    if (mapped_open(path, &m, err) != 0)
        return -1;
    set->files = array_reserve(set->files, &set->files_cap, set->files_count + 1, sizeof m);
    set->files[set->files_count++] = m;
    if (safetensors_parse((struct slice){(const char *)m.at, m.size}, set, err) != 0)
        return error_prefix(err, "%s: ", path);
    return 0;
}

/* A shard's name comes from a file: it must be a plain name inside the folder. */
static bool plain_name(const char *name)
{
    return *name && *name != '.' && !strchr(name, '/');
}

static int read_shards(const char *folder, const struct json *index, struct weight_set *set,
                       struct error *err)
{
    struct map *seen = map_new();
    struct str path = {0};
    const struct json *names = json_get(index, "weight_map");
    int result = names ? 0 : error_set(err, ERR_INPUT, "%s: the index has no weight_map", folder);
    for (const struct json *c = json_first(names); c && result == 0; c = json_next(c)) {
        const char *name = json_string(c, "");
        if (!plain_name(name)) {
            result = error_set(err, ERR_INPUT, "%s: the index names a file outside it", folder);
        } else if (map_put(seen, slice_of(name), 0)) {
            str_clear(&path);
            str_addf(&path, "%s/%s", folder, name);
            result = safetensors_read(path.at, set, err);
        }
    }
    for (const struct json *c = json_first(names); c && result == 0; c = json_next(c)) {
        if (!weights_find(set, json_name(c)))
            result = error_set(err, ERR_INPUT, "%s: no shard holds the tensor %.100s", folder,
                               json_name(c));
    }
    map_free(seen);
    str_free(&path);
    return result;
}

int safetensors_read_folder(const char *folder, struct weight_set *set, struct error *err)
{
    struct str path = {0}, text = {0};
    str_addf(&path, "%s/model.safetensors.index.json", folder);
    int result;
    if (file_exists(path.at)) {
        result = file_read(path.at, INDEX_MAX, &text, err);
        struct json *index = result == 0 ? json_parse(str_slice(&text), NULL, err) : NULL;
        result = index ? read_shards(folder, index, set, err) : -1;
        json_free(index);
    } else {
        str_clear(&path);
        str_addf(&path, "%s/model.safetensors", folder);
        result = safetensors_read(path.at, set, err);
    }
    str_free(&path);
    str_free(&text);
    return result;
}

static size_t element_count(const struct st_tensor *t)
{
    size_t count = 1;
    for (int i = 0; i < t->dims; i++)
        count *= t->shape[i];
    return count;
}

static void print_header(struct str *out, const struct st_tensor *tensors, size_t count,
                         const char *metadata)
{
    size_t at = 0;
    str_adds(out, "{\"__metadata__\":");
    str_adds(out, metadata ? metadata : "{\"format\":\"pt\"}");
    for (size_t i = 0; i < count; i++) {
        const struct st_tensor *t = &tensors[i];
        str_addc(out, ',');
        json_quote(out, slice_of(t->name));
        str_adds(out, ":{\"dtype\":\"F32\",\"shape\":[");
        for (int d = 0; d < t->dims; d++)
            str_addf(out, "%s%zu", d ? "," : "", t->shape[d]);
        size_t bytes = element_count(t) * sizeof(float);
        str_addf(out, "],\"data_offsets\":[%zu,%zu]}", at, at + bytes);
        at += bytes;
    }
    str_addc(out, '}');
    while (out->len % 8 != 0)
        str_addc(out, ' ');
}

int safetensors_write_from(const char *path, const struct st_tensor *tensors, size_t count,
                           const char *metadata, st_fill_fn *fill, void *ctx, struct error *err)
{
    struct atomic_file *f = atomic_open(path, 0600, err);
    if (!f)
        return -1;
    struct str header = {0};
    print_header(&header, tensors, count, metadata);
    unsigned char len[8];
    for (int i = 0; i < 8; i++)
        len[i] = (unsigned char)(header.len >> 8 * i);
    fwrite(len, 1, sizeof len, atomic_stream(f));
    fwrite(header.at, 1, header.len, atomic_stream(f));
    str_free(&header);
    float *piece = mem_alloc(PIECE * sizeof *piece);
    for (size_t i = 0; i < count; i++) {
        size_t all = element_count(&tensors[i]);
        for (size_t at = 0, n; at < all; at += n) {
            n = all - at < PIECE ? all - at : PIECE;
            fill(ctx, i, at, n, piece);
            fwrite(piece, sizeof(float), n, atomic_stream(f));
        }
    }
    mem_free(piece);
    return atomic_commit(f, err);
}

static void fill_from_values(void *ctx, size_t tensor, size_t first, size_t count, float *out)
{
    const struct st_tensor *tensors = ctx;
    memcpy(out, tensors[tensor].values + first, count * sizeof *out);
}

int safetensors_write(const char *path, const struct st_tensor *tensors, size_t count,
                      const char *metadata, struct error *err)
{
    return safetensors_write_from(path, tensors, count, metadata, fill_from_values,
                                  (void *)(uintptr_t)tensors, err);
}
