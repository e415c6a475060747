/*
 * Where a run happens. A place starts hinge-train on a run and stays until it ended; the keeper (app/train_keep.c) is
 * the process that does so. What it learns meanwhile it puts into the run's folder, where everybody reads.
 */
#ifndef RUNS_PLACE_H
#define RUNS_PLACE_H

#include "base/log.h"
#include "runs/run_parts.h"

/* What the configuration says of a place ([place NAME] of hinge-config(5)); all borrowed, NULL: not given. */
struct place_settings {
    const char *program;       /* hinge-train there; else in its PATH */
    const char *folder;        /* ssh: where runs and models are put, from the home folder */
    const char *const *ssh;    /* the program ssh and its options, ended by NULL */
    const char *const *sbatch; /* options of sbatch */
    const char *const *launch; /* slurm: what starts several processes, such as srun --mpi=pmix */
    int nodes, gpus;           /* slurm: how many, gpus on each node; 0: not said */
};

struct place_work { /* all borrowed */
    const struct run *run;
    const char *trainer; /* hinge-train on this machine */
    struct place_settings settings;
    int keeper;          /* descriptor of the keeper's lock: run_keeper_stage */
    struct log *log;     /* the run's; NULL: none */
    struct run_end *end; /* how it ended goes here */
    void (*idle)(void *context); /* called a few times a second while the training goes on */
    void *idle_context;
};

/* Is there such a place: "local", "ssh:HOST", "slurm". ERR_USAGE with the ones there are. */
int place_check(const char *place, struct error *err);
/* The name of a place's section in the configuration: HOST of "ssh:HOST", else the place itself. */
const char *place_name(const char *place);
/* Removes what a run has there beside its folder here; nothing where there is nothing. */
int place_delete(const struct run *r, const struct place_settings *settings, struct error *err);
/* Trains until the end, or until a stop was asked for. 0 when a process ran, however it ended; -1 and err when none could be
 * started. */
int place_run(const struct place_work *w, struct error *err);

#endif
