/* A job as a command shows it: one line, its JSON, and watching it until it ends. */
#ifndef CLI_JOB_WATCH_H
#define CLI_JOB_WATCH_H

#include "base/json.h"
#include "base/str.h"
#include "db/job_store.h"

/* Appends "12 done, 1 failed, 7 left, 3.2/s, ETA 2 min, 0.0132 USD", as far as it is known. */
void job_progress_text(struct str *out, const struct job *j);
struct json *job_json(const struct job *j);

struct watch {
    struct store *store;
    const char *project;
    int64_t id;
    bool json;    /* the last word is JSON */
    bool quiet;   /* there is no last word: the caller has one */
    bool stops;   /* Ctrl-C stops the job, too; otherwise only the watching */
};
/* Shows progress on standard error (a bar on a terminal, a line every few seconds elsewhere) until the job ends or its
 * worker dies, then prints how it stands on standard output. Ctrl-C: see stops; a second one leaves at once. Returns
 * an exit status: EXIT_OK when the job is done and no record failed. -1 and err on failure. */
int job_watch(const struct watch *w, struct error *err);

#endif
