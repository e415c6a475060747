/*
 * Where a run happens. A place starts hinge-train on a run and stays until it ended; the keeper (app/train_keep.c) is
 * the process that does so. What it learns meanwhile it puts into the run's folder, where everybody reads.
 */
#ifndef RUNS_PLACE_H
#define RUNS_PLACE_H

#include "base/log.h"
#include "runs/run_parts.h"

struct place_work { /* all borrowed */
    const struct run *run;
    const char *trainer; /* hinge-train on this machine */
    int keeper;          /* descriptor of the keeper's lock: run_keeper_stage */
    struct log *log;     /* the run's; NULL: none */
    struct run_end *end; /* how it ended goes here */
};

/* Is there such a place: "local". ERR_USAGE with the ones there are. */
int place_check(const char *place, struct error *err);
/* Trains until the end, or until a stop was asked for. 0 when a process ran, however it ended; -1 and err when none could be
 * started. */
int place_run(const struct place_work *w, struct error *err);

#endif
