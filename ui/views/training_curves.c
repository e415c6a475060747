#include "ui/views/training_curves.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"

enum { PARTS = 4, RUNS_DRAWN = 24, COLUMNS_MAX = 2000 };

struct part {
    const char *series, *name;
    enum look look;
    enum plot_line line;
    char letter;
};

/* What is drawn of one run; of several runs the first part that any of them has. */
static const struct metric {
    const char *title;
    struct part parts[PARTS];
} metrics[] = {
    {"loss",
     {{"loss", "train", LOOK_SERIES_1, PLOT_SOLID, 't'},
      {"valid.loss", "valid", LOOK_SERIES_2, PLOT_DASHED, 'v'},
      {"loss_A", "A", LOOK_SERIES_3, PLOT_SOLID, 'A'},
      {"loss_B", "B", LOOK_SERIES_4, PLOT_SOLID, 'B'}}},
    {"valid loss",
     {{"valid.loss", "valid", LOOK_SERIES_2, PLOT_SOLID, 'v'},
      {"valid.loss_A", "valid A", LOOK_SERIES_3, PLOT_DASHED, 'A'},
      {"valid.loss_B", "valid B", LOOK_SERIES_4, PLOT_DASHED, 'B'}}},
    {"loss by part",
     {{"loss_answer", "answer", LOOK_SERIES_1, PLOT_SOLID, 'a'},
      {"loss_strategy", "strategy", LOOK_SERIES_2, PLOT_SOLID, 's'}}},
    {"tokens/s", {{"tokens_per_second", "computed", LOOK_SERIES_1, PLOT_SOLID, 't'}}},
    {"learning rate", {{"lr", "rate", LOOK_SERIES_1, PLOT_SOLID, 'r'}}},
    {"gradient norm", {{"grad_norm", "norm", LOOK_SERIES_1, PLOT_SOLID, 'g'}}},
    {"memory, bytes",
     {{"memory_bytes", "tensors", LOOK_SERIES_1, PLOT_SOLID, 't'},
      {"resident_bytes", "process", LOOK_SERIES_2, PLOT_DASHED, 'p'}}},
};
enum { METRICS = sizeof metrics / sizeof *metrics };

/* ---- open runs ---- */

static void drop(struct shelf_item *i)
{
    curve_close(i->curve);
    mem_free(i->folder);
}

void curve_shelf_free(struct curve_shelf *s)
{
    for (size_t i = 0; i < s->count; i++)
        drop(&s->items[i]);
    mem_free(s->items);
    *s = (struct curve_shelf){0};
}

struct curve *curve_shelf_get(struct curve_shelf *s, const char *folder)
{
    struct error err = {0};
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->items[i].folder, folder) == 0) {
            s->items[i].used = true;
            return s->items[i].curve;
        }
    s->items = array_reserve(s->items, &s->cap, s->count + 1, sizeof *s->items);
    s->items[s->count] = (struct shelf_item){mem_strdup(folder), curve_open(folder, &err), true};
    return s->items[s->count++].curve;
}

void curve_shelf_update(struct curve_shelf *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++) {
        struct shelf_item *item = &s->items[i];
        struct error err = {0};
        if (!item->used || !item->curve || curve_update(item->curve, NULL, &err) != 0) {
            drop(item);
            continue;
        }
        item->used = false;
        s->items[kept++] = *item;
    }
    s->count = kept;
}

double curve_now(const struct curve *c, const char *series)
{
    struct curve_point last;
    int i = c ? curve_find(c, series) : -1;
    return i >= 0 && curve_last(c, (size_t)i, CURVE_STEP, &last) ? last.value : (double)NAN;
}

/* ---- what is shown ---- */

void curve_look_init(struct curve_look *l)
{
    *l = (struct curve_look){.axis = CURVE_EXAMPLES};
}

static void whole(struct curve_look *l)
{
    l->x.from = l->x.to = 0;
}

static void turn_axis(struct curve_look *l)
{
    static const enum curve_axis next[CURVE_AXES] = {
        [CURVE_EXAMPLES] = CURVE_TOKENS, [CURVE_TOKENS] = CURVE_SECONDS, [CURVE_SECONDS] = CURVE_STEP,
        [CURVE_STEP] = CURVE_EXAMPLES};
    l->axis = next[l->axis];
    whole(l);
}

