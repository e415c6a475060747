#include "trainer/files/gguf_write.h"

#include <assert.h>
#include <string.h>

#include "base/file.h"

enum { VERSION = 3, ALIGNMENT = 32, NAME_BYTES = 64, TYPE_F32 = 0 };

static const char zeros[ALIGNMENT]; /* of which padding is made */

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

static size_t padding(size_t size)
{
    return (ALIGNMENT - size % ALIGNMENT) % ALIGNMENT;
}

static int put_tensor(struct str *out, const struct st_tensor *t, uint64_t *offset, struct error *err)
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
    *offset += bytes_of(t) + padding(bytes_of(t));
    return 0;
}

static int put_header(struct str *out, const struct gguf_pair *pairs, size_t pair_count,
                      const struct st_tensor *tensors, size_t count, struct error *err)
{
    uint64_t offset = 0;
    str_adds(out, "GGUF");
    put(out, VERSION, 4);
    put(out, count, 8);
    put(out, pair_count, 8);
    for (size_t i = 0; i < pair_count; i++)
        put_pair(out, &pairs[i]);
    for (size_t i = 0; i < count; i++) {
        if (put_tensor(out, &tensors[i], &offset, err) != 0)
            return -1;
    }
    str_add(out, zeros, padding(out->len));
    return 0;
}

int gguf_write(const char *path, const struct gguf_pair *pairs, size_t pair_count,
               const struct st_tensor *tensors, size_t count, struct error *err)
{
    struct str header = {0};
    struct atomic_file *f = NULL;
    if (put_header(&header, pairs, pair_count, tensors, count, err) == 0)
        f = atomic_open(path, 0600, err);
    if (f)
        fwrite(header.at, 1, header.len, atomic_stream(f));
    str_free(&header);
    if (!f)
        return -1;
    for (size_t i = 0; i < count; i++) {
        fwrite(tensors[i].values, 1, bytes_of(&tensors[i]), atomic_stream(f));
        fwrite(zeros, 1, padding(bytes_of(&tensors[i])), atomic_stream(f));
    }
    return atomic_commit(f, err);
}
