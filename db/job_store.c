/*
 * Jobs as people see and start them. job_work.c holds the worker's side.
 *
 * 1. A record waits or runs in at most one unfinished job of a kind: job_store_add and job_store_resume leave out what
 *    another holds, in a transaction that excludes other writers. Evals change no record, so several may have the same.
 * 2. waiting, running, done and failed of a job count its items: whoever changes items changes them.
 * 3. An item runs only while its job does.
 */
#include "db/job_store.h"

#include <stdio.h>

#include "base/array.h"
#include "base/clock.h"
#include "db/ids.h"
#include "db/job_parts.h"
#include "db/sql.h"

const char *job_state_name(enum job_state state)
{
    static const char *const names[JOB_STATES] = {"waiting", "running", "paused", "done", "failed", "cancelled"};
    return names[state];
}

void jobs_free(struct jobs *j)
{
    arena_free(&j->arena);
    *j = (struct jobs){0};
}

int job_count_items(struct store *s, int64_t id, struct error *err)
{
    return sql_run(s, err,
                   "UPDATE job SET (waiting, running, done, failed) = (SELECT coalesce(sum(state = 0), 0), "
                   "coalesce(sum(state = 1), 0), coalesce(sum(state = 2), 0), coalesce(sum(state = 3), 0) FROM "
                   "job_item WHERE job = ?1) WHERE id = ?1",
                   "i", id);
}

/* --- a new one --- */

static int insert_job(struct store *s, const char *kind, const char *options, int64_t reviewer, int64_t *id,
                      struct error *err)
{
    if (sql_run(s, err, "INSERT INTO job (kind, options, reviewer, created) VALUES (?, ?, nullif(?, 0), ?)", "zzii",
                kind, options ? options : "{}", reviewer, clock_now_ms()) < 0)
        return -1;
    *id = sqlite3_last_insert_rowid(s->db);
    return 0;
}

static int insert_items(struct store *s, int64_t id, const char *kind, struct slice list, struct error *err)
{
    return sql_run(s, err,
                   "INSERT OR IGNORE INTO job_item (job, record) SELECT ?1, x.value FROM json_each(?2) x WHERE NOT "
                   "EXISTS (SELECT 1 FROM job_item i JOIN job j ON j.id = i.job WHERE i.record = x.value AND i.state < "
                   "2 AND j.state < 3 AND j.kind = ?3 AND " JOB_EXCLUDES("j") " AND j.id <> ?1)",
                   "isz", id, list, kind);
}

int job_store_add(struct store *s, const char *kind, const char *options, int64_t reviewer, const int64_t *records,
                  size_t n, int64_t *id, size_t *busy, struct error *err)
{
    struct str list = {0};
    int64_t waiting = 0;
    if (store_begin(s, err) < 0)
        return -1;
    ids_print(&list, records, n);
    int result = insert_job(s, kind, options, reviewer, id, err);
    if (result == 0)
        result = insert_items(s, *id, kind, str_slice(&list), err);
    if (result == 0)
        result = job_count_items(s, *id, err);
    if (result == 0 && sql_one(s, err, &waiting, "SELECT waiting FROM job WHERE id = ?", "i", *id) < 0)
        result = -1;
    str_free(&list);
    if (busy)
        *busy = n - (size_t)waiting;
    return store_end(s, result, err);
}

/* --- reading --- */

#define COLUMNS \
    "SELECT j.id, j.kind, j.options, w.name, j.state, j.cancelling, j.created, j.started, j.finished, j.worker, j.host, " \
    "j.waiting, j.running, j.done, j.failed, j.calls, j.cached_calls, j.tokens_in, j.tokens_out, j.cost, j.seconds, " \
    "j.said, j.lease FROM job j LEFT JOIN reviewer w ON w.id = j.reviewer "

