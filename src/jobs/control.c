/* Cancelling and going on, where the worker may be dead: the lock tells, and is held while the row is changed. */
#include <string.h>

#include "jobs/jobs.h"
#include "jobs/lock.h"

/* The row says that a worker of this machine runs, and nobody has its lock. */
static int is_dead_mans(struct store *s, int64_t id, struct error *err)
{
    char host[HOST_MAX];
    struct jobs row = {0};
    job_host(host);
    int got = job_store_get(s, id, &row, err);
    if (got == 0)
        got = row.items[0].state == JOB_RUNNING && row.items[0].host && strcmp(row.items[0].host, host) == 0;
    jobs_free(&row);
    return got;
}

typedef int control_fn(struct store *s, int64_t id, void *context, struct error *err);

/* Runs change, with what a dead worker held given back first. */
static int control(struct store *s, const char *project, int64_t id, control_fn *change, void *context,
                   struct error *err)
{
    int lock;
    int got = job_lock(project, id, &lock, err);
    if (got < 0)
        return -1;
    if (got == 0)
        return change(s, id, context, err);
    int dead = is_dead_mans(s, id, err);
    int result = dead < 0 ? -1 : 0;
    if (dead == 1)
        result = job_store_end(s, id, JOB_PAUSED, "the worker died", err);
    if (result == 0)
        result = change(s, id, context, err);
    job_unlock(lock);
    return result;
}

static int cancel(struct store *s, int64_t id, void *context, struct error *err)
{
    (void)context;
    return job_store_cancel(s, id, err);
}

int jobs_cancel(struct store *s, const char *project, int64_t id, struct error *err)
{
    return control(s, project, id, cancel, NULL, err);
}

struct resuming {
    bool retry;
    int64_t *again;
};

/* A retry that brings records back has brought the job back too. */
static int resume(struct store *s, int64_t id, void *context, struct error *err)
{
    const struct resuming *r = context;
    *r->again = 0;
    if (r->retry && job_store_retry(s, id, r->again, err) < 0)
        return -1;
    return *r->again ? 0 : job_store_resume(s, id, err);
}

int jobs_resume(struct store *s, const char *project, int64_t id, bool retry, int64_t *again, struct error *err)
{
    return control(s, project, id, resume, &(struct resuming){retry, again}, err);
}
