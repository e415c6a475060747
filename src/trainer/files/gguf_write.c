#include "trainer/files/gguf_write.h"

#include <assert.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

enum { VERSION = 3, ALIGNMENT = 32, NAME_BYTES = 64, TYPE_F32 = 0 };

static void put(struct str *out, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        str_addc(out, (char)(v >> 8 * i));
}

static void put_string(struct str *out, const char *text)
{
    put(out, strlen(text), 8);
    str_adds(out, text);
}

static void put_pair(struct str *out, const struct gguf_pair *p)
{
    put_string(out, p->key);
    put(out, p->type, 4);
    if (p->type == GGUF_STRING) {
        put_string(out, p->text);
    } else if (p->type == GGUF_F32) {
        float value = (float)p->number;
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        put(out, bits, 4);
    } else {
        assert(p->type == GGUF_U32);
        put(out, (uint32_t)p->number, 4);
    }
}

static size_t bytes_of(const struct st_tensor *t)
{
    size_t count = 1;
    for (int i = 0; i < t->dims; i++)
        count *= t->shape[i];
    return count * sizeof(float);
}

static size_t padding(size_t size, size_t alignment)
{
    return (alignment - size % alignment) % alignment;
}

static int put_tensor(struct str *out, const struct st_tensor *t, size_t alignment, uint64_t *offset, struct error *err)
{
    if (strlen(t->name) >= NAME_BYTES)
        return error_set(err, ERR_INPUT, "the tensor name %.80s is longer than the %d bytes GGUF allows", t->name,
                         NAME_BYTES - 1);
    put_string(out, t->name);
    put(out, (uint64_t)t->dims, 4);
    for (int i = t->dims; i-- > 0;)
        put(out, t->shape[i], 8);
    put(out, TYPE_F32, 4);
    put(out, *offset, 8);
    *offset += bytes_of(t) + padding(bytes_of(t), alignment);
    return 0;
}

static void put_start(struct str *out, size_t tensors, size_t pairs)
{
    str_adds(out, "GGUF");
    put(out, VERSION, 4);
    put(out, tensors, 8);
    put(out, pairs, 8);
}

static int put_table(struct str *out, const struct st_tensor *tensors, size_t count, size_t alignment, struct error *err)
{
    uint64_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        if (put_tensor(out, &tensors[i], alignment, &offset, err) != 0)
            return -1;
    }
    for (size_t left = padding(out->len, alignment); left > 0; left--)
        str_addc(out, 0);
    return 0;
}

/* A file that begins with header; frees it. */
static struct atomic_file *open_with(const char *path, struct str *header, struct error *err)
{
    struct atomic_file *f = atomic_open(path, 0600, err);
    if (f)
        fwrite(header->at, 1, header->len, atomic_stream(f));
    str_free(header);
    return f;
}

static void write_values(struct atomic_file *f, const struct st_tensor *t, const float *values, size_t alignment)
{
    fwrite(values, 1, bytes_of(t), atomic_stream(f));
    for (size_t left = padding(bytes_of(t), alignment); left > 0; left--)
        fputc(0, atomic_stream(f));
}

int gguf_write(const char *path, const struct gguf_pair *pairs, size_t pair_count,
               const struct st_tensor *tensors, size_t count, struct error *err)
{
    struct str header = {0};
    put_start(&header, count, pair_count);
    for (size_t i = 0; i < pair_count; i++)
        put_pair(&header, &pairs[i]);
    int result = put_table(&header, tensors, count, ALIGNMENT, err);
    struct atomic_file *f = result == 0 ? open_with(path, &header, err) : NULL;
    str_free(&header);
    if (!f)
        return -1;
    for (size_t i = 0; i < count; i++)
        write_values(f, &tensors[i], tensors[i].values, ALIGNMENT);
    return atomic_commit(f, err);
}

/* All pairs as they are, but what they say of the tensors' type. */
static void put_pairs_of(struct str *out, const struct gguf *like)
{
    size_t count, start = out->len;
    struct slice all = gguf_pairs(like, &count);
    const struct gguf_value *type = gguf_get(like, "general.file_type");
    str_add_slice(out, all);
    if (type && type->type == GGUF_U32)
        memset(out->at + start + ((const char *)type->data - all.at), TYPE_F32, 4);
}

int gguf_write_like(const char *path, const struct gguf *like, const struct st_tensor *tensors, size_t count,
                    st_fill_fn *fill, void *ctx, struct error *err)
{
    struct str header = {0};
    size_t pairs, alignment = (size_t)gguf_number(like, "general.alignment", ALIGNMENT);
    gguf_pairs(like, &pairs);
    put_start(&header, count, pairs);
    put_pairs_of(&header, like);
    int result = put_table(&header, tensors, count, alignment, err);
    struct atomic_file *f = result == 0 ? open_with(path, &header, err) : NULL;
    str_free(&header);
    if (!f)
        return -1;
    for (size_t i = 0; i < count; i++) {
        float *values = mem_alloc(bytes_of(&tensors[i]));
        fill(ctx, i, 0, bytes_of(&tensors[i]) / sizeof *values, values);
        write_values(f, &tensors[i], values, alignment);
        mem_free(values);
    }
    return atomic_commit(f, err);
}
