/* Which evals a request means: each checkpoint asked for, without and with thinking. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/eval_parts.h"
#include "base/array.h"
#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"

/* --- what a model is --- */

enum { PIECE = 1 << 20 };
static const int64_t large = (int64_t)64 << 20;

static int hash_piece(struct sha256 *h, FILE *f, int64_t from, int64_t bytes)
{
    char *piece = mem_alloc(PIECE);
    bool fine = fseeko(f, (off_t)from, SEEK_SET) == 0;
    while (fine && bytes > 0) {
        size_t want = bytes < PIECE ? (size_t)bytes : (size_t)PIECE, got = fread(piece, 1, want, f);
        sha256_add(h, (struct slice){piece, got});
        fine = got == want;
        bytes -= (int64_t)got;
    }
    mem_free(piece);
    return fine ? 0 : -1;
}

static int hash_file(struct sha256 *h, const char *path, const char *name, bool whole, struct error *err)
{
    struct stat st;
    FILE *f = fopen(path, "rb");
    struct str head = {0};
    if (!f || fstat(fileno(f), &st) != 0) {
        if (f)
            (void)fclose(f);
        return error_errno(err, "cannot read %.200s", path);
    }
    int64_t size = (int64_t)st.st_size;
    bool all = whole || size <= large;
    str_addf(&head, "%s %lld %lld\n", name, (long long)size, all ? 0LL : (long long)st.st_mtime);
    sha256_add(h, str_slice(&head));
    int result = hash_piece(h, f, 0, all ? size : PIECE);
    if (result == 0 && !all)
        result = hash_piece(h, f, size - PIECE, PIECE);
    (void)fclose(f);
    str_free(&head);
    return result == 0 ? 0 : error_set(err, ERR_IO, "cannot read %.200s", path);
}

/* trainer_state is how training goes on, not what the model says. */
static int is_part(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strcmp(entry->d_name, "trainer_state.safetensors") != 0;
}

static int hash_folder(struct sha256 *h, const char *path, bool whole, struct error *err)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_part, alphasort), result = 0;
    if (count < 0)
        return error_errno(err, "cannot read the folder %.200s", path);
    for (int i = 0; i < count; i++) {
        struct str file = {0};
        struct stat st;
        str_addf(&file, "%s/%s", path, entries[i]->d_name);
        if (result == 0 && stat(file.at, &st) == 0 && S_ISREG(st.st_mode))
            result = hash_file(h, file.at, entries[i]->d_name, whole, err);
        str_free(&file);
        free(entries[i]);
    }
    free(entries);
    return result;
}

int eval_model_hash(const char *path, bool whole, char out[SHA256_HEX + 1], struct error *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return error_set(err, ERR_ABSENT, "there is no model at %.200s", path);
    struct sha256 *h = sha256_begin();
    int result = S_ISDIR(st.st_mode) ? hash_folder(h, path, whole, err) : hash_file(h, path, "model", whole, err);
    sha256_end(h, out);
    return result;
}

/* The hash of a path, worked out once. NULL and err on failure. */
static const char *hash_of(struct eval_settings *l, const char *path, bool whole, struct error *err)
{
    uint64_t at;
    char hash[SHA256_HEX + 1];
    if (!l->hashes)
        l->hashes = map_new();
    if (map_get(l->hashes, slice_of(path), &at))
        return l->hash[at];
    if (eval_model_hash(path, whole, hash, err) < 0)
        return NULL;
    l->hash = array_reserve(l->hash, &l->cap_hashes, l->n_hashes + 1, sizeof *l->hash);
    l->hash[l->n_hashes] = arena_strndup(&l->arena, hash, SHA256_HEX);
    map_put(l->hashes, slice_of(path), l->n_hashes);
    return l->hash[l->n_hashes++];
}

/* --- a target --- */

static const char *keep(struct eval_settings *l, const char *text)
{
    return text ? arena_strndup(&l->arena, text, strlen(text)) : NULL;
}

static const char *last_part(const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    size_t from = len;
    while (from > 0 && path[from - 1] != '/')
        from--;
    return path + from;
}

struct wanted { /* one model, before thinking is decided */
    const char *base, *adapter, *name;
    const char *model; /* that is loaded: the base, or a full checkpoint */
    const char *base_hash, *adapter_hash;
    int64_t step, examples;
    bool of_run;
};

static void set_sampling(struct eval_settings *l, struct eval_target *t, const struct eval_request *q)
{
    struct endpoint *e = &t->endpoint;
    bool given = q->has_temperature || e->has_temperature;
    double temperature = q->has_temperature ? q->temperature : e->temperature;
    struct json *j = json_new_object();
    struct str text = {0};
    e->has_temperature = given;
    e->temperature = temperature;
    if (given && temperature > 0)
        json_set_number(j, "temperature", temperature);
    if (e->has_top_p && temperature > 0)
        json_set_number(j, "top_p", e->top_p);
    json_print(&text, j);
    json_free(j);
    t->row.sampling = keep(l, text.at);
    str_free(&text);
}

