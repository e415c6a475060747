#include "ui/views/form.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text/visible.h"
#include "ui/views/listing.h"

/* Moves *at among n lines by a command's name; false when it is no motion. */
static bool move(int *at, int n, const char *name)
{
    long by;
    if (!listing_motion(name, n, &by))
        return false;
    *at = (int)listing_move((size_t)*at, by, n - 1);
    return true;
}

bool form_command(int *at, int n, const char *name, const struct form_acts *acts, void *view)
{
    if (move(at, n, name))
        return true;
    if (strcmp(name, "next") == 0)
        acts->turn(view, 1);
    else if (strcmp(name, "previous") == 0)
        acts->turn(view, -1);
    else if (strcmp(name, "enter") == 0)
        acts->enter(view);
    else
        return false;
    return true;
}

size_t form_turned(size_t at, size_t n, int by)
{
    return n ? (at + n + (size_t)(by + (int)n)) % n : 0;
}

bool form_number(struct desk *d, struct slice text, bool whole, double most, double *out)
{
    struct str word = {0};
    char *end = NULL;
    str_add_slice(&word, slice_trim(text));
    errno = 0;
    *out = word.len ? strtod(str_z(&word), &end) : 0;
    bool good = !word.len || (end != word.at && !*end && !errno && *out >= 0 && *out <= most &&
                              (!whole || *out == floor(*out)));
    str_free(&word);
    if (!good)
        desk_say(d, LOOK_BAD, "needs a %snumber from 0 to %.0f; nothing or 0 takes the default", whole ? "whole " : "",
                 most);
    return good;
}

void form_paint(const struct form *f, const struct paint *p, int top)
{
    struct str text = {0};
    for (int i = 0; i < f->n && top + i < p->rows; i++) {
        bool at = i == f->at;
        str_clear(&text);
        f->value(f->context, i, &text);
        paint_z(p, top + i, 0, 2, at ? (p->ascii ? "> " : "▸ ") : "  ", at ? LOOK_CURSOR : LOOK_TEXT);
        paint_z(p, top + i, 2, FORM_LABEL, f->labels[i], at ? LOOK_CURSOR : LOOK_DIM);
        paint_text(p, top + i, 2 + FORM_LABEL, p->cols - FORM_LABEL - 2, str_slice(&text),
                   at ? LOOK_STRONG : LOOK_TEXT);
    }
    str_free(&text);
}

/* Bytes of the line that text begins with, broken between words. */
static size_t line_of(const char *text, int room)
{
    size_t len = strlen(text), end = 0;
    while (end < len && text[end] != '\n' && visible_width((struct slice){text, end + 1}) <= (size_t)room)
        end++;
    if (end == len || text[end] == '\n')
        return end;
    size_t at = end;
    while (at > 0 && text[at] != ' ')
        at--;
    return at ? at : end ? end : 1;
}

int form_text(const struct paint *p, int row, const char *label, const char *text, enum look look)
{
    int room = p->cols - FORM_LABEL - 3;
    paint_z(p, row, 2, FORM_LABEL, label, LOOK_DIM);
    do {
        size_t len = line_of(text, room > 10 ? room : 10);
        paint_text(p, row++, 2 + FORM_LABEL, p->cols - FORM_LABEL - 2, (struct slice){text, len}, look);
        text += len + (text[len] == ' ' || text[len] == '\n');
    } while (*text && row < p->rows);
    return row;
}

void form_figure(const struct paint *p, int row, const char *label, struct str *text, enum look look)
{
    if (row < p->rows) {
        paint_z(p, row, 2, FORM_LABEL, label, LOOK_DIM);
        paint_text(p, row, 2 + FORM_LABEL, p->cols - FORM_LABEL - 2, str_slice(text), look);
    }
    str_clear(text);
}
