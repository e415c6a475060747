/* The keys of the view that was on top, printed from the same rows they are looked up in. */
#ifndef UI_VIEWS_HELP_H
#define UI_VIEWS_HELP_H

#include "ui/views/desk.h"

struct help_view;

extern const struct view_ops help_view_ops;
extern const struct binding help_bindings[];

/* mode: whose keys. */
struct help_view *help_view_new(struct desk *d, const char *mode);

#endif