static void add_field(struct sha256 *h, const char *text)
{
    struct str field = {0};
    str_addf(&field, "%zu:%s\n", text ? strlen(text) : 0, text ? text : "-");
    sha256_add(h, str_slice(&field));
    str_free(&field);
}

static const char *identity_of(struct eval_settings *l, const struct eval_target *t, const struct eval_request *q)
{
    const struct eval *r = &t->row;
    const struct endpoint *e = &t->endpoint;
    char number[64], hash[SHA256_HEX + 1];
    struct sha256 *h = sha256_begin();
    const char *const fields[] = {r->run_uuid, e->identity ? e->identity : e->model, endpoint_kind_name(e->kind), e->base_url,
                                  q->endpoint, r->split, q->where, r->graders, r->sampling, e->chat};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        add_field(h, fields[i]);
    snprintf(number, sizeof number, "%d %lld %lld %d", (int)r->kind, (long long)r->step, (long long)r->max_tokens,
             (int)r->think);
    add_field(h, number);
    sha256_end(h, hash);
    return keep(l, hash);
}

static void set_endpoint(struct eval_settings *l, struct eval_target *t, const struct wanted *w,
                         const struct eval_request *q, const struct endpoint *configured)
{
    struct endpoint *e = &t->endpoint;
    if (configured) {
        *e = *configured;
        e->model = q->served ? q->served : e->model;
        e->max_tokens = q->max_tokens ? q->max_tokens : e->max_tokens;
    } else {
        char both[2 * SHA256_HEX + 2];
        endpoint_defaults(e, ENDPOINT_LOCAL);
        snprintf(both, sizeof both, "%s %s", w->base_hash ? w->base_hash : "-", w->adapter_hash ? w->adapter_hash : "-");
        e->name = w->name;
        e->model = w->model;
        e->adapter = w->model == w->base ? w->adapter : NULL;
        e->identity = keep(l, both);
        e->trainer = l->trainer;
        e->chat = q->chat ? q->chat : l->chat;
        e->context = l->context;
        e->max_tokens = q->max_tokens ? q->max_tokens : EVAL_DEFAULT_TOKENS;
    }
    e->has_think = true;
    e->think = t->row.think;
    e->with_thought = t->row.think && e->kind == ENDPOINT_LOCAL;
}

static struct eval_target make_target(struct eval_settings *l, const struct eval_request *q, const struct wanted *w,
                                      const struct endpoint *configured, bool think)
{
    struct eval_target t = {
        .row = {.kind = q->weigh ? EVAL_NATS : EVAL_OUTPUTS,
                .run_uuid = w->of_run ? l->run_uuid : NULL,
                .run_name = w->of_run ? l->run_name : NULL,
                .run_folder = w->of_run ? l->run_folder : NULL,
                .method = w->of_run ? l->method : NULL,
                .step = w->step,
                .examples = w->examples,
                .seed = w->of_run ? l->seed : -1,
                .base_model = w->base,
                .adapter = w->adapter,
                .adapter_hash = w->adapter_hash,
                .endpoint = configured ? configured->name : NULL,
                .think = think,
                .split = eval_split(q),
                .graders = l->graders,
                .snapshot = w->of_run ? l->snapshot : NULL}};
    struct str name = {0};
    str_addf(&name, "%s%s", w->name, think ? " think" : "");
    t.row.name = keep(l, name.at);
    str_free(&name);
    set_endpoint(l, &t, w, q, configured);
    t.row.max_tokens = t.endpoint.max_tokens;
    set_sampling(l, &t, q);
    t.row.identity = identity_of(l, &t, q);
    return t;
}

/* --- which --- */

struct list {
    struct eval_target *items;
    size_t count, cap;
};

static void add_both(struct eval_settings *l, const struct eval_request *q, const struct wanted *w,
                     const struct endpoint *configured, struct list *out)
{
    unsigned think = q->think ? q->think : EVAL_THINK_OFF;
    out->items = array_reserve(out->items, &out->cap, out->count + 2, sizeof *out->items);
    if (think & EVAL_THINK_OFF)
        out->items[out->count++] = make_target(l, q, w, configured, false);
    if (think & EVAL_THINK_ON)
        out->items[out->count++] = make_target(l, q, w, configured, true);
}

