#include "app/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/config_parts.h"
#include "app/doctor.h"
#include "base/array.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/share.h"

enum { RUBRIC_MAX = 256 * 1024 };

struct known_endpoint {
    struct endpoint e;
    char *secret;
    bool keyed; /* secret_read was called */
};

struct config {
    struct entries entries;
    struct known_endpoint *endpoints;
    size_t n_endpoints;
    struct task_graders *tasks;
    size_t n_tasks;
    bool graded; /* tasks are made */
    const char *prompts;
    struct str paths;
};

bool config_person_file(struct str *out, const char *name)
{
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    str_clear(out);
    if (base && base[0] == '/')
        str_addf(out, "%s/hinge/%s", base, name);
    else if (home && *home)
        str_addf(out, "%s/.config/hinge/%s", home, name);
    return out->len > 0;
}

/* notes.db -> notes.ini: the suffix of the project replaced. */
static void beside(struct str *out, const char *project, const char *suffix)
{
    size_t len = strlen(project);
    if (len > 3 && strcmp(project + len - 3, ".db") == 0)
        len -= 3;
    str_clear(out);
    str_addf(out, "%.*s%s", (int)len, project, suffix);
}

/* --- values --- */

static const struct entry *find(const struct config *c, const char *kind, const char *name, const char *key)
{
    return entries_find(&c->entries, kind, name, key);
}

static void get_text(struct config *c, const char *kind, const char *name, const char *key, const char **out)
{
    const struct entry *at = find(c, kind, name, key);
    if (at)
        *out = at->key->type == CONFIG_PATH ? entries_path(&c->entries, at) : at->value;
}

static void get_number(const struct config *c, const char *kind, const char *name, const char *key, double *out)
{
    const struct entry *at = find(c, kind, name, key);
    if (at)
        *out = strtod(at->value, NULL);
}

static void get_int(struct config *c, const char *kind, const char *name, const char *key, int most, int *out)
{
    const struct entry *at = find(c, kind, name, key);
    double value = at ? strtod(at->value, NULL) : 0;
    if (!at)
        return;
    if (value > most)
        entries_fault(&c->entries, at, "%s can be %d at most", key, most);
    else
        *out = (int)value;
}

static void get_yes(const struct config *c, const char *kind, const char *name, const char *key, bool *out)
{
    const struct entry *at = find(c, kind, name, key);
    if (at)
        *out = strcmp(at->value, "yes") == 0;
}

static int64_t get_size(const struct config *c, const char *kind, const char *name, const char *key, int64_t fallback)
{
    const struct entry *at = find(c, kind, name, key);
    if (!at)
        return fallback;
    char *end;
    int64_t n = strtoll(at->value, &end, 10);
    switch (*end) {
    case 'K': case 'k': return n << 10;
    case 'M': case 'm': return n << 20;
    case 'G': case 'g': return n << 30;
    default: return n;
    }
}

/* --- endpoints --- */

static const char *const *get_headers(struct config *c, const char *name)
{
    const char **list = NULL;
    size_t n = 0, cap = 0;
    bool all = secret_spares_headers(&c->entries, name);
    for (size_t i = 0; i < c->entries.count; i++) {
        const struct entry *at = &c->entries.items[i];
        if (strcmp(at->kind, "endpoint") != 0 || strcmp(at->name, name) != 0 || strcmp(at->key->name, "header") != 0 ||
            !(all || at->own))
            continue;
        size_t word = strcspn(at->value, ": \t\n");
        if (!word || at->value[word] != ':' || strchr(at->value, '\n')) {
            entries_fault(&c->entries, at, "header should be Name: value");
            continue;
        }
        list = array_reserve(list, &cap, n + 2, sizeof *list);
        list[n++] = at->value;
    }
    if (!n)
        return NULL;
    list[n] = NULL;
    return arena_take(&c->entries.arena, list, n + 1, sizeof *list);
}

