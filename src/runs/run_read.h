/* Between the files that read a run. Private to src/runs/. */
#ifndef RUNS_RUN_READ_H
#define RUNS_RUN_READ_H

#include "runs/run_parts.h"

/* Sets reason: one line, cut where it is very long. */
void run_say(struct run *r, const char *text);
void run_read_checkpoints(struct run *r);
void run_read_progress(struct run *r);
/* State, reason, started and ended; checkpoints and progress must be read before. */
void run_tell_state(struct run *r);

#endif
