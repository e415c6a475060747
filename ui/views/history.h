/* Who did what with a record or a rule, and when; where words were changed, the change word by word. */
#ifndef UI_VIEWS_HISTORY_H
#define UI_VIEWS_HISTORY_H

#include "ui/views/desk.h"

struct history_view;

extern const struct view_ops history_view_ops;
extern const struct binding history_bindings[];

/* One of record and rule is 0. NULL and err when it cannot be read. */
struct history_view *history_view_new(struct desk *d, int64_t record, int64_t rule, struct error *err);

#endif
