/* A progress bar on standard error while a command works; nothing where that is no terminal. */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdint.h>

struct progress; /* freed with progress_end */

/* what is a short label ("importing"); total may be 0 for unknown. */
struct progress *progress_begin(const char *what, uint64_t total);
/* Redraws at most a few times a second. */
void progress_set(struct progress *p, uint64_t done);
void progress_end(struct progress *p); /* clears the line */

#endif
