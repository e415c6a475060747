/* The dots of a plot, before they are cells. Private to plot*.c. */
#ifndef UI_WIDGETS_PLOT_CANVAS_H
#define UI_WIDGETS_PLOT_CANVAS_H

#include <stdint.h>

#include "ui/widgets/plot.h"

struct canvas_cell {
    uint8_t dots; /* bits of braille; in ASCII not 0 where something is */
    uint8_t look;
    char sign; /* a letter in ASCII; what stands over the dots otherwise: a letter, or '.' for a point; 0 none
                */
    uint8_t band; /* only a band's dots are here: a line's look wins */
};

struct canvas {
    int rows, cols;          /* cells */
    int wide, high;          /* dots */
    bool ascii, signs;
    struct plot_span x, y;   /* what the dots stand for, as logarithms where the axis is log */
    bool log_x, log_y;
    struct canvas_cell *cells;
};

/* Free with canvas_free. */
void canvas_init(struct canvas *c, int rows, int cols, bool ascii);
void canvas_free(struct canvas *c);
void canvas_level(struct canvas *c, double y);
void canvas_band(struct canvas *c, const struct plot_series *s, char letter);
void canvas_intervals(struct canvas *c, const struct plot_series *s, char letter);
void canvas_line(struct canvas *c, const struct plot_series *s, char letter);
/* A sign at each point, or where the line ends. */
void canvas_points(struct canvas *c, const struct plot_series *s, char letter);
void canvas_end(struct canvas *c, const struct plot_series *s, char letter);
void canvas_paint(const struct canvas *c, const struct paint *p, int row, int col);
/* Dot column of x and row of y, from the upper left; NaN where they cannot be shown. */
double canvas_x(const struct canvas *c, double x);
double canvas_y(const struct canvas *c, double y);

#endif
