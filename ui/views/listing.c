#include "ui/views/listing.h"

#include <limits.h>
#include <string.h>

bool listing_motion(const char *name, int page, long *by)
{
    const struct {
        const char *name;
        long by;
    } motions[] = {{"down", 1},          {"up", -1},          {"page-down", page - 1}, {"page-up", 1 - page},
                   {"first", -INT_MAX / 2}, {"last", INT_MAX / 2}};
    for (size_t i = 0; i < sizeof motions / sizeof *motions; i++)
        if (strcmp(motions[i].name, name) == 0) {
            *by = motions[i].by;
            return true;
        }
    return false;
}

size_t listing_move(size_t at, long by, long last)
{
    long to = (long)at + by;
    if (to > last)
        to = last;
    return to > 0 ? (size_t)to : 0;
}

bool listing_command(struct listing *l, size_t count, const char *name)
{
    long by;
    if (!listing_motion(name, l->page, &by))
        return false;
    l->cursor = listing_move(l->cursor, by, (long)count - 1);
    return true;
}

void listing_clamp(struct listing *l, size_t count)
{
    l->cursor = listing_move(l->cursor, 0, (long)count - 1);
}

void listing_show(struct listing *l, int page)
{
    size_t rows = page > 0 ? (size_t)page : 1;
    l->page = page;
    if (l->cursor < l->top)
        l->top = l->cursor;
    if (l->cursor >= l->top + rows)
        l->top = l->cursor - rows + 1;
}

static void put(const struct paint *p, int row, const struct place *at, const struct column *c, struct slice text,
                enum look look)
{
    struct str cell = {0};
    column_cell(&cell, text, at->width, c->right);
    p->put(p->context, row, 2 + (int)at->at, str_slice(&cell), (int)at->width, look);
    str_free(&cell);
}

static void paint_heads(const struct table *t, const struct paint *p, int row, const struct place *places)
{
    paint_fill(p, row, 0, p->cols, " ", LOOK_HEAD);
    for (int c = 0; c < t->n_columns; c++)
        if (places[c].width)
            put(p, row, &places[c], &t->columns[c], slice_of(t->columns[c].title), LOOK_HEAD);
}

static void paint_row(const struct table *t, const struct paint *p, int row, const struct place *places, size_t i,
                      bool at)
{
    struct str text = {0};
    paint_fill(p, row, 0, p->cols, " ", LOOK_TEXT);
    const char *sign = t->sign ? t->sign(t->context, i) : NULL;
    paint_z(p, row, 0, 2, sign ? sign : at ? (p->ascii ? "> " : "▸ ") : "  ", at ? LOOK_CURSOR : LOOK_TEXT);
    for (int c = 0; c < t->n_columns; c++) {
        if (!places[c].width)
            continue;
        str_clear(&text);
        enum look look = t->cell(t->context, i, c, p->ascii, &text);
        put(p, row, &places[c], &t->columns[c], str_slice(&text), at && c < t->cursor_columns ? LOOK_CURSOR : look);
    }
    str_free(&text);
}

void table_paint(const struct table *t, const struct paint *p, int top, const struct listing *l)
{
    struct place places[TABLE_COLUMNS];
    columns_fit(t->columns, (size_t)t->n_columns, (unsigned)(p->cols > 4 ? p->cols - 3 : 1), places);
    paint_heads(t, p, top, places);
    for (int i = 0; i < l->page; i++) {
        size_t at = l->top + (size_t)i;
        if (at < t->count)
            paint_row(t, p, top + 1 + i, places, at, at == l->cursor);
        else
            paint_fill(p, top + 1 + i, 0, p->cols, " ", LOOK_TEXT);
    }
}