static void get_limits(struct config *c, const char *name, struct endpoint *e)
{
    get_int(c, "endpoint", name, "parallel", 256, &e->parallel);
    get_number(c, "endpoint", name, "requests-per-minute", &e->requests_per_minute);
    get_number(c, "endpoint", name, "tokens-per-minute", &e->tokens_per_minute);
    get_number(c, "endpoint", name, "connect-seconds", &e->connect_seconds);
    get_number(c, "endpoint", name, "silence-seconds", &e->silence_seconds);
    get_number(c, "endpoint", name, "timeout-seconds", &e->timeout_seconds);
    e->max_reply = (size_t)get_size(c, "endpoint", name, "max-reply", (int64_t)e->max_reply);
    get_int(c, "endpoint", name, "retries", 100, &e->retries);
    get_int(c, "endpoint", name, "pause-after", 1000000, &e->pause_after);
    get_int(c, "endpoint", name, "max-tokens", 10000000, &e->max_tokens);
    get_int(c, "endpoint", name, "context", 10000000, &e->context);
}

static void get_sampling(struct config *c, const char *name, struct endpoint *e)
{
    e->has_temperature = find(c, "endpoint", name, "temperature") != NULL;
    e->has_top_p = find(c, "endpoint", name, "top-p") != NULL;
    get_number(c, "endpoint", name, "temperature", &e->temperature);
    get_number(c, "endpoint", name, "top-p", &e->top_p);
    e->has_think = find(c, "endpoint", name, "think") != NULL;
    get_yes(c, "endpoint", name, "think", &e->think);
}

static void get_prices(struct config *c, const char *name, struct endpoint *e)
{
    get_number(c, "endpoint", name, "price-in", &e->price_in);
    get_number(c, "endpoint", name, "price-out", &e->price_out);
    e->price_cached = e->price_in;
    get_number(c, "endpoint", name, "price-cached", &e->price_cached);
    get_text(c, "endpoint", name, "currency", &e->currency);
}

static void need(struct config *c, const struct entry *at, const char *key, const char *value)
{
    if (!value)
        entries_fault(&c->entries, at, "[%s %s] needs %s", at->kind, at->name, key);
}

static void make_endpoint(struct config *c, const struct entry *at, struct endpoint *e)
{
    static const char *const levels[] = {"schema", "object-schema", "object", "none"};
    const char *name = at->name, *structured = NULL, *local = NULL;
    endpoint_defaults(e, (enum endpoint_kind)endpoint_kind_parse(at->value));
    e->name = name;
    get_text(c, "endpoint", name, "url", &e->base_url);
    get_text(c, "endpoint", name, "model", &e->model);
    get_text(c, "endpoint", name, "ca-file", &e->ca_file);
    get_text(c, "endpoint", name, "proxy", &e->proxy);
    get_text(c, "endpoint", name, "replay", &e->replay);
    get_text(c, "endpoint", name, "record-to", &e->record_to);
    get_text(c, "endpoint", name, "adapter", &e->adapter);
    get_text(c, "endpoint", name, "trainer", &e->trainer);
    get_text(c, "endpoint", name, "chat", &e->chat);
    get_text(c, "endpoint", name, "structured", &structured);
    get_yes(c, "endpoint", name, "plain-http", &e->plain_http);
    get_limits(c, name, e);
    get_sampling(c, name, e);
    get_prices(c, name, e);
    e->headers = get_headers(c, name);
    for (int i = 0; structured && i <= STRUCTURED_NONE; i++)
        if (strcmp(structured, levels[i]) == 0)
            e->structured = (enum endpoint_structured)i;
    struct str program = {0};
    if (e->kind == ENDPOINT_LOCAL && !e->trainer && program_find(&program, "hinge-train"))
        e->trainer = arena_copy(&c->entries.arena, str_slice(&program)).at;
    str_free(&program);
    if (e->kind == ENDPOINT_REPLAY)
        need(c, at, "replay", e->replay);
    else
        need(c, at, "model", e->model);
    if (e->kind == ENDPOINT_LOCAL && (at = find(c, "endpoint", name, "model")) && (local = entries_path(&c->entries, at)))
        e->model = local; /* a folder, from where the file stands */
}

