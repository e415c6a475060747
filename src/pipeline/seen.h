/* Which ids a file has used already: eight bytes an id, so that ten million fit where a table of
 * strings would not. Two ids of equal hash look the same; the caller asks the store before it
 * believes it. */
#ifndef PIPELINE_SEEN_H
#define PIPELINE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Zero-initialise; free with seen_free. */
struct seen {
    uint64_t *slots; /* 0: free */
    size_t count, cap;
};

/* Adds id; true when it (or its like) was there. */
bool seen_add(struct seen *s, struct slice id);
void seen_free(struct seen *s);

#endif
