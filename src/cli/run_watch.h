/* Runs as a command shows them while they go on. */
#ifndef CLI_RUN_WATCH_H
#define CLI_RUN_WATCH_H

#include "app/train.h"

struct run_watch {
    const char *project;
    const char *const *names; /* of the runs, watched one after the other */
    size_t n;
    bool json;  /* the last words are JSON: a run an object, several a list */
    bool stops; /* Ctrl-C stops the run at hand; otherwise only the watching ends */
};
/* Shows progress on standard error (a bar on a terminal, lines elsewhere) until nobody works on any of the runs, then
 * prints how they stand on standard output. Returns an exit status: EXIT_OK when all are finished. -1 and err. */
int run_watch(const struct run_watch *w, struct error *err);

/* One line for a list: name, method, state, progress or reason. Appends with a line end. */
void run_line(struct str *out, const struct run *r);

#endif
