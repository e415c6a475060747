/* What hinge-train says before a training: whether it fits, and how examples are rendered. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/train_parts.h"
#include "base/file.h"
#include "base/mem.h"
#include "runs/spawn.h"

enum { ANSWER_MAX = 64 << 20, WORDS_MAX = 32 };

struct asking {
    struct str program, model, count;
    const char *words[WORDS_MAX];
    size_t n;
};

static void add(struct asking *a, const char *name, const char *value)
{
    a->words[a->n++] = name;
    if (value)
        a->words[a->n++] = value;
}

static void add_setting(struct asking *a, const struct train_request *q, const char *name, const char *option)
{
    const char *value = train_setting_value(q, NULL, name);
    if (value && train_setting_find(name)->arg)
        add(a, option, value);
    else if (value)
        add(a, option, NULL);
}

static int begin(struct asking *a, const struct train_request *q, const char *command, struct error *err)
{
    *a = (struct asking){.n = 0};
    if (!q->model)
        return error_set(err, ERR_USAGE, "a base model is needed: a folder or a GGUF file");
    if (train_settings_check(q, err) != 0 || train_program(q->project, &a->program, err) != 0 ||
        train_model_path(q->project, q->model, &a->model, err) != 0)
        return -1;
    add(a, a->program.at, command);
    add(a, "--model", a->model.at);
    add(a, "--json", NULL);
    add_setting(a, q, "chat", "--chat");
    add_setting(a, q, "threads", "--threads");
    add_setting(a, q, "max-tokens", "--max-tokens");
    return 0;
}

static void finish(struct asking *a)
{
    str_free(&a->program);
    str_free(&a->model);
    str_free(&a->count);
}

static int ask(struct asking *a, struct str *answer, struct error *err)
{
    if (spawn_ask(&(struct spawn){.argv = a->words}, "hinge-train", answer, ANSWER_MAX, err) != 0)
        return -1;
    return 0;
}

/* --- what fits --- */

static void read_plan(struct train_plan *out, const struct json *j)
{
    const struct json *plan = json_get(j, "plan");
    const char *fits = json_string(json_get(plan, "fits"), "");
    snprintf(out->family, sizeof out->family, "%s", json_string(json_get(j, "family"), ""));
    out->weights = json_number(json_get(j, "weights"), 0);
    out->trained = json_number(json_get(plan, "trained_weights"), 0);
    out->keeping = json_number(json_get(json_get(plan, "keeping"), "total"), 0);
    out->twice = json_number(json_get(json_get(plan, "twice"), "total"), 0);
    out->available = json_number(json_get(plan, "available"), 0);
    out->fits = strcmp(fits, "yes") == 0 ? TRAIN_FITS : strcmp(fits, "twice") == 0 ? TRAIN_FITS_TWICE : TRAIN_TOO_LARGE;
    out->checkpoint_bytes = (int64_t)(out->trained * 4 * 3); /* values, and the optimizer's two moments */
}

int train_plan(const struct train_request *q, struct train_plan *out, struct error *err)
{
    struct asking a;
    struct str answer = {0};
    *out = (struct train_plan){.weights = 0};
    int result = begin(&a, q, "info", err);
    if (result == 0) {
        add(&a, "--plan", NULL);
        add_setting(&a, q, "rank", "--rank");
        add_setting(&a, q, "targets", "--targets");
        add_setting(&a, q, "row-tokens", "--row-tokens");
        add_setting(&a, q, "base-bits", "--base-bits");
        add_setting(&a, q, "full", "--full");
        if (q->device && strcmp(q->device, "auto") != 0)
            add(&a, "--device", q->device);
        result = ask(&a, &answer, err);
    }
    if (result == 0) {
        struct json *j = json_parse(slice_trim(str_slice(&answer)), NULL, err);
        if (j)
            read_plan(out, j);
        else
            result = error_prefix(err, "hinge-train info: ");
        json_free(j);
    }
    str_free(&answer);
    finish(&a);
    return result;
}

/* --- how examples are rendered --- */

static enum train_piece_kind piece_kind(const char *word)
{
    return strcmp(word, "answer") == 0 ? TRAIN_ANSWER : strcmp(word, "strategy") == 0 ? TRAIN_STRATEGY : TRAIN_GIVEN;
}

static size_t count_of(const struct json *j, const char *name)
{
    int64_t n = 0;
    return json_int(json_get(j, name), &n) && n > 0 ? (size_t)n : 0;
}

