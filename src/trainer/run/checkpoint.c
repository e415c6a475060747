#include "trainer/run/checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/mem.h"
#include "trainer/files/safetensors.h"
#include "trainer/run/companions.h"

/* Tensors on their way to a file: names are owned, values stay where they are until they are written. */
struct outgoing {
    struct backend *backend;
    struct st_tensor *items;
    struct values {
        const real *work;
        const float *master;
    } *values; /* on the backend */
    size_t count, cap, values_cap;
};

static void outgoing_add(struct outgoing *o, const char *prefix, const char *name, struct values values,
                         size_t rows, size_t cols)
{
    struct str full = {0};
    str_addf(&full, "%s%s", prefix, name);
    o->items = array_reserve(o->items, &o->cap, o->count + 1, sizeof *o->items);
    o->values = array_reserve(o->values, &o->values_cap, o->count + 1, sizeof *o->values);
    o->values[o->count] = values;
    o->items[o->count++] = (struct st_tensor){
        .name = str_take(&full), .dims = rows ? 2 : 1, .shape = {rows ? rows : cols, rows ? cols : 0}};
}

static void give_values(void *ctx, size_t tensor, size_t first, size_t count, float *out)
{
    struct outgoing *o = ctx;
    const struct values *v = &o->values[tensor];
    pair_download(o->backend, out, v->work, v->master, first, count);
}

/* Writes and frees. */
static int outgoing_write(struct outgoing *o, const char *folder, const char *name, struct error *err)
{
    struct str path = {0};
    str_addf(&path, "%s/%s", folder, name);
    int result = safetensors_write_from(path.at, o->items, o->count, NULL, give_values, o, err);
    str_free(&path);
    for (size_t i = 0; i < o->count; i++)
        mem_free((void *)(uintptr_t)o->items[i].name);
    mem_free(o->items);
    mem_free(o->values);
    return result;
}

static int collect_one(void *ctx, const char *name, struct slot s, size_t rows, size_t cols)
{
    outgoing_add(ctx, "", name, (struct values){*s.value, *s.master}, rows, cols);
    return 0;
}

int checkpoint_write_model(struct model *m, const char *source, const char *folder, struct error *err)
{
    struct outgoing out = {.backend = m->backend};
    model_visit(m, collect_one, &out);
    if (outgoing_write(&out, folder, "model.safetensors", err) != 0)
        return -1;
    return companions_write(m, source, folder, err);
}

static int write_state(const struct checkpoint *c, const char *folder, struct error *err)
{
    struct outgoing out = {.backend = c->optimizer->backend};
    for (size_t i = 0; i < c->params->count; i++) {
        const struct param *p = &c->params->items[i];
        size_t rows = p->dims == 2 ? p->shape[0] : 0, cols = p->dims == 2 ? p->shape[1] : p->shape[0];
        outgoing_add(&out, "m.", p->name, (struct values){NULL, c->optimizer->m[i]}, rows, cols);
        outgoing_add(&out, "v.", p->name, (struct values){NULL, c->optimizer->v[i]}, rows, cols);
    }
    return outgoing_write(&out, folder, "trainer_state.safetensors", err);
}

/* Removes what an interrupted write left: plain files, no folders. */
static void remove_folder(const char *folder)
{
    struct str path = {0};
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        str_clear(&path);
        str_addf(&path, "%s/%s", folder, e->d_name);
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            unlink(path.at);
    }
    if (d)
        closedir(d);
    rmdir(folder);
    str_free(&path);
}

static int write_all(const struct checkpoint *c, const char *folder, struct error *err)
{
    if (file_make_dir(folder, err) != 0)
        return -1;
    int result = c->lora ? lora_save(c->model, folder, c->lora, c->base, err)
                         : checkpoint_write_model(c->model, c->base, folder, err);
    return result == 0 ? write_state(c, folder, err) : -1;
}

static void sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

int checkpoint_write(const struct checkpoint *c, int step, struct error *err)
{
    struct str half = {0}, whole = {0}, parent = {0};
    str_addf(&parent, "%s/checkpoints", c->run);
    str_addf(&half, "%s/unfinished", parent.at);
    str_addf(&whole, "%s/step-%d", parent.at, step);
    int result = 0;
    if (!file_exists(whole.at)) {
        remove_folder(half.at);
        result = write_all(c, half.at, err);
        if (result == 0) /* what a failing GPU gave is no checkpoint */
            result = c->model->backend->ops->finish(c->model->backend, err);
        if (result == 0 && rename(half.at, whole.at) != 0)
            result = error_errno(err, "cannot rename to %s", whole.at);
        if (result == 0)
            sync_folder(parent.at);
        else
            remove_folder(half.at);
    }
    str_free(&half);
    str_free(&whole);
    str_free(&parent);
    return result == 0 ? 0 : error_prefix(err, "checkpoint of step %d: ", step);
}

int checkpoint_last(const char *run)
{
    struct str path = {0};
    str_addf(&path, "%s/checkpoints", run);
    DIR *d = opendir(path.at);
    str_free(&path);
    int last = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        int step, used = 0;
        if (sscanf(e->d_name, "step-%d%n", &step, &used) == 1 && !e->d_name[used] && step > last)
            last = step;
    }
    if (d)
        closedir(d);
    return last;
}

static int restore(const struct weight_set *set, struct backend *b, const char *prefix,
                   const struct param *p, real *work, float *to, struct error *err)
{
    struct str name = {0};
    float *host = mem_alloc(p->count * sizeof *host);
    str_addf(&name, "%s%s", prefix, p->name);
    size_t rows = p->dims == 2 ? p->shape[0] : 0, cols = p->dims == 2 ? p->shape[1] : p->shape[0];
    int result = weights_read(set, name.at, rows, cols, host, err);
    if (result == 0)
        pair_upload(b, work, to, host, p->count);
    mem_free(host);
    str_free(&name);
    return result;
}

static int restore_all(const struct checkpoint *c, const char *folder, struct error *err)
{
    struct weight_set values = {0}, state = {0};
    struct str path = {0};
    str_addf(&path, "%s/%s", folder, c->lora ? "adapter_model.safetensors" : "model.safetensors");
    int result = safetensors_read(path.at, &values, err);
    str_clear(&path);
    str_addf(&path, "%s/trainer_state.safetensors", folder);
    if (result == 0)
        result = safetensors_read(path.at, &state, err);
    for (size_t i = 0; result == 0 && i < c->params->count; i++) {
        const struct param *p = &c->params->items[i];
        struct backend *b = c->optimizer->backend;
        if (restore(&values, b, "", p, p->work, p->value, err) != 0 ||
            restore(&state, b, "m.", p, NULL, c->optimizer->m[i], err) != 0 ||
            restore(&state, b, "v.", p, NULL, c->optimizer->v[i], err) != 0)
            result = -1;
    }
    weights_free(&values);
    weights_free(&state);
    str_free(&path);
    return result;
}

int checkpoint_resume(const struct checkpoint *c, int *step, struct error *err)
{
    struct str folder = {0};
    *step = checkpoint_last(c->run);
    str_addf(&folder, "%s/checkpoints/step-%d", c->run, *step);
    int result = *step ? restore_all(c, folder.at, err) : 0;
    if (result != 0)
        error_prefix(err, "%s: ", folder.at);
    str_free(&folder);
    return result;
}
