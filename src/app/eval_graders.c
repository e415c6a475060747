/* Which graders an eval asks, told by what decides their verdicts: the text is hashed, and kept for reports. */
#include <string.h>

#include "app/eval_parts.h"
#include "base/file.h"
#include "db/prompt_store.h"
#include "pipeline/template.h"
#include "pipeline/verdict.h"

/* A model's prompt and rubric, the patterns, the program's words. */
static int grader_text(const struct eval_settings *l, const struct grader *g, struct str *out, struct error *err)
{
    struct template *prompt = NULL;
    str_addf(out, "scale %g to %g, weight %g, %d asked\n", g->scale_min, g->scale_max, g->weight, g->samples);
    switch (g->kind) {
    case GRADER_LLM:
        prompt = template_load("grade", l->o.prompts_dir, err);
        if (!prompt)
            return -1;
        str_addf(out, "endpoint %s, model %s\n\n== rubric ==\n%s\n\n== prompt ==\n", g->model->name,
                 g->model->model ? g->model->model : "", g->rubric ? g->rubric : "");
        str_add_slice(out, template_text(prompt));
        template_free(prompt);
        return 0;
    case GRADER_PATTERNS:
        str_adds(out, "\n== patterns ==\n");
        return file_read(g->patterns_path, 1 << 26, out, err);
    case GRADER_PROGRAM:
        str_adds(out, "\n== program ==\n");
        for (size_t i = 0; g->program[i]; i++)
            str_addf(out, "%s\n", g->program[i]);
        return 0;
    }
    return 0;
}

static int hash_grader(const struct eval_settings *l, const struct grader *g, char out[SHA256_HEX + 1], struct error *err)
{
    struct str text = {0};
    int result = grader_text(l, g, &text, err);
    sha256_hex(str_slice(&text), out);
    str_free(&text);
    return result;
}

static int one_json(const struct eval_settings *l, const struct task_graders *t, const struct grader *g, struct json *list,
                    struct error *err)
{
    char hash[SHA256_HEX + 1];
    if (hash_grader(l, g, hash, err) != 0)
        return -1;
    struct json *one = json_new_object();
    json_set_string(one, "name", g->name);
    json_set_string(one, "task", t->task ? t->task : "*");
    json_set_string(one, "combine", combine_name(t->combine));
    json_set_string(one, "hash", hash);
    json_push(list, one);
    return 0;
}

/* The next name of a list with commas between, without blanks; *at goes on to what follows. */
static struct slice next_name(const char **at)
{
    size_t word = strcspn(*at, ",");
    struct slice name = slice_trim((struct slice){*at, word});
    *at += word + ((*at)[word] == ',');
    return name;
}

static bool is_listed(const char *names, const char *name)
{
    for (const char *at = names; *at;)
        if (slice_eq(next_name(&at), slice_of(name)))
            return true;
    return false;
}

static bool is_grader(const struct eval_settings *l, struct slice name)
{
    for (size_t i = 0; i < l->o.n_tasks; i++)
        for (size_t k = 0; k < l->o.tasks[i].n; k++)
            if (slice_eq(name, slice_of(l->o.tasks[i].graders[k]->name)))
                return true;
    return false;
}

static struct task_graders listed(struct eval_settings *l, const struct task_graders *t, const char *names)
{
    const struct grader **kept = arena_zalloc(&l->arena, t->n + 1, sizeof *kept);
    struct task_graders out = {.task = t->task, .graders = kept, .combine = t->combine};
    for (size_t k = 0; k < t->n; k++)
        if (is_listed(names, t->graders[k]->name))
            kept[out.n++] = t->graders[k];
    return out;
}

int eval_graders_choose(struct eval_settings *l, const char *names, struct error *err)
{
    if (!names)
        return 0;
    for (const char *at = names; *at;) {
        struct slice name = next_name(&at);
        if (!is_grader(l, name))
            return error_set(err, ERR_USAGE, "no task has a grader named \"%.*s\"; %s says which there are", (int)name.len,
                             name.at, config_paths(l->config));
    }
    struct task_graders *kept = arena_zalloc(&l->arena, l->o.n_tasks, sizeof *kept);
    for (size_t i = 0; i < l->o.n_tasks; i++)
        kept[i] = listed(l, &l->o.tasks[i], names);
    l->o.tasks = kept;
    return 0;
}

int eval_graders_json(struct eval_settings *l, struct error *err)
{
    struct json *list = json_new_array();
    struct str text = {0};
    int result = 0;
    for (size_t i = 0; i < l->o.n_tasks; i++)
        for (size_t k = 0; k < l->o.tasks[i].n && result == 0; k++)
            result = one_json(l, &l->o.tasks[i], l->o.tasks[i].graders[k], list, err);
    json_print(&text, list);
    json_free(list);
    l->graders = arena_strndup(&l->arena, text.at, text.len);
    str_free(&text);
    return result;
}

static int keep_one(const struct eval_settings *l, struct store *s, const struct grader *g, struct error *err)
{
    char hash[SHA256_HEX + 1];
    struct str text = {0};
    int result = grader_text(l, g, &text, err);
    sha256_hex(str_slice(&text), hash);
    if (result == 0)
        result = prompt_store_keep(s, hash, g->name, str_slice(&text), err);
    str_free(&text);
    return result;
}

int eval_graders_keep(const struct eval_settings *l, struct store *s, struct error *err)
{
    int result = 0;
    for (size_t i = 0; i < l->o.n_tasks; i++)
        for (size_t k = 0; k < l->o.tasks[i].n && result == 0; k++)
            result = keep_one(l, s, l->o.tasks[i].graders[k], err);
    return result;
}
