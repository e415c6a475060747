/* A request for evals with the configuration behind it. */
#include "app/eval_parts.h"

#include <stdlib.h>
#include <string.h>

#include "app/doctor.h"
#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"

static const char *keep(struct eval_settings *l, const char *text)
{
    return text && *text ? arena_strndup(&l->arena, text, strlen(text)) : NULL;
}

static int check_request(const struct eval_request *q, struct error *err)
{
    int named = (q->model != NULL) + (q->endpoint != NULL && !q->run) + (q->run != NULL);
    if (named != 1)
        return error_set(err, ERR_USAGE, "say what is to be evaluated: a run, a model or an endpoint, one of them");
    if (q->adapter && !q->model)
        return error_set(err, ERR_USAGE, "an adapter goes with a model; a run brings its own");
    if (q->every && !q->run)
        return error_set(err, ERR_USAGE, "every checkpoint: of which run?");
    if (q->weigh && (q->endpoint || q->every || q->think & EVAL_THINK_ON))
        return error_set(err, ERR_USAGE, "rules are weighed with one model of this machine: a run's checkpoint or a model");
    if (q->served && !q->endpoint)
        return error_set(err, ERR_USAGE, "a served model's name goes with an endpoint");
    if (q->run && q->endpoint && (q->every || !q->served))
        return error_set(err, ERR_USAGE, "an endpoint serves one checkpoint of a run: say its name there and the step");
    return 0;
}

static int find_graders(struct eval_settings *l, const char *names, struct error *err)
{
    if (config_graders(l->config, &l->o.tasks, &l->o.n_tasks, err) < 0)
        return -1;
    if (!l->o.n_tasks)
        return error_set(err, ERR_ABSENT, "an eval needs a grader: describe one as [grader NAME] and give it to a task as "
                                          "[task NAME] graders = NAME in %s; hinge-config(5) has examples",
                         config_paths(l->config));
    return eval_graders_choose(l, names, err) < 0 ? -1 : eval_graders_json(l, err);
}

const char *eval_split(const struct eval_request *q)
{
    return q->split ? q->split : q->weigh ? "any" : "test";
}

static int find_where(struct eval_settings *l, const struct eval_request *q, struct error *err)
{
    static const char *const splits[] = {"train", "valid", "test", "none", "any"};
    const char *split = eval_split(q);
    struct str text = {0};
    bool known = false;
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++)
        known |= strcmp(splits[i], split) == 0;
    if (!known)
        return error_set(err, ERR_USAGE, "\"%.40s\" is no split: test, valid, train, none or any", split);
    if (strcmp(split, "any") != 0)
        str_addf(&text, "split:%s ", split);
    str_addf(&text, "%s%s", q->weigh ? "rule:any " : "", q->where ? q->where : "");
    l->where = keep(l, str_z(&text));
    str_free(&text);
    return 0;
}

static int find_trainer(struct eval_settings *l, const struct eval_request *q, struct error *err)
{
    struct str path = {0};
    if (q->endpoint)
        return 0;
    if (!program_find(&path, "hinge-train")) {
        str_free(&path);
        return error_set(err, ERR_ABSENT, "hinge-train was not found beside hinge or in PATH: it is built where OpenBLAS is");
    }
    l->trainer = keep(l, path.at);
    str_free(&path);
    return 0;
}

int eval_settings_make(struct eval_settings *out, const struct eval_request *q, struct error *err)
{
    *out = (struct eval_settings){.seed = -1};
    if (check_request(q, err) < 0)
        return -1;
    out->config = config_load(q->project, err);
    if (!out->config)
        return -1;
    out->o.prompts_dir = config_prompts_dir(out->config);
    if ((!q->weigh && find_graders(out, q->graders, err) < 0) || find_where(out, q, err) < 0 || find_trainer(out, q, err) < 0)
        return -1;
    return q->run ? eval_run_find(out, q, err) : 0;
}

void eval_settings_free(struct eval_settings *l)
{
    config_free(l->config);
    map_free(l->hashes);
    mem_free(l->hash);
    arena_free(&l->arena);
    *l = (struct eval_settings){0};
}

/* --- as a job keeps it --- */

struct json *eval_options_json(const struct eval_request *q)
{
    const struct {
        const char *name, *value;
    } texts[] = {{"run", q->run},       {"model", q->model}, {"adapter", q->adapter}, {"endpoint", q->endpoint},
                 {"served", q->served}, {"chat", q->chat},   {"split", q->split},     {"where", q->where},
                 {"held_out_from", q->held_out_from}, {"graders", q->graders}};
    struct json *j = json_new_object();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].value)
            json_set_string(j, texts[i].name, texts[i].value);
    if (q->run && !q->every)
        json_set_int(j, "step", q->step);
    if (q->every)
        json_set_bool(j, "every", true);
    if (q->weigh)
        json_set_bool(j, "weigh", true);
    json_set_int(j, "think", q->think ? q->think : EVAL_THINK_OFF);
    if (q->limit)
        json_set_int(j, "limit", (int64_t)q->limit);
    if (q->max_tokens)
        json_set_int(j, "max_tokens", q->max_tokens);
    if (q->has_temperature)
        json_set_number(j, "temperature", q->temperature);
    return j;
}

static int64_t whole(const struct json *options, const char *name, int64_t fallback)
{
    int64_t value = fallback;
    return json_int(json_get(options, name), &value) ? value : fallback;
}

void eval_options_read(struct eval_request *q, const struct json *options)
{
    q->run = json_string(json_get(options, "run"), NULL);
    q->model = json_string(json_get(options, "model"), NULL);
    q->adapter = json_string(json_get(options, "adapter"), NULL);
    q->endpoint = json_string(json_get(options, "endpoint"), NULL);
    q->served = json_string(json_get(options, "served"), NULL);
    q->chat = json_string(json_get(options, "chat"), NULL);
    q->split = json_string(json_get(options, "split"), NULL);
    q->where = json_string(json_get(options, "where"), NULL);
    q->held_out_from = json_string(json_get(options, "held_out_from"), NULL);
    q->graders = json_string(json_get(options, "graders"), NULL);
    q->step = whole(options, "step", EVAL_LAST_STEP);
    q->every = json_bool(json_get(options, "every"), false);
    q->weigh = json_bool(json_get(options, "weigh"), false);
    q->think = (unsigned)whole(options, "think", EVAL_THINK_OFF);
    q->limit = (size_t)whole(options, "limit", 0);
    q->max_tokens = (int)whole(options, "max_tokens", 0);
    q->has_temperature = json_get(options, "temperature") != NULL;
    q->temperature = json_number(json_get(options, "temperature"), 0);
}
