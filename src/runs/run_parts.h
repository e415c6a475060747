/* The small files of a run that tell who works on it and how that ended. Between src/runs/ and the keeper of src/app/. */
#ifndef RUNS_RUN_PARTS_H
#define RUNS_RUN_PARTS_H

#include "runs/runs.h"

enum { RUN_STAGE_MAX = 128, RUN_SAID_MAX = 1024 };

/* A process holds the lock FOLDER/name: told by the lock alone. */
bool run_held(const char *folder, const char *name);

/* The keeper's own lock, with the stage ("waiting", "starting", ...) as its text. 1 and *fd, 0 another process has it,
 * -1 failed. Closing fd gives it back. */
int run_keeper_take(const char *folder, int *fd, struct error *err);
void run_keeper_stage(int fd, const char *stage);
/* True when a keeper holds it; its stage goes to out. */
bool run_keeper_read(const char *folder, char out[RUN_STAGE_MAX]);

/* How the last process ended. The file has its full size from the start, so that the end can be written on a disk
 * that is full by then. */
struct run_end {
    int64_t started, ended; /* ms since 1970; ended 0: nobody wrote an end */
    int exit;               /* status; meaningful when signal is 0 */
    int signal;
    char said[RUN_SAID_MAX]; /* the last thing the process complained of */
};
int run_end_begin(const char *folder, struct error *err);
int run_end_write(const char *folder, const struct run_end *end, struct error *err);
bool run_end_read(const char *folder, struct run_end *out); /* false: there is none */

/* Asks whoever trains in the folder to write a checkpoint and end; hinge-train looks for the file between steps. */
int run_stop_ask(const char *folder, struct error *err);
bool run_stop_asked(const char *folder);
void run_stop_clear(const char *folder);

/* The last max bytes of a file, from the start of a line; appended. A file that is not there is empty. */
int run_tail(const char *path, size_t max, struct str *out, struct error *err);

/* Version 4, from the system's random numbers. */
void run_uuid(char out[37]);

#endif
