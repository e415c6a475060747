/*
 * Runs as files. A run is its folder, and all that is told of it is read from there: copied to another place or machine
 * it opens as well. Inside is what hinge-train writes (config.json, metrics.jsonl, log.txt, lock, checkpoints/step-N) and
 * what hinge adds: run.json (what was asked for), data/ (the examples and their manifests), end.json (how the last process
 * ended) and keeper (who looks after it). Nothing here opens the project's database.
 */
#ifndef RUNS_RUNS_H
#define RUNS_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "base/str.h"

enum run_state {
    RUN_WAITING,   /* somebody looks after it, and its turn has not come (an earlier run, the queue of slurm) */
    RUN_STARTING,  /* its process, or the copy to another machine, is on its way */
    RUN_RUNNING,   /* a process holds the run's lock */
    RUN_STOPPED,   /* asked to stop, or never started: resume goes on */
    RUN_FINISHED,  /* the checkpoint of the last step is there */
    RUN_FAILED,    /* ended otherwise: reason says how; resume goes on from the last checkpoint */
    RUN_UNREADABLE /* no run, or its files are damaged: reason says which */
};
const char *run_state_name(enum run_state s); /* "running", ... */
/* Somebody works on it or will: not to be resumed or deleted. */
bool run_state_busy(enum run_state s);

struct run_checkpoint {
    int64_t step;
    double examples; /* seen until then; -1 where the metrics do not say */
    int64_t bytes;   /* of its files */
    int64_t written; /* ms since 1970 */
};

/* How far it is, from the last lines of the metrics. Numbers that are not known are -1. */
struct run_progress {
    int64_t step, steps; /* steps: of the whole run */
    double examples;     /* seen */
    double examples_all; /* in the whole run: examples of the data, times epochs */
    double loss, valid_loss;
    double tokens_per_second;
    double seconds_left; /* by the pace of the last steps; 0 when finished */
};

struct run {
    char *folder;       /* absolute path; its last part is the run's name here */
    const char *name;   /* part of folder */
    /* From run.json; "" where it says nothing. Borrowed from about. */
    const char *uuid, *method, *model, *place, *device, *notes;
    const char *group;  /* uuid that the runs of one comparison have in common; "" for a run by itself */
    const char *branched_from; /* uuid of the run whose checkpoint it began with; "" for none */
    int64_t branched_step;
    int64_t seed, created;     /* created: ms since 1970; 0: not known */
    struct json *about;        /* run.json; never NULL in a readable run, an empty object where there is no run.json */
    struct json *config;       /* config.json of hinge-train; NULL before the first start */
    enum run_state state;
    char *reason;              /* one line; "" when there is nothing to say. Hostile text. */
    int64_t started, ended;    /* the last process, ms since 1970; 0: not known */
    struct run_progress progress;
    struct run_checkpoint *checkpoints; /* by step */
    size_t n_checkpoints;
};

/* "notes.db-runs" beside the project, not made. Appends. ERR_ABSENT when there is no such project. */
int runs_folder(const char *project, struct str *out, struct error *err);

/* Always fills out: what cannot be read is RUN_UNREADABLE with a reason. run_free frees. */
void run_open(const char *folder, struct run *out);
void run_free(struct run *r);
/* Looks again at what changes while a run goes on (state, reason, progress, checkpoints): cheaper than opening. */
void run_refresh(struct run *r);

struct runs {
    struct run *items; /* newest first */
    size_t count, cap;
};
/* All runs of a folder; one that does not exist has none. runs_free frees. */
int runs_list(const char *folder, struct runs *out, struct error *err);
void runs_free(struct runs *r);
/* By name, or a uuid or its beginning (6 characters at least). ERR_ABSENT, or ERR_CONFLICT where several fit. */
int runs_find(const char *folder, const char *name, struct run *out, struct error *err);

/* Removes the run with all its files. ERR_BUSY while somebody works on it; ERR_FOREIGN where the folder holds no
 * run. Links are removed, never followed. */
int run_delete(const char *folder, struct error *err);

/* The path of a file or folder inside; sets out. Checkpoints: "checkpoints/step-12". Returns its text. */
const char *run_path(const struct run *r, const char *inside, struct str *out);
/* Folder of a checkpoint; step -1: the last one. ERR_ABSENT with the steps there are. Sets out. */
int run_checkpoint_path(const struct run *r, int64_t step, struct str *out, struct error *err);
/* A value of run.json's options, else of config.json's, as text; NULL where neither says. */
const char *run_option(const struct run *r, const char *name);
/* The last lines of the log, at most max, oldest first, appended to out with line ends. Hostile text. */
int run_log_tail(const struct run *r, size_t max, struct str *out, struct error *err);

#endif
