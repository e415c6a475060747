/*
 * A grid of cells: what should stand on the terminal. Whoever paints writes here; term_show brings
 * the terminal to it. A cell holds one cluster and an ink, a number that means nothing here: the
 * theme gives each ink its style.
 */
#ifndef UI_TERM_SCREEN_H
#define UI_TERM_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { CELL_TEXT_MAX = 26, SCREEN_MAX = 2000 /* rows or columns */ };

struct cell {
    char text[CELL_TEXT_MAX]; /* valid UTF-8 without controls */
    uint8_t len;
    uint8_t width : 2; /* 1 or 2; 0: the right half of the cell before */
    uint8_t ink : 6;
};

/* Zero-initialise; free with screen_free. */
struct screen {
    int rows, cols;
    bool ascii;                 /* what is put becomes ASCII: the terminal shows no more */
    struct cell *cells;         /* row after row */
    int cursor_row, cursor_col; /* row -1: hidden */
};

void screen_free(struct screen *s);
/* Makes s rows x cols of blanks, clamped to 1..SCREEN_MAX. */
void screen_resize(struct screen *s, int rows, int cols);
/* All blanks, cursor hidden. */
void screen_clear(struct screen *s);
/* Puts text at a place; what lies outside is cut. A wide cluster that does not fit into the last
 * column leaves a blank there. Anything unsafe in text becomes a mark: no byte of it can reach the
 * terminal as a control. Returns the cells used. */
int screen_put(struct screen *s, int row, int col, struct slice text, uint8_t ink);
const struct cell *screen_at(const struct screen *s, int row, int col);
/* Appends row as text, without blanks at its end. */
void screen_row_text(const struct screen *s, int row, struct str *out);
bool cell_eq(const struct cell *a, const struct cell *b);

#endif
