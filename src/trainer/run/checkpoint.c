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

/* Tensors on their way to a file: names and values are owned. */
struct outgoing {
    struct st_tensor *items;
    size_t count, cap;
};

static void outgoing_free(struct outgoing *o)
{
    for (size_t i = 0; i < o->count; i++) {
        mem_free((void *)(uintptr_t)o->items[i].name);
        mem_free((void *)(uintptr_t)o->items[i].values);
    }
    mem_free(o->items);
}

static void outgoing_add(struct outgoing *o, struct backend *b, const char *prefix, const char *name,
                         const float *value, size_t rows, size_t cols)
{
    struct str full = {0};
    size_t count = (rows ? rows : 1) * cols;
    float *host = mem_alloc(count * sizeof *host);
    b->ops->download(b, host, value, count);
    str_addf(&full, "%s%s", prefix, name);
    o->items = array_reserve(o->items, &o->cap, o->count + 1, sizeof *o->items);
    o->items[o->count++] = (struct st_tensor){
        str_take(&full), rows ? 2 : 1, {rows ? rows : cols, rows ? cols : 0}, host};
}

struct collect {
    struct outgoing *out;
    struct backend *backend;
};

static int collect_one(void *ctx, const char *name, float **value, float **grad, size_t rows, size_t cols)
{
    struct collect *c = ctx;
    (void)grad;
    outgoing_add(c->out, c->backend, "", name, *value, rows, cols);
    return 0;
}

int checkpoint_write_model(struct model *m, const char *folder, struct error *err)
{
    struct outgoing out = {0};
    struct collect c = {&out, m->backend};
    struct str path = {0}, config = {0};
    model_visit(m, collect_one, &c);
    str_addf(&path, "%s/model.safetensors", folder);
    int result = safetensors_write(path.at, out.items, out.count, NULL, err);
    str_clear(&path);
    str_addf(&path, "%s/config.json", folder);
    config_print(&m->config, &config);
    if (result == 0)
        result = file_write_atomic(path.at, 0600, str_slice(&config), err);
    str_free(&path);
    str_free(&config);
    outgoing_free(&out);
    return result;
}

static int write_state(const struct checkpoint *c, const char *folder, struct error *err)
{
    struct outgoing out = {0};
    struct str path = {0};
    for (size_t i = 0; i < c->params->count; i++) {
        const struct param *p = &c->params->items[i];
        size_t rows = p->dims == 2 ? p->shape[0] : 0, cols = p->dims == 2 ? p->shape[1] : p->shape[0];
        outgoing_add(&out, c->optimizer->backend, "m.", p->name, c->optimizer->m[i], rows, cols);
        outgoing_add(&out, c->optimizer->backend, "v.", p->name, c->optimizer->v[i], rows, cols);
    }
    str_addf(&path, "%s/trainer_state.safetensors", folder);
    int result = safetensors_write(path.at, out.items, out.count, NULL, err);
    str_free(&path);
    outgoing_free(&out);
    return result;
}

static const char *const file_names[] = {"adapter_model.safetensors", "adapter_config.json",
                                         "model.safetensors", "config.json",
                                         "trainer_state.safetensors"};

/* Removes what an interrupted write left. */
static void remove_folder(const char *folder)
{
    struct str path = {0};
    for (size_t i = 0; i < sizeof file_names / sizeof *file_names; i++) {
        str_clear(&path);
        str_addf(&path, "%s/%s", folder, file_names[i]);
        unlink(path.at);
    }
    rmdir(folder);
    str_free(&path);
}

static int write_all(const struct checkpoint *c, const char *folder, struct error *err)
{
    if (file_make_dir(folder, err) != 0)
        return -1;
    int result = c->lora ? lora_save(c->model, folder, c->lora, c->params, c->base, err)
                         : checkpoint_write_model(c->model, folder, err);
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

static int last_step(const char *run)
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
                   const struct param *p, float *to, struct error *err)
{
    struct str name = {0};
    float *host = mem_alloc(p->count * sizeof *host);
    str_addf(&name, "%s%s", prefix, p->name);
    size_t rows = p->dims == 2 ? p->shape[0] : 0, cols = p->dims == 2 ? p->shape[1] : p->shape[0];
    int result = weights_read(set, name.at, rows, cols, host, err);
    if (result == 0)
        b->ops->upload(b, to, host, p->count);
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
        if (restore(&values, b, "", p, p->value, err) != 0 ||
            restore(&state, b, "m.", p, c->optimizer->m[i], err) != 0 ||
            restore(&state, b, "v.", p, c->optimizer->v[i], err) != 0)
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
    *step = last_step(c->run);
    str_addf(&folder, "%s/checkpoints/step-%d", c->run, *step);
    int result = *step ? restore_all(c, folder.at, err) : 0;
    if (result != 0)
        error_prefix(err, "%s: ", folder.at);
    str_free(&folder);
    return result;
}
