/* Spans, round numbers and how they are written. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ui/widgets/plot.h"

static const enum look looks[] = {LOOK_SERIES_1, LOOK_SERIES_2, LOOK_SERIES_3,
                                  LOOK_SERIES_4, LOOK_SERIES_5, LOOK_SERIES_6};
enum { N_LOOKS = sizeof looks / sizeof *looks };

enum look plot_look(size_t i)
{
    return looks[i % N_LOOKS];
}

enum plot_line plot_pattern(size_t i)
{
    return (enum plot_line)(i / N_LOOKS % PLOT_POINTS);
}

/* ---- spans ---- */

static bool set_span(const struct plot_axis *axis, struct plot_span *out)
{
    bool set =
        isfinite(axis->from) && isfinite(axis->to) && axis->from < axis->to && (!axis->log || axis->from > 0);
    if (set)
        *out = (struct plot_span){axis->from, axis->to};
    return set;
}

static bool shown(double v, bool log)
{
    return isfinite(v) && (!log || v > 0);
}

static void widen_to(struct plot_span *s, double v, bool log)
{
    if (!shown(v, log))
        return;
    if (!(s->from <= v))
        s->from = v;
    if (!(s->to >= v))
        s->to = v;
}

/* Of one value some room on both sides; otherwise the share given. */
static bool with_room(struct plot_span *s, bool log, double share)
{
    if (!(s->from <= s->to))
        return false;
    if (s->from == s->to && log) {
        *s = (struct plot_span){s->from / 2, s->to * 2};
    } else if (s->from == s->to) {
        double by = s->from == 0 ? 1 : fabs(s->from) * 0.1;
        *s = (struct plot_span){s->from - by, s->to + by};
    } else if (log) {
        double by = pow(s->to / s->from, share);
        *s = (struct plot_span){s->from / by, s->to * by};
    } else {
        double by = (s->to - s->from) * share;
        *s = (struct plot_span){s->from - by, s->to + by};
    }
    return isfinite(s->from) && isfinite(s->to) && s->from < s->to && (!log || s->from > 0);
}

bool plot_span_x(const struct plot *plot, struct plot_span *out)
{
    if (set_span(&plot->x, out))
        return true;
    *out = (struct plot_span){NAN, NAN};
    for (size_t i = 0; i < plot->n_series; i++)
        for (size_t k = 0; k < plot->series[i].n; k++)
            if (shown(plot->series[i].y[k], plot->y.log))
                widen_to(out, plot->series[i].x[k], plot->x.log);
    return with_room(out, plot->x.log, 0);
}

static void widen_to_series(struct plot_span *out, const struct plot_series *s, struct plot_span x, bool log)
{
    for (size_t k = 0; k < s->n; k++) {
        if (!(s->x[k] >= x.from && s->x[k] <= x.to) || !shown(s->y[k], log))
            continue;
        widen_to(out, s->y[k], log);
        if (s->low && s->high) {
            widen_to(out, s->low[k], log);
            widen_to(out, s->high[k], log);
        }
    }
}

bool plot_span_y(const struct plot *plot, struct plot_span *out)
{
    struct plot_span x;
    if (set_span(&plot->y, out))
        return true;
    *out = (struct plot_span){NAN, NAN};
    if (!plot_span_x(plot, &x))
        return false;
    for (size_t i = 0; i < plot->n_series; i++)
        widen_to_series(out, &plot->series[i], x, plot->y.log);
    if (isnan(out->from))
        return false;
    for (size_t i = 0; i < plot->n_levels; i++)
        widen_to(out, plot->levels[i], plot->y.log);
    return with_room(out, plot->y.log, 0.04);
}

/* ---- zooming ---- */

static double to_line(const struct plot_axis *axis, double v)
{
    return axis->log ? log(v) : v;
}

static void show(struct plot_axis *axis, struct plot_span all, double from, double to)
{
    double low = to_line(axis, all.from), high = to_line(axis, all.to);
    if (to - from >= (high - low) * 0.999) {
        axis->from = axis->to = 0;
        return;
    }
    if (from < low) {
        to += low - from;
        from = low;
    }
    if (to > high) {
        from -= to - high;
        to = high;
    }
    axis->from = axis->log ? exp(from) : from;
    axis->to = axis->log ? exp(to) : to;
}

static struct plot_span now_shown(const struct plot_axis *axis, struct plot_span all)
{
    struct plot_span s = all;
    set_span(axis, &s);
    return (struct plot_span){to_line(axis, s.from), to_line(axis, s.to)};
}

