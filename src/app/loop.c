#include "app/loop.h"

#include <stdio.h>
#include <string.h>

#include "app/doctor.h"
#include "app/eval.h"
#include "app/loop_settings.h"
#include "app/reviewer.h"
#include "base/mem.h"
#include "jobs/jobs.h"

/* --- starting --- */

int loop_launch(const char *project, int64_t job, struct error *err)
{
    struct str program = {0};
    int result = program_find(&program, "hinge") ? 0 : error_set(err, ERR_ABSENT, "the program hinge is not to be found");
    if (result == 0)
        result = jobs_launch(program.at, project, job, err);
    str_free(&program);
    if (result < 0)
        error_prefix(err, "job %lld is stored and waits, but its process did not start; resume starts it: ", (long long)job);
    return result;
}

int loop_preview(struct store *s, const struct loop_request *q, struct loop_preview *out, struct error *err)
{
    struct loop_settings l;
    int64_t *ids = NULL;
    size_t n = 0;
    *out = (struct loop_preview){0};
    int result = loop_settings_make(&l, q, err);
    if (result == 0)
        result = loop_select(s, q, &l, &ids, &n, &out->busy, &out->without, err);
    if (result == 0)
        result = step_plan(s, l.step, &l.o, ids, n, &out->plan, err);
    if (result == 0) {
        snprintf(out->endpoint, sizeof out->endpoint, "%s", l.o.model ? l.o.model->name : "");
        snprintf(out->model, sizeof out->model, "%s", l.o.model && l.o.model->model ? l.o.model->model : "");
        snprintf(out->currency, sizeof out->currency, "%s", l.currency);
    }
    mem_free(ids);
    loop_settings_free(&l);
    return result;
}

int loop_reviewer(struct store *s, const char *wanted, int64_t *id, struct error *err)
{
    struct str name = {0};
    int result = reviewer_name(&name, wanted, err);
    if (result == 0)
        result = store_reviewer(s, name.at, id, err);
    str_free(&name);
    return result;
}

static int add_job(struct store *s, const struct loop_request *q, const struct loop_settings *l, const int64_t *ids,
                   size_t n, int64_t *job, struct error *err)
{
    struct str options = {0};
    struct json *j = loop_options_json(q, l);
    json_print(&options, j);
    json_free(j);
    int64_t reviewer = 0;
    size_t busy = 0;
    int result = loop_reviewer(s, q->reviewer, &reviewer, err);
    if (result == 0)
        result = job_store_add(s, l->step->name, options.at, reviewer, ids, n, job, &busy, err);
    str_free(&options);
    return result;
}

int loop_start(struct store *s, const struct loop_request *q, int64_t *job, struct error *err)
{
    struct loop_settings l;
    int64_t *ids = NULL;
    size_t n = 0, busy = 0, without = 0;
    int result = loop_settings_make(&l, q, err);
    if (result == 0)
        result = loop_select(s, q, &l, &ids, &n, &busy, &without, err);
    if (result == 0)
        result = add_job(s, q, &l, ids, n, job, err);
    mem_free(ids);
    loop_settings_free(&l);
    return result < 0 ? -1 : loop_launch(q->project, *job, err);
}

int loop_resume(struct store *s, const char *project, int64_t job, bool retry, struct error *err)
{
    int64_t records = 0;
    if (jobs_resume(s, project, job, retry, &records, err) < 0)
        return -1;
    return loop_launch(project, job, err);
}

int loop_cancel(struct store *s, const char *project, int64_t job, struct error *err)
{
    return jobs_cancel(s, project, job, err);
}

bool loop_job_attended(const char *project, int64_t job)
{
    return jobs_alive(project, job);
}

int loop_log_path(const char *project, int64_t job, struct str *out, struct error *err)
{
    return jobs_log_path(project, job, out, err);
}

/* --- the worker: a step's host is a job --- */

static int host_take(void *context, size_t max, int64_t *records, size_t *n, struct error *err)
{
    return worker_take(context, max, records, n, err);
}

static int host_done(void *context, int64_t record, struct error *err)
{
    return worker_done(context, record, err);
}

static int host_failed(void *context, int64_t record, const struct error *why, struct error *err)
{
    return worker_failed(context, record, why, err);
}

static int64_t known(int64_t tokens)
{
    return tokens > 0 ? tokens : 0;
}

void loop_count_call(struct worker *w, const struct stored_call *call, bool cached)
{
    struct job_progress p = {0};
    if (cached) {
        p.cached_calls = 1;
    } else {
        p.calls = 1;
        p.tokens_in = known(call->tokens_in);
        p.tokens_out = known(call->tokens_out);
        p.cost = call->cost > 0 ? call->cost : 0;
    }
    worker_count(w, &p);
}

static void host_count(void *context, const struct stored_call *call, bool cached)
{
    loop_count_call(context, call, cached);
}

static bool host_go_on(void *context)
{
    return worker_tick(context);
}

/* Every step is run alike: with the settings of the job's options as the configuration now resolves them. */
static int run_step(struct worker *w, void *context, struct str *said, struct error *err)
{
    const struct job *job = worker_job(w);
    struct json *options = json_parse(slice_of(job->options), NULL, err);
    struct loop_request q = {.project = context, .step = job->kind};
    struct loop_settings l = {0};
    if (options)
        loop_options_read(&q, options);
    int end = options ? loop_settings_make(&l, &q, err) : -1;
    if (end == 0) {
        struct step_host host = {.context = w, .take = host_take, .done = host_done, .failed = host_failed,
                                 .count = host_count, .go_on = host_go_on, .job = job->id};
        end = step_run(worker_store(w), l.step, &l.o, &host, said, err);
    }
    loop_settings_free(&l);
    json_free(options);
    if (end < 0)
        return -1;
    return end == STEP_FINISHED ? JOB_DONE : JOB_PAUSED;
}

int loop_work(const char *project, int64_t job, struct error *err)
{
    static const struct job_kind kinds[] = {
        {"generate", run_step}, {"grade", run_step}, {"refine", run_step}, {"distill", run_step},
        {"eval", eval_run_job},  {.name = NULL},
    };
    char *path = mem_strdup(project); /* the context of the kinds is not const */
    int status = worker_main(project, job, kinds, path, err);
    mem_free(path);
    return status;
}
