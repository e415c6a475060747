#include "ui/term/screen.h"

#include <string.h>

#include "base/mem.h"
#include "text/visible.h"

static const struct cell blank = {.text = " ", .len = 1, .width = 1};

void screen_free(struct screen *s)
{
    mem_free(s->cells);
    *s = (struct screen){0};
}

static int clamp(int n)
{
    return n < 1 ? 1 : n > SCREEN_MAX ? SCREEN_MAX : n;
}

void screen_resize(struct screen *s, int rows, int cols)
{
    mem_free(s->cells);
    s->rows = clamp(rows);
    s->cols = clamp(cols);
    s->cells = mem_zalloc((size_t)s->rows * (size_t)s->cols, sizeof *s->cells);
    screen_clear(s);
}

void screen_clear(struct screen *s)
{
    size_t n = (size_t)s->rows * (size_t)s->cols;
    for (size_t i = 0; i < n; i++)
        s->cells[i] = blank;
    s->cursor_row = -1;
}

const struct cell *screen_at(const struct screen *s, int row, int col)
{
    return &s->cells[(size_t)row * (size_t)s->cols + (size_t)col];
}

static struct cell *cell_at(struct screen *s, int row, int col)
{
    return &s->cells[(size_t)row * (size_t)s->cols + (size_t)col];
}

/* Half a wide cluster cannot stand: what is left of one that is painted over becomes a blank. */
static void make_blank(struct cell *c, uint8_t ink)
{
    *c = blank;
    c->ink = ink & 63;
}

static void free_place(struct screen *s, int row, int col, int width)
{
    struct cell *first = cell_at(s, row, col);
    if (first->width == 0 && col > 0)
        make_blank(first - 1, first[-1].ink);
    struct cell *last = cell_at(s, row, col + width - 1);
    if (last->width == 2 && col + width < s->cols)
        make_blank(last + 1, last->ink);
}

static bool is_ascii(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] >= 0x80)
            return false;
    return true;
}

/* The program's own signs, and a question mark for any other character. */
static struct slice in_ascii(struct slice text)
{
    static const struct {
        const char *sign, *ascii;
    } signs[] = {{"\xE2\x80\xA6", "~"}, {"\xE2\x80\xA2", "*"}, {"\xE2\x86\x92", ">"}, {"\xC2\xAB", "<"},
                 {"\xC2\xBB", ">"},     {"\xC2\xB7", "-"},     {"\xE2\x94\x80", "-"}, {"\xE2\x96\xB8", ">"},
                 {"\xE2\x86\x93", "v"}, {"\xE2\x86\x91", "^"}, {"\xE2\x80\x99", "'"}, {"\xE2\x94\x82", "|"},
                 {"\xC3\x97", "x"},     {"\xC2\xB2", "2"},     {"\xE2\x80\x93", "-"}};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (slice_is(text, signs[i].sign))
            return slice_of(signs[i].ascii);
    return SLICE("?");
}

static void put_cluster(struct screen *s, int row, int col, struct slice text, int width, uint8_t ink)
{
    if (s->ascii && !is_ascii(text)) {
        text = in_ascii(text);
        if (width == 2)
            put_cluster(s, row, col + 1, SLICE("?"), 1, ink);
        width = 1;
    }
    free_place(s, row, col, width);
    struct cell *c = cell_at(s, row, col);
    if (text.len > CELL_TEXT_MAX)
        text = SLICE("?");
    memcpy(c->text, text.at, text.len);
    c->len = (uint8_t)text.len;
    c->width = (unsigned)width & 3;
    c->ink = ink & 63;
    if (width == 2) {
        c[1] = (struct cell){.width = 0};
        c[1].ink = ink & 63;
    }
}

/* One step of visible text may be a mark of several letters, each with a cell of its own. */
static int put_mark(struct screen *s, int row, int col, struct slice mark, uint8_t ink)
{
    int used = 0;
    for (size_t i = 0; i < mark.len && col + used < s->cols; i++, used++)
        if (col + used >= 0)
            put_cluster(s, row, col + used, slice_sub(mark, i, i + 1), 1, ink);
    return used;
}

static int put_step(struct screen *s, int row, int col, const struct visible *v, uint8_t ink)
{
    if (v->width > 2 || (v->width == 2 && is_ascii(v->shown)))
        return put_mark(s, row, col, v->shown, ink);
    int width = (int)v->width;
    if (col + width > s->cols) {
        put_cluster(s, row, col, SLICE(" "), 1, ink);
        return 1;
    }
    if (col >= 0)
        put_cluster(s, row, col, v->shown, width, ink);
    return width;
}

int screen_put(struct screen *s, int row, int col, struct slice text, uint8_t ink)
{
    if (row < 0 || row >= s->rows)
        return 0;
    int at = col;
    struct visible v;
    for (size_t i = 0; i < text.len && at < s->cols; i += v.len) {
        unsigned char c = (unsigned char)text.at[i];
        bool plain = c >= 0x20 && c < 0x7F &&
                     (i + 1 == text.len || (unsigned char)text.at[i + 1] < 0x80);
        if (plain && at >= 0) {
            v.len = 1;
            put_cluster(s, row, at++, slice_sub(text, i, i + 1), 1, ink);
            continue;
        }
        visible_step(&v, text, i);
        at += put_step(s, row, at, &v, ink);
    }
    return at - col;
}

void screen_row_text(const struct screen *s, int row, struct str *out)
{
    size_t end = out->len;
    for (int col = 0; col < s->cols; col++) {
        const struct cell *c = screen_at(s, row, col);
        str_add(out, c->text, c->len);
        if (!(c->len == 1 && c->text[0] == ' ') && c->len)
            end = out->len;
    }
    str_cut(out, end);
}

bool cell_eq(const struct cell *a, const struct cell *b)
{
    return a->len == b->len && a->width == b->width && a->ink == b->ink &&
           memcmp(a->text, b->text, a->len) == 0;
}