static bool is_first_of(const struct config *c, size_t i, const char *kind)
{
    const struct entry *at = &c->entries.items[i];
    if (strcmp(at->kind, kind) != 0)
        return false;
    for (size_t j = 0; j < i; j++)
        if (strcmp(c->entries.items[j].kind, kind) == 0 && strcmp(c->entries.items[j].name, at->name) == 0)
            return false;
    return true;
}

static void make_endpoints(struct config *c)
{
    c->endpoints = arena_zalloc(&c->entries.arena, c->entries.count + 1, sizeof *c->endpoints);
    for (size_t i = 0; i < c->entries.count; i++) {
        if (!is_first_of(c, i, "endpoint"))
            continue;
        const struct entry *at = find(c, "endpoint", c->entries.items[i].name, "kind");
        if (at)
            make_endpoint(c, at, &c->endpoints[c->n_endpoints++].e);
        else
            need(c, &c->entries.items[i], "kind", NULL);
    }
}

/* --- graders --- */

static const struct endpoint *grader_endpoint(struct config *c, const char *name, const char *grader, struct error *err)
{
    if (name)
        return config_endpoint(c, name, err);
    error_set(err, ERR_INPUT, "[grader %s] is of kind llm and needs endpoint = NAME", grader);
    return NULL;
}

/* The rubric's text: a file beside the configuration, else one that hinge brings along. */
static const char *read_rubric(struct config *c, const char *grader, struct error *err)
{
    const struct entry *at = find(c, "grader", grader, "rubric");
    if (!at) {
        error_set(err, ERR_INPUT, "[grader %s] is of kind llm and needs rubric = FILE", grader);
        return NULL;
    }
    struct str path = {0}, text = {0}, name = {0};
    const char *kept = NULL;
    str_adds(&path, entries_path(&c->entries, at));
    str_addf(&name, "rubrics/%s.txt", at->value);
    bool found = file_exists(path.at) || (!strchr(at->value, '/') && share_find(&path, name.at));
    if (!found)
        error_set(err, ERR_ABSENT, "%s: line %d: there is no rubric \"%.200s\"", at->file, at->line, at->value);
    else if (file_read(path.at, RUBRIC_MAX, &text, err) == 0)
        kept = arena_copy(&c->entries.arena, slice_trim(str_slice(&text))).at;
    str_free(&path);
    str_free(&text);
    str_free(&name);
    return kept;
}

static enum grader_kind grader_kind(const char *word)
{
    return strcmp(word, "llm") == 0 ? GRADER_LLM : strcmp(word, "patterns") == 0 ? GRADER_PATTERNS : GRADER_PROGRAM;
}

static int get_grader_parts(struct config *c, struct grader *g, struct error *err)
{
    const char *endpoint = NULL;
    size_t n;
    switch (g->kind) {
    case GRADER_LLM:
        get_text(c, "grader", g->name, "endpoint", &endpoint);
        g->model = grader_endpoint(c, endpoint, g->name, err);
        g->rubric = g->model ? read_rubric(c, g->name, err) : NULL;
        return g->rubric ? 0 : -1;
    case GRADER_PATTERNS:
        get_text(c, "grader", g->name, "patterns", &g->patterns_path);
        return g->patterns_path ? 0 : error_set(err, ERR_INPUT, "[grader %s] needs patterns = FILE", g->name);
    case GRADER_PROGRAM:
        break;
    }
    const struct entry *at = find(c, "grader", g->name, "program");
    if (!at)
        return error_set(err, ERR_INPUT, "[grader %s] needs program = PATH", g->name);
    g->program = entries_words(&c->entries, at, &n);
    if (strchr(g->program[0], '/') && g->program[0][0] != '/') { /* from where the file stands, as all paths */
        struct entry first = *at;
        const char **words = arena_alloc(&c->entries.arena, (n + 1) * sizeof *words);
        memcpy(words, g->program, (n + 1) * sizeof *words);
        first.value = words[0];
        words[0] = entries_path(&c->entries, &first);
        g->program = words;
    }
    return 0;
}

