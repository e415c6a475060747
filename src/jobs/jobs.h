/*
 * The door of the room: long work that outlives the terminal. A job is a row (db/job_store.h) and, while somebody
 * works on it, a detached process of its own that holds a lock beside the project and the lease in the row. A job
 * kind is a row in a table that the composition root hands in.
 */
#ifndef JOBS_JOBS_H
#define JOBS_JOBS_H

#include "db/job_store.h"

/* Folder of logs and locks of a project: "notes.db-jobs" beside it, 0700, made when missing. */
int jobs_folder(const char *project, struct str *out, struct error *err);
int jobs_log_path(const char *project, int64_t id, struct str *out, struct error *err);

/* Starts `program work PROJECT ID` as a process of its own (session, no terminal, standard streams to the job's
 * log), which survives hang-up. Returns when the worker holds the job or has said why not. */
int jobs_launch(const char *program, const char *project, int64_t id, struct error *err);

/* The same for any program: starts argv (ended by NULL) as a process of its own. It has to say through jobs/report.h that
 * it took its work, or why not. */
int jobs_detach(char *const argv[], const char *log, struct error *err);

/* A worker holds the job's lock on this machine now: told by the lock, never by a pid. */
bool jobs_alive(const char *project, int64_t id);

/* job_store_cancel, which a dead worker does not keep waiting; a living one stops within a second or two. */
int jobs_cancel(struct store *s, const char *project, int64_t id, struct error *err);
/* Makes a paused, failed, cancelled or dead worker's job wait again, for jobs_launch; retry: its failed records too,
 * whose number is *again. ERR_CONFLICT when a worker is doing it or nothing is left; a lease of another machine must
 * run out first. */
int jobs_resume(struct store *s, const char *project, int64_t id, bool retry, int64_t *again, struct error *err);

struct worker; /* the process that does a job */

struct job_kind {
    const char *name;
    /* Does the job until nothing waits, or worker_tick says stop. Returns the state it ends in, or -1 and err: the
     * job has failed. *said is the last word for people. Where worker_tick said stop, anything but JOB_DONE comes out
     * as cancelled or paused ("stopped"), whichever was asked for. */
    int (*run)(struct worker *w, void *context, struct str *said, struct error *err);
};

/* The whole life of a worker: takes lock and lease, runs the kind (the list ends with a NULL name), stores how it
 * ended. context goes to run. Exit status 0 when the job was taken, whatever came of it; 1 and err when not. It handles
 * SIGTERM and SIGINT (a clean stop) and ignores SIGHUP and SIGPIPE from then on. */
int worker_main(const char *project, int64_t id, const struct job_kind *kinds, void *context, struct error *err);

struct store *worker_store(struct worker *w);
struct log *worker_log(struct worker *w);
const struct job *worker_job(const struct worker *w); /* as it was when the work began */
/* Adds to what the next beat stores. */
void worker_count(struct worker *w, const struct job_progress *more);
/* Beats when it is time (cheap otherwise): false when the work must stop (cancelled, SIGTERM, lease lost). */
bool worker_tick(struct worker *w);
/* None when the work must stop. */
int worker_take(struct worker *w, size_t max, int64_t *records, size_t *n, struct error *err);
int worker_done(struct worker *w, int64_t record, struct error *err);
int worker_failed(struct worker *w, int64_t record, const struct error *why, struct error *err);

#endif
