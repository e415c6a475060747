/* The report: the four figures as plots, the tests, what was left out, one a page; and on disk. */
#ifndef UI_VIEWS_REPORT_H
#define UI_VIEWS_REPORT_H

#include "ui/views/desk.h"

struct report_view;

/* Reads nothing yet: figures come while no key does. The view's free frees. */
struct report_view *report_view_new(struct desk *d);
extern const struct view_ops report_view_ops;
extern const struct binding report_bindings[]; /* mode "report" */

#endif
