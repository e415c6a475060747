/* The rule library: what experts made, how often each rule is used and edited, and what can be done to it. */
#ifndef UI_VIEWS_RULES_H
#define UI_VIEWS_RULES_H

#include "ui/views/desk.h"

struct rules_view;

extern const struct view_ops rules_view_ops;
extern const struct binding rules_bindings[];

/* NULL and err when the library cannot be read. */
struct rules_view *rules_view_new(struct desk *d, struct error *err);
/* The most valuable rule first, by an eval that weighed them; eval 0: by each rule's newest. */
struct rules_view *rules_view_new_by_worth(struct desk *d, int64_t eval, struct error *err);

#endif
