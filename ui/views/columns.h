/* A table's columns: how wide each is in a window, which give way in a narrow one, and a cell's text cut and
 * padded to its place. Text becomes visible text here (text/visible.h). */
#ifndef UI_VIEWS_COLUMNS_H
#define UI_VIEWS_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct column {
    const char *title;
    unsigned min;  /* cells it needs to be shown at all; 0: never shown */
    unsigned want; /* cells it takes where there is room; 0: shares what is left with others of want 0 */
    int gives_way; /* the highest goes first when the window is narrow; 0 never goes */
    bool right;    /* text stands at the right edge */
};

struct place {
    unsigned at, width; /* width 0: not shown */
};

enum { COLUMN_GAP = 2 };

/* Fills places[n] for a window of width cells, the first column starting at cell 0. */
void columns_fit(const struct column *columns, size_t n, unsigned width, struct place *places);

/* Appends text in visible form as exactly width cells. */
void column_cell(struct str *out, struct slice text, unsigned width, bool right);

/* The same, keeping the end of text where it is cut: of ids that begin alike, the end tells. */
void column_cell_end(struct str *out, struct slice text, unsigned width);

/* Appends n with thousands set apart by commas: "1,800". */
void add_count(struct str *out, long long n);

/* How long ago, in at most 4 cells: "now", "5m", "3h", "12d", "7w", "2y". */
void add_age(struct str *out, long long then_ms, long long now_ms);

#endif
