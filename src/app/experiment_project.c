/* An experiment's project: records, the model loop, decisions. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/actions.h"
#include "app/experiment_parts.h"
#include "app/loop.h"
#include "app/project.h"
#include "app/session.h"
#include "app/transfer.h"
#include "base/file.h"
#include "base/mem.h"
#include "db/loop_store.h"
#include "experiments/scribe_records.h"

enum { POLL_MS = 200, MISSED_MAX = 10 };
#define EXPERT "experiment"

/* --- files --- */

typedef int line_fn(struct str *out, const struct forms *f, uint64_t seed, const char *split, uint64_t index,
                    struct error *err);

static int add_lines(struct experiment *x, struct str *out, const char *split, int count, line_fn *line,
                     struct error *err)
{
    for (int i = 0; i < count; i++) {
        if (line(out, x->forms, EXPERIMENT_SEED, split, (uint64_t)i, err) != 0)
            return -1;
    }
    return 0;
}

static int write_file(const struct experiment *x, const char *name, struct str *text, struct error *err)
{
    struct str path = {0};
    int result = file_write_atomic(experiment_path(x, &path, name), 0600, str_slice(text), err);
    str_free(&path);
    str_free(text);
    return result;
}

static int write_records(struct experiment *x, struct error *err)
{
    struct str records = {0}, replies = {0};
    int result = add_lines(x, &records, "train", x->size->train, scribe_record, err);
    if (result == 0)
        result = add_lines(x, &records, "valid", x->size->valid, scribe_record, err);
    if (result == 0)
        result = add_lines(x, &records, "test", x->size->test, scribe_record, err);
    if (result == 0)
        result = add_lines(x, &replies, "train", x->size->train, scribe_replies, err);
    if (result == 0)
        result = write_file(x, "visits.jsonl", &records, err);
    if (result == 0)
        result = write_file(x, "recording.jsonl", &replies, err);
    str_free(&records);
    str_free(&replies);
    return result;
}

/* The project's configuration: the grader is this program itself. */
static int write_configuration(const struct experiment *x, struct error *err)
{
    struct str text = {0};
    const char *who = x->asked->endpoint ? x->asked->endpoint : "recorded";
    str_adds(&text, "# Made by 'hinge experiment'; hinge-config(5) has every key.\n\n");
    if (!x->asked->endpoint)
        str_adds(&text, "[endpoint recorded]\nkind = replay\nreplay = recording.jsonl\n\n");
    str_addf(&text, "[grader scribe]\nkind = program\nprogram = \"%s\" experiment grade\nscale = 0..%d\n\n", x->hinge.at,
             SCORE_TOP);
    str_addf(&text, "[task %s]\ngraders = scribe\n", SCRIBE_TASK);
    static const char *const writing[] = {"generate", "refine", "distill"};
    for (size_t i = 0; i < sizeof writing / sizeof *writing; i++)
        str_addf(&text, "\n[step %s]\nendpoint = %s\nwhere = split:train\n", writing[i], who);
    return write_file(x, "scribe.ini", &text, err);
}

int experiment_make_project(struct experiment *x, struct error *err)
{
    struct str records = {0};
    struct import_summary sum = {0};
    if (write_configuration(x, err) != 0) /* each time: the program may have moved */
        return -1;
    const char *files[] = {experiment_path(x, &records, "visits.jsonl")};
    int result = file_exists(files[0]) ? 0 : write_records(x, err);
    if (result == 0 && !file_exists(x->project.at))
        result = project_make(x->project.at, err);
    struct import_request q = {.project = x->project.at, .files = files, .n_files = 1, .format = "hinge"};
    experiment_tell(x, "import", -1, -1, "visits into the project");
    if (result == 0)
        result = transfer_import(&q, &sum, err); /* what is there already stays as it is */
    if (result == 0 && sum.refused)
        result = error_set(err, ERR_INTERNAL, "%lld visits were refused: %s", (long long)sum.refused, sum.first_refusal);
    str_free(&records);
    return result;
}

/* --- the model loop --- */

static void tell_job(const struct experiment *x, const char *stage, const struct job *j)
{
    int64_t all = j->done + j->failed + j->left + j->running;
    double rate = j->seconds > 0 ? (double)j->done / j->seconds : 0;
    struct str said = {0};
    str_addf(&said, "%lld of %lld", (long long)j->done, (long long)all);
    experiment_tell(x, stage, all ? (double)j->done / (double)all : -1,
                    rate > 0 ? (double)(j->left + j->running) / rate : -1, said.at);
    str_free(&said);
}

static int job_result(const struct job *j, const char *stage, struct error *err)
{
    if (j->state == JOB_DONE && j->failed == 0)
        return 0;
    return error_set(err, ERR_CONFLICT, "%s: job %lld is %s with %lld of its records failed: %s", stage, (long long)j->id,
                     loop_job_state(j), (long long)j->failed, j->said);
}

/* Whether nobody works on it any more. A worker on a busy machine may be late with its word: while its process lives, and for
 * a moment after, it is not lost. */
static bool is_over(const struct experiment *x, const struct job *j, int *missed)
{
    if (loop_job_attended(x->project.at, j->id))
        *missed = 0;
    else
        ++*missed;
    bool ended = loop_job_over(j) && !j->lost;
    return (ended && j->state != JOB_RUNNING) || *missed > MISSED_MAX;
}

