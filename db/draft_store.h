/* What was typed and not yet decided, and where the reviewer was: append-only, the newest
 * counts. */
#ifndef DB_DRAFT_STORE_H
#define DB_DRAFT_STORE_H

#include "db/store.h"

/* Stores text for a field ("rule", "y_star", "reject", "state", ...) of a record (0: of none, as
 * for the view's state). A NULL slice.at clears: the draft was used or thrown away. */
int draft_store_save(struct store *s, int64_t reviewer, int64_t record, const char *field,
                     struct slice text, struct error *err);
/* The newest text: 1 and appended to out, 0 when there is none or it was cleared, -1 failed. */
int draft_store_load(struct store *s, int64_t reviewer, int64_t record, const char *field,
                     struct str *out, int64_t *created, struct error *err);
/* Drafts of a reviewer that wait, newest first, until each returns non-zero. */
typedef int draft_each_fn(void *context, int64_t record, const char *field, int64_t created);
int draft_store_each(struct store *s, int64_t reviewer, draft_each_fn *each, void *context,
                     struct error *err);

/* Maintenance, never done by itself: drops drafts that a newer one replaced or that were used. This
 * is the only way a row of a log ever goes away. */
int draft_store_prune(struct store *s, int64_t *dropped, struct error *err);

#endif
