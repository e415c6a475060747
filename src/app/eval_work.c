/*
 * The job kind "eval": one eval after the other, each on the records that have no score in it yet. The job's records are
 * done when the last eval has them; until then the evals themselves tell how far it is, and the job's word which one is
 * in hand. With --every-checkpoint the worker looks for new checkpoints until training has ended and all are done.
 */
#include <stdlib.h>
#include <time.h>

#include "app/broken.h"
#include "app/eval_parts.h"
#include "app/loop_settings.h"
#include "app/weigh.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"

enum { LOOK_MS = 1000, TICK_MS = 100, CHUNK = 256 };

struct ids {
    int64_t *items;
    size_t count, cap;
};

struct evaluation {
    struct worker *w;
    struct store *s;
    const struct eval_request *request;
    struct eval_settings settings;
    struct eval_plan plan;
    struct ids records;      /* of the job's evals */
    struct ids faulty;       /* that failed in any eval */
    struct broken *broken;   /* rules whose mistakes are looked for in what graders said; NULL before the first eval's end */
    struct map *finished;    /* identities of the evals that this worker has brought to their end */
    /* The eval in hand. */
    int64_t eval, begun;
    const char *name;
    struct ids todo;
    size_t next, done;
    bool last;               /* the job's records end with it */
};

static void add_id(struct ids *list, int64_t id)
{
    list->items = array_reserve(list->items, &list->cap, list->count + 1, sizeof *list->items);
    list->items[list->count++] = id;
}

static bool has_id(const struct ids *list, int64_t id)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i] == id)
            return true;
    return false;
}

static void say(struct evaluation *e, const char *text)
{
    worker_count(e->w, &(struct job_progress){.said = text});
}

static void say_progress(struct evaluation *e)
{
    struct str text = {0};
    size_t before = e->records.count - e->todo.count;
    str_addf(&text, "eval %lld, %s: %zu of %zu", (long long)e->eval, e->name, before + e->done, e->records.count);
    say(e, text.at);
    str_free(&text);
}

