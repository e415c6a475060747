/*
 * The process that does a job.
 *
 * 1. Who holds the job's lock is the only worker on this machine; who holds the lease is the only one anywhere. The
 *    lock is taken first: then a lease of this machine is a dead worker's.
 * 2. A worker whose lease was lost writes nothing more into the job.
 * 3. What it did is stored record by record, so that it may be killed at any moment. Its commits do not wait for the
 *    disk, but for those of its beats, and with them all before: reviewers need not wait for hundreds of replies a
 *    second, and a power cut takes the last three seconds at most.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "jobs/jobs.h"
#include "jobs/lock.h"
#include "jobs/report.h"

enum { BEAT_MS = 3000, LOOK_MS = 500, LEASE_MS = 15000 };
#define LEASE_SECONDS (LEASE_MS / 1000.0)

enum stop { GO_ON, STOP_CANCELLED, STOP_ASKED, STOP_LOST };

struct worker {
    struct store *s;
    struct log *log;
    struct jobs row; /* the job as it was */
    int64_t id, pid;
    char host[HOST_MAX];
    enum stop stop;
    struct job_progress news; /* not stored yet */
    struct str said;
    int64_t beaten, looked; /* monotonic: the last beat that was stored, the last look at the row */
};

/* Set by the handler of SIGTERM and SIGINT, read at each tick; a signal has no other way in. */
static volatile sig_atomic_t stop_asked;

static void ask_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

