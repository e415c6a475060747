/*
 * The loop around the steps: takes records while hands are free, hands replies to the flows that wait for them, and
 * ends when nothing is in hand and nothing is to be taken. Stopping means asking no more; what is in flight is paid
 * for, so it is waited for and stored: all of it when the budget or an endpoint ends the run, for a few seconds when
 * the run is to stop now.
 */
#include "pipeline/step.h"

#include <poll.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/grading.h"
#include "pipeline/inquiry.h"
#include "pipeline/step_parts.h"

/* A model of this machine is loaded once a batch, so an eval has as many in hand as a batch takes. */
enum { HANDS_MIN = 16, HANDS_MAX = 512, HANDS_LOCAL = 256, TICK_MS = 200, STOP_MS = 5000 };

const struct step steps[] = {
    {"generate", LOOP_GENERATE, "has a model write y0 for records without one"},
    {"grade", LOOP_GRADE, "has y0 scored by its task's graders, with the reasons"},
    {"refine", LOOP_REFINE, "rewrites y0 by what graders say until it reaches the top score"},
    {"distill", LOOP_DISTILL, "distils what graders said into a rule for an expert to judge"},
    {.name = NULL},
};

static int (*const begin[LOOP_STEPS])(struct flow *f, struct error *err) = {
    [LOOP_GENERATE] = generate_begin,
    [LOOP_GRADE] = grade_begin,
    [LOOP_REFINE] = refine_begin,
    [LOOP_DISTILL] = distill_begin,
};

const struct step step_eval = {"eval", LOOP_STEPS, "has a model answer held-out prompts, and graders score the answers"};

/* Whether a step asks graders. */
static bool grades(const struct step *step)
{
    return step->which == LOOP_GRADE || step->which == LOOP_REFINE || step == &step_eval;
}

static int begin_step(struct flow *f, struct error *err)
{
    return f->run->step == &step_eval ? eval_begin(f, err) : begin[f->run->step->which](f, err);
}

const struct step *step_find(const char *name)
{
    if (strcmp(name, "distil") == 0)
        name = "distill";
    for (const struct step *s = steps; s->name; s++)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}

/* --- flows --- */

int flow_done(struct flow *f, struct error *err)
{
    f->over = true;
    return f->run->host->done(f->run->host->context, f->record.id, err);
}

int flow_failed(struct flow *f, const struct error *why, struct error *err)
{
    if (f->over)
        return 0;
    f->over = true;
    return f->run->host->failed(f->run->host->context, f->record.id, why, err);
}

void flow_drop(struct flow *f)
{
    f->over = true;
}

static void flow_free(struct flow *f)
{
    if (f->free_state)
        f->free_state(f);
    loop_record_free(&f->record);
    mem_free(f);
}

/* Lets go of a flow that has ended and waits for nothing. */
static void release(struct run *run, struct flow *f)
{
    if (!f->over || f->waiting > 0)
        return;
    for (size_t i = 0; i < run->n_flows; i++)
        if (run->flows[i] == f) {
            run->flows[i] = run->flows[--run->n_flows];
            break;
        }
    flow_free(f);
}

static int begin_flow(struct run *run, int64_t record, struct error *err)
{
    struct flow *f = mem_zalloc(1, sizeof *f);
    struct error why = {0};
    f->run = run;
    run->flows = array_reserve(run->flows, &run->cap_flows, run->n_flows + 1, sizeof(struct flow *));
    run->flows[run->n_flows++] = f;
    int result;
    if (loop_store_load(run->store, record, &f->record, &why) != 0) {
        f->record.id = record;
        result = why.code == ERR_ABSENT ? flow_failed(f, &why, err) : error_set(err, why.code, "%s", why.text);
    } else {
        result = begin_step(f, err);
    }
    if (result == 0 && !f->over && f->waiting == 0)
        result = error_set(err, ERR_INTERNAL, "record number %lld waits for nothing", (long long)record);
    release(run, f);
    return result;
}

/* --- the run --- */

static size_t hands(const struct step *step, const struct step_settings *o)
{
    if (step == &step_eval && o->model->kind == ENDPOINT_LOCAL)
        return HANDS_LOCAL;
    size_t most = o->model ? (size_t)o->model->parallel : 0;
    for (size_t i = 0; i < o->n_tasks; i++)
        for (size_t j = 0; j < o->tasks[i].n; j++) {
            const struct endpoint *e = o->tasks[i].graders[j]->model;
            if (o->tasks[i].graders[j]->kind == GRADER_LLM && e && (size_t)e->parallel > most)
                most = (size_t)e->parallel;
        }
    most *= 2;
    return most < HANDS_MIN ? HANDS_MIN : most > HANDS_MAX ? HANDS_MAX : most;
}

static int prepare_grader(struct run *run, const struct grader *g, struct error *err)
{
    if (g->kind == GRADER_LLM)
        return calls_prepare(run->calls, g->model, err);
    if (g->kind == GRADER_PATTERNS)
        return run_patterns(run, g, err) ? 0 : -1;
    return 0;
}

