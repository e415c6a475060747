#include "ui/loop/frame.h"

void loop_paint(struct workbench *w, const struct paint *p)
{
    if (p->rows >= LOOP_MIN_ROWS && p->cols >= LOOP_MIN_COLS)
        workbench_paint(w, p);
    else
        paint_z(p, p->rows / 2, 0, p->cols, "hinge needs 60x16: make the window larger", LOOK_STRONG);
}
