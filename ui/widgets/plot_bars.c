/* Bars lying under the names of their groups. */
#include <math.h>
#include <string.h>

#include "text/visible.h"
#include "ui/widgets/plot.h"

enum { NAME_MAX_CELLS = 20, NUMBER_CELLS = 8, NOTE_MAX_CELLS = 16, BAR_MIN = 6 };

struct bars_frame {
    const struct plot_bars *bars;
    const struct paint *p;
    struct plot_rect at;
    struct plot_span span;
    int name, bar, number, note; /* cells of each column */
};

size_t plot_bars_lines(const struct plot_bars *bars)
{
    return bars->n_groups * (bars->n_series + 1);
}

static void widen(struct plot_span *s, double v)
{
    if (!isfinite(v))
        return;
    s->from = v < s->from ? v : s->from;
    s->to = v > s->to ? v : s->to;
}

static bool find_span(const struct plot_bars *bars, struct plot_span *out)
{
    size_t n = bars->n_groups * bars->n_series, there = 0;
    *out = (struct plot_span){0, 0};
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(bars->bars[i].value))
            continue;
        there++;
        widen(out, bars->bars[i].value);
        widen(out, bars->bars[i].low);
        widen(out, bars->bars[i].high);
    }
    if (out->to <= out->from)
        out->to = out->from + 1;
    if (bars->from < bars->to)
        *out = (struct plot_span){bars->from, bars->to};
    return there > 0;
}

static int widest(const char *const *names, size_t n, int most)
{
    int width = 0;
    for (size_t i = 0; i < n; i++) {
        int cells = (int)visible_width(slice_of(names[i]));
        width = cells > width ? cells : width;
    }
    return width > most ? most : width;
}

static void lay_out(struct bars_frame *f)
{
    const struct plot_bars *bars = f->bars;
    f->name = widest(bars->names, bars->n_series, NAME_MAX_CELLS);
    f->number = NUMBER_CELLS;
    for (size_t i = 0; i < bars->n_groups * bars->n_series; i++) {
        int cells = bars->bars[i].note ? (int)visible_width(slice_of(bars->bars[i].note)) : 0;
        f->note = cells > f->note ? cells : f->note;
    }
    f->note = f->note > NOTE_MAX_CELLS ? NOTE_MAX_CELLS : f->note;
    int rest = f->at.cols - 2 - f->name - 2 - f->number;
    if (f->note && rest - f->note - 1 < 3 * BAR_MIN)
        f->note = 0;
    if (rest < BAR_MIN) {
        f->name -= BAR_MIN - rest;
        rest = BAR_MIN;
    }
    f->bar = rest - (f->note ? f->note + 1 : 0);
}

static int cell_of(const struct bars_frame *f, double v)
{
    double share = (v - f->span.from) / (f->span.to - f->span.from);
    int at = (int)lround(share * (f->bar - 1));
    return at < 0 ? 0 : at >= f->bar ? f->bar - 1 : at;
}

/* The bar reaches from zero to the value; its interval lies over it, with the value marked. */
static void paint_bar(const struct bars_frame *f, int row, int col, const struct plot_bar *b, enum look look)
{
    bool ascii = f->p->ascii;
    int zero = cell_of(f, 0), value = cell_of(f, b->value);
    int from = zero < value ? zero : value, to = zero < value ? value : zero;
    paint_fill(f->p, row, col + from, to - from + 1, ascii ? "=" : "█", look);
    if (!isfinite(b->low) || !isfinite(b->high) || b->low > b->high)
        return;
    int low = cell_of(f, b->low), high = cell_of(f, b->high);
    if (low == high)
        return;
    paint_fill(f->p, row, col + low, high - low + 1, ascii ? "-" : "─", look);
    paint_z(f->p, row, col + low, 1, ascii ? "|" : "├", look);
    paint_z(f->p, row, col + high, 1, ascii ? "|" : "┤", look);
    if (value > low && value < high)
        paint_z(f->p, row, col + value, 1, ascii ? "+" : "┼", look);
}

static void paint_line(const struct bars_frame *f, int row, size_t group, size_t series)
{
    const struct plot_bars *bars = f->bars;
    const struct plot_bar *b = &bars->bars[group * bars->n_series + series];
    enum look look = bars->looks ? bars->looks[series] : plot_look(series);
    int col = f->at.col + 2;
    char number[PLOT_NUMBER];
    paint_z(f->p, row, col, f->name, bars->names[series], LOOK_TEXT);
    col += f->name + 1;
    plot_number(number, b->value, 0);
    if (isfinite(b->value))
        paint_bar(f, row, col, b, look);
    paint_z(f->p, row, col + f->bar + 1, f->number, number, LOOK_TEXT);
    if (f->note && b->note)
        paint_z(f->p, row, col + f->bar + 1 + f->number, f->note, b->note, LOOK_DIM);
}

static void paint_axis(const struct bars_frame *f, int row)
{
    int col = f->at.col + 2 + f->name + 1, free_from = 0;
    double ticks[PLOT_TICKS], step;
    size_t n = plot_ticks(f->span, false, (size_t)f->bar / 8 + 1, ticks, &step);
    for (size_t i = 0; i < n; i++) {
        char text[PLOT_NUMBER];
        int at = col + cell_of(f, ticks[i]);
        plot_number(text, ticks[i], step);
        if (at >= free_from && at + (int)strlen(text) <= f->at.col + f->at.cols)
            free_from = at + paint_z(f->p, row, at, PLOT_NUMBER, text, LOOK_DIM) + 1;
    }
    if (f->bars->label && (int)visible_width(slice_of(f->bars->label)) + free_from < f->at.col + f->at.cols)
        paint_z(f->p, row, free_from + 1, f->at.col + f->at.cols - free_from - 1, f->bars->label, LOOK_DIM);
}

void plot_bars_paint(const struct plot_bars *bars, const struct paint *p, struct plot_rect at)
{
    struct bars_frame f = {.bars = bars, .p = p, .at = at};
    for (int row = 0; row < at.rows; row++)
        paint_fill(p, at.row + row, at.col, at.cols, " ", LOOK_TEXT);
    if (at.cols < PLOT_COLS_MIN || at.rows < PLOT_ROWS_MIN)
        return;
    if (bars->title)
        paint_z(p, at.row, at.col, at.cols, bars->title, LOOK_STRONG);
    if (!find_span(bars, &f.span)) {
        paint_z(p, at.row + at.rows / 2, at.col + 2, at.cols - 2, "nothing to plot yet", LOOK_DIM);
        return;
    }
    lay_out(&f);
    int row = at.row + (bars->title ? 1 : 0), end = at.row + at.rows - 1;
    for (size_t line = bars->first; line < plot_bars_lines(bars) && row < end; line++, row++) {
        size_t group = line / (bars->n_series + 1), in = line % (bars->n_series + 1);
        if (in == 0)
            paint_z(p, row, at.col, at.cols, bars->groups[group], LOOK_STRONG);
        else
            paint_line(&f, row, group, in - 1);
    }
    paint_axis(&f, end);
}
