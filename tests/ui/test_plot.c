/* Plots as pictures: lines, intervals, log axes, gaps, bars, small windows, ASCII, and what zooming shows. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/sheet.h"
#include "tests/support/suite.h"
#include "ui/widgets/plot.h"

enum { POINTS = 200 };

static void expect_screen(const struct sheet *g, const char *name)
{
    struct str screen = {0};
    char path[1024];
    sheet_text(&screen, g);
    const char *out = getenv("HINGE_SCREENS"), *src = getenv("srcdir");
    snprintf(path, sizeof path, "%s/%s", out ? out : ".", name);
    FILE *f = out ? fopen(path, "w") : NULL;
    if (f) {
        fwrite(screen.at, 1, screen.len, f);
        fclose(f);
    }
    snprintf(path, sizeof path, "%s/tests/screens/%s", src ? src : ".", name);
    f = fopen(path, "r");
    static char want[65536];
    size_t len = f ? fread(want, 1, sizeof want - 1, f) : 0;
    want[len] = '\0';
    if (f)
        fclose(f);
    if (strcmp(want, str_z(&screen)) != 0)
        fprintf(stderr, "\n%s is not as kept; it is now:\n%s", path, str_z(&screen));
    CU_ASSERT_STRING_EQUAL(want, str_z(&screen));
    CU_ASSERT_EQUAL(g->faults, 0);
    str_free(&screen);
}

/* Two curves as training makes them, one a little above the other. */
struct curves {
    double x[POINTS], train[POINTS], valid[POINTS], low[POINTS], high[POINTS];
    struct plot_series series[2];
    struct plot plot;
};

static struct curves *losses(void)
{
    static struct curves c;
    for (int i = 0; i < POINTS; i++) {
        c.x[i] = 30.0 * (i + 1);
        c.train[i] = 0.7 + 1.4 * exp(-i / 40.0);
        c.valid[i] = 0.85 + 1.2 * exp(-i / 45.0);
        c.low[i] = c.valid[i] - 0.1;
        c.high[i] = c.valid[i] + 0.1;
    }
    c.series[0] = (struct plot_series){.name = "train", .x = c.x, .y = c.train, .n = POINTS, .look = LOOK_SERIES_1};
    c.series[1] = (struct plot_series){.name = "valid", .x = c.x, .y = c.valid, .n = POINTS, .look = LOOK_SERIES_2,
                                       .line = PLOT_DASHED};
    c.plot = (struct plot){.title = "loss", .x = {.label = "examples"}, .series = c.series, .n_series = 2};
    return &c;
}

static void paint(struct sheet *g, const struct plot *plot)
{
    plot_paint(plot, &g->paint, (struct plot_rect){0, 0, g->paint.rows, g->paint.cols});
}

static void test_lines(void)
{
    struct curves *c = losses();
    struct sheet *g = sheet_new(78, 14);
    static const double checkpoints[] = {1000, 2000, 4000};
    c->plot.ticks = checkpoints;
    c->plot.n_ticks = 3;
    paint(g, &c->plot);
    expect_screen(g, "plot-lines");
    CU_ASSERT(sheet_shows(g, "──", LOOK_SERIES_1));
    CU_ASSERT(sheet_shows(g, "╌╌", LOOK_SERIES_2));
    CU_ASSERT(sheet_shows(g, "▴", LOOK_STRONG));
    sheet_clear(g, 160, 40);
    paint(g, &c->plot);
    expect_screen(g, "plot-lines-wide");
    sheet_free(g);
}

static void test_without_colours(void)
{
    struct curves *c = losses();
    struct sheet *g = sheet_new(78, 14);
    c->plot.signs = true;
    paint(g, &c->plot);
    expect_screen(g, "plot-signs");
    g->paint.ascii = true;
    sheet_clear(g, 78, 14);
    paint(g, &c->plot);
    expect_screen(g, "plot-ascii");
    for (int row = 0; row < 14; row++)
        for (const char *at = sheet_row(g, row); *at; at++)
            CU_ASSERT((unsigned char)*at < 0x80);
    sheet_free(g);
}

static void test_log_axes(void)
{
    struct curves *c = losses();
    struct sheet *g = sheet_new(78, 14);
    c->plot.x.log = c->plot.y.log = true;
    c->train[10] = 0; /* has no logarithm: a gap */
    paint(g, &c->plot);
    expect_screen(g, "plot-log");
    sheet_free(g);
}