void plot_zoom(struct plot_axis *axis, struct plot_span all, double by)
{
    struct plot_span s = now_shown(axis, all);
    double middle = (s.from + s.to) / 2, half = (s.to - s.from) / 2 * by;
    double least = (to_line(axis, all.to) - to_line(axis, all.from)) * 1e-6;
    if (half > least)
        show(axis, all, middle - half, middle + half);
}

void plot_pan(struct plot_axis *axis, struct plot_span all, double by)
{
    struct plot_span s = now_shown(axis, all);
    double move = (s.to - s.from) * by;
    show(axis, all, s.from + move, s.to + move);
}

/* ---- ticks ---- */

/* The least of 1, 2 and 5 times a power of ten that is no less than v. */
static double round_step(double v)
{
    double power = pow(10, floor(log10(v)));
    double lead = v / power;
    return power * (lead <= 1.0001 ? 1 : lead <= 2.0001 ? 2 : lead <= 5.0001 ? 5 : 10);
}

static size_t line_ticks(struct plot_span s, size_t most, double *ticks, double *step)
{
    double width = s.to - s.from, by = round_step(width / (double)most), slack = width * 1e-9;
    size_t n = 0;
    double first = ceil((s.from - slack) / by);
    /* Numbers so alike that their difference is lost: no step leads from one to the next. */
    if (!isfinite(first) || first * by + by <= first * by)
        return 0;
    *step = by;
    for (double i = first; n < most && i * by <= s.to + slack; i++)
        ticks[n++] = i == 0 ? 0 : i * by;
    return n;
}

static size_t decades(struct plot_span s, int every, const double *leads, size_t n_leads, size_t most,
                      double *ticks)
{
    size_t n = 0;
    int low = (int)floor(log10(s.from) + 1e-9), high = (int)floor(log10(s.to) + 1e-9);
    for (int e = low; e <= high; e++)
        for (size_t i = 0; i < n_leads; i++) {
            double v = leads[i] * pow(10, e);
            if (((e % every) + every) % every != 0 || v < s.from * (1 - 1e-9) || v > s.to * (1 + 1e-9))
                continue;
            if (n == most)
                return most + 1;
            ticks[n++] = v;
        }
    return n;
}

static size_t log_ticks(struct plot_span s, size_t most, double *ticks, double *step)
{
    static const double leads[] = {1, 2, 5};
    size_t n = decades(s, 1, leads, 3, most, ticks);
    *step = 0;
    for (int every = 1; n > most; every++)
        n = decades(s, every, leads, 1, most, ticks);
    return n >= 2 ? n : line_ticks(s, most, ticks, step);
}

size_t plot_ticks(struct plot_span span, bool log, size_t most, double *ticks, double *step)
{
    *step = 0;
    if (most > PLOT_TICKS)
        most = PLOT_TICKS;
    if (most == 0 || !(span.from < span.to))
        return 0;
    return log ? log_ticks(span, most, ticks, step) : line_ticks(span, most, ticks, step);
}

/* ---- numbers ---- */

static void drop_zeros(char *text)
{
    char *dot = strchr(text, '.');
    char *end = text + strlen(text);
    while (dot && end > dot + 1 && end[-1] == '0')
        *--end = '\0';
    if (dot && end == dot + 1)
        *dot = '\0';
}

static void write_short(char out[PLOT_NUMBER], double v)
{
    int power = (int)floor(log10(fabs(v)) + 1e-9);
    char lead[PLOT_NUMBER];
    snprintf(lead, sizeof lead, "%.1f", v / pow(10, power));
    drop_zeros(lead);
    snprintf(out, PLOT_NUMBER, "%.12se%d", lead, power);
}

void plot_number(char out[PLOT_NUMBER], double v, double step)
{
    static const struct {
        double from;
        char sign;
    } units[] = {{1e12, 'T'}, {1e9, 'G'}, {1e6, 'M'}, {1e3, 'k'}, {0, 0}};
    double size = fabs(v);
    if (!isfinite(v)) {
        snprintf(out, PLOT_NUMBER, "%s", isnan(v) ? "-" : v > 0 ? "inf" : "-inf");
        return;
    }
    if (size >= 1e15 || (size > 0 && size < 0.00095 && !(step > 0 && size < step / 2))) {
        write_short(out, v);
        return;
    }
    size_t u = 0;
    while (size < units[u].from)
        u++;
    double unit = units[u].from > 0 ? units[u].from : 1, fine = step > 0 ? step / unit : size / unit / 100;
    int digits = fine > 0 && fine < 1 ? (int)ceil(-log10(fine) - 1e-9) : 0;
    snprintf(out, PLOT_NUMBER - 1, "%.*f", digits > 9 ? 9 : digits, v / unit);
    if (units[u].sign)
        drop_zeros(out);
    size_t len = strlen(out);
    out[len] = units[u].sign;
    out[len + 1] = '\0';
}