/* For bsearch: todo is in order of import. */
static int by_id(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

static bool is_todo(const struct evaluation *e, int64_t id)
{
    return e->todo.count && bsearch(&id, e->todo.items, e->todo.count, sizeof id, by_id);
}

static int end_untouched(struct evaluation *e, int64_t record, struct error *err)
{
    struct error why = {0};
    if (!has_id(&e->faulty, record))
        return worker_done(e->w, record, err);
    error_set(&why, ERR_INPUT, "it has no score in an earlier eval of this job");
    return worker_failed(e->w, record, &why, err);
}

/* --- the step's host: records of the eval in hand --- */

static int host_take(void *context, size_t max, int64_t *records, size_t *n, struct error *err)
{
    struct evaluation *e = context;
    (void)err;
    for (*n = 0; *n < max && e->next < e->todo.count; ++*n)
        records[*n] = e->todo.items[e->next++];
    return 0;
}

static int host_done(void *context, int64_t record, struct error *err)
{
    struct evaluation *e = context;
    e->done++;
    say_progress(e);
    return e->last ? end_untouched(e, record, err) : 0;
}

/* The step may have stored an item with the answer already; without one, the fault is all there is. */
static int put_fault(struct evaluation *e, int64_t record, const struct error *why, struct error *err)
{
    struct eval_items there = {0};
    struct error absent = {0};
    struct eval_item item = {.eval = e->eval, .record = record, .fault = why->text};
    int found = eval_store_item(e->s, e->eval, record, &there, &absent);
    bool fresh = found == 0 && there.items[0].created >= e->begun;
    eval_items_free(&there);
    return fresh ? 0 : eval_store_put_item(e->s, &item, err);
}

static int host_failed(void *context, int64_t record, const struct error *why, struct error *err)
{
    struct evaluation *e = context;
    if (!has_id(&e->faulty, record))
        add_id(&e->faulty, record);
    if (put_fault(e, record, why, err) < 0)
        return -1;
    e->done++;
    say_progress(e);
    return e->last ? worker_failed(e->w, record, why, err) : 0;
}

static void host_count(void *context, const struct stored_call *call, bool cached)
{
    loop_count_call(((struct evaluation *)context)->w, call, cached);
}

static bool host_go_on(void *context)
{
    return worker_tick(((struct evaluation *)context)->w);
}

/* --- one eval --- */

/* The job's records are this worker's from here on; those that need nothing more are done at once. */
static int take_records(struct evaluation *e, struct error *err)
{
    int64_t ids[CHUNK];
    size_t n = 0;
    do {
        if (worker_take(e->w, CHUNK, ids, &n, err) < 0)
            return -1;
        for (size_t i = 0; i < n; i++)
            if (!is_todo(e, ids[i]) && end_untouched(e, ids[i], err) < 0)
                return -1;
    } while (n == CHUNK);
    return 0;
}

static int begin_eval(struct evaluation *e, const struct eval_target *t, struct error *err)
{
    if (eval_make(e->s, e->request, t, worker_job(e->w)->id, &e->plan, &e->eval, err) < 0)
        return -1;
    e->name = t->row.name;
    e->begun = clock_now_ms();
    e->next = e->done = e->todo.count = 0;
    for (size_t i = 0; i < e->records.count; i++)
        add_id(&e->todo, e->records.items[i]);
    if (eval_store_missing(e->s, e->eval, e->todo.items, &e->todo.count, err) < 0)
        return -1;
    log_write(worker_log(e->w), LOG_LEVEL_INFO, "eval %lld: %zu records, %zu have a score already", (long long)e->eval,
              e->records.count, e->records.count - e->todo.count);
    say_progress(e);
    return e->last ? take_records(e, err) : 0;
}

static int end_eval(struct evaluation *e, const struct eval_target *t, struct error *err)
{
    if (eval_store_finish(e->s, e->eval, err) < 0)
        return -1;
    map_put(e->finished, slice_of(t->row.identity), 1);
    if (!e->broken)
        e->broken = broken_learn(e->s, err);
    return e->broken ? broken_mark(e->broken, e->s, e->eval, NULL, err) : -1;
}

/* An enum step_end, or -1. */
static int run_eval(struct evaluation *e, const struct eval_target *t, struct str *said, struct error *err)
{
    struct step_host host = {.context = e, .take = host_take, .done = host_done, .failed = host_failed,
                             .count = host_count, .go_on = host_go_on, .job = worker_job(e->w)->id};
    struct step_settings o = e->settings.o;
    int end = STEP_FINISHED;
    if (begin_eval(e, t, err) < 0)
        return -1;
    o.model = &t->endpoint;
    o.eval = e->eval;
    if (e->todo.count)
        end = step_run(e->s, &step_eval, &o, &host, said, err);
    if (end == STEP_FINISHED && end_eval(e, t, err) < 0)
        return -1;
    return end;
}

/* --- all of them --- */

static int run_targets(struct evaluation *e, struct str *said, struct error *err)
{
    struct eval_target *list = NULL;
    size_t n = 0;
    int end = STEP_FINISHED;
    if (eval_targets(&e->settings, e->request, &list, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n && end == STEP_FINISHED; i++) {
        if (map_get(e->finished, slice_of(list[i].row.identity), NULL))
            continue;
        e->last = !e->request->every && i == n - 1;
        end = run_eval(e, &list[i], said, err);
    }
    return end;
}

/* True when training has made a checkpoint meanwhile or has ended; false when the work must stop. */
static bool wait_for_more(struct evaluation *e, struct error *err)
{
    size_t before = e->settings.n_steps;
    struct str text = {0};
    str_addf(&text, "%zu evals done; waiting for the next checkpoint of %s", map_count(e->finished), e->settings.run_name);
    say(e, text.at);
    str_free(&text);
    while (e->settings.busy && e->settings.n_steps == before) {
        for (int64_t until = clock_mono_ms() + LOOK_MS; clock_mono_ms() < until;) {
            if (!worker_tick(e->w))
                return false;
            nanosleep(&(struct timespec){.tv_nsec = TICK_MS * 1000000L}, NULL);
        }
        if (eval_run_find(&e->settings, e->request, err) < 0)
            return false;
    }
    return true;
}

/* Whether training goes on is asked before its checkpoints are listed: what it writes last is seen. */
static int run_every(struct evaluation *e, struct str *said, struct error *err)
{
    for (;;) {
        size_t before = e->settings.n_steps;
        bool busy = e->settings.busy;
        int end = run_targets(e, said, err);
        if (end != STEP_FINISHED)
            return end;
        if (eval_run_find(&e->settings, e->request, err) < 0)
            return -1;
        if (e->settings.n_steps != before)
            continue;
        if (!busy)
            return STEP_FINISHED;
        if (!wait_for_more(e, err))
            return err->code ? -1 : STEP_STOPPED;
    }
}

/* With every checkpoint no eval was known to be the last. */
static int end_records(struct evaluation *e, struct error *err)
{
    int64_t ids[CHUNK];
    size_t n = 0;
    do {
        if (worker_take(e->w, CHUNK, ids, &n, err) < 0)
            return -1;
        for (size_t i = 0; i < n; i++)
            if (end_untouched(e, ids[i], err) < 0)
                return -1;
    } while (n == CHUNK);
    return 0;
}

static int work(struct evaluation *e, struct str *said, struct error *err)
{
    if (eval_settings_make(&e->settings, e->request, err) < 0 ||
        eval_records(e->s, e->request, &e->settings, &e->plan, &e->records.items, &e->records.count, err) < 0)
        return -1;
    int end = e->request->every ? run_every(e, said, err) : run_targets(e, said, err);
    if (end == STEP_FINISHED && end_records(e, err) < 0)
        return -1;
    if (end == STEP_FINISHED)
        str_addf(said, "%zu %s of %zu records", map_count(e->finished), map_count(e->finished) == 1 ? "eval" : "evals",
                 e->records.count);
    return end;
}

int eval_run_job(struct worker *w, void *project, struct str *said, struct error *err)
{
    struct json *options = json_parse(slice_of(worker_job(w)->options), NULL, err);
    struct eval_request q = {.project = project};
    struct evaluation e = {.w = w, .s = worker_store(w), .request = &q, .finished = map_new()};
    int end = -1;
    if (options) {
        eval_options_read(&q, options);
        end = q.weigh ? weigh_run(w, &q, said, err) : work(&e, said, err);
    }
    eval_settings_free(&e.settings);
    eval_plan_free(&e.plan);
    broken_free(e.broken);
    mem_free(e.records.items);
    mem_free(e.faulty.items);
    mem_free(e.todo.items);
    map_free(e.finished);
    json_free(options);
    if (end < 0)
        return -1;
    return end == STEP_FINISHED ? JOB_DONE : JOB_PAUSED;
}
