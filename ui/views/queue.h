/* The queue: every record under a limit, in an order, with what was decided about it. */
#ifndef UI_VIEWS_QUEUE_H
#define UI_VIEWS_QUEUE_H

#include "base/json.h"
#include "ui/views/desk.h"

struct queue_view;

extern const struct view_ops queue_view_ops;
extern const struct binding queue_bindings[]; /* ended by a NULL command */

/* NULL and err when the store cannot be read. */
struct queue_view *queue_view_new(struct desk *d, struct error *err);
/* Shows what the limit lets through; false (and the fault said) when it cannot be read. */
bool queue_view_limit(struct queue_view *v, struct slice limit);
/* What it shows is limited to this; borrowed until the next command. */
struct slice queue_view_limit_text(const struct queue_view *v);
/* The next undecided record after `after` (0: after the cursor) under the limit, going round; 0 when there is
 * none. The cursor goes there. */
int64_t queue_view_next(struct queue_view *v, int64_t after);
/* The record under the cursor, 0 in an empty queue. */
int64_t queue_view_here(const struct queue_view *v);
void queue_view_go(struct queue_view *v, int64_t record);

/* The place, for a lost connection. */
void queue_view_save(const struct queue_view *v, struct json *out);
void queue_view_restore(struct queue_view *v, const struct json *saved);

#endif
