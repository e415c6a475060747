/*
 * A figure as shapes, before anybody draws it: positions are shares of the plot's width and height (0..1), with the axes'
 * marks beside them. The page (SVG) and gnuplot draw the same. Private to src/app/report*.c.
 */
#ifndef APP_REPORT_CHART_H
#define APP_REPORT_CHART_H

#include "app/report.h"

struct chart_tick {
    double at;
    const char *label;
};

/* Figures 1, 3, 4: rows with a value and its interval. */
struct chart_row {
    const char *label; /* hostile text; NULL: that of the row above goes on */
    bool head;         /* a line of its own: the label of the rows below */
    size_t method;
    bool hollow;       /* the second of two kinds (think off; between the points) */
    double at, low, high; /* NaN: nothing to draw. at INFINITY: off the axis to the right */
    bool open;            /* the interval goes on beyond the axis */
    const char *note;     /* the numbers in words */
};

/* Figure 2: a line for each method. */
struct chart_line {
    size_t method, n;
    double *x, *y, *low, *high;
    size_t n_fit;
    double *fit_x, *fit_y; /* the growth curve, NaN outside the plot */
};

struct chart {
    int figure;
    const char *title, *x_label, *y_label;
    const char *filled, *hollow; /* what the two kinds are; NULL where there is one */
    struct chart_tick *x_ticks, *y_ticks;
    size_t n_x, n_y;
    struct chart_row *rows;
    size_t n_rows;
    struct chart_line *lines;
    size_t n_lines;
    double level;           /* height of the target, NaN: none */
    const char *level_label;
    struct arena arena;
};

/* out is zero-initialised; chart_free frees. A figure without numbers has neither rows nor lines. */
void chart_make(struct chart *out, const struct report *r, int figure);
void chart_free(struct chart *c);

/* "#0072b2": colours that colour-blind people tell apart (after Okabe and Ito 2008); each style has a shape, too, so that
 * colour is never alone. */
const char *chart_colour(int style);
const char *chart_dark_colour(int style); /* on a dark page */

#endif
