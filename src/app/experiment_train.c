/* An experiment's trainings, one after the other, and an eval of each of their checkpoints. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/eval.h"
#include "app/experiment_parts.h"
#include "app/project.h"
#include "app/train.h"

enum { LOOK_MS = 500, NAME_BYTES = 32, NUMBER_BYTES = 24 };

static const char *const methods[] = {"sft", "isft", "rgt"};

enum { METHODS = sizeof methods / sizeof *methods };

static int start_run(const struct experiment *x, const char *method, const char *name, int seed, struct error *err)
{
    char first[NUMBER_BYTES], batch[NUMBER_BYTES], rank[NUMBER_BYTES], number[NUMBER_BYTES];
    snprintf(first, sizeof first, "%d", x->size->first);
    snprintf(batch, sizeof batch, "%d", x->size->batch);
    snprintf(rank, sizeof rank, "%d", x->size->rank);
    snprintf(number, sizeof number, "%d", seed);
    const struct train_setting settings[] = {
        {"epochs", "1"}, {"batch", batch}, {"lr", x->size->lr}, {"rank", rank}, {"alpha", x->size->alpha},
        {"every-examples", first}, {"grid", "log"}, {"seed", number}, {"max-tokens", "1024"},
    };
    struct train_request q = {
        .project = x->project.at, .methods = &method, .n_methods = 1, .model = x->model.at, .split = "train",
        .valid = "none", .settings = settings, .n_settings = sizeof settings / sizeof *settings,
        .device = x->asked->device ? x->asked->device : "auto", .name = name, .notes = "hinge experiment scribe",
    };
    struct train_names names = {0};
    int result = train_start(&q, &names, err);
    train_names_free(&names);
    return result;
}

static void tell_run(const struct experiment *x, const struct run *r)
{
    struct str said = {0};
    train_progress_text(&said, r);
    double share = r->progress.steps > 0 ? (double)r->progress.step / (double)r->progress.steps : -1;
    experiment_tell(x, r->name, share, r->progress.seconds_left, said.len ? said.at : run_state_name(r->state));
    str_free(&said);
}

/* The run until nobody works on it. */
static int watch_run(const struct experiment *x, const char *name, enum run_state *state, struct error *err)
{
    struct run r = {0};
    struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    if (train_find(x->project.at, name, &r, err) != 0)
        return -1;
    while (run_state_busy(r.state)) {
        tell_run(x, &r);
        nanosleep(&pause, NULL);
        run_refresh(&r);
    }
    *state = r.state;
    int result = 0;
    if (r.state == RUN_FAILED || r.state == RUN_UNREADABLE)
        result = error_set(err, ERR_CONFLICT, "the training %s %s: %s", name, run_state_name(r.state), r.reason);
    run_free(&r);
    return result;
}

/* A run of that name, finished: made, gone on with, or there already. */
static int train_one(const struct experiment *x, const char *method, const char *name, int seed, struct error *err)
{
    struct run r = {0};
    struct error none = {0};
    enum run_state state = RUN_FAILED;
    if (train_find(x->project.at, name, &r, &none) == 0) {
        state = r.state;
        run_free(&r);
        if (!run_state_busy(state) && state != RUN_FINISHED && train_resume(x->project.at, name, err) != 0)
            return -1;
    } else if (none.code != ERR_ABSENT) {
        *err = none;
        return -1;
    } else if (start_run(x, method, name, seed, err) != 0) {
        return -1;
    }
    if (watch_run(x, name, &state, err) != 0)
        return -1;
    return state == RUN_FINISHED ? 0 : error_set(err, ERR_CONFLICT, "the training %s was stopped; call again to go on", name);
}

/* Each checkpoint, and the base before them, with thinking off and on. What was asked once is not asked again. */
static int evaluate(const struct experiment *x, struct store *s, const char *name, struct error *err)
{
    struct eval_request q = {
        .project = x->project.at, .reviewer = "experiment", .run = name, .every = true,
        .think = EVAL_THINK_OFF | EVAL_THINK_ON, .split = "test", .max_tokens = x->size->max_new,
    };
    struct error none = {0};
    struct str stage = {0};
    int64_t job;
    str_addf(&stage, "eval %s", name);
    int result = experiment_settle(x, s, "eval", err);
    if (result == 0 && eval_start(s, &q, &job, &none) == 0)
        result = experiment_wait(x, s, job, stage.at, err);
    else if (result == 0 && none.code != ERR_ABSENT) { /* absent: all of it is there */
        *err = none;
        result = -1;
    }
    str_free(&stage);
    return result;
}

int experiment_train(struct experiment *x, struct error *err)
{
    struct store *s = project_open(x->project.at, STORE_WRITE, err);
    int result = s ? 0 : -1;
    for (int i = 0; i < x->seeds * METHODS && result == 0; i++) {
        char name[NAME_BYTES];
        const char *method = methods[i % METHODS];
        snprintf(name, sizeof name, "%s-%d", method, i / METHODS + 1);
        result = train_one(x, method, name, i / METHODS + 1, err);
        if (result == 0)
            result = evaluate(x, s, name, err);
    }
    store_close(s);
    return result;
}
