/* The figures as SVG inside the page. Colours are classes of the style sheet (light, dark and print differ). */
#include <math.h>
#include <string.h>

#include "app/report_chart.h"
#include "app/report_page.h"
#include "text/visible.h"

enum { WIDTH = 860, LEFT = 132, PLOT = 420, TOP = 26, ROW = 24 };

static void add_label(struct str *out, double x, double y, const char *class, const char *anchor, const char *text,
                      size_t width)
{
    struct str shown = {0};
    visible_cut(&shown, slice_of(text), width);
    str_addf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\" text-anchor=\"%s\">", x, y, class, anchor);
    page_text(out, str_z(&shown));
    str_adds(out, "</text>\n");
    str_free(&shown);
}

static void add_segment(struct str *out, double x1, double y1, double x2, double y2, const char *class)
{
    str_addf(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1, y1, x2, y2, class);
}

/* A point in its style's shape. */
static void add_point(struct str *out, double x, double y, int style, bool hollow)
{
    static const char *const paths[] = {"M%.1f %.1fm-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z", "M%.1f %.1fm-4.5 -4.5h9v9h-9z",
                                        "M%.1f %.1fm0 -6l5.5 9.5h-11z", "M%.1f %.1fm0 -6l6 6l-6 6l-6 -6z",
                                        "M%.1f %.1fm0 6l5.5 -9.5h-11z", "M%.1f %.1fm-6 -2l6 -4l6 4l-2.5 7h-7z"};
    str_adds(out, "<path d=\"");
    str_addf(out, paths[style % 6], x, y); /* NOLINT: formats are above */
    str_addf(out, "\" class=\"s%d %s\"/>\n", style, hollow ? "hollow" : "dot");
}

static void begin_svg(struct str *out, const struct chart *c, double height)
{
    str_addf(out, "<svg viewBox=\"0 0 %d %.0f\" role=\"img\" aria-label=\"Figure %d. ", WIDTH, height, c->figure);
    page_text(out, c->title);
    str_adds(out, "\">\n");
}

/* ---- rows ------------------------------------------------------------------------------------------------ */

static void row_axis(struct str *out, const struct chart *c, double bottom)
{
    for (size_t i = 0; i < c->n_x; i++) {
        double x = LEFT + c->x_ticks[i].at * PLOT;
        add_segment(out, x, TOP, x, bottom, "grid");
        add_label(out, x, bottom + 16, "tick", "middle", c->x_ticks[i].label, 12);
    }
    add_segment(out, LEFT, bottom, LEFT + PLOT, bottom, "axis");
    add_label(out, LEFT + PLOT / 2.0, bottom + 36, "label", "middle", c->x_label, 90);
}

static void add_interval(struct str *out, const struct chart_row *row, double y, int style)
{
    double low = LEFT + fmin(row->low, 1) * PLOT, high = LEFT + row->high * PLOT;
    str_addf(out, "<path d=\"M%.1f %.1fH%.1f", low, y, high);
    if (row->open)
        str_addf(out, "m-6 -4l6 4l-6 4");
    str_addf(out, "\" class=\"s%d bar\"/>\n", style);
}

static void add_row(struct str *out, const struct report *r, const struct chart_row *row, double y)
{
    int style = report_style(r, row->method);
    if (row->head) {
        add_label(out, 4, y + 4, "head", "start", row->label, 40);
        add_segment(out, LEFT, y, LEFT + PLOT, y, "rule");
        return;
    }
    if (row->label)
        add_label(out, LEFT - 12, y + 4, "name", "end", row->label, 15);
    if (!isnan(row->low) && !isnan(row->at))
        add_interval(out, row, y, style);
    if (isfinite(row->at))
        add_point(out, LEFT + row->at * PLOT, y, style, row->hollow);
    if (row->note)
        add_label(out, LEFT + PLOT + 14, y + 4, "note", "start", row->note, 60);
}

static void add_kinds(struct str *out, const struct chart *c)
{
    if (!c->filled)
        return;
    add_point(out, LEFT + 6, 10, 7, false);
    add_label(out, LEFT + 18, 14, "note", "start", c->filled, 40);
    add_point(out, LEFT + 166, 10, 7, true);
    add_label(out, LEFT + 178, 14, "note", "start", c->hollow, 40);
}

static void draw_rows(struct str *out, const struct report *r, const struct chart *c)
{
    double bottom = TOP + ROW * (double)c->n_rows + 8;
    begin_svg(out, c, bottom + 46);
    add_kinds(out, c);
    row_axis(out, c, bottom);
    for (size_t i = 0; i < c->n_rows; i++)
        add_row(out, r, &c->rows[i], TOP + ROW * (double)i + ROW / 2.0 + 4);
    str_adds(out, "</svg>\n");
}

/* ---- lines ------------------------------------------------------------------------------------------------- */

enum { L_LEFT = 64, L_PLOT = 660, L_TOP = 16, L_HEIGHT = 360 };