int experiment_wait(const struct experiment *x, struct store *s, int64_t id, const char *stage, struct error *err)
{
    for (int missed = 0;;) {
        struct jobs jobs = {0};
        struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
        if (job_store_get(s, id, &jobs, err) != 0)
            return -1;
        const struct job *j = &jobs.items[0];
        tell_job(x, stage, j);
        bool over = is_over(x, j, &missed);
        int result = over ? job_result(j, stage, err) : 0;
        jobs_free(&jobs);
        if (over)
            return result;
        nanosleep(&pause, NULL);
    }
}

/* The oldest job that is not done, or 0. */
static int unfinished(struct store *s, const char *kind, int64_t *id, struct error *err)
{
    struct jobs jobs = {0};
    *id = 0;
    if (job_store_list(s, 1000, &jobs, err) != 0)
        return -1;
    for (size_t i = 0; i < jobs.count; i++) {
        const struct job *j = &jobs.items[i];
        if ((!kind || strcmp(j->kind, kind) == 0) && (j->state != JOB_DONE || j->failed))
            *id = j->id;
    }
    jobs_free(&jobs);
    return 0;
}

int experiment_settle(const struct experiment *x, struct store *s, const char *kind, struct error *err)
{
    for (;;) {
        int64_t id;
        if (unfinished(s, kind, &id, err) != 0 || id == 0)
            return id == 0 ? 0 : -1;
        if (!loop_job_attended(x->project.at, id) && loop_resume(s, x->project.at, id, true, err) != 0)
            return -1;
        if (experiment_wait(x, s, id, kind ? kind : "jobs", err) != 0)
            return -1;
    }
}

static int step(const struct experiment *x, struct store *s, const char *name, struct error *err)
{
    struct loop_request q = {.project = x->project.at, .step = name, .reviewer = EXPERT, .where = "split:train"};
    struct error none = {0};
    int64_t job;
    if (experiment_settle(x, s, name, err) != 0)
        return -1;
    if (loop_start(s, &q, &job, &none) == 0)
        return experiment_wait(x, s, job, name, err);
    if (none.code == ERR_ABSENT)
        return 0; /* nothing is left to do */
    *err = none;
    return -1;
}

int experiment_loop(struct experiment *x, struct error *err)
{
    static const char *const order[] = {"generate", "grade", "refine", "distill"};
    struct store *s = project_open(x->project.at, STORE_WRITE, err);
    int result = s ? 0 : -1;
    for (size_t i = 0; i < sizeof order / sizeof *order && result == 0; i++)
        result = step(x, s, order[i], err);
    store_close(s);
    return result;
}

/* --- decisions --- */

struct deciding {
    struct experiment *x;
    struct session *session;
    struct error *err;
    int64_t done;
};

static bool cites(const struct stored_record *r, const char *mistake)
{
    for (size_t i = 0; i < r->n_rules; i++) {
        if (strcmp(r->rules[i].mistake, mistake) == 0)
            return true;
    }
    return false;
}

/* Rules that y0 broke besides the one that was distilled. */
static int add_rules(struct deciding *d, const struct stored_record *r, struct error *err)
{
    struct visit v;
    struct json *meta = r->meta ? json_parse(slice_of(r->meta), NULL, NULL) : NULL;
    int result = visit_from_json(&v, json_get(meta, "facts"), err);
    const struct stored_output *y0 = stored_y0(r);
    rule_set broken = result == 0 && y0 ? scribe_broken(&v, y0->text) : 0;
    for (int i = 0; i < RULES && result == 0; i++) {
        const char *mistake = rule_mistake((enum scribe_rule)i, 0);
        struct rule_typed rule = {slice_of(mistake), slice_of(rule_guardrail((enum scribe_rule)i, 0))};
        if ((broken >> i & 1) && strcmp(mistake, r->candidates[0].mistake) != 0 && !cites(r, mistake))
            result = action_add_rule(d->session, r->id, rule, NULL, err);
    }
    json_free(meta);
    return result;
}

static int decide(void *context, int64_t id)
{
    struct deciding *d = context;
    struct stored_record r = {0};
    if (record_store_load(session_store(d->session), id, &r, d->err) != 0)
        return -1;
    int result = 0;
    if (r.n_candidates && r.split && strcmp(r.split, "train") == 0) {
        if (r.state == STATE_UNDECIDED)
            result = action_accept(d->session, id, NULL, d->err);
        if (result == 0 && !d->x->asked->endpoint)
            result = add_rules(d, &r, d->err);
        if (++d->done % 50 == 0)
            experiment_tell(d->x, "accept", (double)d->done / d->x->size->train, -1, "rules into the library");
    }
    stored_record_free(&r);
    return result;
}

/* The records' numbers first: deciding while a list is read would change it. */
static int collect(void *context, int64_t id)
{
    struct str *ids = context;
    str_add(ids, &id, sizeof id);
    return 0;
}

int experiment_decide(struct experiment *x, struct error *err)
{
    struct session_options o = {.project = x->project.at, .reviewer = EXPERT};
    struct deciding d = {.x = x, .session = session_open(&o, err), .err = err};
    struct str ids = {0};
    if (!d.session)
        return -1;
    int result = record_store_each(session_store(d.session), collect, &ids, err);
    store_sync_each(session_store(d.session), false);
    for (size_t at = 0; at + sizeof(int64_t) <= ids.len && result == 0; at += sizeof(int64_t)) {
        int64_t id;
        memcpy(&id, ids.at + at, sizeof id);
        result = decide(&d, id);
    }
    str_free(&ids);
    session_close(d.session);
    return result;
}
