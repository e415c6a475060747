/*
 * The project file: one SQLite database in WAL mode. This header and the *_store.h beside it are
 * the only doors to it; SQL stays inside db/.
 *
 * Every function that can fail returns -1 (or NULL) with a message for the person in err: a file of
 * a newer version (ERR_NEWER), of another program (ERR_FOREIGN), damaged (ERR_CORRUPT), not
 * writable (ERR_READONLY), a full disk (ERR_FULL), another writer that does not let go (ERR_BUSY).
 * Whatever is said, what was committed before is still there.
 */
#ifndef DB_STORE_H
#define DB_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct store; /* one connection, for one thread */

enum store_mode {
    STORE_CREATE, /* a new file, 0600; an existing one is ERR_CONFLICT */
    STORE_WRITE,  /* an existing project, brought to this version's schema */
    STORE_READ,   /* an existing project, never written; an older schema is refused */
    STORE_OPEN    /* STORE_WRITE, or STORE_READ where the file may not be written */
};

/* The caller closes. NULL and err on failure. */
struct store *store_open(const char *path, enum store_mode mode, struct error *err);
void store_close(struct store *s); /* NULL is fine */

bool store_is_read_only(const struct store *s);
const char *store_path(const struct store *s);
int store_version(void); /* of the schema this program makes */
/* What this program runs on, for `hinge doctor`. */
const char *store_sqlite_version(void);
bool store_has_fts5(void);

/* Transactions nest: an inner rollback undoes the inner part alone. A write waits up to ten seconds
 * for another writer. Reads need none; two reads that must agree stand between store_begin_read and
 * store_commit. */
int store_begin(struct store *s, struct error *err);
int store_begin_read(struct store *s, struct error *err);
int store_commit(struct store *s, struct error *err);
void store_rollback(struct store *s);
/* Ends what store_begin began: commits when result is 0, rolls back when it is -1 or the commit fails. Returns
 * 0 or -1. */
int store_end(struct store *s, int result, struct error *err);

/* Says that many writes follow, or that they are over: a larger page cache and rarer checkpoints
 * make an import faster. Durability is the same. */
void store_expect_writes(struct store *s, bool many);

/* Every commit waits until it is on the disk (true, as a connection begins), or only that of a checkpoint does: then a
 * commit outlives the process at once, whatever ends it, but the machine's power only once a later one has waited.
 * Takes effect outside transactions. */
void store_sync_each(struct store *s, bool each);

/* A number that changes when another process has written. */
int64_t store_seen_changes(struct store *s);

/* Integrity, foreign keys, orphans, and derived columns and counters against the log of decisions.
 * Appends a line for each fault to report and counts them. -1 only when the check itself could not
 * be made. */
int store_check(struct store *s, struct str *report, size_t *faults, struct error *err);

/* A copy of the project as it stands, while others may go on writing: to a temporary name, then
 * renamed to path (0600). An existing path is ERR_CONFLICT. progress may be NULL. */
typedef void store_progress_fn(void *context, uint64_t done, uint64_t total);
int store_backup(struct store *s, const char *path, store_progress_fn *progress, void *context,
                 struct error *err);

/* Counters kept by triggers: no scan. */
struct store_counts {
    int64_t records;
    int64_t by_state[6]; /* indexed by enum record_state */
    int64_t rules, decisions, snapshots;
};
int store_counts(struct store *s, struct store_counts *out, struct error *err);

/* Names a project knows; each call gives one name, in order; the slice is borrowed for the call. */
typedef void store_name_fn(void *context, int64_t id, struct slice name, int64_t records);
int store_tasks(struct store *s, store_name_fn *each, void *context, struct error *err);
int store_reviewers(struct store *s, store_name_fn *each, void *context, struct error *err);
int store_tags(struct store *s, store_name_fn *each, void *context, struct error *err);

/* The id of a reviewer's name, made when new (0 on a read-only store where it is unknown). */
int store_reviewer(struct store *s, const char *name, int64_t *id, struct error *err);

#endif
