/* A run as its files tell it. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/file.h"
#include "base/mem.h"
#include "runs/run_read.h"

enum { ABOUT_MAX = 1 << 24 };

static const char *const state_names[] = {"waiting", "starting", "running", "stopped", "finished", "failed", "unreadable"};

const char *run_state_name(enum run_state s)
{
    return state_names[s];
}

bool run_state_busy(enum run_state s)
{
    return s == RUN_WAITING || s == RUN_STARTING || s == RUN_RUNNING;
}

const char *run_path(const struct run *r, const char *inside, struct str *out)
{
    str_clear(out);
    str_addf(out, "%s/%s", r->folder, inside);
    return out->at;
}

/* 1 and *out, 0 there is no such file, -1 and err. */
static int read_object(const struct run *r, const char *name, struct json **out, struct error *err)
{
    struct str path = {0}, text = {0};
    int result = file_exists(run_path(r, name, &path)) ? 1 : 0;
    if (result && file_read(path.at, ABOUT_MAX, &text, err) != 0)
        result = -1;
    if (result > 0) {
        *out = json_parse(slice_trim(str_slice(&text)), NULL, err);
        if (!*out)
            result = error_prefix(err, "%s is damaged: ", name);
        else if (json_type(*out) != JSON_OBJECT) {
            json_free(*out);
            *out = NULL;
            result = error_set(err, ERR_CORRUPT, "%s is damaged: it holds no object", name);
        }
    }
    str_free(&path);
    str_free(&text);
    return result;
}

static const char *text_of(const struct run *r, const char *name)
{
    return json_string(json_get(r->about, name), "");
}

static void fill(struct run *r)
{
    const struct json *branch = json_get(r->about, "branched_from");
    r->uuid = text_of(r, "uuid");
    r->method = text_of(r, "method");
    r->model = text_of(r, "model");
    r->place = text_of(r, "place");
    r->device = text_of(r, "device");
    r->notes = text_of(r, "notes");
    r->group = text_of(r, "group");
    r->branched_from = json_string(json_get(branch, "uuid"), "");
    r->branched_step = (int64_t)json_number(json_get(branch, "step"), 0);
    r->seed = (int64_t)json_number(json_get(r->about, "seed"), 0);
    r->created = (int64_t)json_number(json_get(r->about, "created"), 0);
}

/* A run that hinge-train made by itself has no run.json: what can be told comes from config.json. */
static void fill_bare(struct run *r)
{
    struct stat st;
    struct str path = {0};
    const char *model = json_string(json_get(json_get(r->config, "options"), "model"), "");
    json_set_string(r->about, "model", model);
    json_set_string(r->about, "place", "local");
    if (stat(run_path(r, "config.json", &path), &st) == 0)
        json_set_int(r->about, "created", (int64_t)st.st_mtime * 1000);
    str_free(&path);
}

static int read_both(struct run *r, struct error *err)
{
    struct json *about = NULL;
    int told = read_object(r, "run.json", &about, err);
    if (told > 0) {
        json_free(r->about);
        r->about = about;
    }
    int known = told < 0 ? -1 : read_object(r, "config.json", &r->config, err);
    if (known < 0)
        return -1;
    if (!told && !known)
        return error_set(err, ERR_FOREIGN, "holds no run: neither run.json nor config.json is there");
    if (!told)
        fill_bare(r);
    return 0;
}

static char *absolute(const char *folder)
{
    char *real = realpath(folder, NULL), *copy = mem_strdup(real ? real : folder);
    free(real);
    size_t len = strlen(copy);
    while (len > 1 && copy[len - 1] == '/')
        copy[--len] = '\0';
    return copy;
}

void run_open(const char *folder, struct run *out)
{
    struct error err = {0};
    *out = (struct run){.folder = absolute(folder), .about = json_new_object(), .reason = mem_strdup("")};
    const char *slash = strrchr(out->folder, '/');
    out->name = slash && slash[1] ? slash + 1 : out->folder;
    int result = read_both(out, &err);
    fill(out);
    if (result == 0) {
        run_refresh(out);
        return;
    }
    out->state = RUN_UNREADABLE;
    run_say(out, err.text);
}

void run_free(struct run *r)
{
    mem_free(r->folder);
    json_free(r->about);
    json_free(r->config);
    mem_free(r->reason);
    mem_free(r->checkpoints);
    *r = (struct run){0};
}

void run_refresh(struct run *r)
{
    struct error err = {0};
    if (r->state == RUN_UNREADABLE)
        return;
    if (!r->config && read_object(r, "config.json", &r->config, &err) < 0)
        r->config = NULL;
    run_read_checkpoints(r);
    run_read_progress(r);
    run_tell_state(r);
}

const char *run_option(const struct run *r, const char *name)
{
    const struct json *v = json_get(json_get(r->about, "options"), name);
    return json_string(v ? v : json_get(json_get(r->config, "options"), name), NULL);
}

int run_log_tail(const struct run *r, size_t max, struct str *out, struct error *err)
{
    struct str path = {0}, text = {0};
    int result = run_tail(run_path(r, "log.txt", &path), max * 512 + 4096, &text, err);
    size_t from = text.len, lines = 0;
    while (from > 0 && (text.at[from - 1] != '\n' || from == text.len || ++lines < max))
        from--;
    if (result == 0 && max)
        str_add_slice(out, slice_sub(str_slice(&text), from, text.len));
    str_free(&path);
    str_free(&text);
    return result;
}
