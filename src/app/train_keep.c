/*
 * The keeper: a process of hinge's own for one run, or for several that come one after the other. It holds the lock
 * "keeper" of each, starts hinge-train, takes down what it complains of, and writes how it ended. Where the keeper is
 * killed the training goes on: nothing of a run depends on it but the order of a comparison and the words of an end.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/train_parts.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "jobs/report.h"
#include "runs/curve.h"
#include "runs/place.h"

struct kept {
    const char *folder;
    int lock;
};

struct queue { /* of runs that wait for their turn */
    struct kept *all;
    size_t n, next;
};

static void let_go(struct kept *k)
{
    if (k->lock >= 0)
        close(k->lock);
    k->lock = -1;
}

/* A run that waits and is asked to stop is nobody's any more, before its turn comes. */
static void look_at_queue(void *context)
{
    struct queue *q = context;
    for (size_t i = q->next; i < q->n; i++) {
        if (q->all[i].lock >= 0 && run_stop_asked(q->all[i].folder)) {
            run_stop_clear(q->all[i].folder);
            let_go(&q->all[i]);
        }
    }
}

static int take_all(struct kept *all, size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        int got = run_keeper_take(all[i].folder, &all[i].lock, err);
        if (got == 0)
            error_set(err, ERR_BUSY, "another process looks after the run in %s", all[i].folder);
        if (got <= 0)
            return -1;
        char stage[RUN_STAGE_MAX];
        snprintf(stage, sizeof stage, i ? "waiting for the run %.90s to end" : "starting",
                 i ? strrchr(all[i - 1].folder, '/') + 1 : "");
        run_keeper_stage(all[i].lock, stage);
    }
    return 0;
}

static struct log *open_log(const char *folder)
{
    struct str path = {0};
    str_addf(&path, "%s/log.txt", folder);
    struct log *log = log_open(path.at, NULL);
    str_free(&path);
    return log;
}

/* Who looks at the run next finds its metrics read. */
static void make_index(const char *folder)
{
    struct curve *c = curve_open(folder, NULL);
    if (c)
        (void)curve_save(c, NULL);
    curve_close(c);
}

static void keep_one(const struct kept *k, struct queue *rest, const char *trainer, struct config *config)
{
    struct error err = {0};
    struct run run;
    struct log *log = open_log(k->folder);
    run_open(k->folder, &run);
    struct run_end end = {.started = clock_now_ms()};
    struct place_work w = {.run = &run, .trainer = trainer, .keeper = k->lock, .log = log, .end = &end,
                           .idle = look_at_queue, .idle_context = rest};
    config_place(config, place_name(run.place), &w.settings);
    int result = run_end_begin(k->folder, &err);
    if (result == 0)
        result = place_run(&w, &err);
    if (result != 0) { /* the training could not even be started */
        end.exit = 1;
        snprintf(end.said, sizeof end.said, "%s", err.text);
        log_write(log, LOG_LEVEL_ERROR, "%s", err.text);
    }
    end.ended = clock_now_ms();
    if (run_end_write(k->folder, &end, &err) != 0)
        log_write(log, LOG_LEVEL_ERROR, "%s", err.text);
    run_stop_clear(k->folder);
    make_index(k->folder);
    run_free(&run);
    log_close(log);
}

static void keep_all(struct kept *all, size_t n, const char *trainer, struct config *config)
{
    struct queue rest = {all, n, 0};
    for (; rest.next < n; let_go(&all[rest.next - 1])) {
        look_at_queue(&rest);
        struct kept *k = &all[rest.next++];
        if (k->lock >= 0)
            keep_one(k, &rest, trainer, config);
    }
}

int train_keep(const char *const *folders, size_t n, struct error *err)
{
    struct str trainer = {0}, project = {0};
    struct kept *all = mem_zalloc(n, sizeof *all);
    int report = report_open();
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file over the limit is a write that fails */
    for (size_t i = 0; i < n; i++)
        all[i] = (struct kept){folders[i], -1};
    /* "notes.db-runs/rgt-1" is of the project notes.db */
    const char *slash = strrchr(folders[0], '/');
    str_addf(&project, "%.*s", slash ? (int)(slash - folders[0]) : 0, folders[0]);
    if (project.len > 5)
        str_cut(&project, project.len - 5);
    struct config *config = config_load(str_z(&project), err);
    int result = config ? 0 : -1;
    if (result == 0 && train_program(str_z(&project), &trainer, NULL) != 0)
        str_adds(&trainer, "hinge-train"); /* not here: there may be one where the run goes */
    if (result == 0)
        result = take_all(all, n, err);
    if (result == 0) {
        report_taken(report);
        keep_all(all, n, trainer.at, config);
    } else {
        report_refused(report, err);
    }
    for (size_t i = 0; i < n; i++)
        let_go(&all[i]);
    mem_free(all);
    config_free(config);
    str_free(&trainer);
    str_free(&project);
    return result;
}
