#include "ui/views/job_start.h"

#include <string.h>

#include "app/config.h"
#include "app/loop.h"
#include "base/mem.h"
#include "ui/views/columns.h"
#include "ui/views/form.h"

enum { FIELD_STEP, FIELD_ENDPOINT, FIELD_WHICH, FIELD_LIMIT, FIELD_SAMPLES, FIELD_ROUNDS, FIELD_BUDGET, FIELD_START,
       FIELDS };
enum { MOST = 1000 };

struct start_view {
    struct desk *desk;
    struct config *config;
    size_t step;     /* in steps[] */
    size_t endpoint; /* 0: the configuration's for the step; else one more than its place */
    struct str queue_limit, where;
    long limit, samples, rounds;
    double budget;
    int field;
    struct loop_preview plan;
    struct error fault; /* why there is no plan */
    bool stale;         /* the plan is of an older form */
};

const struct binding start_bindings[] = {
    {"start", "j Down Tab", "down", "next line"},
    {"start", "k Up", "up", "line before"},
    {"start", "g Home", "first", "first line"},
    {"start", "G End", "last", "the line that starts"},
    {"start", "l Right", "next", "the choice after: step, endpoint, records"},
    {"start", "h Left", "previous", "the choice before"},
    {"start", "Enter", "enter", "change this line; on the last one: start"},
    {"start", "q Esc", "back", "back, nothing is started"},
    {NULL, NULL, NULL, NULL},
};

static void start_view_free(void *view)
{
    struct start_view *v = view;
    config_free(v->config);
    str_free(&v->queue_limit);
    str_free(&v->where);
    mem_free(v);
}

struct start_view *start_view_new(struct desk *d, struct slice limit, struct error *err)
{
    struct config *config = config_load(store_path(session_store(desk_session(d))), err);
    if (!config)
        return NULL;
    struct start_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    v->config = config;
    v->stale = true;
    str_add_slice(&v->queue_limit, limit);
    return v;
}

static const char *endpoint_name(const struct start_view *v)
{
    return v->endpoint ? config_endpoint_at(v->config, v->endpoint - 1)->name : NULL;
}

static struct loop_request request(const struct start_view *v)
{
    struct session *s = desk_session(v->desk);
    return (struct loop_request){
        .project = store_path(session_store(s)),
        .step = steps[v->step].name,
        .endpoint = endpoint_name(v),
        .where = v->where.len ? str_z(&v->where) : NULL,
        .reviewer = session_reviewer(s),
        .limit = (size_t)v->limit,
        .samples = (int)v->samples,
        .rounds = (int)v->rounds,
        .budget_money = v->budget,
    };
}

static void plan(struct start_view *v)
{
    struct loop_request q = request(v);
    struct loop_preview fresh = {0};
    error_clear(&v->fault);
    v->stale = false;
    if (loop_preview(session_store(desk_session(v->desk)), &q, &fresh, &v->fault) != 0 && !v->fault.code)
        error_set(&v->fault, ERR_INTERNAL, "what it would take could not be found out");
    v->plan = fresh;
}

/* The plan is made when no key waits, so that the form never lags behind the hand. */
static bool idle(void *view)
{
    struct start_view *v = view;
    if (!v->stale)
        return false;
    plan(v);
    return true;
}

static void turn(void *view, int by)
{
    struct start_view *v = view;
    size_t n = 0;
    while (steps[n].name)
        n++;
    if (v->field == FIELD_STEP) {
        v->step = form_turned(v->step, n, by);
    } else if (v->field == FIELD_ENDPOINT) {
        v->endpoint = form_turned(v->endpoint, config_endpoints(v->config) + 1, by);
    } else if (v->field == FIELD_WHICH) { /* all that need it, or the queue's limit; others are typed */
        bool all = v->where.len == 0;
        str_clear(&v->where);
        if (all)
            str_add_slice(&v->where, str_slice(&v->queue_limit));
    }
    v->stale = true;
}