static void read_job(struct arena *a, sqlite3_stmt *st, int64_t now, struct job *j)
{
    *j = (struct job){
        .id = sqlite3_column_int64(st, 0),
        .kind = sql_strdup(a, st, 1),
        .options = sql_strdup(a, st, 2),
        .who = sql_strdup(a, st, 3),
        .state = (enum job_state)sqlite3_column_int(st, 4),
        .cancelling = sqlite3_column_int(st, 5),
        .created = sqlite3_column_int64(st, 6),
        .started = sqlite3_column_int64(st, 7),
        .finished = sqlite3_column_int64(st, 8),
        .worker = sqlite3_column_int64(st, 9),
        .host = sql_strdup(a, st, 10),
        .left = sqlite3_column_int64(st, 11),
        .running = sqlite3_column_int64(st, 12),
        .done = sqlite3_column_int64(st, 13),
        .failed = sqlite3_column_int64(st, 14),
        .calls = sqlite3_column_int64(st, 15),
        .cached_calls = sqlite3_column_int64(st, 16),
        .tokens_in = sqlite3_column_int64(st, 17),
        .tokens_out = sqlite3_column_int64(st, 18),
        .cost = sqlite3_column_double(st, 19),
        .seconds = sqlite3_column_double(st, 20),
        .said = sql_strdup(a, st, 21),
    };
    j->lost = j->state == JOB_RUNNING && sqlite3_column_int64(st, 22) <= now;
}

static int read_jobs(struct store *s, sqlite3_stmt *st, struct jobs *out, struct error *err)
{
    struct job *list = NULL;
    size_t count = 0, cap = 0;
    int64_t now = clock_now_ms();
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        list = array_reserve(list, &cap, count + 1, sizeof *list);
        read_job(&out->arena, st, now, &list[count++]);
    }
    out->count = count;
    out->items = arena_take(&out->arena, list, count, sizeof *list);
    return got;
}

int job_store_list(struct store *s, size_t limit, struct jobs *out, struct error *err)
{
    return read_jobs(s, sql(s, err, COLUMNS "ORDER BY j.id DESC LIMIT ?", "i", limit ? (int64_t)limit : -1), out, err);
}

int job_store_get(struct store *s, int64_t id, struct jobs *out, struct error *err)
{
    if (read_jobs(s, sql(s, err, COLUMNS "WHERE j.id = ?", "i", id), out, err) < 0)
        return -1;
    return out->count ? 0 : error_set(err, ERR_ABSENT, "there is no job %lld", (long long)id);
}

int job_store_active(struct store *s, int64_t *jobs, int64_t *done, int64_t *total, struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT count(*), coalesce(sum(done + failed), 0), coalesce(sum(waiting + running + done + "
                           "failed), 0) FROM job WHERE state < 2 AND state < 3",
                           "");
    int got = st ? sql_step(s, st, err) : -1;
    if (got != 1)
        return -1;
    *jobs = sqlite3_column_int64(st, 0);
    *done = sqlite3_column_int64(st, 1);
    *total = sqlite3_column_int64(st, 2);
    sqlite3_reset(st);
    return 0;
}

int job_store_faults(struct store *s, int64_t id, job_fault_fn *each, void *context, struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT i.record, r.key, i.why FROM job_item i JOIN record r ON r.id = i.record WHERE i.job = "
                           "? AND i.state = 3 ORDER BY i.record",
                           "i", id);
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        int stop = each(context, sqlite3_column_int64(st, 0), (const char *)sqlite3_column_text(st, 1),
                        sql_text(st, 2).at);
        if (stop) {
            sqlite3_reset(st);
            return stop;
        }
    }
    return got;
}

/* --- cancel, go on, retry --- */

int job_read_hold(struct store *s, int64_t id, struct job_hold *out, struct error *err)
{
    sqlite3_stmt *st =
        sql(s, err, "SELECT state, cancelling, lease, worker, coalesce(host, '') FROM job WHERE id = ?", "i", id);
    int got = st ? sql_step(s, st, err) : -1;
    if (got == 0)
        return error_set(err, ERR_ABSENT, "there is no job %lld", (long long)id);
    if (got < 0)
        return -1;
    *out = (struct job_hold){
        .state = (enum job_state)sqlite3_column_int(st, 0),
        .cancelling = sqlite3_column_int(st, 1),
        .left_ms = sqlite3_column_int64(st, 2) - clock_now_ms(),
        .worker = sqlite3_column_int64(st, 3),
    };
    snprintf(out->host, sizeof out->host, "%s", sql_text(st, 4).at);
    sqlite3_reset(st);
    return 0;
}

