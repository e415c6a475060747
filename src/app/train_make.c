/* Making a run: its folder, its data, and run.json, which says all that it was asked for. */
#include <config.h> /* of the build: app has one of its own */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/train_parts.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

enum { NAMES_MAX = 100000, NAME_BYTES = 64 };

/* A name becomes a folder, also on other machines: letters, digits and - _ . alone. */
static int check_name(const char *name, struct error *err)
{
    static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t len = strlen(name);
    if (len && len <= NAME_BYTES && name[0] != '.' && name[0] != '-' && strspn(name, fine) == len)
        return 0;
    return error_set(err, ERR_USAGE, "'%.80s' cannot name a run: at most %d letters, digits, - _ and ., not first a - or .",
                     name, NAME_BYTES);
}

/* Takes the first free name: the folder that mkdir makes is nobody else's. */
static int take_folder(struct making *m, struct error *err)
{
    const char *wanted = m->request->name;
    bool fixed = wanted && m->request->n_methods <= 1;
    struct str folder = {0};
    if (wanted && check_name(wanted, err) != 0)
        return -1;
    int result = runs_folder(m->request->project, &folder, err);
    if (result == 0)
        result = file_make_dir(folder.at, err);
    for (int i = 1; result == 0; i++) {
        str_clear(&m->folder);
        if (fixed)
            str_addf(&m->folder, "%s/%s", folder.at, wanted);
        else
            str_addf(&m->folder, "%s/%s%s%s-%d", folder.at, wanted ? wanted : "", wanted ? "-" : "", m->method, i);
        if (mkdir(m->folder.at, 0700) == 0)
            break;
        if (errno != EEXIST || i >= NAMES_MAX)
            result = error_errno(err, "cannot make the folder %s", m->folder.at);
        else if (fixed)
            result = error_set(err, ERR_CONFLICT, "there is a run %s already", wanted);
        if (result != 0)
            str_clear(&m->folder);
    }
    str_free(&folder);
    return result;
}

/* --- run.json --- */

static struct json *options_json(const struct making *m)
{
    struct json *o = json_new_object();
    for (const struct train_setting_row *r = train_settings; r->name; r++) {
        const char *value = train_setting_value(m->request, m->parent, r->name);
        if (value)
            json_set_string(o, r->name, value);
    }
    return o;
}

static void push(struct json *list, const char *name, const char *value)
{
    struct str word = {0};
    str_addf(&word, "--%s", name);
    json_push(list, json_new_string(word.at));
    if (value)
        json_push(list, json_new_string(value));
    str_free(&word);
}

static const char *device_of(const struct making *m)
{
    const char *device = m->request->device ? m->request->device : m->parent ? m->parent->device : NULL;
    return device && *device ? device : "auto";
}

/* The command line of hinge-train fit, as started and as resumed. Paths inside the run are from its folder, so that the
 * folder can be copied. */
static struct json *fit_json(const struct making *m, const char *adapter, bool valid)
{
    struct json *list = json_new_array();
    push(list, "model", m->model.at);
    push(list, "data", "data/train.jsonl");
    if (valid)
        push(list, "valid", "data/valid.jsonl");
    push(list, "out", ".");
    if (adapter)
        push(list, "adapter", adapter);
    if (strcmp(device_of(m), "auto") != 0)
        push(list, "device", device_of(m));
    for (const struct train_setting_row *r = train_settings; r->name; r++) {
        const char *value = train_setting_value(m->request, m->parent, r->name);
        bool of_adapter = strcmp(r->name, "rank") == 0 || strcmp(r->name, "alpha") == 0 || strcmp(r->name, "targets") == 0 ||
                          strcmp(r->name, "rslora") == 0;
        if (value && !(adapter && of_adapter)) /* the adapter's own hold */
            push(list, r->name, r->arg ? value : NULL);
    }
    return list;
}

static struct json *branched_json(const struct making *m)
{
    if (!m->parent)
        return json_new_null();
    struct json *o = json_new_object();
    json_set_string(o, "uuid", m->parent->uuid);
    json_set_string(o, "name", m->parent->name);
    json_set_int(o, "step", m->parent_step);
    return o;
}

static const char *place_of(const struct making *m)
{
    const char *place = m->request->place ? m->request->place : m->parent ? m->parent->place : NULL;
    return place && *place ? place : "local";
}

