/* The worker's side of a job: lease, beat, take, done. */
#include <string.h>

#include "base/clock.h"
#include "db/job_parts.h"
#include "db/sql.h"

/* --- lease --- */

static int refuse(const struct job_hold *hold, int64_t id, struct error *err)
{
    if (hold->state == JOB_RUNNING)
        error_set(err, ERR_BUSY, "job %lld is being done by process %lld on %s; its lease runs out in %lld s",
                  (long long)id, (long long)hold->worker, hold->host, (long long)(hold->left_ms + 999) / 1000);
    else
        error_set(err, ERR_CONFLICT, "job %lld is %s", (long long)id, job_state_name(hold->state));
    return 0;
}

/* What a dead worker had not told any more is in the calls it stored. */
static int take_lease(struct store *s, int64_t id, const char *host, int64_t pid, double seconds, struct error *err)
{
    int64_t now = clock_now_ms();
    if (sql_run(s, err, "UPDATE job_item SET state = 0 WHERE job = ? AND state = 1", "i", id) < 0 ||
        job_count_items(s, id, err) < 0)
        return -1;
    return sql_run(s, err,
                   "UPDATE job SET state = 1, lease = ?2, worker = ?3, host = ?4, started = coalesce(started, ?5), "
                   "finished = NULL, (calls, tokens_in, tokens_out, cost) = (SELECT max(job.calls, count(*)), "
                   "max(job.tokens_in, coalesce(sum(c.tokens_in), 0)), max(job.tokens_out, coalesce(sum(c.tokens_out), "
                   "0)), max(job.cost, coalesce(sum(c.cost), 0.0)) FROM call c WHERE c.job = ?1) WHERE id = ?1",
                   "iiizi", id, now + (int64_t)(seconds * 1000), pid, host, now);
}

static int lease(struct store *s, int64_t id, const char *host, int64_t pid, double seconds, struct error *err)
{
    struct job_hold hold = {0};
    if (job_read_hold(s, id, &hold, err) < 0)
        return -1;
    bool held = hold.state == JOB_RUNNING && hold.left_ms > 0 && strcmp(hold.host, host) != 0;
    if (held || hold.state >= JOB_DONE)
        return refuse(&hold, id, err);
    return take_lease(s, id, host, pid, seconds, err) < 0 ? -1 : 1;
}

int job_store_lease(struct store *s, int64_t id, const char *host, int64_t pid, double seconds, struct error *err)
{
    if (store_begin(s, err) < 0)
        return -1;
    int got = lease(s, id, host, pid, seconds, err);
    return store_end(s, got < 0 ? -1 : 0, err) < 0 ? -1 : got;
}

int job_store_wanted(struct store *s, int64_t id, int64_t pid, struct error *err)
{
    int64_t wanted = 0;
    int got = sql_one(s, err, &wanted, "SELECT state = 1 AND worker = ?2 AND NOT cancelling FROM job WHERE id = ?1",
                      "ii", id, pid);
    return got < 0 ? -1 : wanted == 1;
}

static int beat(struct store *s, int64_t id, int64_t pid, double seconds, const struct job_progress *p,
                struct error *err)
{
    static const struct job_progress none = {0};
    if (!p)
        p = &none;
    if (sql_run(s, err,
                "UPDATE job SET lease = ?3, calls = calls + ?4, cached_calls = cached_calls + ?5, tokens_in = tokens_in "
                "+ ?6, tokens_out = tokens_out + ?7, cost = cost + ?8, seconds = seconds + ?9, said = coalesce(?10, "
                "said) WHERE id = ?1 AND state = 1 AND worker = ?2",
                "iiiiiiiddz", id, pid, clock_now_ms() + (int64_t)(seconds * 1000), p->calls, p->cached_calls,
                p->tokens_in, p->tokens_out, p->cost, p->worked, p->said) < 0)
        return -1;
    return job_store_wanted(s, id, pid, err);
}

int job_store_beat(struct store *s, int64_t id, int64_t pid, double seconds, const struct job_progress *p,
                   struct error *err)
{
    if (store_begin(s, err) < 0)
        return -1;
    int wanted = beat(s, id, pid, seconds, p, err);
    return store_end(s, wanted < 0 ? -1 : 0, err) < 0 ? -1 : wanted;
}

/* --- items --- */

