#include "ui/views/eval_start.h"

#include <string.h>

#include "base/mem.h"
#include "ui/views/eval_start_state.h"
#include "ui/views/form.h"

enum { MOST = 1000000000, STEPS_BEFORE = 3 /* last, every, base */ };

const char *const eval_splits[] = {"test", "valid", "any", NULL};
const char *const eval_thinks[] = {"off", "on", "off and on", NULL};
static const unsigned thinks[] = {EVAL_THINK_OFF, EVAL_THINK_ON, EVAL_THINK_OFF | EVAL_THINK_ON};

const struct binding eval_start_bindings[] = {
    {"eval-start", "j Down Tab", "down", "next line"},
    {"eval-start", "k Up", "up", "line before"},
    {"eval-start", "g Home", "first", "first line"},
    {"eval-start", "G End", "last", "the line that starts"},
    {"eval-start", "l Right", "next", "the choice after: model, checkpoint, answers or rules, split"},
    {"eval-start", "h Left", "previous", "the choice before"},
    {"eval-start", "Enter", "enter", "change this line; on the last one: start"},
    {"eval-start", "q Esc", "back", "back, nothing is started"},
    {NULL, NULL, NULL, NULL},
};

/* --- what can be chosen --- */

size_t eval_start_choices(const struct eval_start_view *v)
{
    return v->runs.count + v->models.count + config_endpoints(v->config);
}

const struct run *eval_start_run(const struct eval_start_view *v)
{
    return v->of < v->runs.count ? &v->runs.items[v->of] : NULL;
}

const struct train_model *eval_start_model(const struct eval_start_view *v)
{
    size_t at = v->of - v->runs.count;
    return v->of >= v->runs.count && at < v->models.count ? &v->models.items[at] : NULL;
}

const char *eval_start_endpoint(const struct eval_start_view *v)
{
    size_t at = v->of - v->runs.count - v->models.count;
    bool is = v->of >= v->runs.count + v->models.count && at < config_endpoints(v->config);
    return is ? config_endpoint_at(v->config, at)->name : NULL;
}

size_t eval_start_steps(const struct eval_start_view *v)
{
    const struct run *run = eval_start_run(v);
    return run ? STEPS_BEFORE + run->n_checkpoints : 1;
}

static void eval_start_view_free(void *view)
{
    struct eval_start_view *v = view;
    config_free(v->config);
    runs_free(&v->runs);
    train_models_free(&v->models);
    eval_plan_free(&v->plan);
    str_free(&v->where);
    str_free(&v->graders);
    mem_free(v);
}

struct eval_start_view *eval_start_view_new(struct desk *d, const char *run, struct error *err)
{
    const char *project = store_path(session_store(desk_session(d)));
    struct config *config = config_load(project, err);
    if (!config)
        return NULL;
    struct eval_start_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    v->config = config;
    v->stale = true;
    if (train_list(project, &v->runs, err) != 0 || train_models(project, &v->models, err) != 0) {
        eval_start_view_free(v);
        return NULL;
    }
    for (size_t i = 0; run && i < v->runs.count; i++)
        if (strcmp(v->runs.items[i].name, run) == 0)
            v->of = i;
    if (eval_start_choices(v))
        return v;
    error_set(err, ERR_ABSENT, "there is nothing to evaluate: no run (T trains one), no model found, no endpoint configured");
    eval_start_view_free(v);
    return NULL;
}

/* --- the plan --- */

static struct eval_request request(const struct eval_start_view *v)
{
    struct session *s = desk_session(v->desk);
    const struct run *run = eval_start_run(v);
    const struct train_model *model = eval_start_model(v);
    struct eval_request q = {
        .project = store_path(session_store(s)),
        .reviewer = session_reviewer(s),
        .run = run ? run->name : NULL,
        .model = model ? model->path : NULL,
        .endpoint = run || model ? NULL : eval_start_endpoint(v),
        .think = v->weigh ? 0 : thinks[v->think],
        .weigh = v->weigh,
        .split = eval_splits[v->split],
        .where = v->where.len ? str_z((struct str *)&v->where) : NULL,
        .graders = v->graders.len && !v->weigh ? str_z((struct str *)&v->graders) : NULL,
        .limit = (size_t)v->limit,
        .max_tokens = (int)v->tokens,
    };
    if (!run)
        return q;
    q.every = v->step == 1;
    q.step = v->step >= STEPS_BEFORE ? run->checkpoints[v->step - STEPS_BEFORE].step
             : v->step == 2          ? EVAL_BASE
                                     : EVAL_LAST_STEP;
    return q;
}