static struct grader *make_grader(struct config *c, const char *name, const struct entry *named_at, struct error *err)
{
    const struct entry *kind = find(c, "grader", name, "kind"), *scale = find(c, "grader", name, "scale");
    struct grader *g = arena_zalloc(&c->entries.arena, 1, sizeof *g);
    if (!kind) {
        error_set(err, ERR_INPUT, "%s: line %d: there is no [grader %.60s] with a kind", named_at->file, named_at->line, name);
        return NULL;
    }
    *g = (struct grader){.name = kind->name, .kind = grader_kind(kind->value), .scale_max = 1, .weight = 1,
                         .samples = 1, .seconds = 30, .memory = get_size(c, "grader", name, "memory", (int64_t)1 << 30)};
    if (scale)
        entries_scale(scale->value, &g->scale_min, &g->scale_max);
    else {
        error_set(err, ERR_INPUT, "%s: line %d: [grader %.60s] needs scale, such as 0..6", kind->file, kind->line, name);
        return NULL;
    }
    get_number(c, "grader", name, "weight", &g->weight);
    get_number(c, "grader", name, "seconds", &g->seconds);
    get_int(c, "grader", name, "samples", 100, &g->samples);
    return get_grader_parts(c, g, err) < 0 ? NULL : g;
}

static int make_task(struct config *c, const char *name, struct task_graders *t, struct error *err)
{
    const struct entry *at = find(c, "task", name, "graders"), *combine = find(c, "task", name, "combine");
    size_t n = 0;
    if (!at)
        return error_set(err, ERR_INPUT, "[task %.60s] needs graders = NAME ...", name);
    const char *const *words = entries_words(&c->entries, at, &n);
    const struct grader **list = arena_zalloc(&c->entries.arena, n + 1, sizeof *list);
    for (size_t i = 0; i < n; i++)
        if (!(list[i] = make_grader(c, words[i], at, err)))
            return -1;
    *t = (struct task_graders){.task = strcmp(name, "*") == 0 ? NULL : at->name, .graders = list, .n = n};
    if (combine)
        t->combine = strcmp(combine->value, "min") == 0     ? COMBINE_MIN
                     : strcmp(combine->value, "first") == 0 ? COMBINE_FIRST
                                                            : COMBINE_MEAN;
    return 0;
}

int config_graders(struct config *c, const struct task_graders **list, size_t *n, struct error *err)
{
    if (!c->graded) {
        c->n_tasks = 0;
        c->tasks = arena_zalloc(&c->entries.arena, c->entries.count + 1, sizeof *c->tasks);
        for (size_t i = 0; i < c->entries.count; i++)
            if (is_first_of(c, i, "task") && make_task(c, c->entries.items[i].name, &c->tasks[c->n_tasks++], err) < 0)
                return -1;
        c->graded = true;
    }
    *list = c->tasks;
    *n = c->n_tasks;
    return 0;
}

/* --- the whole --- */

static void read_files(struct config *c, const char *project)
{
    struct str path = {0};
    if (config_person_file(&path, "config")) {
        entries_read(&c->entries, path.at, false);
        str_addf(&c->paths, "%s", path.at);
    }
    if (project) {
        beside(&path, project, ".ini");
        entries_read(&c->entries, path.at, true);
        str_addf(&c->paths, "%s%s", c->paths.len ? ", " : "", path.at);
    }
    str_free(&path);
}

/* The project's own templates: where its file says, else the folder beside it if there is one. */
static void find_prompts(struct config *c, const char *project)
{
    struct str path = {0};
    get_text(c, "project", "", "prompts", &c->prompts);
    if (c->prompts || !project)
        return;
    beside(&path, project, ".prompts");
    if (file_exists(path.at))
        c->prompts = arena_strndup(&c->entries.arena, path.at, path.len);
    str_free(&path);
}

