#include "trainer/files/weights.h"

#include <string.h>

#include "base/array.h"
#include "base/mem.h"

void weights_free(struct weight_set *set)
{
    for (size_t i = 0; i < set->files_count; i++)
        mapped_close(&set->files[i]);
    mem_free(set->files);
    mem_free(set->items);
    map_free(set->index);
    arena_free(&set->names);
    *set = (struct weight_set){0};
}

const struct weight *weights_find(const struct weight_set *set, const char *name)
{
    uint64_t at;
    if (!set->index || !map_get(set->index, slice_of(name), &at))
        return NULL;
    return &set->items[at];
}

bool weight_measure(struct weight *w)
{
    w->count = 1;
    for (int i = 0; i < w->dims; i++) {
        if (w->shape[i] != 0 && w->count > SIZE_MAX / w->shape[i])
            return false;
        w->count *= w->shape[i];
    }
    return true;
}

int weights_add(struct weight_set *set, const struct weight *w, struct error *err)
{
    if (!set->index)
        set->index = map_new();
    if (!map_put(set->index, slice_of(w->name), set->count))
        return error_set(err, ERR_INPUT, "the tensor %s is there twice", w->name);
    set->items = array_reserve(set->items, &set->cap, set->count + 1, sizeof *set->items);
    struct weight *kept = &set->items[set->count++];
    *kept = *w;
    kept->name = arena_strndup(&set->names, w->name, strlen(w->name));
    return 0;
}

const struct weight *weights_want(const struct weight_set *set, const char *name, size_t rows, size_t cols,
                                  struct error *err)
{
    const struct weight *w = weights_find(set, name);
    if (!w) {
        error_set(err, ERR_ABSENT, "the model has no tensor %s", name);
        return NULL;
    }
    bool fits = rows ? w->dims == 2 && w->shape[0] == rows && w->shape[1] == cols
                     : w->dims == 1 && w->shape[0] == cols;
    if (fits)
        return w;
    error_set(err, ERR_INPUT, "the tensor %s has the shape [%zu, %zu], not [%zu, %zu]", name,
              w->dims > 0 ? w->shape[0] : 0, w->dims > 1 ? w->shape[1] : 0, rows ? rows : cols, rows ? cols : 0);
    return NULL;
}

void weights_done(const struct weight_set *set, const struct weight *w)
{
    size_t bytes = 0;
    dtype_bytes(w->dtype, w->count, &bytes);
    for (size_t i = 0; i < set->files_count; i++) /* else a model stands in memory twice while it loads */
        mapped_forget(&set->files[i], w->data, bytes);
}

int weights_read(const struct weight_set *set, const char *name, size_t rows, size_t cols,
                 float *out, struct error *err)
{
    const struct weight *w = weights_want(set, name, rows, cols, err);
    if (!w)
        return -1;
    dtype_read(w->dtype, w->data, w->count, out);
    weights_done(set, w);
    return 0;
}
