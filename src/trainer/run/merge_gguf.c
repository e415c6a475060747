#include "trainer/run/merge_gguf.h"

#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "trainer/files/gguf_write.h"
#include "trainer/model/gguf_order.h"

/* A tensor of the model, with the name GGUF has for it. */
struct own {
    char name[GGUF_NAME_BYTES];
    const real *work;
    const float *master;
    size_t cols;
    bool interleaved;
};

struct merged {
    struct model *model;
    struct gguf *source;
    struct map *index; /* GGUF's name to a number of own */
    struct own *own;
    size_t count;
};

static int count_one(void *ctx, const char *name, struct slot s, size_t rows, size_t cols)
{
    (void)name, (void)s, (void)rows, (void)cols;
    ++*(size_t *)ctx;
    return 0;
}

static int collect_one(void *ctx, const char *name, struct slot s, size_t rows, size_t cols)
{
    struct merged *m = ctx;
    struct own *o = &m->own[m->count];
    gguf_name(name, o->name);
    o->work = *s.value;
    o->master = *s.master;
    o->cols = cols;
    o->interleaved = rows > 0 && gguf_interleaves(m->model->config.family, name);
    map_put(m->index, slice_of(o->name), m->count++);
    return 0;
}

/* The model's values; the file's own of a tensor that stands for no weight of it (RoPE's factors). */
static void give_values(void *ctx, size_t tensor, size_t first, size_t count, float *out)
{
    struct merged *m = ctx;
    const struct weight *w = &gguf_weights(m->source)->items[tensor];
    uint64_t at;
    if (!map_get(m->index, slice_of(w->name), &at)) {
        dtype_read(w->dtype, w->data, count, out);
        return;
    }
    const struct own *o = &m->own[at];
    pair_download(m->model->backend, out, o->work, o->master, first, count);
    if (o->interleaved)
        gguf_interleave(out, count / o->cols, o->cols, (size_t)m->model->config.head_dim);
}

static int write_all(struct merged *m, const char *path, struct error *err)
{
    const struct weight_set *set = gguf_weights(m->source);
    struct st_tensor *list = mem_zalloc(set->count + 1, sizeof *list);
    for (size_t i = 0; i < set->count; i++) {
        list[i].name = set->items[i].name;
        list[i].dims = set->items[i].dims;
        memcpy(list[i].shape, set->items[i].shape, sizeof list[i].shape);
    }
    int result = gguf_write_like(path, m->source, list, set->count, give_values, m, err);
    mem_free(list);
    return result;
}

int merge_write_gguf(struct model *m, const char *source, const char *path, struct error *err)
{
    struct merged merged = {.model = m, .source = gguf_open(source, err), .index = map_new()};
    size_t count = 0;
    int result = -1;
    if (merged.source) {
        model_visit(m, count_one, &count);
        merged.own = mem_zalloc(count + 1, sizeof *merged.own);
        model_visit(m, collect_one, &merged);
        result = write_all(&merged, path, err);
    }
    mem_free(merged.own);
    map_free(merged.index);
    gguf_close(merged.source);
    return result;
}
