/* What a job is to do: from a request or a job's options, with the configuration behind it. */
#ifndef APP_LOOP_SETTINGS_H
#define APP_LOOP_SETTINGS_H

#include "app/loop.h"
#include "base/json.h"
#include "jobs/jobs.h"

struct loop_settings {
    struct config *config;
    const struct step *step;
    struct step_settings o; /* borrowed from config */
    const char *where;      /* the limit: the request's, else the configuration's; NULL: none */
    const char *currency;   /* of the endpoints that cost something; "" for none */
};

/* Resolves a request; loop_settings_free frees in any case. ERR_USAGE when there is no such step, ERR_ABSENT when no
 * endpoint or grader is configured for it: err says where it would be. */
int loop_settings_make(struct loop_settings *out, const struct loop_request *q, struct error *err);
void loop_settings_free(struct loop_settings *l);

/* A request as the options of a job, without keys; the caller frees. */
struct json *loop_options_json(const struct loop_request *q, const struct loop_settings *l);
/* The other way: q's strings are borrowed from options. */
void loop_options_read(struct loop_request *q, const struct json *options);

/* The records a limit lets through, in order of import, patterns looked for to the end; NULL: all. The caller frees *ids. */
int loop_limit_ids(const char *project, const char *reviewer, const char *where, int64_t **ids, size_t *n,
                   struct error *err);
/* Launches the worker of a job that waits; where it does not start, err says that the job is stored. */
int loop_launch(const char *project, int64_t job, struct error *err);
/* The reviewer's number, by name or who is at the keyboard. */
int loop_reviewer(struct store *s, const char *wanted, int64_t *id, struct error *err);
/* Adds an answered call to a worker's progress. */
void loop_count_call(struct worker *w, const struct stored_call *call, bool cached);

/* The records a request means; the caller frees *ids with mem_free. *without: left out, since their task has no
 * grader and the step needs one. ERR_ABSENT when there are none: err says why. */
int loop_select(struct store *s, const struct loop_request *q, const struct loop_settings *l, int64_t **ids, size_t *n,
                size_t *busy, size_t *without, struct error *err);

#endif
