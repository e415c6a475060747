/* Private to report_chart.c and report_chart_lines.c. */
#ifndef APP_REPORT_CHART_PARTS_H
#define APP_REPORT_CHART_PARTS_H

#include "app/report_chart.h"

enum { CHART_TICKS = 24 };

struct chart_axis {
    bool log, any;
    double from, to;
};

/* Takes v in; what cannot be shown is ignored. */
void chart_axis_widen(struct chart_axis *a, double v);
/* Rounds the ends and sets ticks. */
void chart_axis_finish(struct chart *c, struct chart_axis *a, struct chart_tick **ticks, size_t *n);
/* 0..1 within the axis. */
double chart_axis_at(const struct chart_axis *a, double v);
/* Where at lies within the plot. fmt takes one double. */
void chart_add_tick(struct chart *c, struct chart_tick *ticks, size_t *n, double at, const char *fmt, double value);

void chart_make_lines(struct chart *c, const struct report *r);

#endif