static void toggle_log_x(struct curve_look *l)
{
    l->x.log = !l->x.log;
    whole(l);
}

bool curve_look_command(struct curve_look *l, const char *name)
{
    bool seen = l->all.from < l->all.to;
    if (strcmp(name, "zoom-in") == 0 || strcmp(name, "zoom-out") == 0) {
        if (seen)
            plot_zoom(&l->x, l->all, strcmp(name, "zoom-in") == 0 ? 0.5 : 2);
    } else if (strcmp(name, "earlier") == 0 || strcmp(name, "later") == 0) {
        if (seen)
            plot_pan(&l->x, l->all, strcmp(name, "later") == 0 ? 0.25 : -0.25);
    } else if (strcmp(name, "whole") == 0) {
        whole(l);
    } else if (strcmp(name, "metric") == 0) {
        l->metric = (l->metric + 1) % METRICS;
    } else if (strcmp(name, "metric-back") == 0) {
        l->metric = (l->metric + METRICS - 1) % METRICS;
    } else if (strcmp(name, "axis") == 0) {
        turn_axis(l);
    } else if (strcmp(name, "log-x") == 0) {
        toggle_log_x(l);
    } else if (strcmp(name, "log-y") == 0) {
        l->y.log = !l->y.log;
    } else if (strcmp(name, "smooth") == 0) {
        l->smooth = !l->smooth;
    } else if (strcmp(name, "spread") == 0) {
        l->spread = !l->spread;
    } else {
        return false;
    }
    return true;
}

/* ---- painting ---- */

/* One line of the plot: a series of a run. */
struct line {
    const struct curve *curve;
    size_t series;
    struct part part;
    double *x, *mean, *low, *high;
    size_t n;
};

struct picture {
    struct curve_look *look;
    struct line lines[RUNS_DRAWN];
    size_t n;
};

static void add_line(struct picture *pic, const struct curve *c, const struct part *part)
{
    int series = c && part->series ? curve_find(c, part->series) : -1;
    if (series >= 0 && pic->n < RUNS_DRAWN)
        pic->lines[pic->n++] = (struct line){.curve = c, .series = (size_t)series, .part = *part};
}

/* Of several runs the same series of each: the first of the metric that one of them has. */
static void choose_overlay(struct picture *pic, const struct curve_run *runs, size_t n)
{
    const struct metric *m = &metrics[pic->look->metric];
    for (size_t k = 0; k < PARTS && pic->n == 0; k++)
        for (size_t i = 0; i < n && i < RUNS_DRAWN; i++) {
            struct part part = m->parts[k];
            part.name = runs[i].name;
            part.look = plot_look(i);
            part.line = plot_pattern(i);
            part.letter = (char)('a' + (int)(i % 26));
            add_line(pic, runs[i].curve, &part);
        }
}

static void choose(struct picture *pic, const struct curve_run *runs, size_t n)
{
    if (n > 1) {
        choose_overlay(pic, runs, n);
        return;
    }
    for (size_t k = 0; n && k < PARTS; k++)
        add_line(pic, runs[0].curve, &metrics[pic->look->metric].parts[k]);
}

static void find_all(struct picture *pic)
{
    struct curve_look *l = pic->look;
    l->all = (struct plot_span){0, 0};
    bool any = false;
    for (size_t i = 0; i < pic->n; i++) {
        double from, to;
        if (!curve_range(pic->lines[i].curve, pic->lines[i].series, l->axis, &from, &to))
            continue;
        l->all.from = !any || from < l->all.from ? from : l->all.from;
        l->all.to = !any || to > l->all.to ? to : l->all.to;
        any = true;
    }
    if (l->x.log && l->all.from <= 0)
        l->all.from = l->all.to > 1 ? 1 : l->all.to / 1000;
}