/* By rule 1 of job_store.c no other job has a record that waits here; the second condition keeps the promise also
 * where somebody wrote to the rows by hand. */
static int find_waiting(struct store *s, int64_t id, size_t max, int64_t *records, size_t *n, struct error *err)
{
    sqlite3_stmt *st =
        sql(s, err,
            "SELECT record FROM job_item w WHERE job = ?1 AND state = 0 AND NOT EXISTS (SELECT 1 FROM job_item i JOIN "
            "job j ON j.id = i.job JOIN job mine ON mine.id = ?1 WHERE i.record = w.record AND i.state < 2 AND i.state = "
            "1 AND i.job <> ?1 AND j.state = 1 AND j.kind = mine.kind AND " JOB_EXCLUDES("j") ") ORDER BY record LIMIT ?2",
            "ii", id, (int64_t)max);
    int got = -1;
    *n = 0;
    while (st && (got = sql_step(s, st, err)) == 1)
        records[(*n)++] = sqlite3_column_int64(st, 0);
    return got;
}

static int count_change(struct store *s, int64_t id, const char *text, int64_t n, struct error *err)
{
    return n ? sql_run(s, err, text, "ii", id, n) : 0;
}

static int take(struct store *s, int64_t id, size_t max, int64_t *records, size_t *n, struct error *err)
{
    int result = find_waiting(s, id, max, records, n, err);
    for (size_t i = 0; result == 0 && i < *n; i++)
        result = sql_run(s, err, "UPDATE job_item SET state = 1 WHERE job = ? AND record = ?", "ii", id, records[i]);
    if (result == 0)
        result = count_change(s, id, "UPDATE job SET waiting = waiting - ?2, running = running + ?2 WHERE id = ?1",
                              (int64_t)*n, err);
    return result;
}

int job_store_take(struct store *s, int64_t id, size_t max, int64_t *records, size_t *n, struct error *err)
{
    *n = 0;
    if (store_begin(s, err) < 0)
        return -1;
    int result = store_end(s, take(s, id, max, records, n, err), err);
    if (result < 0)
        *n = 0;
    return result;
}

/* A record that this job does not have in hand changes nothing: its lease was lost meanwhile. */
static int finish(struct store *s, int64_t id, int64_t record, const char *why, struct error *err)
{
    if (sql_run(s, err, "UPDATE job_item SET state = ?3, why = ?4 WHERE job = ?1 AND record = ?2 AND state = 1", "iiiz",
                id, record, (int64_t)(why ? 3 : 2), why) < 0)
        return -1;
    return count_change(s, id,
                        why ? "UPDATE job SET running = running - ?2, failed = failed + ?2 WHERE id = ?1"
                            : "UPDATE job SET running = running - ?2, done = done + ?2 WHERE id = ?1",
                        sqlite3_changes64(s->db), err);
}

static int finish_alone(struct store *s, int64_t id, int64_t record, const char *why, struct error *err)
{
    if (store_begin(s, err) < 0)
        return -1;
    return store_end(s, finish(s, id, record, why, err), err);
}

int job_store_done(struct store *s, int64_t id, int64_t record, struct error *err)
{
    return finish_alone(s, id, record, NULL, err);
}

int job_store_failed(struct store *s, int64_t id, int64_t record, const char *why, struct error *err)
{
    return finish_alone(s, id, record, why ? why : "", err);
}

/* --- the end --- */

int job_end(struct store *s, int64_t id, enum job_state state, const char *said, struct error *err)
{
    if (sql_run(s, err, "UPDATE job_item SET state = 0 WHERE job = ? AND state = 1", "i", id) < 0 ||
        sql_run(s, err, "UPDATE job SET waiting = waiting + running, running = 0 WHERE id = ?", "i", id) < 0)
        return -1;
    return sql_run(s, err,
                   "UPDATE job SET state = ?2, lease = 0, cancelling = 0, worker = NULL, finished = ?3, said = "
                   "coalesce(?4, said) WHERE id = ?1",
                   "iiiz", id, (int64_t)state, clock_now_ms(), said);
}

int job_store_end(struct store *s, int64_t id, enum job_state state, const char *said, struct error *err)
{
    if (store_begin(s, err) < 0)
        return -1;
    return store_end(s, job_end(s, id, state, said, err), err);
}
