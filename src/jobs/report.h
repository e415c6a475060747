/* What a worker says to whoever launched it, once, through a pipe: that it holds the job, or why not. For what
 * jobs_detach starts. */
#ifndef JOBS_REPORT_H
#define JOBS_REPORT_H

#include "base/error.h"
#include "base/str.h"

enum { REPORT_FD = 3 };
/* Set for a worker whose REPORT_FD is the pipe. */
#define REPORT_VARIABLE "HINGE_WORKER_REPORTS"

/* The worker's end: REPORT_FD, closed on exec, or -1 where nobody waits for a report. */
int report_open(void);
/* Both close fd (-1 is fine). */
void report_taken(int fd);
void report_refused(int fd, const struct error *why);

/* The launcher's end: 0 taken, -1 and err refused, or gone without a word (then err names the log). */
int report_read(struct slice said, const char *log, struct error *err);

#endif
