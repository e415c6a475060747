/* Training sets written from this project: what, when, by which filters, under which hash. */
#ifndef DB_SNAPSHOT_STORE_H
#define DB_SNAPSHOT_STORE_H

#include "db/store.h"

/* hash: SHA-256 of the file's bytes, in hex. manifest: the JSON text written beside the file. The
 * same hash twice is stored once. */
int snapshot_store_put(struct store *s, const char *hash, const char *method, const char *path,
                       int64_t examples, struct slice manifest, struct error *err);

struct snapshot_row { /* strings borrowed for the call */
    const char *hash, *method, *path;
    int64_t examples, created;
};
typedef int snapshot_each_fn(void *context, const struct snapshot_row *row);
/* Newest first, until each returns non-zero. */
int snapshot_store_each(struct store *s, snapshot_each_fn *each, void *context, struct error *err);

#endif
