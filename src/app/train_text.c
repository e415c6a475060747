/* A run in words and as JSON, and two runs compared. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/train_parts.h"
#include "base/array.h"
#include "base/map.h"
#include "base/mem.h"

/* --- JSON --- */

static struct json *copy(const struct json *j)
{
    struct str text = {0};
    if (!j)
        return json_new_null();
    json_print(&text, j);
    struct json *same = json_parse(str_slice(&text), NULL, NULL);
    str_free(&text);
    return same;
}

static void set_known(struct json *o, const char *name, double value)
{
    json_set(o, name, value < 0 ? json_new_null() : json_new_number(value));
}

static void set_time(struct json *o, const char *name, int64_t ms)
{
    json_set(o, name, ms ? json_new_number((double)ms) : json_new_null());
}

static struct json *progress_json(const struct run_progress *p)
{
    struct json *o = json_new_object();
    set_known(o, "step", (double)p->step);
    set_known(o, "steps", (double)p->steps);
    set_known(o, "examples", p->examples);
    set_known(o, "examples_all", p->examples_all);
    set_known(o, "loss", p->loss);
    set_known(o, "valid_loss", p->valid_loss);
    set_known(o, "tokens_per_second", p->tokens_per_second);
    set_known(o, "seconds_left", p->seconds_left);
    return o;
}

static struct json *checkpoints_json(const struct run *r)
{
    struct json *list = json_new_array();
    struct str path = {0};
    for (size_t i = 0; i < r->n_checkpoints; i++) {
        const struct run_checkpoint *c = &r->checkpoints[i];
        struct json *o = json_new_object();
        if (run_checkpoint_path(r, c->step, &path, NULL) != 0)
            str_clear(&path);
        json_set_int(o, "step", c->step);
        set_known(o, "examples", c->examples);
        json_set_int(o, "bytes", c->bytes);
        set_time(o, "written", c->written);
        json_set_string(o, "path", str_z(&path));
        json_push(list, o);
    }
    str_free(&path);
    return list;
}

struct json *train_run_json(const struct run *r)
{
    struct json *o = json_new_object();
    const struct json *options = json_get(r->about, "options");
    json_set_string(o, "name", r->name);
    json_set_string(o, "uuid", r->uuid);
    json_set_string(o, "folder", r->folder);
    json_set_string(o, "state", run_state_name(r->state));
    json_set_string(o, "reason", r->reason);
    json_set_string(o, "method", r->method);
    json_set_string(o, "group", r->group);
    json_set_string(o, "model", r->model);
    json_set_string(o, "place", r->place);
    json_set_string(o, "device", r->device);
    json_set_string(o, "notes", r->notes);
    json_set_int(o, "seed", r->seed);
    set_time(o, "created", r->created);
    set_time(o, "started", r->started);
    set_time(o, "ended", r->ended);
    json_set(o, "branched_from", copy(json_get(r->about, "branched_from")));
    json_set(o, "data", copy(json_get(r->about, "data")));
    json_set(o, "options", copy(options ? options : json_get(r->config, "options")));
    json_set(o, "progress", progress_json(&r->progress));
    json_set(o, "checkpoints", checkpoints_json(r));
    return o;
}

/* --- words --- */

static void add_number(struct str *out, double n)
{
    char digits[32];
    int len = snprintf(digits, sizeof digits, "%.0f", n);
    for (int i = 0; i < len; i++) {
        str_addc(out, digits[i]);
        if (i + 1 < len && (len - i - 1) % 3 == 0)
            str_addc(out, ',');
    }
}

static void add_left(struct str *out, double seconds)
{
    if (seconds < 90)
        str_addf(out, ", %.0f s left", seconds);
    else if (seconds < 90 * 60)
        str_addf(out, ", %.0f min left", seconds / 60);
    else
        str_addf(out, ", %.1f h left", seconds / 3600);
}

void train_progress_text(struct str *out, const struct run *r)
{
    const struct run_progress *p = &r->progress;
    bool moving = r->state == RUN_RUNNING;
    if (p->step < 0) {
        str_adds(out, moving ? "its first step" : "no step yet");
        return;
    }
    str_addf(out, "step %lld", (long long)p->step);
    if (p->steps > 0)
        str_addf(out, " of %lld", (long long)p->steps);
    if (p->loss >= 0)
        str_addf(out, ", loss %.4g", p->loss);
    if (p->valid_loss >= 0)
        str_addf(out, " (held out %.4g)", p->valid_loss);
    if (moving && p->tokens_per_second > 0) {
        str_adds(out, ", ");
        add_number(out, p->tokens_per_second);
        str_adds(out, " tokens/s");
    }
    if (moving && p->seconds_left > 0)
        add_left(out, p->seconds_left);
}

/* --- comparing --- */

static void differ(struct train_differences *d, const char *name, const char *a, const char *b)
{
    if (strcmp(a ? a : "", b ? b : "") == 0)
        return;
    d->items = array_reserve(d->items, &d->cap, d->count + 1, sizeof *d->items);
    d->items[d->count++] = (struct train_difference){mem_strdup(name), mem_strdup(a ? a : ""), mem_strdup(b ? b : "")};
}

static const char *data_hash(const struct run *r)
{
    const struct json *train = json_get(json_get(r->about, "data"), "train");
    return json_string(json_get(train, "sha256"), json_string(json_get(r->config, "data_sha256"), ""));
}

static void add_names(struct map *names, const struct json *options)
{
    static const char *const elsewhere[] = {"model", "data", "valid", "out", "device", "adapter"};
    for (const struct json *o = json_first(options); o; o = json_next(o)) {
        bool own = false;
        for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
            own = own || strcmp(json_name(o), elsewhere[i]) == 0;
        if (!own)
            map_intern(names, slice_of(json_name(o)));
    }
}

static void differ_number(struct train_differences *d, const char *name, const struct json *a, const struct json *b)
{
    char x[32] = "", y[32] = "";
    if (json_type(a) == JSON_NUMBER)
        snprintf(x, sizeof x, "%.12g", json_number(a, 0));
    if (json_type(b) == JSON_NUMBER)
        snprintf(y, sizeof y, "%.12g", json_number(b, 0));
    differ(d, name, x, y);
}

void train_compare(const struct run *a, const struct run *b, struct train_differences *out)
{
    struct map *names = map_new();
    *out = (struct train_differences){0};
    differ(out, "method", a->method, b->method);
    differ(out, "model", a->model, b->model);
    differ(out, "data", data_hash(a), data_hash(b));
    differ_number(out, "examples", json_get(a->config, "examples"), json_get(b->config, "examples"));
    differ(out, "place", a->place, b->place);
    differ(out, "device", a->device, b->device);
    differ(out, "branched from", a->branched_from, b->branched_from);
    add_names(names, json_get(a->about, "options"));
    add_names(names, json_get(a->config, "options"));
    add_names(names, json_get(b->about, "options"));
    add_names(names, json_get(b->config, "options"));
    for (size_t i = 0; i < map_count(names); i++) {
        struct str name = {0};
        str_add_slice(&name, map_key(names, i));
        differ(out, str_z(&name), run_option(a, str_z(&name)), run_option(b, str_z(&name)));
        str_free(&name);
    }
    map_free(names);
}

void train_differences_free(struct train_differences *d)
{
    for (size_t i = 0; i < d->count; i++) {
        mem_free(d->items[i].name);
        mem_free(d->items[i].a);
        mem_free(d->items[i].b);
    }
    mem_free(d->items);
    *d = (struct train_differences){0};
}
