#include "ui/widgets/plot.h"

#include <math.h>
#include <string.h>

#include "text/visible.h"
#include "ui/widgets/plot_canvas.h"

enum { GAP = 2, SAMPLE = 2, NAME_MAX_CELLS = 24, ROWS_FOR_AXIS = 8, ROWS_FOR_LEGEND = 12 };

/* Where the parts of a plot stand. */
struct frame {
    const struct plot *plot;
    const struct paint *p;
    struct plot_rect at, canvas;
    struct plot_span x, y;
    int legend_rows; /* of its own, below the title */
    double y_ticks[PLOT_TICKS], x_ticks[PLOT_TICKS], y_step, x_step;
    size_t n_y, n_x;
};

static char letter_of(const struct plot *plot, size_t i)
{
    static const char letters[] = "*+ox#@%&sdhnvwz";
    return plot->series[i].letter ? plot->series[i].letter : letters[i % (sizeof letters - 1)];
}

/* ---- the legend ---- */

static int name_cells(const char *name)
{
    size_t width = visible_width(slice_of(name));
    return width > NAME_MAX_CELLS ? NAME_MAX_CELLS : (int)width;
}

static int entry_cells(const struct frame *f, size_t i)
{
    const struct plot_series *s = &f->plot->series[i];
    if (!s->name)
        return 0;
    int sample = f->p->ascii ? 1 : SAMPLE + (f->plot->signs ? 1 : 0);
    return sample + 1 + name_cells(s->name);
}

static int legend_cells(const struct frame *f)
{
    int all = 0;
    for (size_t i = 0; i < f->plot->n_series; i++)
        all += entry_cells(f, i) ? entry_cells(f, i) + GAP : 0;
    return all ? all - GAP : 0;
}

static void paint_entry(const struct frame *f, size_t i, int row, int col)
{
    static const char *const samples[] = {"──", "╌╌", "┈┈", " •"};
    const struct plot_series *s = &f->plot->series[i];
    char letter[2] = {letter_of(f->plot, i), '\0'};
    if (!f->p->ascii)
        col += paint_z(f->p, row, col, SAMPLE, samples[s->line], s->look);
    if (f->p->ascii || f->plot->signs)
        col += paint_z(f->p, row, col, 1, letter, s->look);
    paint_z(f->p, row, col + 1, NAME_MAX_CELLS, s->name, LOOK_TEXT);
}

/* Entries from *i on that fit between col and end; what finds no place on the last row is told by dots. */
static void paint_legend_row(const struct frame *f, size_t *i, int row, int col, int end, bool last)
{
    for (; *i < f->plot->n_series; ++*i) {
        int cells = entry_cells(f, *i);
        if (!cells)
            continue;
        if (col + cells > end) {
            if (last)
                paint_z(f->p, row, col < end ? col : end - 1, 1, "…", LOOK_DIM);
            return;
        }
        paint_entry(f, *i, row, col);
        col += cells + GAP;
    }
}

static void paint_head(const struct frame *f)
{
    const struct plot *plot = f->plot;
    int end = f->at.col + f->at.cols, col = f->at.col;
    size_t i = 0;
    if (plot->title)
        col += paint_z(f->p, f->at.row, col, f->at.cols, plot->title, LOOK_STRONG) + GAP;
    if (plot->y.label)
        col += paint_z(f->p, f->at.row, col, end - col, plot->y.label, LOOK_DIM) + GAP;
    if (f->legend_rows == 0) {
        int from = end - legend_cells(f);
        paint_legend_row(f, &i, f->at.row, from > col ? from : col, end, true);
    }
    for (int row = 1; row <= f->legend_rows; row++)
        paint_legend_row(f, &i, f->at.row + row, f->canvas.col, end, row == f->legend_rows);
}

static void place_legend(struct frame *f)
{
    const struct plot *plot = f->plot;
    int taken = legend_cells(f), head = 0;
    head += plot->title ? (int)visible_width(slice_of(plot->title)) + GAP : 0;
    head += plot->y.label ? (int)visible_width(slice_of(plot->y.label)) + GAP : 0;
    if (head + taken <= f->at.cols || f->at.rows < ROWS_FOR_LEGEND)
        return;
    f->legend_rows = taken <= f->at.cols - 8 || f->at.rows < 2 * ROWS_FOR_LEGEND ? 1 : 2;
}

