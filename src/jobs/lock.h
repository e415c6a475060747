/* The files beside a project that belong to its jobs. Private to src/jobs/. */
#ifndef JOBS_LOCK_H
#define JOBS_LOCK_H

#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

enum { HOST_MAX = 64 };

/* "notes.db-jobs/7.WHAT"; the folder is made when missing. Appends. */
int job_file(const char *project, int64_t id, const char *what, struct str *out, struct error *err);

/* Takes the job's lock: 1 and *fd (job_unlock closes it), 0 another process has it, -1 failed. */
int job_lock(const char *project, int64_t id, int *fd, struct error *err);
void job_unlock(int fd);

/* This machine's name, cut at HOST_MAX. */
void job_host(char out[HOST_MAX]);

#endif
