/* The form that starts a job: which step, by which endpoint, for which records, and what it would take. */
#ifndef UI_VIEWS_JOB_START_H
#define UI_VIEWS_JOB_START_H

#include "ui/views/desk.h"

struct start_view;

/* limit is the queue's, offered for "which records"; it is copied. NULL and err when the configuration is broken. */
struct start_view *start_view_new(struct desk *d, struct slice limit, struct error *err);
extern const struct view_ops start_view_ops;
extern const struct binding start_bindings[]; /* mode "start" */

#endif