/* Without SA_RESTART: a wait for the network ends, and the next tick sees why. */
static void catch_signals(void)
{
    struct sigaction stop = {.sa_handler = ask_stop}, ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGHUP, &ignore, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

/* --- what a kind calls --- */

struct store *worker_store(struct worker *w)
{
    return w->s;
}

struct log *worker_log(struct worker *w)
{
    return w->log;
}

const struct job *worker_job(const struct worker *w)
{
    return &w->row.items[0];
}

void worker_count(struct worker *w, const struct job_progress *more)
{
    w->news.calls += more->calls;
    w->news.cached_calls += more->cached_calls;
    w->news.tokens_in += more->tokens_in;
    w->news.tokens_out += more->tokens_out;
    w->news.cost += more->cost;
    if (more->said) {
        str_clear(&w->said);
        str_adds(&w->said, more->said);
    }
}

/* Why the row does not want this worker any more. */
static enum stop why_unwanted(struct worker *w)
{
    struct jobs now = {0};
    enum stop stop = STOP_LOST;
    if (job_store_get(w->s, w->id, &now, NULL) == 0 && now.items[0].state == JOB_RUNNING &&
        now.items[0].worker == w->pid && now.items[0].cancelling)
        stop = STOP_CANCELLED;
    jobs_free(&now);
    return stop;
}

/* A beat that cannot be stored (a full disk, a lock that is held) is tried again until the lease is over. */
static void beat(struct worker *w, int64_t now)
{
    struct error err = {0};
    w->news.worked = (double)(now - w->beaten) / 1000;
    w->news.said = w->said.len ? str_z(&w->said) : NULL;
    store_sync_each(w->s, true);
    int wanted = job_store_beat(w->s, w->id, w->pid, LEASE_SECONDS, &w->news, &err);
    store_sync_each(w->s, false);
    if (wanted < 0) {
        log_write(w->log, LOG_LEVEL_WARNING, "cannot store the progress: %s", err.text);
        if (now - w->beaten > LEASE_MS)
            w->stop = STOP_LOST;
        return;
    }
    w->news = (struct job_progress){0};
    w->beaten = now;
    if (wanted == 0)
        w->stop = why_unwanted(w);
}

bool worker_tick(struct worker *w)
{
    int64_t now = clock_mono_ms();
    if (w->stop == GO_ON && stop_asked)
        w->stop = STOP_ASKED;
    if (w->stop != GO_ON || now - w->looked < LOOK_MS)
        return w->stop == GO_ON;
    w->looked = now;
    if (now - w->beaten >= BEAT_MS)
        beat(w, now);
    else if (job_store_wanted(w->s, w->id, w->pid, NULL) == 0)
        w->stop = why_unwanted(w);
    return w->stop == GO_ON;
}

int worker_take(struct worker *w, size_t max, int64_t *records, size_t *n, struct error *err)
{
    *n = 0;
    return worker_tick(w) ? job_store_take(w->s, w->id, max, records, n, err) : 0;
}

int worker_done(struct worker *w, int64_t record, struct error *err)
{
    return w->stop == STOP_LOST ? 0 : job_store_done(w->s, w->id, record, err);
}

int worker_failed(struct worker *w, int64_t record, const struct error *why, struct error *err)
{
    log_write(w->log, LOG_LEVEL_WARNING, "record number %lld failed: %s", (long long)record, why->text);
    return w->stop == STOP_LOST ? 0 : job_store_failed(w->s, w->id, record, why->text, err);
}

/* --- its life --- */

static const struct job_kind *find_kind(const struct job_kind *kinds, const char *name)
{
    for (; kinds->name; kinds++)
        if (strcmp(kinds->name, name) == 0)
            return kinds;
    return NULL;
}

/* The job's row, its lease and its kind. The kind is looked up first: a job nobody can do is left as it is. */
static const struct job_kind *take_job(struct worker *w, const struct job_kind *kinds, struct error *err)
{
    if (job_store_get(w->s, w->id, &w->row, err) < 0)
        return NULL;
    const struct job_kind *kind = find_kind(kinds, w->row.items[0].kind);
    if (!kind) {
        error_set(err, ERR_NEWER, "job %lld is of the kind '%s', which this program cannot do", (long long)w->id,
                  w->row.items[0].kind);
        return NULL;
    }
    if (job_store_lease(w->s, w->id, w->host, w->pid, LEASE_SECONDS, err) != 1)
        return NULL;
    jobs_free(&w->row); /* as it is with the records of a dead worker waiting again */
    return job_store_get(w->s, w->id, &w->row, err) == 0 ? kind : NULL;
}

/* A job that has come to its end is done, whatever was asked for meanwhile. */
static enum job_state end_state(const struct worker *w, int got)
{
    if (got < 0)
        return JOB_FAILED;
    if (got == JOB_DONE || w->stop == GO_ON)
        return (enum job_state)got;
    return w->stop == STOP_CANCELLED ? JOB_CANCELLED : JOB_PAUSED;
}

static const char *last_word(const struct worker *w, enum job_state state, const struct str *said,
                             const struct error *why)
{
    if (state == JOB_FAILED)
        return why->text;
    if (state == JOB_CANCELLED)
        return "cancelled";
    return state == JOB_PAUSED && w->stop == STOP_ASKED ? "stopped" : str_z(said);
}

static void end(struct worker *w, int got, const struct str *said, const struct error *why)
{
    struct error err = {0};
    enum job_state state = end_state(w, got);
    const char *word = last_word(w, state, said, why);
    if (w->stop == STOP_LOST) {
        log_write(w->log, LOG_LEVEL_WARNING, "the job is another worker's now: this one leaves it");
        return;
    }
    beat(w, clock_mono_ms());
    store_sync_each(w->s, true);
    if (w->stop == STOP_LOST || job_store_end(w->s, w->id, state, word, &err) < 0)
        log_write(w->log, LOG_LEVEL_ERROR, "cannot store how the job ended: %s", err.text);
    log_write(w->log, state == JOB_FAILED ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "job %lld is %s%s%s", (long long)w->id,
              job_state_name(state), *word ? ": " : "", word);
}

static void work(struct worker *w, const struct job_kind *kind, void *context)
{
    struct error why = {0};
    struct str said = {0};
    const struct job *j = worker_job(w);
    log_write(w->log, LOG_LEVEL_INFO, "job %lld (%s) begins: %lld records wait; process %lld on %s", (long long)w->id,
              j->kind, (long long)j->left, (long long)w->pid, w->host);
    w->beaten = w->looked = clock_mono_ms();
    store_sync_each(w->s, false);
    int got = kind->run(w, context, &said, &why);
    end(w, got, &said, &why);
    str_free(&said);
}

/* Log, project and job; NULL and err when the worker cannot begin. */
static const struct job_kind *begin(struct worker *w, const char *project, const struct job_kind *kinds,
                                    struct error *err)
{
    struct str log = {0};
    if (jobs_log_path(project, w->id, &log, err) == 0)
        w->log = log_open(str_z(&log), err);
    str_free(&log);
    if (w->log)
        w->s = store_open(project, STORE_WRITE, err);
    return w->s ? take_job(w, kinds, err) : NULL;
}

static int live(struct worker *w, const char *project, const struct job_kind *kinds, void *context, int report,
                struct error *err)
{
    const struct job_kind *kind = begin(w, project, kinds, err);
    if (kind) {
        report_taken(report);
        work(w, kind, context);
    } else {
        log_write(w->log, LOG_LEVEL_ERROR, "%s", err->text);
        report_refused(report, err);
    }
    store_close(w->s);
    log_close(w->log);
    jobs_free(&w->row);
    str_free(&w->said);
    return kind ? 0 : 1;
}

int worker_main(const char *project, int64_t id, const struct job_kind *kinds, void *context, struct error *err)
{
    struct worker w = {.id = id, .pid = (int64_t)getpid()};
    int lock, report = report_open();
    catch_signals();
    job_host(w.host);
    int got = job_lock(project, id, &lock, err);
    if (got == 0)
        error_set(err, ERR_BUSY, "a worker is doing job %lld already", (long long)id);
    if (got <= 0) {
        report_refused(report, err);
        return 1;
    }
    int status = live(&w, project, kinds, context, report, err);
    job_unlock(lock);
    return status;
}