static double line_x(double at)
{
    return L_LEFT + at * L_PLOT;
}

static double line_y(double at)
{
    return L_TOP + (1 - at) * L_HEIGHT;
}

static void line_axes(struct str *out, const struct chart *c)
{
    double bottom = line_y(0);
    for (size_t i = 0; i < c->n_y; i++) {
        double y = line_y(c->y_ticks[i].at);
        add_segment(out, L_LEFT, y, L_LEFT + L_PLOT, y, "grid");
        add_label(out, L_LEFT - 8, y + 4, "tick", "end", c->y_ticks[i].label, 12);
    }
    for (size_t i = 0; i < c->n_x; i++) {
        add_segment(out, line_x(c->x_ticks[i].at), bottom, line_x(c->x_ticks[i].at), bottom + 5, "axis");
        add_label(out, line_x(c->x_ticks[i].at), bottom + 20, "tick", "middle", c->x_ticks[i].label, 12);
    }
    add_segment(out, L_LEFT, bottom, L_LEFT + L_PLOT, bottom, "axis");
    add_label(out, L_LEFT + L_PLOT / 2.0, bottom + 42, "label", "middle", c->x_label, 90);
    str_addf(out, "<text x=\"16\" y=\"%.1f\" class=\"label\" text-anchor=\"middle\" transform=\"rotate(-90 16 %.1f)\">", line_y(0.5),
             line_y(0.5));
    page_text(out, c->y_label);
    str_adds(out, "</text>\n");
    if (isnan(c->level))
        return;
    add_segment(out, L_LEFT, line_y(c->level), L_LEFT + L_PLOT, line_y(c->level), "level");
    add_label(out, L_LEFT + 6, line_y(c->level) - 6, "note", "start", c->level_label, 40);
}

/* A path through what is there; a NaN lifts the pen. */
static void add_path(struct str *out, const double *x, const double *y, size_t n, int style, const char *class)
{
    bool down = false;
    str_adds(out, "<path d=\"");
    for (size_t i = 0; i < n; i++) {
        if (!isnan(y[i]))
            str_addf(out, "%c%.1f %.1f", down ? 'L' : 'M', line_x(x[i]), line_y(y[i]));
        down = !isnan(y[i]);
    }
    str_addf(out, "\" class=\"s%d %s\"/>\n", style, class);
}

static void add_band(struct str *out, const struct chart_line *l, int style)
{
    bool any = false;
    str_adds(out, "<path d=\"");
    for (size_t i = 0; i < l->n; i++)
        if (!isnan(l->low[i])) {
            str_addf(out, "%c%.1f %.1f", any ? 'L' : 'M', line_x(l->x[i]), line_y(l->high[i]));
            any = true;
        }
    for (size_t i = l->n; any && i-- > 0;)
        if (!isnan(l->low[i]))
            str_addf(out, "L%.1f %.1f", line_x(l->x[i]), line_y(l->low[i]));
    str_addf(out, "\" class=\"s%d band\"/>\n", style);
}

static void add_line(struct str *out, const struct chart_line *l, int style)
{
    add_band(out, l, style);
    if (l->n_fit)
        add_path(out, l->fit_x, l->fit_y, l->n_fit, style, "fit");
    add_path(out, l->x, l->y, l->n, style, "line");
    for (size_t i = 0; i < l->n; i++) {
        if (isnan(l->y[i]))
            continue;
        if (!isnan(l->low[i]))
            str_addf(out, "<path d=\"M%.1f %.1fV%.1f\" class=\"s%d thin\"/>\n", line_x(l->x[i]), line_y(l->low[i]),
                     line_y(l->high[i]), style);
        add_point(out, line_x(l->x[i]), line_y(l->y[i]), style, false);
    }
}

static void draw_lines(struct str *out, const struct report *r, const struct chart *c)
{
    begin_svg(out, c, L_TOP + L_HEIGHT + 56);
    line_axes(out, c);
    for (size_t i = c->n_lines; i-- > 0;) /* the first method on top */
        add_line(out, &c->lines[i], report_style(r, c->lines[i].method));
    for (size_t i = 0; i < c->n_lines; i++) {
        double y = L_TOP + 14 + 24 * (double)i;
        int style = report_style(r, c->lines[i].method);
        str_addf(out, "<path d=\"M%d %.1fh28\" class=\"s%d line\"/>\n", L_LEFT + L_PLOT + 14, y, style);
        add_point(out, L_LEFT + L_PLOT + 28, y, style, false);
        add_label(out, L_LEFT + L_PLOT + 50, y + 4, "name", "start", r->methods[c->lines[i].method].name, 11);
    }
    str_adds(out, "</svg>\n");
}

void page_figure(struct str *out, const struct report *r, int figure)
{
    struct chart c = {0};
    chart_make(&c, r, figure);
    if (c.n_lines)
        draw_lines(out, r, &c);
    else if (c.n_rows)
        draw_rows(out, r, &c);
    chart_free(&c);
}
