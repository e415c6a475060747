/* Which ids a file has used already: about ten bytes an id, so that millions fit where a table of
 * strings would not. Two ids of equal hash look the same (one chance in a million for five million
 * ids); the caller asks the store before it believes it. */
#ifndef PIPELINE_SEEN_H
#define PIPELINE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum { SEEN_SHARDS = 64 };

struct seen_shard {
    uint64_t *slots; /* 0: free */
    uint32_t count, cap;
};

/* Zero-initialise; free with seen_free. The shards grow one at a time and by a quarter: nothing is
 * ever held twice in whole. */
struct seen {
    struct seen_shard shards[SEEN_SHARDS];
};

/* Adds id; true when it (or its like) was there. */
bool seen_add(struct seen *s, struct slice id);
void seen_free(struct seen *s);

#endif