/* A full checkpoint is a model by itself. */
static bool is_adapter(const char *folder)
{
    struct str path = {0};
    str_addf(&path, "%s/adapter_config.json", folder);
    bool there = file_exists(path.at);
    str_free(&path);
    return there;
}

static int add_model(struct eval_settings *l, const struct eval_request *q, const char *base, const char *adapter,
                     struct list *out, struct error *err)
{
    struct wanted w = {.base = base, .model = base, .adapter = adapter, .step = adapter ? -1 : 0, .examples = adapter ? -1 : 0};
    struct str name = {0};
    w.base_hash = hash_of(l, base, false, err);
    w.adapter_hash = adapter && w.base_hash ? hash_of(l, adapter, true, err) : NULL;
    if (!w.base_hash || (adapter && !w.adapter_hash))
        return -1;
    str_adds(&name, last_part(base));
    if (adapter)
        str_addf(&name, " %s", last_part(adapter));
    w.name = keep(l, name.at);
    str_free(&name);
    add_both(l, q, &w, NULL, out);
    return 0;
}

static int add_step(struct eval_settings *l, const struct eval_request *q, const struct eval_step *s,
                    const struct endpoint *configured, struct list *out, struct error *err)
{
    bool adapter = is_adapter(s->folder), load = adapter && !configured;
    struct wanted w = {.base = l->base, .model = adapter ? l->base : s->folder, .adapter = s->folder, .step = s->step,
                       .examples = s->examples, .of_run = true};
    struct str name = {0};
    w.adapter_hash = hash_of(l, s->folder, true, err);
    w.base_hash = load && l->base && w.adapter_hash ? hash_of(l, l->base, false, err) : NULL;
    if (!w.adapter_hash || (load && !w.base_hash))
        return l->base ? -1 : error_set(err, ERR_INPUT, "%s does not say which model it began with", l->run_name);
    str_addf(&name, "%s step %lld", l->run_name, (long long)s->step);
    w.name = keep(l, name.at);
    str_free(&name);
    add_both(l, q, &w, configured, out);
    return 0;
}

static int no_step(const struct eval_settings *l, int64_t step, struct error *err)
{
    struct str there = {0};
    for (size_t i = 0; i < l->n_steps; i++)
        str_addf(&there, "%s%lld", i ? ", " : "", (long long)l->steps[i].step);
    if (!l->n_steps)
        error_set(err, ERR_ABSENT, "%s has no checkpoint yet", l->run_name);
    else
        error_set(err, ERR_ABSENT, "%s has no checkpoint of step %lld; there are %.400s", l->run_name, (long long)step,
                  str_z(&there));
    str_free(&there);
    return -1;
}

static int add_of_run(struct eval_settings *l, const struct eval_request *q, const struct endpoint *configured,
                      struct list *out, struct error *err)
{
    if (q->every || q->step == EVAL_BASE) {
        if (!l->base)
            return error_set(err, ERR_INPUT, "%s does not say which model it began with", l->run_name);
        if (add_model(l, q, l->base, NULL, out, err) < 0)
            return -1;
    }
    if (q->step == EVAL_BASE && !q->every)
        return 0;
    if (!q->every && q->step == EVAL_LAST_STEP && l->n_steps)
        return add_step(l, q, &l->steps[l->n_steps - 1], configured, out, err);
    for (size_t i = 0; i < l->n_steps; i++)
        if ((q->every || l->steps[i].step == q->step) && add_step(l, q, &l->steps[i], configured, out, err) < 0)
            return -1;
    return q->every || out->count ? 0 : no_step(l, q->step, err);
}

static int add_endpoint(struct eval_settings *l, const struct eval_request *q, const struct endpoint *e, struct list *out)
{
    const char *model = q->served ? q->served : e->model;
    struct wanted w = {.base = model, .model = model, .step = -1, .examples = -1};
    struct str name = {0};
    str_addf(&name, q->served ? "%s %s" : "%s", e->name, last_part(model ? model : ""));
    w.name = keep(l, name.at);
    str_free(&name);
    add_both(l, q, &w, e, out);
    return 0;
}

int eval_targets(struct eval_settings *l, const struct eval_request *q, struct eval_target **list, size_t *n,
                 struct error *err)
{
    struct list out = {0};
    const struct endpoint *e = q->endpoint ? config_endpoint(l->config, q->endpoint, err) : NULL;
    int result;
    if (q->endpoint && !e)
        return -1;
    if (q->run)
        result = add_of_run(l, q, e, &out, err);
    else if (q->model)
        result = add_model(l, q, q->model, q->adapter, &out, err);
    else
        result = e ? add_endpoint(l, q, e, &out) : -1;
    *list = arena_take(&l->arena, out.items, out.count, sizeof *out.items);
    *n = out.count;
    return result;
}
