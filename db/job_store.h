/*
 * Long work as rows: a job, the records it is to do, and a lease that says who does it. A worker that dies leaves
 * its lease to run out; what it had taken and not finished goes back to waiting when the next one takes the lease.
 */
#ifndef DB_JOB_STORE_H
#define DB_JOB_STORE_H

#include "base/arena.h"
#include "db/store.h"

enum job_state {
    JOB_WAITING,   /* no worker yet */
    JOB_RUNNING,   /* a worker holds the lease (or held it: see lost) */
    JOB_PAUSED,    /* stopped by itself and can go on: an endpoint paused, the budget is spent */
    JOB_DONE,      /* everything was tried; some records may have failed */
    JOB_FAILED,    /* could not go on: why is in result */
    JOB_CANCELLED,
    JOB_STATES
};
const char *job_state_name(enum job_state state); /* "waiting", "running", ... */

struct job {
    int64_t id;
    const char *kind;    /* generate, grade, refine, distill; later train, eval */
    const char *options; /* JSON, as the kind reads it */
    const char *who;     /* the reviewer who started it */
    enum job_state state;
    bool cancelling;     /* asked to stop, not yet stopped */
    bool lost;           /* running by its row, but the lease has run out */
    int64_t created, started, finished; /* ms; 0: not yet */
    int64_t worker;      /* pid, for people; 0: none */
    const char *host;
    int64_t left, running, done, failed; /* records */
    int64_t calls, cached_calls, tokens_in, tokens_out;
    double cost;         /* of calls with a known price */
    double seconds;      /* worked, all workers together: rate = done / seconds */
    const char *said;    /* one line on how it goes, or how it ended; "" */
};
struct jobs {
    struct job *items;
    size_t count;
    struct arena arena;
};
void jobs_free(struct jobs *j);

/* A new job with its records; those that another unfinished job of the kind holds are left out and counted. */
int job_store_add(struct store *s, const char *kind, const char *options, int64_t reviewer, const int64_t *records,
                  size_t n, int64_t *id, size_t *busy, struct error *err);
/* Newest first; ERR_ABSENT when id names none. out is zero-initialised. */
int job_store_list(struct store *s, size_t limit, struct jobs *out, struct error *err);
int job_store_get(struct store *s, int64_t id, struct jobs *out, struct error *err);
/* Jobs that are waiting or running now, for the status bar: no scan. */
int job_store_active(struct store *s, int64_t *jobs, int64_t *done, int64_t *total, struct error *err);

/* Takes the lease for that many seconds: 1 taken, 0 another machine holds it or the job is over (err says which), -1
 * failed. A lease of this machine is no hindrance: whoever calls holds the job's lock (jobs/jobs.h), so that the other
 * worker is dead. Records that it had taken wait again, and what it had not told of its calls is counted. */
int job_store_lease(struct store *s, int64_t id, const char *host, int64_t pid, double seconds, struct error *err);
/* Prolongs it and stores progress: 1 go on, 0 stop (cancelled, or the lease was lost to another), -1 failed. */
struct job_progress {
    int64_t calls, cached_calls, tokens_in, tokens_out; /* since the last beat: added */
    double cost, worked;
    const char *said; /* NULL: as before */
};
int job_store_beat(struct store *s, int64_t id, int64_t pid, double seconds, const struct job_progress *p,
                   struct error *err);
/* The same question without a write: 1 go on, 0 stop, -1 failed. */
int job_store_wanted(struct store *s, int64_t id, int64_t pid, struct error *err);
/* Takes up to max waiting records. A record that a job of the same kind is doing is passed over until it is done. */
int job_store_take(struct store *s, int64_t id, size_t max, int64_t *records, size_t *n, struct error *err);
/* One record is finished, or failed with a reason (no patient text in it). */
int job_store_done(struct store *s, int64_t id, int64_t record, struct error *err);
int job_store_failed(struct store *s, int64_t id, int64_t record, const char *why, struct error *err);
/* The worker's last word: gives the lease back; records taken wait again. */
int job_store_end(struct store *s, int64_t id, enum job_state state, const char *said, struct error *err);

int job_store_cancel(struct store *s, int64_t id, struct error *err);            /* at once when nobody works on it */
/* A paused, lost, failed or cancelled job (or one that is done, but not all of it) waits for a worker again. What
 * another unfinished job of the kind holds by now leaves it. ERR_CONFLICT when a worker is doing it or nothing is
 * left. */
int job_store_resume(struct store *s, int64_t id, struct error *err);
/* Its failed records wait again (those that no other unfinished job of the kind holds), and so does the job; *records
 * says how many. ERR_CONFLICT while it runs. */
int job_store_retry(struct store *s, int64_t id, int64_t *records, struct error *err);

typedef int job_fault_fn(void *context, int64_t record, const char *key, const char *why); /* non-zero stops */
int job_store_faults(struct store *s, int64_t id, job_fault_fn *each, void *context, struct error *err);

#endif
