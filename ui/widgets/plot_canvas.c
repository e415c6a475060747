#include "ui/widgets/plot_canvas.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

void canvas_init(struct canvas *c, int rows, int cols, bool ascii)
{
    *c = (struct canvas){.rows = rows, .cols = cols, .ascii = ascii};
    c->wide = ascii ? cols : 2 * cols;
    c->high = ascii ? rows : 4 * rows;
    c->cells = mem_zalloc((size_t)rows * (size_t)cols, sizeof *c->cells);
}

void canvas_free(struct canvas *c)
{
    mem_free(c->cells);
    *c = (struct canvas){0};
}

static double share(struct plot_span s, double v, bool is_log)
{
    if (is_log)
        v = v > 0 ? log(v) : NAN;
    return isfinite(v) ? (v - s.from) / (s.to - s.from) : NAN;
}

double canvas_x(const struct canvas *c, double x)
{
    return share(c->x, x, c->log_x) * (c->wide - 1);
}

double canvas_y(const struct canvas *c, double y)
{
    return (1 - share(c->y, y, c->log_y)) * (c->high - 1);
}

/* What a stroke is made with, and how far along its pattern it is. */
struct pen {
    enum look look;
    enum plot_line line;
    char letter;
    bool band;
    unsigned step;
};

static struct canvas_cell *cell_of(const struct canvas *c, int x, int y)
{
    int col = c->ascii ? x : x / 2, row = c->ascii ? y : y / 4;
    return &c->cells[(size_t)row * (size_t)c->cols + (size_t)col];
}

static void dot(struct canvas *c, int x, int y, const struct pen *pen)
{
    static const uint8_t bits[2][4] = {{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}};
    if (x < 0 || y < 0 || x >= c->wide || y >= c->high)
        return;
    struct canvas_cell *cell = cell_of(c, x, y);
    if (pen->band && cell->dots && !cell->band)
        return;
    cell->dots |= bits[x & 1][y & 3];
    cell->look = (uint8_t)pen->look;
    cell->band = pen->band;
    if (c->ascii)
        cell->sign = pen->letter;
}

static void step(struct canvas *c, int x, int y, struct pen *pen)
{
    static const struct {
        unsigned on, of;
    } patterns[] = {
        [PLOT_SOLID] = {1, 1}, [PLOT_DASHED] = {4, 7}, [PLOT_DOTTED] = {1, 3}, [PLOT_POINTS] = {0, 1}};
    bool on = c->ascii || pen->step % patterns[pen->line].of < patterns[pen->line].on;
    if (on)
        dot(c, x, y, pen);
    pen->step++;
}

/* Bresenham's line between dots inside the canvas; the first dot is the last one of what was drawn before. */
static void stroke(struct canvas *c, int x0, int y0, int x1, int y1, struct pen *pen)
{
    int dx = abs(x1 - x0), dy = -abs(y1 - y0), sx = x0 < x1 ? 1 : -1, sy = y0 < y1 ? 1 : -1, fault = dx + dy;
    for (;;) {
        step(c, x0, y0, pen);
        if (x0 == x1 && y0 == y1)
            return;
        int twice = 2 * fault;
        if (twice >= dy) {
            fault += dy;
            x0 += sx;
        }
        if (twice <= dx) {
            fault += dx;
            y0 += sy;
        }
    }
}

/* Liang and Barsky's: narrows t[0]..t[1] to where from + t * by is between 0 and most. */
static bool clip(double from, double by, double most, double t[2])
{
    if (by == 0)
        return from >= 0 && from <= most;
    double a = -from / by, b = (most - from) / by;
    double near = a < b ? a : b, far = a < b ? b : a;
    if (near > t[0])
        t[0] = near;
    if (far < t[1])
        t[1] = far;
    return t[0] <= t[1];
}

static void segment(struct canvas *c, double x0, double y0, double x1, double y1, struct pen *pen)
{
    double t[2] = {0, 1}, dx = x1 - x0, dy = y1 - y0;
    /* A dot reaches half a dot around its middle. */
    if (!clip(x0 + 0.5, dx, c->wide - 1e-6, t) || !clip(y0 + 0.5, dy, c->high - 1e-6, t))
        return;
    stroke(c, (int)lround(x0 + t[0] * dx), (int)lround(y0 + t[0] * dy), (int)lround(x0 + t[1] * dx),
           (int)lround(y0 + t[1] * dy), pen);
}

void canvas_level(struct canvas *c, double y)
{
    struct pen pen = {.look = LOOK_DIM, .line = PLOT_DOTTED, .letter = '.'};
    double at = canvas_y(c, y);
    if (isfinite(at))
        segment(c, 0, at, c->wide - 1, at, &pen);
}

/* ---- intervals ---- */

static double clamp(double v, double most)
{
    return v < -1 ? -1 : v > most ? most : v;
}

static void fill_between(struct canvas *c, const double from[3], const double to[3], const struct pen *pen)
{
    int first = (int)ceil(clamp(from[0], c->wide)), last = (int)floor(clamp(to[0], c->wide));
    for (int x = first; x <= last; x++) {
        double t = to[0] > from[0] ? (x - from[0]) / (to[0] - from[0]) : 0;
        int high = (int)lround(clamp(from[1] + t * (to[1] - from[1]), c->high));
        int low = (int)lround(clamp(from[2] + t * (to[2] - from[2]), c->high));
        for (int y = high; y <= low; y++)
            if (c->ascii || (x % 2 == 0 && y % 2 == 0))
                dot(c, x, y, pen);
    }
}