/* data NULL: it is being written. */
static int write_about(const struct making *m, struct json *data, const char *adapter, struct error *err)
{
    struct str path = {0}, text = {0};
    char uuid[37];
    const char *seed = train_setting_value(m->request, m->parent, "seed");
    struct json *j = json_new_object();
    bool valid = json_get(data, "valid") != NULL;
    run_uuid(uuid);
    json_set_string(j, "format", "hinge-run");
    json_set_int(j, "version", 1);
    json_set_string(j, "uuid", uuid);
    json_set_string(j, "name", strrchr(m->folder.at, '/') + 1);
    json_set_string(j, "method", m->method);
    json_set_string(j, "group", m->group);
    json_set_string(j, "model", m->model.at);
    json_set(j, "data", data ? data : json_new_null());
    json_set(j, "options", options_json(m));
    json_set_int(j, "seed", strtoll(seed ? seed : "0", NULL, 10));
    json_set_string(j, "device", device_of(m));
    json_set_string(j, "place", place_of(m));
    json_set_int(j, "processes", m->request->processes > 0 ? m->request->processes : 1);
    json_set_string(j, "notes", m->request->notes ? m->request->notes : "");
    json_set(j, "branched_from", branched_json(m));
    json_set(j, "fit", fit_json(m, adapter, valid));
    json_set_int(j, "created", clock_now_ms());
    json_set_string(j, "made_by", PACKAGE_STRING);
    json_print_pretty(&text, j);
    str_addc(&text, '\n');
    json_free(j);
    str_addf(&path, "%s/run.json", m->folder.at);
    int result = file_write_atomic(path.at, 0600, str_slice(&text), err);
    str_free(&path);
    str_free(&text);
    return result;
}

/* --- an adapter to begin with --- */

static int copy_one(const char *from, const char *to, const char *name, struct error *err)
{
    struct str a = {0}, b = {0}, bytes = {0};
    str_addf(&a, "%s/%s", from, name);
    str_addf(&b, "%s/%s", to, name);
    int result = file_read(a.at, SIZE_MAX / 4, &bytes, err);
    if (result == 0)
        result = file_write_atomic(b.at, 0600, str_slice(&bytes), err);
    str_free(&a);
    str_free(&b);
    str_free(&bytes);
    return result;
}

/* The parent's checkpoint is copied: the branch does not hang on a run that may be deleted. Sets *inside. */
static int make_adapter(const struct making *m, const char **inside, struct error *err)
{
    struct str from = {0}, to = {0};
    int result = 0;
    *inside = NULL;
    if (!m->parent && !m->request->adapter)
        return 0;
    *inside = "data/adapter";
    str_addf(&to, "%s/data/adapter", m->folder.at);
    if (m->parent)
        result = run_checkpoint_path(m->parent, m->parent_step, &from, err);
    else
        str_adds(&from, m->request->adapter);
    if (result == 0)
        result = file_make_dir(to.at, err);
    if (result == 0)
        result = copy_one(from.at, to.at, "adapter_config.json", err);
    if (result == 0)
        result = copy_one(from.at, to.at, "adapter_model.safetensors", err);
    str_free(&from);
    str_free(&to);
    return result;
}

/* --- all together --- */

static int fill(struct making *m, struct error *err)
{
    struct str data = {0};
    const char *adapter = NULL;
    struct json *said = json_new_object();
    str_addf(&data, "%s/data", m->folder.at);
    int result = write_about(m, NULL, NULL, err); /* from here on it is a run, whose data is being written */
    if (result == 0)
        result = file_make_dir(data.at, err);
    if (result == 0)
        result = making_data(m, said, err);
    if (result == 0)
        result = make_adapter(m, &adapter, err);
    if (result == 0)
        result = write_about(m, said, adapter, err);
    else
        json_free(said);
    str_free(&data);
    return result;
}

int making_run(struct making *m, struct error *err)
{
    const char *model = m->request->model ? m->request->model : m->parent ? m->parent->model : NULL;
    m->keeper = -1;
    if (!model)
        return error_set(err, ERR_USAGE, "a base model is needed: a folder or a GGUF file");
    if (train_model_path(m->request->project, model, &m->model, err) != 0 || take_folder(m, err) != 0)
        return -1;
    int result = run_keeper_take(m->folder.at, &m->keeper, err) > 0 ? 0 : -1;
    if (result == 0) {
        run_keeper_stage(m->keeper, "starting: its data is being written");
        result = fill(m, err);
    }
    if (result != 0)
        making_undo(m);
    return result;
}

void making_undo(struct making *m)
{
    if (m->keeper >= 0)
        close(m->keeper);
    m->keeper = -1;
    if (m->folder.len)
        (void)run_delete(m->folder.at, NULL);
    if (m->folder.len)
        (void)rmdir(m->folder.at); /* where not even run.json could be written */
    str_clear(&m->folder);
}

void making_end(struct making *m)
{
    if (m->keeper >= 0)
        close(m->keeper);
    m->keeper = -1;
    str_free(&m->folder);
    str_free(&m->model);
}
