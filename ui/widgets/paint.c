#include "ui/widgets/paint.h"

#include <string.h>

#include "text/visible.h"

/* "…" is the one sign that cutting a text brings with it. */
static void fold_dots(struct str *text)
{
    static const char dots[] = "…";
    for (char *at = strstr(str_z(text), dots); at; at = strstr(at, dots)) {
        size_t from = (size_t)(at - text->at);
        str_splice(text, from, from + sizeof dots - 1, SLICE("~"));
        at = text->at + from;
    }
}

int paint_text(const struct paint *p, int row, int col, int room, struct slice text,
               enum look look)
{
    if (col < 0 || col >= p->cols || row < 0 || row >= p->rows || room <= 0)
        return 0;
    if (room > p->cols - col)
        room = p->cols - col;
    struct str shown = {0};
    int width = (int)visible_cut(&shown, text, (size_t)room);
    if (p->ascii && shown.len)
        fold_dots(&shown);
    if (width)
        p->put(p->context, row, col, str_slice(&shown), width, look);
    str_free(&shown);
    return width;
}

int paint_z(const struct paint *p, int row, int col, int room, const char *text, enum look look)
{
    return paint_text(p, row, col, room, slice_of(text), look);
}

void paint_fill(const struct paint *p, int row, int col, int width, const char *sign,
                enum look look)
{
    if (row < 0 || row >= p->rows || col >= p->cols)
        return;
    if (width > p->cols - col)
        width = p->cols - col;
    struct str run = {0};
    for (int i = 0; i < width; i++)
        str_adds(&run, sign);
    if (width > 0)
        p->put(p->context, row, col, str_slice(&run), width, look);
    str_free(&run);
}
