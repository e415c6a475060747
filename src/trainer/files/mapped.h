/* A file mapped read-only. */
#ifndef TRAINER_FILES_MAPPED_H
#define TRAINER_FILES_MAPPED_H

#include <stddef.h>

#include "base/error.h"

struct mapped {
    const unsigned char *at;
    size_t size;
};

int mapped_open(const char *path, struct mapped *m, struct error *err);
void mapped_close(struct mapped *m); /* back to {0}; {0} is fine */
/* Bytes at..at+len were read and will hardly be again: their pages need not stay in memory. A hint. */
void mapped_forget(const struct mapped *m, const unsigned char *at, size_t len);

#endif
