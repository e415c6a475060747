#include "app/loop_settings.h"

#include <stdlib.h>
#include <string.h>

/* The step's own number in the configuration, where the request has none. */
static int number_of(const struct config *c, const char *step, const char *name, int given, int fallback)
{
    const char *value = config_step_value(c, step, name);
    return given ? given : value ? atoi(value) : fallback;
}

/* The endpoint that writes: as asked for, as configured for the step, or the only one there is. */
static int find_endpoint(struct loop_settings *l, const char *asked, struct error *err)
{
    const char *name = asked ? asked : config_step_value(l->config, l->step->name, "endpoint");
    if (!name && config_endpoints(l->config) == 1)
        name = config_endpoint_at(l->config, 0)->name;
    if (!name && !config_endpoints(l->config))
        return error_set(err, ERR_ABSENT, "%s needs a model to ask: describe one as [endpoint NAME] in %s; "
                                          "hinge-config(5) has examples", l->step->name, config_paths(l->config));
    if (!name)
        return error_set(err, ERR_ABSENT, "%s: which endpoint? Say one, or write endpoint = NAME under [step %s] in %s",
                         l->step->name, l->step->name, config_paths(l->config));
    l->o.model = config_endpoint(l->config, name, err);
    return l->o.model ? 0 : -1;
}

static int find_graders(struct loop_settings *l, struct error *err)
{
    if (config_graders(l->config, &l->o.tasks, &l->o.n_tasks, err) < 0)
        return -1;
    bool needed = l->step->which == LOOP_GRADE || l->step->which == LOOP_REFINE;
    if (!needed || l->o.n_tasks)
        return 0;
    return error_set(err, ERR_ABSENT, "%s needs a grader: describe one as [grader NAME] and give it to a task as "
                                      "[task NAME] graders = NAME in %s; hinge-config(5) has examples",
                     l->step->name, config_paths(l->config));
}

static void find_currency(struct loop_settings *l)
{
    const struct endpoint *e = l->o.model;
    l->currency = "";
    if (e && e->price_in > 0)
        l->currency = e->currency;
    for (size_t i = 0; i < l->o.n_tasks; i++)
        for (size_t j = 0; j < l->o.tasks[i].n; j++) {
            const struct endpoint *g = l->o.tasks[i].graders[j]->model;
            if (g && g->price_in > 0 && !l->currency[0])
                l->currency = g->currency;
        }
}

static void find_numbers(struct loop_settings *l, const struct loop_request *q)
{
    const char *step = l->step->name, *temperature = config_step_value(l->config, step, "temperature");
    const char *money = config_step_value(l->config, step, "budget"),
               *tokens = config_step_value(l->config, step, "budget-tokens");
    l->o.samples = number_of(l->config, step, "samples", q->samples, 1);
    l->o.rounds = number_of(l->config, step, "rounds", q->rounds, 3);
    l->o.has_temperature = q->has_temperature || temperature;
    l->o.temperature = q->has_temperature ? q->temperature : temperature ? strtod(temperature, NULL) : 0;
    l->o.budget_money = q->budget_money > 0 ? q->budget_money : money ? strtod(money, NULL) : 0;
    l->o.budget_tokens = q->budget_tokens > 0 ? q->budget_tokens : tokens ? strtoll(tokens, NULL, 10) : 0;
    l->o.again = q->again;
}

int loop_settings_make(struct loop_settings *out, const struct loop_request *q, struct error *err)
{
    *out = (struct loop_settings){.step = step_find(q->step), .currency = ""};
    if (!out->step)
        return error_set(err, ERR_USAGE, "\"%.60s\" is none of generate, grade, refine, distill", q->step);
    out->config = config_load(q->project, err);
    if (!out->config)
        return -1;
    out->where = q->where ? q->where : config_step_value(out->config, out->step->name, "where");
    if (out->where && !*out->where)
        out->where = NULL;
    out->o.prompts_dir = config_prompts_dir(out->config);
    find_numbers(out, q);
    if ((out->step->which != LOOP_GRADE && find_endpoint(out, q->endpoint, err) < 0) || find_graders(out, err) < 0)
        return -1;
    find_currency(out);
    return 0;
}

void loop_settings_free(struct loop_settings *l)
{
    config_free(l->config);
    *l = (struct loop_settings){0};
}

struct json *loop_options_json(const struct loop_request *q, const struct loop_settings *l)
{
    struct json *j = json_new_object();
    if (l->o.model)
        json_set_string(j, "endpoint", l->o.model->name);
    if (l->where)
        json_set_string(j, "where", l->where);
    if (q->limit)
        json_set_int(j, "limit", (int64_t)q->limit);
    if (l->step->which == LOOP_GENERATE)
        json_set_int(j, "samples", l->o.samples);
    if (l->step->which == LOOP_REFINE)
        json_set_int(j, "rounds", l->o.rounds);
    if (l->o.has_temperature)
        json_set_number(j, "temperature", l->o.temperature);
    if (l->o.again)
        json_set_bool(j, "again", true);
    if (l->o.budget_money > 0)
        json_set_number(j, "budget", l->o.budget_money);
    if (l->o.budget_tokens > 0)
        json_set_int(j, "budget_tokens", l->o.budget_tokens);
    if (l->currency[0])
        json_set_string(j, "currency", l->currency);
    return j;
}

static int64_t whole(const struct json *options, const char *name)
{
    int64_t value = 0;
    return json_int(json_get(options, name), &value) ? value : 0;
}

void loop_options_read(struct loop_request *q, const struct json *options)
{
    q->endpoint = json_string(json_get(options, "endpoint"), NULL);
    q->where = json_string(json_get(options, "where"), NULL);
    q->limit = (size_t)whole(options, "limit");
    q->samples = (int)whole(options, "samples");
    q->rounds = (int)whole(options, "rounds");
    q->has_temperature = json_get(options, "temperature") != NULL;
    q->temperature = json_number(json_get(options, "temperature"), 0);
    q->again = json_bool(json_get(options, "again"), false);
    q->budget_money = json_number(json_get(options, "budget"), 0);
    q->budget_tokens = whole(options, "budget_tokens");
}
