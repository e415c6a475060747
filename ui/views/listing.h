/*
 * What views that show a list have in common: moving by the names of commands, keeping the cursor in the window, and a
 * table whose cells the view fills.
 */
#ifndef UI_VIEWS_LISTING_H
#define UI_VIEWS_LISTING_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/views/columns.h"
#include "ui/widgets/paint.h"

/* How far "down", "up", "page-down", "page-up", "first" or "last" moves in a list that shows page rows at once; false
 * when name is none of them. */
bool listing_motion(const char *name, int page, long *by);
/* at moved by that many, held between 0 and last (which may be negative: nothing to stand on). */
size_t listing_move(size_t at, long by, long last);

/* A cursor in a list, and the part of it that is seen. */
struct listing {
    size_t cursor, top;
    int page; /* rows seen */
};
/* Moves by a command's name in a list of count; false when it is no motion. */
bool listing_command(struct listing *l, size_t count, const char *name);
/* After the list changed. */
void listing_clamp(struct listing *l, size_t count);
/* Before painting: page rows are seen, the cursor among them. */
void listing_show(struct listing *l, int page);

enum { TABLE_COLUMNS = 16 }; /* at most */
struct table {
    const struct column *columns;
    int n_columns;
    int cursor_columns; /* the first ones are lit where the cursor is */
    size_t count;
    const void *context;
    /* Appends a cell's text; returns how it looks where the cursor is not. */
    enum look (*cell)(const void *context, size_t row, int column, bool ascii, struct str *out);
    /* NULL, or a sign of two cells that stands before a row instead of the cursor's; it may return NULL. */
    const char *(*sign)(const void *context, size_t row);
};
/* Heads at row top, then the rows from l->top on, l->page of them. */
void table_paint(const struct table *t, const struct paint *p, int top, const struct listing *l);

#endif
