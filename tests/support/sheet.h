/* A screen in memory to paint on (ui/widgets/paint.h), and what it then shows. */
#ifndef SUPPORT_SHEET_H
#define SUPPORT_SHEET_H

#include "base/str.h"
#include "ui/widgets/paint.h"

enum { SHEET_ROWS = 100, SHEET_COLS = 300, SHEET_BYTES = 48 };

struct sheet_cell {
    char text[SHEET_BYTES]; /* "" for the right half of a wide character */
    unsigned char look;
};

struct sheet {
    struct sheet_cell cells[SHEET_ROWS][SHEET_COLS];
    struct paint paint;
    int cursor_row, cursor_col; /* -1: not shown */
    size_t faults;              /* puts outside, or text that is not what it says it is */
    size_t puts;
};

/* A blank sheet; free with sheet_free. */
struct sheet *sheet_new(int cols, int rows);
void sheet_free(struct sheet *g);
/* Blank again, in another size. */
void sheet_clear(struct sheet *g, int cols, int rows);
/* Appends the screen as text, rows ended by line ends, blanks at their ends dropped. */
void sheet_text(struct str *out, const struct sheet *g);
/* The row as text in a static buffer: good until the next call. */
const char *sheet_row(const struct sheet *g, int row);
/* Row and column of the first place of text; false when it is not shown. */
bool sheet_find(const struct sheet *g, const char *text, int *row, int *col);
/* True when text is shown and its first cell has that look. */
bool sheet_shows(const struct sheet *g, const char *text, enum look look);

#endif
