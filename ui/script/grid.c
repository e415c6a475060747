#include "ui/script/grid.h"

#include <string.h>

#include "base/mem.h"

enum { CELL_BYTES = 64 };

struct cell {
    char text[CELL_BYTES]; /* "" for the right half of a wide character */
    unsigned char look;
};

struct grid {
    struct cell *cells;
    struct paint paint;
    int cursor_row, cursor_col;
};

static struct cell *cell_at(const struct grid *g, int row, int col)
{
    return &g->cells[row * g->paint.cols + col];
}

/* Text of several cells is kept in the first one; the others are its right half. */
static void put(void *context, int row, int col, struct slice text, int width, enum look look)
{
    struct grid *g = context;
    if (row < 0 || row >= g->paint.rows || col < 0 || width <= 0 || col + width > g->paint.cols)
        return;
    bool plain = text.len == (size_t)width; /* one byte a cell */
    for (int i = 0; i < width; i++) {
        struct cell *c = cell_at(g, row, col + i);
        struct slice piece = plain ? slice_sub(text, (size_t)i, (size_t)i + 1)
                                   : i == 0 ? slice_sub(text, 0, CELL_BYTES - 1) : SLICE("");
        memcpy(c->text, piece.at, piece.len);
        c->text[piece.len] = '\0';
        c->look = (unsigned char)look;
    }
}

static void cursor(void *context, int row, int col)
{
    struct grid *g = context;
    g->cursor_row = row;
    g->cursor_col = col;
}

struct grid *grid_new(int cols, int rows)
{
    struct grid *g = mem_zalloc(1, sizeof *g);
    g->paint = (struct paint){.put = put, .cursor = cursor, .context = g};
    grid_frame(g, cols, rows);
    return g;
}

void grid_free(struct grid *g)
{
    if (!g)
        return;
    mem_free(g->cells);
    mem_free(g);
}

struct paint *grid_frame(struct grid *g, int cols, int rows)
{
    if (!g->cells || cols != g->paint.cols || rows != g->paint.rows) {
        mem_free(g->cells);
        g->cells = mem_zalloc((size_t)cols * (size_t)rows, sizeof *g->cells);
    }
    g->paint.cols = cols;
    g->paint.rows = rows;
    g->cursor_row = g->cursor_col = -1;
    for (int i = 0; i < cols * rows; i++) {
        memcpy(g->cells[i].text, " ", 2);
        g->cells[i].look = LOOK_TEXT;
    }
    return &g->paint;
}

void grid_text(struct str *out, const struct grid *g)
{
    for (int row = 0; row < g->paint.rows; row++) {
        size_t start = out->len, end = out->len;
        for (int col = 0; col < g->paint.cols; col++) {
            const struct cell *c = cell_at(g, row, col);
            str_adds(out, c->text);
            if (c->text[0] && strcmp(c->text, " ") != 0)
                end = out->len;
        }
        str_cut(out, end > start ? end : start);
        str_addc(out, '\n');
    }
}

void grid_looks(struct str *out, const struct grid *g)
{
    static const char letters[] = ".abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (int row = 0; row < g->paint.rows; row++) {
        for (int col = 0; col < g->paint.cols; col++)
            str_addc(out, letters[cell_at(g, row, col)->look % (sizeof letters - 1)]);
        str_addc(out, '\n');
    }
}

void grid_cursor(const struct grid *g, int *row, int *col)
{
    *row = g->cursor_row;
    *col = g->cursor_col;
}