static int cancel(struct store *s, int64_t id, struct error *err)
{
    struct job_hold hold = {0};
    if (job_read_hold(s, id, &hold, err) < 0)
        return -1;
    if (hold.state >= JOB_DONE)
        return error_set(err, ERR_CONFLICT, "job %lld is %s already", (long long)id, job_state_name(hold.state));
    if (hold.state == JOB_RUNNING && hold.left_ms > 0)
        return sql_run(s, err, "UPDATE job SET cancelling = 1 WHERE id = ?", "i", id);
    return job_end(s, id, JOB_CANCELLED, "cancelled", err);
}

int job_store_cancel(struct store *s, int64_t id, struct error *err)
{
    if (store_begin(s, err) < 0)
        return -1;
    return store_end(s, cancel(s, id, err), err);
}

/* What another unfinished job of the kind holds meanwhile is that one's. */
static int give_up_held(struct store *s, int64_t id, struct error *err)
{
    return sql_run(s, err,
                   "DELETE FROM job_item WHERE job = ?1 AND state = 0 AND EXISTS (SELECT 1 FROM job_item i JOIN job j ON "
                   "j.id = i.job JOIN job mine ON mine.id = ?1 WHERE i.record = job_item.record AND i.state < 2 AND "
                   "j.state < 3 AND j.kind = mine.kind AND " JOB_EXCLUDES("j") " AND j.id <> ?1)",
                   "i", id);
}

static int wait_again(struct store *s, int64_t id, struct error *err)
{
    struct job_hold hold = {0};
    if (job_read_hold(s, id, &hold, err) < 0)
        return -1;
    if (hold.state == JOB_RUNNING && hold.left_ms > 0)
        return error_set(err, ERR_CONFLICT, "a worker is doing job %lld (process %lld on %s)", (long long)id,
                         (long long)hold.worker, hold.host);
    if (hold.state >= JOB_DONE && give_up_held(s, id, err) < 0)
        return -1;
    if (sql_run(s, err, "UPDATE job_item SET state = 0 WHERE job = ? AND state = 1", "i", id) < 0 ||
        job_count_items(s, id, err) < 0)
        return -1;
    return sql_run(s, err,
                   "UPDATE job SET state = 0, cancelling = 0, finished = NULL, lease = 0, said = '' WHERE id = ?1 AND "
                   "waiting > 0",
                   "i", id);
}

static int resume(struct store *s, int64_t id, struct error *err)
{
    int64_t waiting = 0;
    if (wait_again(s, id, err) < 0 || sql_one(s, err, &waiting, "SELECT waiting FROM job WHERE id = ?", "i", id) < 0)
        return -1;
    return waiting ? 0 : error_set(err, ERR_CONFLICT, "job %lld has nothing left to do", (long long)id);
}

int job_store_resume(struct store *s, int64_t id, struct error *err)
{
    if (store_begin(s, err) < 0)
        return -1;
    return store_end(s, resume(s, id, err), err);
}

/* The failed ones wait again before what others hold is taken off. */
static int retry(struct store *s, int64_t id, int64_t *records, struct error *err)
{
    struct job_hold hold = {0};
    int64_t before = 0, after = 0;
    if (job_read_hold(s, id, &hold, err) < 0)
        return -1;
    if (sql_one(s, err, &before, "SELECT count(*) FROM job_item WHERE job = ? AND state = 3", "i", id) < 0)
        return -1;
    if (before && hold.state == JOB_RUNNING && hold.left_ms > 0)
        return error_set(err, ERR_CONFLICT, "job %lld is running: retry when it has ended", (long long)id);
    if (sql_run(s, err,
                "UPDATE job_item SET state = 0, why = NULL WHERE job = ?1 AND state = 3 AND NOT EXISTS (SELECT 1 FROM "
                "job_item i JOIN job j ON j.id = i.job JOIN job mine ON mine.id = ?1 WHERE i.record = job_item.record "
                "AND i.state < 2 AND j.state < 3 AND j.kind = mine.kind AND " JOB_EXCLUDES("j") " AND j.id <> ?1)",
                "i", id) < 0 ||
        sql_one(s, err, &after, "SELECT count(*) FROM job_item WHERE job = ? AND state = 3", "i", id) < 0)
        return -1;
    *records = before - after;
    return *records ? wait_again(s, id, err) : 0;
}

int job_store_retry(struct store *s, int64_t id, int64_t *records, struct error *err)
{
    *records = 0;
    if (store_begin(s, err) < 0)
        return -1;
    return store_end(s, retry(s, id, records, err), err);
}
