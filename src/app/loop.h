/*
 * The model loop as people start it: from a key, a form or a command, the same request. Starting makes a job and
 * lets a worker of its own do it.
 */
#ifndef APP_LOOP_H
#define APP_LOOP_H

#include "app/config.h"
#include "db/job_store.h"
#include "pipeline/step.h"

enum { LOOP_CURRENCY = 8 }; /* "USD" */

struct loop_request { /* zero: not given */
    const char *project;
    const char *step;      /* "generate", ... */
    const char *endpoint;  /* name; NULL: the configuration's for that step */
    const char *where;     /* the queue's limit language; NULL: the configuration's for that step, "": all that need it */
    const char *reviewer;
    size_t limit;          /* at most that many records; 0: all */
    int samples, rounds;   /* 0: the configuration's, else 1 and 3 */
    bool has_temperature;
    double temperature;
    bool again;
    double budget_money;
    int64_t budget_tokens;
};

/* What it would do, without doing it. busy: records another unfinished job holds; without: those left out because
 * their task has no grader. */
struct loop_preview {
    struct step_plan plan;
    size_t busy, without;
    char endpoint[64], model[128], currency[LOOP_CURRENCY];
};
int loop_preview(struct store *s, const struct loop_request *q, struct loop_preview *out, struct error *err);
/* Makes the job and launches its worker. ERR_ABSENT when no record needs the step: err says why in words. */
int loop_start(struct store *s, const struct loop_request *q, int64_t *job, struct error *err);
/* A lost, paused, failed or cancelled job goes on where it stopped; retry: its failed records too. */
int loop_resume(struct store *s, const char *project, int64_t job, bool retry, struct error *err);
int loop_cancel(struct store *s, const char *project, int64_t job, struct error *err);

/* `hinge work DB ID`: the worker's main. Returns an exit status. */
int loop_work(const char *project, int64_t job, struct error *err);

/* "running", "stopping", "lost", ...: what people are told a job is. Borrowed. */
const char *loop_job_state(const struct job *j);
/* Nobody works on it any more: it ended, paused, or its worker died. */
bool loop_job_over(const struct job *j);
/* A process of this machine works on it now. */
bool loop_job_attended(const char *project, int64_t job);
/* "12.4/min, ETA 4 min": how a job does, for the bar, the view and the command alike; nothing while nothing is known.
 * Appends. */
void loop_pace_text(struct str *out, const struct job *j);
/* "0.0132 USD"; "free of charge" for nothing. Appends. */
void loop_money_text(struct str *out, double cost, const char *currency);
/* What a job's money is counted in, from its options, into out; "" when it costs none. Returns out. */
const char *loop_job_currency(const struct job *j, char out[LOOP_CURRENCY]);
/* The path of a job's log, which may not exist yet. */
int loop_log_path(const char *project, int64_t job, struct str *out, struct error *err);

#endif
