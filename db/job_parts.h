/* What job_store.c and job_work.c share. For db/ alone. */
#ifndef DB_JOB_PARTS_H
#define DB_JOB_PARTS_H

#include "db/job_store.h"

/* SQL: whether a job keeps its records from others of its kind. Evals change no record. */
#define JOB_EXCLUDES(job) job ".kind <> 'eval'"

/* Who holds a job. */
struct job_hold {
    enum job_state state;
    bool cancelling;
    int64_t left_ms; /* of the lease; 0 or less: it has run out */
    int64_t worker;
    char host[64];
};
int job_read_hold(struct store *s, int64_t id, struct job_hold *out, struct error *err);

/* Counts the items into the job's columns. */
int job_count_items(struct store *s, int64_t id, struct error *err);
/* Gives the lease back and stores how it stands; what runs waits again. In a transaction of the caller's. */
int job_end(struct store *s, int64_t id, enum job_state state, const char *said, struct error *err);

#endif
