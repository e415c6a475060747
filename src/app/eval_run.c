/* What evals need to know of a run: its checkpoints, its model, what it was trained on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/eval_parts.h"
#include "base/file.h"
#include "runs/runs.h"

static const char *keep(struct eval_settings *l, const char *text)
{
    return text && *text ? arena_strndup(&l->arena, text, strlen(text)) : NULL;
}

/* A name or uuid of the project's runs, or a folder anywhere. */
static int find(const struct eval_request *q, struct run *r, struct error *err)
{
    struct str folder = {0};
    if (strchr(q->run, '/')) {
        run_open(q->run, r);
        return 0;
    }
    int result = runs_folder(q->project, &folder, err);
    if (result == 0)
        result = runs_find(folder.at, q->run, r, err);
    str_free(&folder);
    return result;
}

static const char *path_in(struct eval_settings *l, const struct run *r, const char *inside)
{
    struct str path = {0};
    const char *kept = keep(l, run_path(r, inside, &path));
    str_free(&path);
    return kept;
}

static void take_steps(struct eval_settings *l, const struct run *r)
{
    if (l->n_steps == r->n_checkpoints && (!l->n_steps || l->steps[l->n_steps - 1].step == r->checkpoints[l->n_steps - 1].step))
        return; /* as before */
    l->n_steps = 0;
    l->steps = arena_zalloc(&l->arena, r->n_checkpoints + 1, sizeof *l->steps);
    for (size_t i = 0; i < r->n_checkpoints; i++) {
        char inside[64];
        const struct run_checkpoint *c = &r->checkpoints[i];
        snprintf(inside, sizeof inside, "checkpoints/step-%lld", (long long)c->step);
        l->steps[l->n_steps++] = (struct eval_step){c->step, (int64_t)c->examples, path_in(l, r, inside)};
    }
}

static int take_run(struct eval_settings *l, const struct run *r, struct error *err)
{
    if (r->state != RUN_UNREADABLE && l->run_uuid) {
        l->busy = run_state_busy(r->state);
        take_steps(l, r);
        return 0;
    }
    const char *context = run_option(r, "max-tokens");
    if (r->state == RUN_UNREADABLE)
        return error_set(err, ERR_ABSENT, "%s: %s", r->name, r->reason);
    if (!r->uuid[0])
        return error_set(err, ERR_INPUT, "%s has no run.json: it was not started by hinge; give its model and a checkpoint as "
                                         "--model and --adapter instead", r->name);
    l->run_uuid = keep(l, r->uuid);
    l->run_name = keep(l, r->name);
    l->run_folder = keep(l, r->folder);
    l->method = keep(l, r->method);
    l->base = keep(l, r->model);
    l->seed = r->seed;
    l->busy = run_state_busy(r->state);
    l->chat = keep(l, run_option(r, "chat"));
    l->context = context ? atoi(context) : 0;
    l->snapshot = keep(l, json_string(json_get(json_get(r->about, "data"), "hash"), NULL));
    const char *train = path_in(l, r, "data/train.jsonl");
    if (!file_exists(train))
        return error_set(err, ERR_ABSENT, "%s has no training set (data/train.jsonl): what it has seen cannot be told", r->name);
    l->train_file = train;
    take_steps(l, r);
    return 0;
}

int eval_run_find(struct eval_settings *l, const struct eval_request *q, struct error *err)
{
    struct run r = {0};
    int result = find(q, &r, err);
    if (result == 0) {
        result = take_run(l, &r, err);
        run_free(&r);
    }
    return result;
}
