/* A screen in memory to paint on (ui/widgets/paint.h), and what it then shows. */
#ifndef SUPPORT_GRID_H
#define SUPPORT_GRID_H

#include "base/str.h"
#include "ui/widgets/paint.h"

enum { GRID_ROWS = 100, GRID_COLS = 300, GRID_BYTES = 48 };

struct grid_cell {
    char text[GRID_BYTES]; /* "" for the right half of a wide character */
    unsigned char look;
};

struct grid {
    struct grid_cell cells[GRID_ROWS][GRID_COLS];
    struct paint paint;
    int cursor_row, cursor_col; /* -1: not shown */
    size_t faults;              /* puts outside, or text that is not what it says it is */
    size_t puts;
};

/* A blank grid; free with grid_free. */
struct grid *grid_new(int cols, int rows);
void grid_free(struct grid *g);
/* Blank again, in another size. */
void grid_clear(struct grid *g, int cols, int rows);
/* Appends the screen as text, rows ended by line ends, blanks at their ends dropped. */
void grid_text(struct str *out, const struct grid *g);
/* The row as text in a static buffer: good until the next call. */
const char *grid_row(const struct grid *g, int row);
/* Row and column of the first place of text; false when it is not shown. */
bool grid_find(const struct grid *g, const char *text, int *row, int *col);
/* True when text is shown and its first cell has that look. */
bool grid_shows(const struct grid *g, const char *text, enum look look);

#endif
