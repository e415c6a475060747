/* What gnuplot is told: positions are those of report_chart.h, words are quoted so that none is a command. */
#include "app/report_gnuplot.h"

#include <math.h>

#include "app/report_chart.h"
#include "base/mem.h"
#include "text/visible.h"

enum { LABEL_WIDTH = 20 };

/* 'text': in single quotes gnuplot takes all but the quote itself as it is. One line, as people see it. */
static void add_quoted(struct str *out, const char *text, size_t width)
{
    struct str shown = {0};
    visible_cut(&shown, slice_of(text), width);
    str_addc(out, '\'');
    for (size_t i = 0; i < shown.len; i++)
        if (shown.at[i] == '\'')
            str_adds(out, "''");
        else
            str_addc(out, shown.at[i]);
    str_addc(out, '\'');
    str_free(&shown);
}

static void add_ticks(struct str *out, char axis, const struct chart_tick *ticks, size_t n)
{
    str_addf(out, "set %ctics nomirror (", axis);
    for (size_t i = 0; i < n; i++) {
        str_adds(out, i ? ", " : "");
        add_quoted(out, ticks[i].label, LABEL_WIDTH);
        str_addf(out, " %.6f", ticks[i].at);
    }
    str_adds(out, ")\n");
}

static void add_head(struct str *out, const struct chart *c)
{
    str_addf(out, "# Figure %d, for gnuplot 5. To draw it in another format:\n"
                  "#   gnuplot -e \"set terminal pdfcairo; set output 'figure%d.pdf'\" figure%d.gp\n"
                  "# Positions are shares of the axes; the numbers themselves are in figure%d.csv.\n",
             c->figure, c->figure, c->figure, c->figure);
    str_adds(out, "set encoding utf8\nset termoption noenhanced\nset datafile missing 'nan'\nset border 3 lc rgb '#888888'\n");
    str_adds(out, "set grid xtics ytics lc rgb '#e4e4e4' lt 1 lw 0.6\nset tics scale 0.4 textcolor rgb '#333333'\n");
    str_addf(out, "set title 'Figure %d. %s' offset 0,0.8\n", c->figure, c->title);
    str_adds(out, "set xlabel ");
    add_quoted(out, c->x_label, 100);
    str_adds(out, "\nset xrange [0:1]\n");
    add_ticks(out, 'x', c->x_ticks, c->n_x);
}

static int filled_point(int style)
{
    static const int points[REPORT_STYLES] = {7, 5, 9, 13, 11, 15, 7, 5};
    return points[style];
}

/* ---- rows: figures 1, 3, 4 ------------------------------------------------------------------------------ */

static void add_row_labels(struct str *out, const struct chart *c)
{
    str_adds(out, "set ytics scale 0 (");
    for (size_t i = 0; i < c->n_rows; i++) {
        str_adds(out, i ? ", " : "");
        add_quoted(out, c->rows[i].label ? c->rows[i].label : "", LABEL_WIDTH);
        str_addf(out, " %zu", i + 1);
    }
    str_adds(out, ")\n");
    for (size_t i = 0; i < c->n_rows; i++) {
        if (!c->rows[i].note)
            continue;
        str_adds(out, "set label ");
        add_quoted(out, c->rows[i].note, 60);
        str_addf(out, " at graph 1.02, first %zu left font ',8' textcolor rgb '#555555'\n", i + 1);
    }
}

static void add_mark(struct str *out, const struct report *r, const struct chart_row *row, size_t at)
{
    const char *colour = chart_colour(report_style(r, row->method));
    if (row->head || isnan(row->at))
        return;
    if (!isnan(row->low))
        str_addf(out, "set arrow from %.6f,%zu to %.6f,%zu %s lw 2 lc rgb '%s'\n", fmin(row->low, 1), at, row->high, at,
                 row->open ? "head filled size graph 0.012,20" : "nohead", colour);
}

static void add_points(struct str *out, const struct report *r, const struct chart *c)
{
    str_adds(out, "plot ");
    bool any = false;
    for (size_t i = 0; i < c->n_rows; i++) {
        const struct chart_row *row = &c->rows[i];
        int style = report_style(r, row->method);
        if (row->head || isnan(row->at) || isinf(row->at))
            continue;
        str_addf(out, "%s'+' using (%.6f):(%zu) every ::::0 with points pt %d ps 1.3 lw 1.6 lc rgb '%s' notitle", any ? ", \\\n  " : "",
                 row->at, i + 1, filled_point(style) - (row->hollow ? 1 : 0), chart_colour(style));
        any = true;
    }
    str_adds(out, any ? "\n" : "NaN notitle\n");
}