/* ---- axes ---- */

/* Of a log axis each number by its own size. */
static void number(char out[PLOT_NUMBER], double v, double step)
{
    plot_number(out, v, step > 0 ? step : fabs(v));
}

static int y_label_cells(const struct frame *f)
{
    int most = 1;
    char text[PLOT_NUMBER];
    for (size_t i = 0; i < f->n_y; i++) {
        number(text, f->y_ticks[i], f->y_step);
        if ((int)strlen(text) > most)
            most = (int)strlen(text);
    }
    return most;
}

static bool has_axis_row(const struct frame *f)
{
    return f->at.rows >= ROWS_FOR_AXIS;
}

/* As many ticks as their labels have room for. */
static void find_x_ticks(struct frame *f)
{
    int widest = 1;
    size_t most = (size_t)f->canvas.cols / 4;
    for (int turn = 0; turn < 4; turn++) {
        char text[PLOT_NUMBER];
        f->n_x = plot_ticks(f->x, f->plot->x.log, most, f->x_ticks, &f->x_step);
        widest = 1;
        for (size_t i = 0; i < f->n_x; i++) {
            number(text, f->x_ticks[i], f->x_step);
            if ((int)strlen(text) > widest)
                widest = (int)strlen(text);
        }
        size_t fit = (size_t)f->canvas.cols / (size_t)(widest + 4);
        if (f->n_x <= fit || most <= 1)
            return;
        most = fit > 1 ? (fit < most ? fit : most - 1) : 1;
    }
}

static void lay_out(struct frame *f)
{
    place_legend(f);
    int above = 1 + f->legend_rows, below = has_axis_row(f) ? 2 : 1;
    f->canvas = (struct plot_rect){f->at.row + above, f->at.col, f->at.rows - above - below, 0};
    f->n_y = plot_ticks(f->y, f->plot->y.log, f->canvas.rows > 5 ? (size_t)f->canvas.rows / 3 + 1 : 2,
                        f->y_ticks, &f->y_step);
    f->canvas.col += y_label_cells(f) + 1;
    f->canvas.cols = f->at.cols - (f->canvas.col - f->at.col);
    find_x_ticks(f);
}

static void paint_y_axis(const struct frame *f, const struct canvas *c)
{
    const struct plot_rect *r = &f->canvas;
    int axis = r->col - 1, per_row = c->high / c->rows;
    char text[PLOT_NUMBER];
    for (int row = 0; row < r->rows; row++)
        paint_z(f->p, r->row + row, axis, 1, f->p->ascii ? "|" : "│", LOOK_DIM);
    for (size_t i = 0; i < f->n_y; i++) {
        int row = r->row + (int)lround(canvas_y(c, f->y_ticks[i])) / per_row;
        number(text, f->y_ticks[i], f->y_step);
        paint_z(f->p, row, axis - (int)strlen(text), PLOT_NUMBER, text, LOOK_DIM);
        paint_z(f->p, row, axis, 1, f->p->ascii ? "+" : "┤", LOOK_DIM);
    }
}

/* A label under its place, moved in where it would leave the plot; never over the one before. */
static int paint_x_label(const struct frame *f, int row, int col, const char *text, int free_from, int end)
{
    int width = (int)strlen(text), from = col - width / 2;
    if (from + width > end)
        from = end - width;
    if (from < f->at.col)
        from = f->at.col;
    if (from < free_from)
        return free_from;
    paint_z(f->p, row, from, width, text, LOOK_DIM);
    return from + width + 1;
}

static void point_at(const struct frame *f, const struct canvas *c, int row)
{
    for (size_t i = 0; i < f->plot->n_ticks; i++) {
        double x = canvas_x(c, f->plot->ticks[i]);
        if (x > -0.5 && x < c->wide - 0.5)
            paint_z(f->p, row, f->canvas.col + (int)lround(x) * c->cols / c->wide, 1, f->p->ascii ? "^" : "▴",
                    LOOK_STRONG);
    }
}

