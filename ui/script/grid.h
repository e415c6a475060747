/* A screen in memory to paint on: what a key script dumps, and what tests compare. */
#ifndef UI_SCRIPT_GRID_H
#define UI_SCRIPT_GRID_H

#include "base/str.h"
#include "ui/widgets/paint.h"

struct grid; /* freed with grid_free */

struct grid *grid_new(int cols, int rows);
void grid_free(struct grid *g);
/* Blank again, in another size where it differs, and where to paint. */
struct paint *grid_frame(struct grid *g, int cols, int rows);

/* Appends the screen as text: rows ended by line ends, blanks at their ends dropped. */
void grid_text(struct str *out, const struct grid *g);
/* The same cells as letters for their looks ("." for plain text), to see what is lit. */
void grid_looks(struct str *out, const struct grid *g);
/* Row and column of the cursor from 0; -1 where it is not shown. */
void grid_cursor(const struct grid *g, int *row, int *col);

#endif