static bool answer_where(void *view, struct slice text)
{
    struct start_view *v = view;
    str_clear(&v->where);
    str_add_slice(&v->where, slice_trim(text));
    v->stale = true;
    return true;
}

static bool answer_number(void *view, struct slice text)
{
    struct start_view *v = view;
    bool whole = v->field != FIELD_BUDGET;
    double value;
    if (!form_number(v->desk, text, whole, whole && v->field != FIELD_LIMIT ? MOST : 1e9, &value))
        return false;
    if (v->field == FIELD_BUDGET)
        v->budget = value;
    else
        *(v->field == FIELD_LIMIT ? &v->limit : v->field == FIELD_SAMPLES ? &v->samples : &v->rounds) = (long)value;
    v->stale = true;
    return true;
}

static void start(struct start_view *v)
{
    struct session *s = desk_session(v->desk);
    struct desk *d = v->desk;
    struct error err = {0};
    int64_t job = 0;
    if (v->stale) { /* what it takes is seen before it is paid for */
        plan(v);
        desk_say(d, LOOK_TEXT, "this is what it takes: Enter starts it");
        return;
    }
    if (session_read_only(s)) {
        desk_say(d, LOOK_BAD, "the project is open for reading only: no job can be started");
        return;
    }
    struct loop_request q = request(v);
    if (loop_start(session_store(s), &q, &job, &err) != 0) {
        desk_fault(d, &err);
        return;
    }
    desk_changed(d);
    desk_close(d); /* v is gone */
    desk_say(d, LOOK_GOOD, "job %lld runs; go on reviewing, it tells when it is done", (long long)job);
}

static void enter(void *view)
{
    static const char *const labels[FIELDS] = {
        [FIELD_WHICH] = "which records (a limit; nothing: all that need it): ",
        [FIELD_LIMIT] = "at most how many records (0: all): ",
        [FIELD_SAMPLES] = "outputs a record (0: as configured): ",
        [FIELD_ROUNDS] = "rounds at most (0: as configured): ",
        [FIELD_BUDGET] = "money at most (0: no budget): ",
    };
    struct start_view *v = view;
    if (v->field == FIELD_START)
        start(v);
    else if (v->field <= FIELD_ENDPOINT)
        turn(v, 1);
    else
        desk_ask(v->desk, &(struct question){.kind = v->field == FIELD_WHICH ? "limit" : "number",
                                             .label = labels[v->field],
                                             .initial = v->field == FIELD_WHICH ? str_slice(&v->where) : SLICE(""),
                                             .answer = v->field == FIELD_WHICH ? answer_where : answer_number,
                                             .view = v});
}

static bool command(void *view, const char *name)
{
    static const struct form_acts acts = {turn, enter};
    return form_command(&((struct start_view *)view)->field, FIELDS, name, &acts, view);
}

static void add_or(struct str *out, long value, const char *otherwise)
{
    if (value)
        add_count(out, value);
    else
        str_adds(out, otherwise);
}

static void add_which(const struct start_view *v, struct str *out)
{
    const char *configured = config_step_value(v->config, steps[v->step].name, "where");
    if (v->where.len)
        str_add_slice(out, str_slice(&v->where));
    else if (configured)
        str_addf(out, "as configured: %s", configured);
    else
        str_adds(out, "all that need it");
}