/* Everything that can be found wrong before a record is taken. */
static int prepare(struct run *run, struct error *err)
{
    const struct step_settings *o = run->settings;
    enum loop_step which = run->step->which;
    if (prompts_open(&run->prompts, run->store, run->step == &step_eval ? LOOP_GRADE : which, o, true, err) != 0)
        return -1;
    if (which != LOOP_GRADE && !o->model)
        return error_set(err, ERR_USAGE, "%s needs an endpoint: name one in the configuration ([step %s] endpoint = "
                         "NAME)", run->step->name, run->step->name);
    if (which != LOOP_GRADE && calls_prepare(run->calls, o->model, err) != 0)
        return -1;
    for (size_t i = 0; i < o->n_tasks && grades(run->step); i++)
        for (size_t j = 0; j < o->tasks[i].n; j++)
            if (prepare_grader(run, o->tasks[i].graders[j], err) != 0)
                return -1;
    return 0;
}

/* Fills free hands; *more is false when there is nothing to take. */
static int take(struct run *run, size_t max, bool *more, struct error *err)
{
    int64_t ids[HANDS_MAX];
    size_t n = 0;
    if (run->n_flows >= max)
        return 0;
    if (run->host->take(run->host->context, max - run->n_flows, ids, &n, err) != 0)
        return -1;
    *more = n > 0;
    for (size_t i = 0; i < n && !calls_stopped(run->calls); i++)
        if (begin_flow(run, ids[i], err) != 0)
            return -1;
    return 0;
}

static int take_replies(struct run *run, struct error *err)
{
    struct reply r = {0};
    int got;
    while ((got = calls_next(run->calls, &r, err)) == 1) {
        struct flow *f = inquiry_flow(r.owner);
        int result = inquiry_reply(r.owner, &r, err);
        reply_free(&r);
        if (result != 0)
            return -1;
        release(run, f);
    }
    return got;
}

static int take_programs(struct run *run, struct error *err)
{
    struct program_end end;
    programs_step(run->programs);
    while (programs_next(run->programs, &end)) {
        struct flow *f = grading_program_flow(end.owner);
        int result = grading_program(end.owner, &end, err);
        program_end_free(&end);
        if (result != 0)
            return -1;
        release(run, f);
    }
    return 0;
}

static int wait_for_any(struct run *run, struct error *err)
{
    struct pollfd *fds = mem_zalloc(programs_fds_max(run->programs) + 1, sizeof *fds);
    size_t n = programs_fds(run->programs, fds);
    int timeout = programs_timeout(run->programs);
    if (timeout < 0 || timeout > TICK_MS)
        timeout = TICK_MS;
    int result = 0;
    if (calls_pending(run->calls) == 0 && programs_running(run->programs) > 0)
        (void)poll(fds, n, timeout);
    else
        result = calls_wait(run->calls, timeout, fds, n, err);
    mem_free(fds);
    return result < 0 ? -1 : 0;
}

static int work(struct run *run, bool *told_to_stop, struct error *err)
{
    size_t max = hands(run->step, run->settings);
    bool more = true;
    int64_t deadline = 0;
    for (;;) {
        if (!*told_to_stop && !run->host->go_on(run->host->context)) {
            *told_to_stop = true;
            deadline = clock_mono_ms() + STOP_MS;
            calls_stop(run->calls, NULL);
        }
        bool stopped = calls_stopped(run->calls);
        if (!stopped && more && take(run, max, &more, err) != 0)
            return -1;
        if (run->n_flows == 0 && (!more || calls_stopped(run->calls)))
            return 0;
        if (deadline && clock_mono_ms() >= deadline)
            return 0;
        if (run->n_flows > 0 && wait_for_any(run, err) != 0)
            return -1;
        if (take_programs(run, err) != 0 || take_replies(run, err) != 0)
            return -1;
    }
}

static void forget_inquiry(void *owner)
{
    inquiry_free(owner);
}

static void close_run(struct run *run)
{
    if (run->calls)
        calls_forget(run->calls, forget_inquiry);
    programs_forget(run->programs, grading_program_free);
    programs_close(run->programs);
    calls_close(run->calls);
    for (size_t i = 0; i < run->n_flows; i++)
        flow_free(run->flows[i]);
    mem_free(run->flows);
    for (size_t i = 0; i < run->n_patterns; i++)
        patterns_free(run->patterns[i].patterns);
    mem_free(run->patterns);
    prompts_close(&run->prompts);
}

int step_run(struct store *s, const struct step *step, const struct step_settings *o, const struct step_host *host,
             struct str *said, struct error *err)
{
    struct run run = {.store = s, .step = step, .settings = o, .host = host};
    bool told_to_stop = false;
    int result = -1;
    run.programs = programs_open(0);
    run.calls = calls_open(s, step->name, o, host, err);
    if (run.calls && prepare(&run, err) == 0 && work(&run, &told_to_stop, err) == 0) {
        const char *why = calls_why(run.calls);
        result = told_to_stop ? STEP_STOPPED : calls_stopped(run.calls) ? STEP_PAUSED : STEP_FINISHED;
        if (result == STEP_PAUSED && why)
            str_adds(said, why);
    }
    close_run(&run);
    return result;
}
