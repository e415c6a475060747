/* Between the files of an experiment. */
#ifndef APP_EXPERIMENT_PARTS_H
#define APP_EXPERIMENT_PARTS_H

#include "app/experiment.h"
#include "db/job_store.h"
#include "experiments/scribe.h"

struct experiment {
    const struct experiment_request *asked;
    const struct experiment_size *size;
    int seeds;
    struct str out, project, share, model, hinge; /* folder, OUT/scribe.db, the experiment's files, paths */
    struct forms *forms;
    experiment_news_fn *news;
    void *context;
    int64_t started; /* ms, steady clock */
};

enum { EXPERIMENT_SEED = 7 }; /* of the visits: all trainings see the same ones */

/* Path of a file in the experiment's folder; sets path and returns its text. */
const char *experiment_path(const struct experiment *x, struct str *path, const char *name);
void experiment_tell(const struct experiment *x, const char *stage, double share, double left, const char *said);

/* The project with its records, configuration and recording; nothing where it is there already. */
int experiment_make_project(struct experiment *x, struct error *err);
/* generate, grade, refine, distill until nothing is left to do. */
int experiment_loop(struct experiment *x, struct error *err);
/* The expert who accepts: each candidate, and beside it a rule for each further one that y0 broke. */
int experiment_decide(struct experiment *x, struct error *err);
/* Trains each method with each seed, and evaluates each checkpoint; what is done already stays. */
int experiment_train(struct experiment *x, struct error *err);
/* The report's files and RESULTS.md, from the evals. */
int experiment_report(struct experiment *x, struct error *err);
/* Waits for a job with news of it. ERR_CONFLICT where it ended otherwise than done. */
int experiment_wait(const struct experiment *x, struct store *s, int64_t job, const char *stage, struct error *err);
/* Lets unfinished jobs of a kind (NULL: any) end first. */
int experiment_settle(const struct experiment *x, struct store *s, const char *kind, struct error *err);

#endif
