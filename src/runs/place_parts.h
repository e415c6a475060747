/* Between the places. Private to src/runs/. */
#ifndef RUNS_PLACE_PARTS_H
#define RUNS_PLACE_PARTS_H

#include "runs/place.h"
#include "runs/spawn.h"

/* The words of run.json's "fit" after those given (ended by NULL), with --resume behind them; ended by NULL. Borrowed from
 * the run; the caller frees the list with mem_free. NULL and err where run.json has none. */
const char **place_words(const struct run *r, const char *const *first, struct error *err);
/* The last complaint of a process, for spawn_run: into the run_end and the log. */
void place_complaint(void *work, struct slice line);

int place_local(const struct place_work *w, struct error *err);

#endif
