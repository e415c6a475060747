/*
 * Plots in cells: lines with axes, and bars by group (plot_bars). A cell holds 2 x 4 dots of braille; where
 * the terminal has ASCII alone a cell holds one letter of the series that passes through it. Works in any
 * rectangle from 20 x 6 cells up; a smaller one stays blank. All numbers are the caller's; nothing is kept
 * between two paintings.
 */
#ifndef UI_WIDGETS_PLOT_H
#define UI_WIDGETS_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/widgets/paint.h"

enum { PLOT_COLS_MIN = 20, PLOT_ROWS_MIN = 6, PLOT_TICKS = 16, PLOT_NUMBER = 24 };

enum plot_line { PLOT_SOLID, PLOT_DASHED, PLOT_DOTTED, PLOT_POINTS /* no line: a mark at each point */ };

/* Points in the order in which the line joins them. A NaN or an infinity in x or y, and what a log axis
 * cannot show (0 and less), is a gap. */
struct plot_series {
    const char *name; /* in the legend; NULL: not there */
    const double *x, *y;
    const double *low, *high; /* an interval at each point (95% where not said otherwise), or both NULL */
    size_t n;
    enum look look;
    enum plot_line line;
    bool band;   /* the intervals are one dotted area instead of a bar at each point */
    bool marks;  /* each point is marked */
    char letter; /* what it is drawn with in ASCII, and ends with where there are no colours; 0: one is chosen
                  */
};

struct plot_axis {
    const char *label; /* or NULL */
    double from, to;   /* what is shown; from >= to (both 0): all there is */
    bool log;
};

struct plot {
    const char *title; /* or NULL */
    struct plot_axis x, y;
    const struct plot_series *series;
    size_t n_series;
    const double *levels; /* heights at which a dim line crosses the plot */
    size_t n_levels;
    const double *ticks; /* places pointed at on the x axis: checkpoints */
    size_t n_ticks;
    bool signs;        /* there are no colours: series end in their letters (desk_signs) */
    const char *empty; /* said where no point can be shown; NULL: "nothing to plot yet" */
};

/* Cells of a paint. */
struct plot_rect {
    int row, col, rows, cols;
};

void plot_paint(const struct plot *plot, const struct paint *p, struct plot_rect at);

/* The look of series number i of many: colours that go round. The line pattern changes with each round. */
enum look plot_look(size_t i);
enum plot_line plot_pattern(size_t i);

/* ---- axes ---- */

struct plot_span {
    double from, to; /* from < to */
};
/* What axis shows: its own from and to, else what all points span, a little wider. False when there is no
 * point. */
bool plot_span_x(const struct plot *plot, struct plot_span *out);
/* The same of the points whose x is shown; intervals and levels count. */
bool plot_span_y(const struct plot *plot, struct plot_span *out);

/* Zooms about the middle of what is shown (by 0.5: half as much is seen), never past all; showing all clears
 * from and to. On a log axis by powers. */
void plot_zoom(struct plot_axis *axis, struct plot_span all, double by);
/* Moves what is shown by that share of its width, held inside all. */
void plot_pan(struct plot_axis *axis, struct plot_span all, double by);

/* Round places from span.from to span.to, at most most of them (<= PLOT_TICKS); returns how many. *step is
 * the distance between them, 0 on a log axis. */
size_t plot_ticks(struct plot_span span, bool log, size_t most, double *ticks, double *step);
/* Writes v as short as people read it: "2k", "1.5M", "0.80", "2e-4". step: how far apart numbers beside it
 * are (two that differ by step look different); 0: three digits. */
void plot_number(char out[PLOT_NUMBER], double v, double step);

/* ---- bars ---- */

/* One bar: value with its interval (NaN: none). A value of NaN is a bar that is not there ("-"). */
struct plot_bar {
    double value, low, high;
    const char *note; /* behind its number: "n 200"; or NULL */
};

/* Bars lying, by group: a head line for each group, a bar for each series below it. */
struct plot_bars {
    const char *title;
    const char *label; /* of the value axis; or NULL */
    double from, to;   /* from >= to: from 0 (or less) to the highest */
    const char *const *groups;
    size_t n_groups;
    const char *const *names; /* of the series, n_series */
    const enum look *looks;   /* or NULL: plot_look of each */
    size_t n_series;
    const struct plot_bar *bars; /* group after group: bars[group * n_series + series] */
    size_t first;                /* lines scrolled away at the top */
};
void plot_bars_paint(const struct plot_bars *bars, const struct paint *p, struct plot_rect at);
/* Lines that all groups take, for scrolling. */
size_t plot_bars_lines(const struct plot_bars *bars);

#endif
