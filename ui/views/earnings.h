/* Which prompt earns its keep, and which grader experts agree with (app/earnings.h), as two tables. */
#ifndef UI_VIEWS_EARNINGS_H
#define UI_VIEWS_EARNINGS_H

#include "ui/views/desk.h"

struct earnings_view;

struct earnings_view *earnings_view_new(struct desk *d, struct error *err);
extern const struct view_ops earnings_view_ops;
extern const struct binding earnings_bindings[]; /* mode "prompts" */

#endif