/* Point k as dots: x, upper and lower end. False when one cannot be shown. */
static bool interval(const struct canvas *c, const struct plot_series *s, size_t k, double out[3])
{
    out[0] = canvas_x(c, s->x[k]);
    out[1] = canvas_y(c, s->high[k]);
    out[2] = canvas_y(c, s->low[k]);
    return isfinite(out[0]) && isfinite(out[1]) && isfinite(out[2]) && isfinite(canvas_y(c, s->y[k]));
}

void canvas_band(struct canvas *c, const struct plot_series *s, char letter)
{
    struct pen pen = {.look = s->look, .letter = c->ascii ? ':' : letter, .band = true};
    double before[3] = {0}, now[3];
    bool has_before = false;
    for (size_t k = 0; k < s->n; k++) {
        bool has = interval(c, s, k, now);
        if (has && has_before)
            fill_between(c, before, now, &pen);
        has_before = has;
        for (int i = 0; i < 3; i++)
            before[i] = now[i];
    }
}

void canvas_intervals(struct canvas *c, const struct plot_series *s, char letter)
{
    struct pen pen = {.look = s->look, .letter = c->ascii ? '|' : letter};
    double at[3];
    for (size_t k = 0; k < s->n; k++) {
        if (!interval(c, s, k, at))
            continue;
        segment(c, at[0], at[1], at[0], at[2], &pen);
        for (int end = 1; end <= 2 && !c->ascii; end++)
            segment(c, at[0] - 1, at[end], at[0] + 1, at[end], &pen);
    }
}

/* ---- signs over the dots ---- */

/* NULL outside. */
static struct canvas_cell *cell_at(const struct canvas *c, double x, double y)
{
    if (!(x > -0.5 && x < c->wide - 0.5 && y > -0.5 && y < c->high - 0.5))
        return NULL;
    return cell_of(c, (int)lround(x), (int)lround(y));
}

static void sign_at(struct canvas *c, double x, double y, enum look look, char sign)
{
    struct canvas_cell *cell = cell_at(c, x, y);
    if (!cell)
        return;
    cell->dots = 0xFF;
    cell->look = (uint8_t)look;
    cell->sign = sign;
}

/* ---- lines ---- */

/* Points of one dot column are one upright stroke, so that 100,000 points cost little more than reading them.
 */
struct trace {
    size_t points; /* since the last gap */
    double x, column, low, high, last;
};

static void flush(struct canvas *c, const struct trace *t, struct pen *pen)
{
    if (t->points && (t->low < t->high || pen->step == 0))
        segment(c, t->column, t->low, t->column, t->high, pen);
}

static void trace_to(struct canvas *c, struct trace *t, double x, double y, struct pen *pen)
{
    double column = nearbyint(x);
    if (t->points && column == t->column) {
        t->low = y < t->low ? y : t->low;
        t->high = y > t->high ? y : t->high;
    } else {
        flush(c, t, pen);
        if (t->points)
            segment(c, t->x, t->last, x, y, pen);
        t->low = t->high = y;
        t->column = column;
    }
    t->points++;
    t->x = x;
    t->last = y;
}

/* Before a gap. A point alone between two gaps would be one dot: it gets a sign. */
static void end_trace(struct canvas *c, struct trace *t, struct pen *pen)
{
    flush(c, t, pen);
    if (t->points == 1)
        sign_at(c, t->x, t->last, pen->look, c->ascii || c->signs ? pen->letter : '.');
    pen->step = 0;
    t->points = 0;
}

void canvas_line(struct canvas *c, const struct plot_series *s, char letter)
{
    struct pen pen = {.look = s->look, .line = s->line, .letter = letter};
    struct trace t = {0};
    for (size_t k = 0; k < s->n; k++) {
        double x = canvas_x(c, s->x[k]), y = canvas_y(c, s->y[k]);
        if (isfinite(x) && isfinite(y))
            trace_to(c, &t, x, y, &pen);
        else
            end_trace(c, &t, &pen);
    }
    end_trace(c, &t, &pen);
}

void canvas_points(struct canvas *c, const struct plot_series *s, char letter)
{
    for (size_t k = 0; k < s->n; k++)
        sign_at(c, canvas_x(c, s->x[k]), canvas_y(c, s->y[k]), s->look, c->ascii || c->signs ? letter : '.');
}

void canvas_end(struct canvas *c, const struct plot_series *s, char letter)
{
    for (size_t k = s->n; k-- > 0;) {
        double x = canvas_x(c, s->x[k]), y = canvas_y(c, s->y[k]);
        struct canvas_cell *cell = cell_at(c, x, y);
        if (cell && !cell->sign) {
            sign_at(c, x, y, s->look, letter);
            return;
        }
    }
}

/* ---- into cells ---- */

static void put_cell(const struct canvas *c, const struct canvas_cell *cell, const struct paint *p, int row,
                     int col)
{
    char text[4] = {0};
    if (cell->sign == '.' && !c->ascii) {
        paint_z(p, row, col, 1, "•", (enum look)cell->look);
        return;
    }
    if (cell->sign) {
        text[0] = cell->sign;
    } else { /* U+2800 and the dots */
        text[0] = (char)0xE2;
        text[1] = (char)(0xA0 | cell->dots >> 6);
        text[2] = (char)(0x80 | (cell->dots & 0x3F));
    }
    p->put(p->context, row, col, slice_of(text), 1, (enum look)cell->look);
}

void canvas_paint(const struct canvas *c, const struct paint *p, int row, int col)
{
    const struct canvas_cell *cell = c->cells;
    for (int y = 0; y < c->rows; y++) {
        paint_fill(p, row + y, col, c->cols, " ", LOOK_TEXT);
        for (int x = 0; x < c->cols; x++, cell++)
            if (cell->dots)
                put_cell(c, cell, p, row + y, col + x);
    }
}