static void add_kinds(struct str *out, const struct chart *c)
{
    if (!c->filled)
        return;
    struct str text = {0};
    str_addf(&text, "filled: %s, hollow: %s%s", c->filled, c->hollow, c->figure == 4 ? ", *: beyond the points" : "");
    str_adds(out, "set label ");
    add_quoted(out, str_z(&text), 100);
    str_adds(out, " at graph 0, graph 1.03 left font ',9' textcolor rgb '#555555'\n");
    str_free(&text);
}

static void rows_script(struct str *out, const struct report *r, const struct chart *c)
{
    str_addf(out, "set yrange [%.1f:0.5]\nset lmargin at screen 0.19\nset rmargin at screen 0.64\nset ytics font ',10'\n", (double)c->n_rows + 0.5);
    add_row_labels(out, c);
    add_kinds(out, c);
    for (size_t i = 0; i < c->n_rows; i++)
        add_mark(out, r, &c->rows[i], i + 1);
    str_adds(out, "unset key\n");
    add_points(out, r, c);
}

/* ---- lines: figure 2 -------------------------------------------------------------------------------------- */

static void add_number(struct str *out, double v)
{
    if (isnan(v))
        str_adds(out, " nan");
    else
        str_addf(out, " %.6f", v);
}

static void add_data(struct str *out, const struct chart *c)
{
    for (size_t i = 0; i < c->n_lines; i++) {
        const struct chart_line *l = &c->lines[i];
        str_addf(out, "$points%zu << EOD\n", i);
        for (size_t k = 0; k < l->n; k++) {
            str_addf(out, "%.6f", l->x[k]);
            add_number(out, l->y[k]);
            add_number(out, l->low[k]);
            add_number(out, l->high[k]);
            str_addc(out, '\n');
        }
        str_addf(out, "EOD\n$fit%zu << EOD\n", i);
        for (size_t k = 0; k < l->n_fit; k++) {
            str_addf(out, "%.6f", l->fit_x[k]);
            add_number(out, l->fit_y[k]);
            str_addc(out, '\n');
        }
        str_adds(out, l->n_fit ? "EOD\n" : "0 nan\nEOD\n");
    }
}

static void add_line(struct str *out, const struct report *r, const struct chart *c, size_t i)
{
    int style = report_style(r, c->lines[i].method);
    const char *colour = chart_colour(style);
    str_addf(out, "%s$points%zu using 1:3:4 with filledcurves fs transparent solid 0.13 noborder lc rgb '%s' notitle, \\\n",
             i ? ", \\\n  " : "", i, colour);
    str_addf(out, "  $fit%zu using 1:2 with lines dt 2 lw 1.2 lc rgb '%s' notitle, \\\n", i, colour);
    str_addf(out, "  $points%zu using 1:2:3:4 with yerrorbars pt 0 lw 1.2 lc rgb '%s' notitle, \\\n", i, colour);
    str_addf(out, "  $points%zu using 1:2 with linespoints pt %d ps 1.1 lw 2 lc rgb '%s' title ", i, filled_point(style), colour);
    add_quoted(out, r->methods[c->lines[i].method].name, 14);
}

static void lines_script(struct str *out, const struct report *r, const struct chart *c)
{
    str_addf(out, "set yrange [0:1]\nset ylabel '%s'\n", c->y_label);
    add_ticks(out, 'y', c->y_ticks, c->n_y);
    str_adds(out, "set key outside right top reverse Left samplen 2 font ',10'\n");
    if (!isnan(c->level)) {
        str_addf(out, "set arrow from 0,%.6f to 1,%.6f nohead dt 3 lw 1.4 lc rgb '#666666'\nset label ", c->level, c->level);
        add_quoted(out, c->level_label, 60);
        str_addf(out, " at 0.01,%.6f offset 0,0.5 left font ',9' textcolor rgb '#666666'\n", c->level);
    }
    add_data(out, c);
    str_adds(out, "plot ");
    for (size_t i = 0; i < c->n_lines; i++)
        add_line(out, r, c, i);
    str_adds(out, c->n_lines ? "\n" : "NaN notitle\n");
}

void report_gnuplot_script(struct str *out, const struct report *r, int figure)
{
    struct chart c = {0};
    chart_make(&c, r, figure);
    add_head(out, &c);
    if (figure == 2)
        lines_script(out, r, &c);
    else
        rows_script(out, r, &c);
    chart_free(&c);
}