static void plan(struct eval_start_view *v)
{
    struct eval_request q = request(v);
    error_clear(&v->fault);
    v->stale = false;
    eval_plan_free(&v->plan);
    v->plan = (struct eval_plan){0};
    if (eval_preview(session_store(desk_session(v->desk)), &q, &v->plan, &v->fault) != 0 && !v->fault.code)
        error_set(&v->fault, ERR_INTERNAL, "what it would take could not be found out");
}

/* The plan is made when no key waits, so that the form never lags behind the hand. */
static bool idle(void *view)
{
    struct eval_start_view *v = view;
    if (!v->stale)
        return false;
    plan(v);
    return true;
}

/* --- commands --- */

static size_t words(const char *const *list)
{
    size_t n = 0;
    while (list[n])
        n++;
    return n;
}

static void turn(void *view, int by)
{
    struct eval_start_view *v = view;
    switch (v->field) {
    case EVAL_OF:
        v->of = form_turned(v->of, eval_start_choices(v), by);
        v->step = 0;
        break;
    case EVAL_STEP: v->step = form_turned(v->step, eval_start_steps(v), by); break;
    case EVAL_WHAT:
        v->weigh = !v->weigh;
        v->split = v->weigh ? words(eval_splits) - 1 : 0; /* rules are cited in any, held-out records have none mostly */
        break;
    case EVAL_SPLIT: v->split = form_turned(v->split, words(eval_splits), by); break;
    case EVAL_THINK: v->think = form_turned(v->think, words(eval_thinks), by); break;
    default: return;
    }
    v->stale = true;
}

static bool answer_text(void *view, struct slice text)
{
    struct eval_start_view *v = view;
    struct str *to = v->field == EVAL_GRADERS ? &v->graders : &v->where;
    str_clear(to);
    str_add_slice(to, slice_trim(text));
    v->stale = true;
    return true;
}

static bool answer_number(void *view, struct slice text)
{
    struct eval_start_view *v = view;
    double value;
    if (!form_number(v->desk, text, true, MOST, &value))
        return false;
    *(v->field == EVAL_LIMIT ? &v->limit : &v->tokens) = (long)value;
    v->stale = true;
    return true;
}

static void start(struct eval_start_view *v)
{
    struct desk *d = v->desk;
    struct session *s = desk_session(d);
    struct error err = {0};
    int64_t job = 0;
    if (v->stale) { /* what it takes is seen before it is started */
        plan(v);
        desk_say(d, LOOK_TEXT, "this is what it takes: Enter starts it");
        return;
    }
    if (session_read_only(s)) {
        desk_say(d, LOOK_BAD, "the project is open for reading only: no eval can be started");
        return;
    }
    struct eval_request q = request(v);
    if (eval_start(session_store(s), &q, &job, &err) != 0) {
        desk_fault(d, &err);
        return;
    }
    desk_changed(d);
    desk_close(d); /* v is gone */
    desk_open_evals(d, NULL);
    desk_say(d, LOOK_GOOD, "job %lld runs: scores come in as records are done", (long long)job);
}

static void enter(void *view)
{
    static const char *const labels[EVAL_FIELDS] = {
        [EVAL_GRADERS] = "graders that score, with commas between (nothing: the tasks' own): ",
        [EVAL_WHERE] = "only records under this limit (nothing: all of the split): ",
        [EVAL_LIMIT] = "at most how many records (0: all): ",
        [EVAL_TOKENS] = "tokens an answer may have (0: 512): ",
    };
    struct eval_start_view *v = view;
    struct str *typed = v->field == EVAL_GRADERS ? &v->graders : v->field == EVAL_WHERE ? &v->where : NULL;
    if (v->field == EVAL_GO)
        start(v);
    else if (v->field <= EVAL_THINK)
        turn(v, 1);
    else
        desk_ask(v->desk, &(struct question){.kind = v->field == EVAL_WHERE ? "limit" : typed ? "graders" : "number",
                                             .label = labels[v->field],
                                             .initial = typed ? str_slice(typed) : SLICE(""),
                                             .answer = typed ? answer_text : answer_number,
                                             .view = v});
}

static bool command(void *view, const char *name)
{
    static const struct form_acts acts = {turn, enter};
    return form_command(&((struct eval_start_view *)view)->field, EVAL_FIELDS, name, &acts, view);
}

static const char *hints(void *view)
{
    const struct eval_start_view *v = view;
    if (v->field == EVAL_GO)
        return "Enter start  k up  q back, nothing is started  ? help";
    return v->field <= EVAL_THINK ? "j/k move  h/l choose  Enter change  G to start  q back  ? help"
                                  : "j/k move  Enter change  G to start  q back  ? help";
}

const struct view_ops eval_start_view_ops = {
    .mode = "eval-start",
    .free = eval_start_view_free,
    .command = command,
    .paint = eval_start_paint,
    .idle = idle,
    .hints = hints,
};
