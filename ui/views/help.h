/* The keys of the view that was on top, printed from the same rows they are looked up in. */
#ifndef UI_VIEWS_HELP_H
#define UI_VIEWS_HELP_H

#include "ui/views/desk.h"

struct help_view;

extern const struct view_ops help_view_ops;
extern const struct binding help_bindings[];

/* mode: whose keys. The rows come from workbench_binding. */
struct help_view *help_view_new(struct desk *d, const char *mode);

/* Row i of all keys; implemented by the workbench (ui/workbench.h says more). */
const struct binding *workbench_binding(size_t i);

#endif