static void paint_x_axis(const struct frame *f, const struct canvas *c)
{
    const struct plot_rect *r = &f->canvas;
    bool ascii = f->p->ascii, axis = has_axis_row(f);
    int line = r->row + r->rows, labels = line + axis, end = f->at.col + f->at.cols, free_from = 0;
    if (axis) {
        paint_z(f->p, line, r->col - 1, 1, ascii ? "+" : "└", LOOK_DIM);
        paint_fill(f->p, line, r->col, r->cols, ascii ? "-" : "─", LOOK_DIM);
    }
    int label_end = end;
    if (f->plot->x.label) {
        int width = (int)visible_width(slice_of(f->plot->x.label));
        if (width < r->cols / 2) {
            label_end = end - width - 1;
            paint_z(f->p, labels, end - width, width, f->plot->x.label, LOOK_DIM);
        }
    }
    for (size_t i = 0; i < f->n_x; i++) {
        int col = r->col + (int)lround(canvas_x(c, f->x_ticks[i])) * c->cols / c->wide;
        char text[PLOT_NUMBER];
        number(text, f->x_ticks[i], f->x_step);
        if (axis)
            paint_z(f->p, line, col, 1, ascii ? "+" : "┬", LOOK_DIM);
        if (col < label_end)
            free_from = paint_x_label(f, labels, col, text, free_from, label_end);
    }
    if (axis)
        point_at(f, c, line);
}

/* ---- all of it ---- */

static struct plot_span on_line(struct plot_span s, bool is_log)
{
    return is_log ? (struct plot_span){log(s.from), log(s.to)} : s;
}

static void draw_series(struct canvas *c, const struct plot *plot)
{
    for (size_t i = 0; i < plot->n_levels; i++)
        canvas_level(c, plot->levels[i]);
    for (size_t i = 0; i < plot->n_series; i++) {
        const struct plot_series *s = &plot->series[i];
        if (s->low && s->high && s->band)
            canvas_band(c, s, letter_of(plot, i));
    }
    /* The first series is the one that matters: it is drawn over the others. */
    for (size_t i = plot->n_series; i-- > 0;) {
        const struct plot_series *s = &plot->series[i];
        if (s->low && s->high && !s->band)
            canvas_intervals(c, s, letter_of(plot, i));
        canvas_line(c, s, letter_of(plot, i));
        if (s->marks || s->line == PLOT_POINTS)
            canvas_points(c, s, letter_of(plot, i));
    }
    for (size_t i = 0; c->signs && !c->ascii && i < plot->n_series; i++)
        canvas_end(c, &plot->series[i], letter_of(plot, i));
}

static void draw(const struct frame *f)
{
    struct canvas c;
    canvas_init(&c, f->canvas.rows, f->canvas.cols, f->p->ascii);
    c.signs = f->plot->signs;
    c.log_x = f->plot->x.log;
    c.log_y = f->plot->y.log;
    c.x = on_line(f->x, c.log_x);
    c.y = on_line(f->y, c.log_y);
    draw_series(&c, f->plot);
    canvas_paint(&c, f->p, f->canvas.row, f->canvas.col);
    paint_y_axis(f, &c);
    paint_x_axis(f, &c);
    canvas_free(&c);
}

static void say_empty(const struct frame *f)
{
    const char *text = f->plot->empty ? f->plot->empty : "nothing to plot yet";
    int width = (int)visible_width(slice_of(text)), col = f->at.cols > width ? (f->at.cols - width) / 2 : 0;
    if (f->plot->title)
        paint_z(f->p, f->at.row, f->at.col, f->at.cols, f->plot->title, LOOK_STRONG);
    paint_z(f->p, f->at.row + f->at.rows / 2, f->at.col + col, f->at.cols - col, text, LOOK_DIM);
}

void plot_paint(const struct plot *plot, const struct paint *p, struct plot_rect at)
{
    struct frame f = {.plot = plot, .p = p, .at = at};
    for (int row = 0; row < at.rows; row++)
        paint_fill(p, at.row + row, at.col, at.cols, " ", LOOK_TEXT);
    if (at.cols < PLOT_COLS_MIN || at.rows < PLOT_ROWS_MIN)
        return;
    if (!plot_span_x(plot, &f.x) || !plot_span_y(plot, &f.y)) {
        say_empty(&f);
        return;
    }
    lay_out(&f);
    draw(&f);
    paint_head(&f);
}