static void test_intervals(void)
{
    struct curves *c = losses();
    static double x[] = {100, 300, 1000, 3000}, y[] = {0.41, 0.55, 0.68, 0.74}, low[] = {0.36, 0.5, 0.64, 0.71},
                  high[] = {0.46, 0.6, 0.72, 0.77};
    static const double level[] = {0.6};
    struct plot_series scores = {.name = "rgt", .x = x, .y = y, .low = low, .high = high, .n = 4,
                                 .look = LOOK_SERIES_1, .marks = true};
    struct plot plot = {.title = "score", .x = {.label = "examples", .log = true}, .series = &scores, .n_series = 1,
                        .levels = level, .n_levels = 1};
    struct sheet *g = sheet_new(60, 14);
    paint(g, &plot);
    expect_screen(g, "plot-intervals");
    c->series[1].low = c->low;
    c->series[1].high = c->high;
    c->series[1].band = true;
    sheet_clear(g, 60, 14);
    paint(g, &c->plot);
    expect_screen(g, "plot-band");
    g->paint.ascii = true;
    sheet_clear(g, 60, 14);
    paint(g, &plot);
    expect_screen(g, "plot-intervals-ascii");
    sheet_free(g);
}

/* Whatever the numbers: nothing is painted outside, and a window too small stays blank. */
static void test_odd_data(void)
{
    static double x[] = {1, 2, 3, 4, 5}, y[] = {NAN, 1, INFINITY, 2, -INFINITY};
    static double huge[] = {-1e308, 1e308, 0, 1e300, -1e300}, same[] = {3, 3, 3, 3, 3};
    struct plot_series s = {.name = "odd", .x = x, .y = y, .n = 5, .look = LOOK_SERIES_1};
    struct plot plot = {.title = "odd", .series = &s, .n_series = 1, .x = {.label = "x"}};
    static double *const columns[] = {y, huge, same};
    struct sheet *g = sheet_new(80, 24);
    for (size_t c = 0; c < 3; c++)
        for (size_t n = 0; n <= 5; n++)
            for (int rows = 1; rows < 24; rows++)
                for (int cols = 1; cols < 80; cols += 3)
                    for (int logs = 0; logs < 4; logs++) {
                        s.y = columns[c];
                        s.n = n;
                        plot.x.log = logs & 1;
                        plot.y.log = logs & 2;
                        g->paint.ascii = n % 2;
                        sheet_clear(g, cols, rows);
                        paint(g, &plot);
                    }
    CU_ASSERT_EQUAL(g->faults, 0);
    g->paint.ascii = false;
    sheet_clear(g, 60, 9);
    s.y = y;
    s.n = 5;
    plot.x.log = plot.y.log = false;
    paint(g, &plot);
    expect_screen(g, "plot-gaps");
    s.n = 2; /* one point that can be shown */
    sheet_clear(g, 60, 9);
    paint(g, &plot);
    expect_screen(g, "plot-point");
    s.n = 1;
    sheet_clear(g, 60, 9);
    paint(g, &plot);
    CU_ASSERT(sheet_shows(g, "nothing to plot yet", LOOK_DIM));
    sheet_free(g);
}

static void test_many_and_small(void)
{
    static double x[20][3], y[20][3];
    static const char *const names[] = {"rgt-1", "isft-1", "sft-1"};
    struct plot_series series[20];
    for (size_t i = 0; i < 20; i++) {
        for (size_t k = 0; k < 3; k++) {
            x[i][k] = 100.0 * (double)k;
            y[i][k] = (double)(i + k);
        }
        series[i] = (struct plot_series){.name = names[i % 3], .x = x[i], .y = y[i], .n = 3, .look = plot_look(i),
                                         .line = plot_pattern(i)};
    }
    struct plot plot = {.title = "loss", .series = series, .n_series = 20};
    struct sheet *g = sheet_new(80, 20);
    paint(g, &plot);
    expect_screen(g, "plot-many");
    sheet_clear(g, 20, 6);
    paint(g, &plot);
    expect_screen(g, "plot-small");
    CU_ASSERT_NOT_EQUAL(plot_pattern(0), plot_pattern(6));
    sheet_free(g);
}

