/* A run's learning curve: scores against the examples it had seen. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "ui/views/eval_text.h"
#include "ui/views/evals.h"
#include "ui/views/listing.h"
#include "ui/widgets/plot.h"

enum { THINKS = 2, PLOT_LEAST = 8 /* rows */ };

struct points { /* of one setting of think */
    double *x, *y, *low, *high;
    size_t n;
};

struct step { /* a row of the table below the plot */
    const struct eval *of[THINKS]; /* or NULL */
};

struct curve_view {
    struct desk *desk;
    char *run;
    struct evals evals;
    struct points of[THINKS];
    struct step *steps;
    size_t count;
    struct listing list;
    bool log;
};

const struct binding curve_bindings[] = {
    {"curve", "j Down", "down", "the next checkpoint"},
    {"curve", "k Up", "up", "the checkpoint before"},
    {"curve", "g Home", "first", "the first checkpoint"},
    {"curve", "G End", "last", "the last checkpoint"},
    {"curve", "Enter Right", "open", "its records"},
    {"curve", "x", "log-axis", "examples on a logarithmic axis, or not"},
    {"curve", "E", "evals", "the evals of this run"},
    {"curve", "n", "new", "start an eval of this run"},
    {"curve", "q Esc", "back", "back"},
    {NULL, NULL, NULL, NULL},
};

static void drop_points(struct points *p)
{
    mem_free(p->x);
    mem_free(p->y);
    mem_free(p->low);
    mem_free(p->high);
    *p = (struct points){0};
}

static void curve_view_free(void *view)
{
    struct curve_view *v = view;
    for (int i = 0; i < THINKS; i++)
        drop_points(&v->of[i]);
    evals_free(&v->evals);
    mem_free(v->steps);
    mem_free(v->run);
    mem_free(v);
}

static void make_points(struct curve_view *v)
{
    for (int i = 0; i < THINKS; i++) {
        struct points *p = &v->of[i];
        drop_points(p);
        p->x = mem_zalloc(v->evals.count + 1, sizeof *p->x);
        p->y = mem_zalloc(v->evals.count + 1, sizeof *p->y);
        p->low = mem_zalloc(v->evals.count + 1, sizeof *p->low);
        p->high = mem_zalloc(v->evals.count + 1, sizeof *p->high);
    }
    for (size_t i = 0; i < v->evals.count; i++) {
        const struct eval *e = &v->evals.items[i];
        struct points *p = &v->of[e->think];
        double half = eval_interval(e);
        p->x[p->n] = (double)(e->step > 0 ? e->examples : 0);
        p->y[p->n] = e->mean;
        p->low[p->n] = half >= 0 ? e->mean - half : NAN;
        p->high[p->n] = half >= 0 ? e->mean + half : NAN;
        p->n++;
    }
}

static const struct eval *any_of(const struct step *s)
{
    return s->of[0] ? s->of[0] : s->of[1];
}

static int64_t step_of(const struct eval *e)
{
    return e->run_uuid ? e->step : 0; /* else the base model */
}

/* Each step once, with both settings. */
static void make_steps(struct curve_view *v)
{
    mem_free(v->steps);
    v->steps = mem_zalloc(v->evals.count + 1, sizeof *v->steps);
    v->count = 0;
    for (size_t i = 0; i < v->evals.count; i++) {
        const struct eval *e = &v->evals.items[i];
        size_t at = 0;
        while (at < v->count && step_of(any_of(&v->steps[at])) < step_of(e))
            at++;
        if (at == v->count || step_of(any_of(&v->steps[at])) != step_of(e)) {
            memmove(v->steps + at + 1, v->steps + at, (v->count - at) * sizeof *v->steps);
            v->steps[at] = (struct step){{NULL, NULL}};
            v->count++;
        }
        v->steps[at].of[e->think] = e;
    }
    listing_clamp(&v->list, v->count);
}

static int load(struct curve_view *v, struct error *err)
{
    struct evals fresh = {0};
    if (eval_store_curve(session_store(desk_session(v->desk)), v->run, &fresh, err) != 0)
        return -1;
    evals_free(&v->evals);
    v->evals = fresh;
    make_points(v);
    make_steps(v);
    return fresh.count ? 0 : error_set(err, ERR_ABSENT, "no eval of this run has a score yet");
}

static void refresh(void *view)
{
    struct curve_view *v = view;
    struct error err = {0};
    if (load(v, &err) != 0)
        desk_fault(v->desk, &err);
}

struct curve_view *curve_view_new(struct desk *d, const char *run, struct error *err)
{
    struct curve_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    v->run = mem_strdup(run);
    if (load(v, err) == 0)
        return v;
    curve_view_free(v);
    return NULL;
}