/* Means of columns in line order, with their spread beside them. */
static void read_line(struct line *line, const struct curve_look *l, struct plot_span span, size_t columns,
                      struct curve_bucket *buckets)
{
    curve_window(line->curve, line->series, l->axis, span.from, span.to, l->x.log, columns, buckets);
    line->x = mem_alloc(4 * columns * sizeof *line->x);
    line->mean = line->x + columns;
    line->low = line->mean + columns;
    line->high = line->low + columns;
    for (size_t i = 0; i < columns; i++) {
        const struct curve_bucket *b = &buckets[i];
        if (!b->count)
            continue;
        line->x[line->n] = (b->first_at + b->last_at) / 2;
        line->mean[line->n] = b->mean;
        line->low[line->n] = b->low;
        line->high[line->n++] = b->high;
    }
}

/* The mean over a twentieth of the columns around each. */
static void smooth(struct line *line)
{
    size_t reach = line->n / 40 + 1;
    double *out = mem_alloc((line->n + 1) * sizeof *out);
    for (size_t i = 0; i < line->n; i++) {
        size_t side = i < reach ? i : reach; /* as many on both sides: the ends do not lag */
        if (line->n - 1 - i < side)
            side = line->n - 1 - i;
        double sum = 0;
        for (size_t k = i - side; k <= i + side; k++)
            sum += line->mean[k];
        out[i] = sum / (double)(2 * side + 1);
    }
    memcpy(line->mean, out, line->n * sizeof *out);
    mem_free(out);
}

static void read_lines(struct picture *pic, int cols)
{
    struct curve_look *l = pic->look;
    size_t columns = cols > 4 ? 2 * (size_t)cols : 8;
    struct plot_span span = l->x.from < l->x.to ? (struct plot_span){l->x.from, l->x.to} : l->all;
    if (!(span.from < span.to)) /* one step was made */
        span.to = span.from + 1;
    if (columns > COLUMNS_MAX)
        columns = COLUMNS_MAX;
    struct curve_bucket *buckets = mem_zalloc(columns, sizeof *buckets);
    for (size_t i = 0; i < pic->n; i++) {
        read_line(&pic->lines[i], l, span, columns, buckets);
        if (l->smooth)
            smooth(&pic->lines[i]);
    }
    mem_free(buckets);
}

static bool any_curve(const struct curve_run *runs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (runs[i].curve && curve_count(runs[i].curve))
            return true;
    return false;
}

static void draw(const struct picture *pic, const struct curve_run *runs, size_t n, bool signs,
                 const struct paint *p, struct plot_rect at)
{
    struct plot_series series[RUNS_DRAWN];
    const struct curve_look *l = pic->look;
    char title[80];
    const char *what = n > 1 && pic->n ? pic->lines[0].part.series : NULL;
    for (size_t i = 0; i < pic->n; i++) {
        const struct line *line = &pic->lines[i];
        series[i] = (struct plot_series){.name = line->part.name,
                                         .x = line->x,
                                         .y = line->mean,
                                         .n = line->n,
                                         .look = line->part.look,
                                         .line = line->part.line,
                                         .letter = line->part.letter,
                                         .band = true,
                                         .marks = line->n > 1 && line->n < 6,
                                         .low = l->spread ? line->low : NULL,
                                         .high = l->spread ? line->high : NULL};
    }
    bool other = what && strcmp(what, metrics[l->metric].title) != 0;
    snprintf(title, sizeof title, "%s%s%s%s", metrics[l->metric].title, other ? ": " : "", other ? what : "",
             l->smooth ? ", smoothed" : "");
    struct plot plot = {.title = title,
                        .x = l->x,
                        .y = l->y,
                        .series = series,
                        .n_series = pic->n,
                        .signs = signs,
                        .ticks = n == 1 ? runs[0].checkpoints : NULL,
                        .n_ticks = n == 1 ? runs[0].n_checkpoints : 0,
                        .empty =
                            any_curve(runs, n) ? "nothing of this was measured" : "no step was made yet"};
    plot.x.label = curve_axis_name(l->axis);
    plot_paint(&plot, p, at);
}

void curves_paint(struct curve_look *l, const struct curve_run *runs, size_t n, bool signs,
                  const struct paint *p, struct plot_rect at)
{
    struct picture pic = {.look = l};
    choose(&pic, runs, n);
    find_all(&pic);
    read_lines(&pic, at.cols);
    draw(&pic, runs, n, signs, p, at);
    for (size_t i = 0; i < pic.n; i++)
        mem_free(pic.lines[i].x);
}
