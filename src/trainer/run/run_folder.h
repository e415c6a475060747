/* A run's folder: config.json, metrics.jsonl, log.txt, lock, checkpoints/. */
#ifndef TRAINER_RUN_RUN_FOLDER_H
#define TRAINER_RUN_RUN_FOLDER_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "base/str.h"

struct run_folder {
    char *path;
    int lock;  /* descriptor; the lock is held while it is open */
    bool made; /* by run_folder_lock, and not entered yet */
    FILE *metrics;
    struct log *log;
};

/* Makes the folder where it is missing, and locks it: held from before a model is loaded. One that was made and never
 * entered is removed by run_folder_close. */
int run_folder_lock(const char *path, struct run_folder *f, struct error *err);
/* Whether a process holds the lock now. */
bool run_folder_alive(const char *path);
/* config is what the run is: it is written to a new folder, and must be the same in one that is resumed. A folder that
 * holds a run is entered only with resume. */
int run_folder_enter(struct run_folder *f, struct slice config, bool resume, struct error *err);
/* Opens metrics.jsonl for appending, without lines of steps after last. */
int run_folder_metrics(struct run_folder *f, int last, struct error *err);
/* One line, flushed; disk full is reported. */
int run_folder_line(struct run_folder *f, struct slice line, struct error *err);
/* Whether somebody asks this training to end: by a file "stop" in its folder, which needs no pid and reaches other
 * machines. done: it does, so the file goes. False for a rank without a folder. */
bool run_folder_stop(const struct run_folder *f, bool done);
void run_folder_close(struct run_folder *f);

#endif