/* Part of the points: the y axis follows what is seen, and the window stays inside. */
static void test_zoom(void)
{
    struct curves *c = losses();
    struct plot_span all, y;
    CU_ASSERT(plot_span_x(&c->plot, &all));
    CU_ASSERT_EQUAL(all.from, 30);
    CU_ASSERT_EQUAL(all.to, 6000);
    plot_zoom(&c->plot.x, all, 0.5);
    CU_ASSERT_DOUBLE_EQUAL(c->plot.x.from, 1522.5, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(c->plot.x.to, 4507.5, 1e-6);
    plot_pan(&c->plot.x, all, 10);
    CU_ASSERT_DOUBLE_EQUAL(c->plot.x.to, 6000, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(c->plot.x.from, 3015, 1e-6);
    CU_ASSERT(plot_span_y(&c->plot, &y));
    CU_ASSERT(y.to < 1.1); /* the high start is not seen */
    struct sheet *g = sheet_new(60, 12);
    paint(g, &c->plot);
    expect_screen(g, "plot-zoomed");
    plot_zoom(&c->plot.x, all, 4);
    CU_ASSERT_EQUAL(c->plot.x.from, 0);
    CU_ASSERT_EQUAL(c->plot.x.to, 0);
    c->plot.x.log = true;
    plot_zoom(&c->plot.x, all, 0.5);
    CU_ASSERT_DOUBLE_EQUAL(sqrt(c->plot.x.from * c->plot.x.to), sqrt(30.0 * 6000), 1e-3);
    sheet_free(g);
}

static void test_numbers(void)
{
    static const struct {
        double v, step;
        const char *text;
    } numbers[] = {
        {0, 500, "0"},        {500, 500, "500"},    {1500, 500, "1.5k"},  {2000, 500, "2k"},   {12e6, 1e6, "12M"},
        {0.8, 0.1, "0.8"},    {0.75, 0.05, "0.75"}, {2, 0.5, "2.0"},      {2e-4, 0, "2e-4"},   {-1.5e-5, 0, "-1.5e-5"},
        {0.741, 0, "0.741"},  {13900, 0, "13.9k"},  {0, 0.05, "0.00"},    {1e20, 0, "1e20"},   {0.01, 0, "0.0100"},
        {1e-17, 0.1, "0.0"},  {999999, 0, "1000k"}, {-2500, 0, "-2.5k"},  {NAN, 0, "-"},       {INFINITY, 0, "inf"},
    };
    char text[PLOT_NUMBER];
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        plot_number(text, numbers[i].v, numbers[i].step);
        CU_ASSERT_STRING_EQUAL(text, numbers[i].text);
        if (strcmp(text, numbers[i].text) != 0)
            fprintf(stderr, "\n%g is %s, not %s\n", numbers[i].v, text, numbers[i].text);
    }
    double ticks[PLOT_TICKS], step;
    CU_ASSERT_EQUAL(plot_ticks((struct plot_span){0, 6000}, false, 4, ticks, &step), 4);
    CU_ASSERT_EQUAL(step, 2000);
    CU_ASSERT_EQUAL(plot_ticks((struct plot_span){0.001, 1000}, true, 8, ticks, &step), 7);
    CU_ASSERT_EQUAL(plot_ticks((struct plot_span){1e300, nextafter(1e300, 2e300)}, false, 8, ticks, &step), 0);
}

static void test_bars(void)
{
    static const char *const groups[] = {"ed-note", "dental"}, *const names[] = {"sft", "isft", "rgt"};
    static const struct plot_bar values[] = {
        {0.41, 0.36, 0.46, "n 200"}, {0.55, 0.5, 0.6, "n 200"}, {0.74, 0.71, 0.77, "n 200"},
        {0.3, NAN, NAN, "n 12"},     {NAN, NAN, NAN, NULL},     {-0.05, -0.1, 0.02, "n 12"},
    };
    struct plot_bars bars = {.title = "Final score", .label = "score", .groups = groups, .n_groups = 2, .names = names,
                             .n_series = 3, .bars = values};
    struct sheet *g = sheet_new(78, 11);
    struct plot_rect all = {0, 0, 11, 78};
    plot_bars_paint(&bars, &g->paint, all);
    expect_screen(g, "plot-bars");
    CU_ASSERT_EQUAL(plot_bars_lines(&bars), 8);
    g->paint.ascii = true;
    sheet_clear(g, 40, 6);
    bars.first = 2;
    plot_bars_paint(&bars, &g->paint, (struct plot_rect){0, 0, 6, 40});
    expect_screen(g, "plot-bars-ascii");
    sheet_free(g);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"lines", test_lines},
        {"without colours", test_without_colours},
        {"log axes", test_log_axes},
        {"intervals", test_intervals},
        {"odd data", test_odd_data},
        {"many and small", test_many_and_small},
        {"zoom", test_zoom},
        {"numbers", test_numbers},
        {"bars", test_bars},
        {NULL, NULL},
    };
    return suite_run("plot", tests, argc, argv);
}