static void read_branch(struct train_branch *b, const struct json *j)
{
    const struct json *pieces = json_get(j, "pieces");
    b->kind = mem_strdup(json_string(json_get(j, "kind"), ""));
    b->tokens = count_of(j, "tokens");
    b->trained = count_of(j, "trained");
    b->pieces = mem_zalloc(json_size(pieces) + 1, sizeof *b->pieces);
    for (const struct json *p = json_first(pieces); p; p = json_next(p)) {
        b->pieces[b->n_pieces++] = (struct train_piece){
            .kind = piece_kind(json_string(json_get(p, "kind"), "")),
            .text = mem_strdup(json_string(json_get(p, "text"), "")), .tokens = count_of(p, "tokens")};
    }
}

static void read_example(struct train_example *e, const struct json *j)
{
    const struct json *branches = json_get(j, "branches");
    e->id = mem_strdup(json_string(json_get(j, "id"), ""));
    e->shared = count_of(j, "shared");
    e->branches = mem_zalloc(json_size(branches) + 1, sizeof *e->branches);
    for (const struct json *b = json_first(branches); b; b = json_next(b))
        read_branch(&e->branches[e->n_branches++], b);
}

static void read_summary(struct train_preview *p, const struct json *s)
{
    p->examples = (int64_t)count_of(s, "examples");
    p->branches = (int64_t)count_of(s, "branches");
    p->trained_tokens = (int64_t)count_of(s, "trained_tokens");
    p->longest = (int64_t)count_of(s, "longest");
    p->too_long = (int64_t)count_of(s, "too_long");
    p->plain_tokens = (int64_t)count_of(s, "plain_tokens");
    p->shared_tokens = (int64_t)count_of(s, "shared_tokens");
}

static int read_preview(struct train_preview *p, struct slice text, size_t n, struct error *err)
{
    p->items = mem_zalloc(n + 1, sizeof *p->items);
    for (size_t from = 0; from < text.len;) {
        const char *end = memchr(text.at + from, '\n', text.len - from);
        size_t to = end ? (size_t)(end - text.at) : text.len;
        struct json *j = json_parse(slice_sub(text, from, to), NULL, err);
        if (!j)
            return error_prefix(err, "hinge-train data: ");
        if (json_get(j, "summary"))
            read_summary(p, json_get(j, "summary"));
        else if (p->count < n)
            read_example(&p->items[p->count++], j);
        json_free(j);
        from = to + 1;
    }
    return 0;
}

/* The data as it would be trained on, in a file that is gone afterwards. */
static int make_file(const struct train_request *q, const char *method, struct str *folder, struct str *path, struct error *err)
{
    if (file_make_temp_dir("preview", folder, err) != 0)
        return -1;
    str_addf(path, "%s/data.jsonl", folder->at);
    return making_train_file(q, method, path->at, err);
}

static void drop_file(struct str *folder, struct str *path)
{
    if (path->len) {
        unlink(path->at);
        str_adds(path, ".manifest.json");
        unlink(path->at);
    }
    if (folder->len)
        rmdir(folder->at);
    str_free(folder);
    str_free(path);
}

int train_preview(const struct train_request *q, const char *method, size_t n, struct train_preview *out, struct error *err)
{
    struct asking a;
    struct str folder = {0}, path = {0}, answer = {0};
    *out = (struct train_preview){.items = NULL};
    int result = begin(&a, q, "data", err);
    if (result == 0)
        result = make_file(q, method, &folder, &path, err);
    if (result == 0) {
        str_addf(&a.count, "%zu", n);
        add(&a, "--data", path.at);
        add(&a, "--show", a.count.at);
        add_setting(&a, q, "too-long", "--too-long");
        result = ask(&a, &answer, err);
    }
    if (result == 0)
        result = read_preview(out, str_slice(&answer), n, err);
    drop_file(&folder, &path);
    str_free(&answer);
    finish(&a);
    return result;
}

static void free_branch(struct train_branch *b)
{
    for (size_t i = 0; i < b->n_pieces; i++)
        mem_free(b->pieces[i].text);
    mem_free(b->pieces);
    mem_free(b->kind);
}

void train_preview_free(struct train_preview *p)
{
    for (size_t i = 0; i < p->count; i++) {
        for (size_t k = 0; k < p->items[i].n_branches; k++)
            free_branch(&p->items[i].branches[k]);
        mem_free(p->items[i].branches);
        mem_free(p->items[i].id);
    }
    mem_free(p->items);
    *p = (struct train_preview){0};
}