static const struct eval *newest(const struct curve_view *v)
{
    for (size_t i = v->evals.count; i-- > 0;)
        if (v->evals.items[i].run_uuid)
            return &v->evals.items[i];
    return &v->evals.items[0];
}

static bool command(void *view, const char *name)
{
    struct curve_view *v = view;
    if (listing_command(&v->list, v->count, name))
        return true;
    if (strcmp(name, "log-axis") == 0)
        v->log = !v->log;
    else if (strcmp(name, "evals") == 0)
        desk_open_evals(v->desk, v->run);
    else if (strcmp(name, "new") == 0)
        desk_open_eval_start(v->desk, newest(v)->run_name);
    else if (strcmp(name, "open") == 0 && v->count) {
        const struct step *s = &v->steps[v->list.cursor];
        desk_open_eval(v->desk, any_of(s)->id, 0);
    } else
        return false;
    return true;
}

enum { COL_STEP, COL_SEEN, COL_OFF, COL_ON, COL_N, COLS };
static const struct column columns[COLS] = {
    [COL_STEP] = {"step", 6, 6, 0, true},          [COL_SEEN] = {"examples", 8, 8, 0, true},
    [COL_OFF] = {"no thinking", 14, 14, 0, false}, [COL_ON] = {"thinking", 14, 14, 0, false},
    [COL_N] = {"n", 12, 12, 6, false},
};

static enum look cell(const void *context, size_t row, int column, bool ascii, struct str *out)
{
    const struct curve_view *v = context;
    const struct step *s = &v->steps[row];
    const struct eval *any = any_of(s);
    switch (column) {
    case COL_STEP:
        if (any->run_uuid)
            add_count(out, any->step);
        else
            str_adds(out, "base");
        break;
    case COL_SEEN: add_count(out, any->run_uuid ? any->examples : 0); break;
    case COL_OFF:
    case COL_ON:
        if (s->of[column == COL_ON])
            eval_say_mean(out, s->of[column == COL_ON], ascii);
        else
            str_addc(out, '-');
        return LOOK_STRONG;
    default:
        add_count(out, any->n);
        if (any->state != EVAL_DONE)
            str_addf(out, " (%s)", eval_state_name(any->state));
        return LOOK_DIM;
    }
    return LOOK_TEXT;
}

static void paint_plot(const struct curve_view *v, const struct paint *p, int rows)
{
    static const char *const names[THINKS] = {"no thinking", "thinking"};
    struct plot_series series[THINKS];
    size_t n = 0;
    for (int i = 0; i < THINKS; i++) {
        const struct points *o = &v->of[i];
        if (!o->n)
            continue;
        series[n] = (struct plot_series){.name = names[i], .x = o->x, .y = o->y, .low = o->low, .high = o->high, .n = o->n,
                                         .look = plot_look((size_t)i), .line = plot_pattern((size_t)i), .marks = true,
                                         .letter = i ? 't' : 'o'};
        n++;
    }
    const struct plot plot = {.x = {.label = "examples", .log = v->log}, .y = {.label = "score"}, .series = series,
                              .n_series = n, .signs = desk_signs(v->desk)};
    plot_paint(&plot, p, (struct plot_rect){1, 0, rows, p->cols});
}

static void paint(void *view, const struct paint *p)
{
    struct curve_view *v = view;
    const struct eval *e = newest(v);
    const struct table table = {.columns = columns, .n_columns = COLS, .cursor_columns = COL_SEEN + 1,
                                .count = v->count, .context = v, .cell = cell};
    struct str title = {0};
    int below = (int)v->count + 1, most = (p->rows - 1) / 2;
    below = below < most ? below : most;
    if (p->rows - 1 - below < PLOT_LEAST)
        below = p->rows - 1 - PLOT_LEAST;
    for (int row = 0; row < p->rows; row++)
        paint_fill(p, row, 0, p->cols, " ", row ? LOOK_TEXT : LOOK_TITLE);
    str_addf(&title, " Learning curve of %s", eval_model(e));
    if (e->method)
        str_addf(&title, " (%s)", e->method);
    if (e->split)
        str_addf(&title, " on %s", e->split);
    str_adds(&title, ": score with 95% intervals");
    paint_text(p, 0, 0, p->cols, str_slice(&title), LOOK_TITLE);
    str_free(&title);
    paint_plot(v, p, p->rows - 1 - (below > 1 ? below : 0));
    if (below > 1) {
        listing_show(&v->list, below - 1);
        table_paint(&table, p, p->rows - below, &v->list);
    }
}

static const char *hints(void *view)
{
    (void)view;
    return "j/k move  Enter the records  x log axis  E evals of the run  n new eval  q back  ? help";
}

const struct view_ops curve_view_ops = {
    .mode = "curve",
    .watches = true,
    .free = curve_view_free,
    .command = command,
    .paint = paint,
    .refresh = refresh,
    .hints = hints,
};
