/* The form that starts an eval: whose outputs, on which records, thinking or not, and what that would take. */
#ifndef UI_VIEWS_EVAL_START_H
#define UI_VIEWS_EVAL_START_H

#include "ui/views/desk.h"

struct eval_start_view;

/* run: the name of the run chosen first, NULL for the newest. NULL and err when the configuration is broken. */
struct eval_start_view *eval_start_view_new(struct desk *d, const char *run, struct error *err);
extern const struct view_ops eval_start_view_ops;
extern const struct binding eval_start_bindings[]; /* mode "eval-start" */

#endif