struct config *config_load(const char *project, struct error *err)
{
    struct config *c = mem_zalloc(1, sizeof *c);
    read_files(c, project);
    make_endpoints(c);
    find_prompts(c, project);
    if (!c->entries.n_faults)
        return c;
    error_set(err, ERR_INPUT, "%s", c->entries.faults.at);
    config_free(c);
    return NULL;
}

void config_free(struct config *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n_endpoints; i++)
        secret_free(c->endpoints[i].secret);
    str_free(&c->entries.faults);
    str_free(&c->paths);
    mem_free(c->entries.items);
    arena_free(&c->entries.arena);
    mem_free(c);
}

size_t config_endpoints(const struct config *c)
{
    return c->n_endpoints;
}

const struct endpoint *config_endpoint_at(const struct config *c, size_t i)
{
    return i < c->n_endpoints ? &c->endpoints[i].e : NULL;
}

static void name_endpoints(const struct config *c, struct str *out)
{
    for (size_t i = 0; i < c->n_endpoints; i++)
        str_addf(out, "%s%s", i ? ", " : "", c->endpoints[i].e.name);
    if (!c->n_endpoints)
        str_addf(out, "none is configured in %s", str_z(&c->paths));
}

const struct endpoint *config_endpoint(struct config *c, const char *name, struct error *err)
{
    for (size_t i = 0; i < c->n_endpoints; i++) {
        struct known_endpoint *k = &c->endpoints[i];
        if (strcmp(k->e.name, name) != 0)
            continue;
        if (!k->keyed && secret_read(&c->entries, &k->e, &k->secret, &k->e.key_from, err) < 0)
            return NULL;
        k->keyed = true;
        k->e.key = k->secret;
        return &k->e;
    }
    struct str names = {0};
    name_endpoints(c, &names);
    error_set(err, ERR_ABSENT, "there is no endpoint \"%.60s\": %s", name, names.at);
    str_free(&names);
    return NULL;
}

const char *config_step_value(const struct config *c, const char *step, const char *name)
{
    const struct entry *at = find(c, "step", step, name);
    return at ? at->value : NULL;
}

/* Sections without a name have their values under "". */
static const struct entry *find_train(const struct config *c, const char *name)
{
    return find(c, "train", "", name);
}

const char *config_train_value(const struct config *c, const char *name)
{
    const struct entry *at = find_train(c, name);
    return at ? at->value : NULL;
}

const char *config_train_path(struct config *c, const char *name)
{
    const struct entry *at = find_train(c, name);
    return at ? entries_path(&c->entries, at) : NULL;
}

const char *const *config_train_paths(struct config *c, const char *name)
{
    const struct entry *at = find_train(c, name);
    size_t n = 0;
    if (!at)
        return NULL;
    const char *const *words = entries_words(&c->entries, at, &n);
    const char **paths = arena_alloc(&c->entries.arena, (n + 1) * sizeof *paths);
    for (size_t i = 0; i < n; i++) {
        struct entry one = *at;
        one.value = words[i];
        paths[i] = entries_path(&c->entries, &one);
    }
    paths[n] = NULL;
    return paths;
}

static const char *const *place_words_of(struct config *c, const char *name, const char *key)
{
    const struct entry *at = find(c, "place", name, key);
    size_t n = 0;
    return at ? entries_words(&c->entries, at, &n) : NULL;
}

void config_place(struct config *c, const char *name, struct place_settings *out)
{
    double number = 0;
    *out = (struct place_settings){.ssh = place_words_of(c, name, "ssh"), .sbatch = place_words_of(c, name, "sbatch"),
                                   .launch = place_words_of(c, name, "launch")};
    get_text(c, "place", name, "program", &out->program);
    get_text(c, "place", name, "folder", &out->folder);
    get_number(c, "place", name, "nodes", &number);
    out->nodes = number < 100000 ? (int)number : 100000;
    number = 0;
    get_number(c, "place", name, "gpus", &number);
    out->gpus = number < 100000 ? (int)number : 100000;
}

const char *config_prompts_dir(const struct config *c)
{
    return c->prompts;
}

const char *config_paths(const struct config *c)
{
    return str_z(&c->paths);
}
