/* One frame of the workbench, or the message that the window is too small for one. */
#ifndef UI_LOOP_FRAME_H
#define UI_LOOP_FRAME_H

#include "ui/widgets/paint.h"
#include "ui/workbench.h"

enum { LOOP_MIN_COLS = 60, LOOP_MIN_ROWS = 16 };

void loop_paint(struct workbench *w, const struct paint *p);

#endif
