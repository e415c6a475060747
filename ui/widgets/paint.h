/*
 * Where a view paints: a rectangle of cells. What stands behind it (a terminal, a test's grid) is
 * the caller's. Text must be visible text (text/visible.h): nothing here filters it.
 */
#ifndef UI_WIDGETS_PAINT_H
#define UI_WIDGETS_PAINT_H

#include <stdbool.h>

#include "base/str.h"
#include "ui/theme/look.h"

struct paint {
    int rows, cols;
    bool ascii; /* no line drawing, no arrows: the terminal has ASCII alone */
    /* Puts text, which takes width cells, at a place inside the rectangle. */
    void (*put)(void *context, int row, int col, struct slice text, int width, enum look look);
    /* Shows the cursor there until the next painting. */
    void (*cursor)(void *context, int row, int col);
    void *context;
};

/* Puts text cut to at most room cells; returns the cells used. Text is made visible here. */
int paint_text(const struct paint *p, int row, int col, int room, struct slice text,
               enum look look);
int paint_z(const struct paint *p, int row, int col, int room, const char *text, enum look look);
/* width copies of a one-cell sign. */
void paint_fill(const struct paint *p, int row, int col, int width, const char *sign,
                enum look look);

#endif