static void value_text(const void *view, int field, struct str *out)
{
    const struct start_view *v = view;
    const char *configured = config_step_value(v->config, steps[v->step].name, "endpoint");
    switch (field) {
    case FIELD_STEP: str_addf(out, "%s: %s", steps[v->step].name, steps[v->step].does); break;
    case FIELD_ENDPOINT:
        if (v->endpoint)
            str_adds(out, endpoint_name(v));
        else
            str_addf(out, "as configured%s%s", configured ? ": " : "", configured ? configured : "");
        break;
    case FIELD_WHICH: add_which(v, out); break;
    case FIELD_LIMIT: add_or(out, v->limit, "all"); break;
    case FIELD_SAMPLES: add_or(out, v->samples, "as configured"); break;
    case FIELD_ROUNDS: add_or(out, v->rounds, "as configured"); break;
    case FIELD_BUDGET:
        if (v->budget > 0)
            loop_money_text(out, v->budget, v->plan.currency);
        else
            str_adds(out, "none");
        break;
    default: str_adds(out, "Enter starts the job"); break;
    }
}

static void paint_plan(const struct start_view *v, const struct paint *p, int row)
{
    const struct step_plan *o = &v->plan.plan;
    const char *most = o->upper_bound ? "at most " : "";
    struct str text = {0};
    paint_fill(p, row, 0, p->cols, " ", LOOK_HEAD);
    paint_z(p, row, 1, p->cols - 1, v->stale ? "what it would take: being counted" : "what it would take", LOOK_HEAD);
    if (v->fault.code) {
        form_text(p, row + 1, "not possible", v->fault.text, LOOK_BAD);
        return;
    }
    if (v->stale)
        return;
    add_count(&text, o->records);
    if (v->plan.busy)
        str_addf(&text, "; %zu more are in another job's hands", v->plan.busy);
    if (v->plan.without)
        str_addf(&text, "; %zu more are of tasks without a grader", v->plan.without);
    form_figure(p, row + 1, "records", &text, o->records ? LOOK_STRONG : LOOK_WARN);
    str_adds(&text, most);
    add_count(&text, o->calls);
    if (o->cached) {
        str_adds(&text, ", ");
        add_count(&text, o->cached);
        str_adds(&text, " answered in the project already");
    }
    form_figure(p, row + 2, "calls", &text, LOOK_TEXT);
    str_adds(&text, most);
    add_count(&text, o->tokens_in);
    str_adds(&text, " in, ");
    add_count(&text, o->tokens_out);
    str_adds(&text, " out (estimated)");
    form_figure(p, row + 3, "tokens", &text, LOOK_TEXT);
    if (o->money < 0) {
        str_adds(&text, "a price is not known");
    } else {
        str_adds(&text, most);
        loop_money_text(&text, o->money, v->plan.currency);
    }
    form_figure(p, row + 4, "money", &text, v->budget > 0 && o->money > v->budget ? LOOK_WARN : LOOK_TEXT);
    str_addf(&text, "%s  %s", v->plan.endpoint, v->plan.model);
    form_figure(p, row + 5, "asks", &text, LOOK_DIM);
    str_free(&text);
}

static void paint(void *view, const struct paint *p)
{
    static const char *const labels[FIELDS] = {"step", "endpoint", "records", "at most", "samples", "rounds",
                                               "budget", "start"};
    struct start_view *v = view;
    const struct form form = {.labels = labels, .n = FIELDS, .at = v->field, .context = v, .value = value_text};
    for (int row = 0; row < p->rows; row++)
        paint_fill(p, row, 0, p->cols, " ", row ? LOOK_TEXT : LOOK_TITLE);
    paint_z(p, 0, 0, p->cols, " Start a job", LOOK_TITLE);
    form_paint(&form, p, 1);
    paint_plan(v, p, 1 + FIELDS);
}

static const char *hints(void *view)
{
    const struct start_view *v = view;
    if (v->field == FIELD_START)
        return "Enter start  k up  q back, nothing is started  ? help";
    return v->field <= FIELD_WHICH ? "j/k move  h/l choose  Enter change  G to start  q back  ? help"
                                   : "j/k move  Enter change  G to start  q back  ? help";
}

const struct view_ops start_view_ops = {
    .mode = "start",
    .free = start_view_free,
    .command = command,
    .paint = paint,
    .idle = idle,
    .hints = hints,
};
