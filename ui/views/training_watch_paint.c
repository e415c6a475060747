/* What is said of a run that is watched, and where it stands. */
#include "ui/views/training_watch.h"

#include <math.h>
#include <string.h>

#include "app/eval.h"
#include "base/array.h"
#include "base/clock.h"
#include "ui/views/columns.h"

enum { PLOT_LEAST = 6 };

/* ---- what is said ---- */

static const char *dot(const struct paint *p)
{
    return p->ascii ? " - " : " · ";
}

static void add_title(const struct run_view *v, const struct paint *p, struct str *out)
{
    const struct run *r = &v->run;
    const struct run_progress *g = &r->progress;
    const char *rank = run_option(r, "rank"), *model = strrchr(r->model, '/');
    str_addf(out, " %s%s%s%s%s", r->name, dot(p), r->method, dot(p), model ? model + 1 : r->model);
    if (rank)
        str_addf(out, " r%s", rank);
    str_addf(out, "%s%s %s", dot(p), r->place[0] ? r->place : "local", r->device);
    if (g->step >= 0 && g->steps > 0) {
        str_addf(out, "%sstep ", dot(p));
        add_count(out, g->step);
        str_addc(out, '/');
        add_count(out, g->steps);
        str_addf(out, "%s%d%%", dot(p), (int)(100 * g->step / g->steps));
    }
}

static void add_work(const struct run *r, const struct paint *p, struct str *out)
{
    if (run_state_busy(r->state) && r->progress.seconds_left >= 0) {
        str_addf(out, "%sETA ", dot(p));
        add_duration(out, r->progress.seconds_left);
    }
    if (r->started && (r->ended > r->started || r->state == RUN_RUNNING)) {
        str_addf(out, "%sat work ", dot(p));
        add_duration(out, (double)((r->ended > r->started ? r->ended : clock_now_ms()) - r->started) / 1000);
    }
    if (r->progress.examples < 0)
        return;
    str_adds(out, dot(p));
    add_count(out, (long long)r->progress.examples);
    if (r->progress.examples_all > 0) {
        str_adds(out, " of ");
        add_count(out, (long long)r->progress.examples_all);
    }
    str_adds(out, " examples");
}

/* "running · ETA 41 min · at work 3 s", "failed · step 12: the loss is not a number". */
static enum look add_state(const struct run_view *v, const struct paint *p, struct str *out)
{
    const struct run *r = &v->run;
    str_adds(out, run_state_name(r->state));
    if (r->reason[0] && strcmp(r->reason, run_state_name(r->state)) != 0)
        str_addf(out, "%s%s", dot(p), r->reason);
    add_work(r, p, out);
    return run_look(r->state);
}

static void add_number(const struct paint *p, struct str *out, const char *label, double value)
{
    char text[PLOT_NUMBER];
    if (!isfinite(value))
        return;
    plot_number(text, value, 0);
    str_addf(out, "%s%s %s", out->len ? dot(p) : "", label, text);
}

static void add_losses(const struct paint *p, const struct curve *c, struct str *out)
{
    add_number(p, out, "loss", curve_now(c, "loss"));
    add_number(p, out, "valid", curve_now(c, "valid.loss"));
    add_number(p, out, "A", curve_now(c, "loss_A"));
    add_number(p, out, "B", curve_now(c, "loss_B"));
    add_number(p, out, "grad", curve_now(c, "grad_norm"));
    add_number(p, out, "lr", curve_now(c, "lr"));
}

static void add_flops(struct str *out, double flops)
{
    static const char *const units[] = {"", "k", "M", "G", "T", "P"};
    size_t u = 0;
    while (flops >= 1000 && u + 1 < sizeof units / sizeof *units) {
        flops /= 1000;
        u++;
    }
    str_addf(out, "%.3g %sFLOP/s", flops, units[u]);
}

/* The share of the machine's peak where the run knows it, else the rate itself. */
static void add_rate(const struct paint *p, const struct curve *c, struct str *out)
{
    double flops = curve_now(c, "flops_per_second"), peak = curve_now(c, "peak_flops_per_second");
    double speed = curve_now(c, "tokens_per_second");
    if (isfinite(speed)) {
        add_count(out, (long long)speed);
        str_adds(out, " tokens/s");
    }
    if (isfinite(flops) && peak > 0) {
        str_addf(out, "%s%.0f%% of peak", dot(p), 100 * flops / peak);
    } else if (isfinite(flops)) {
        str_adds(out, dot(p));
        add_flops(out, flops);
    }
}

static void add_plain_rate(const struct paint *p, const struct curve *c, struct str *out)
{
    double speed = curve_now(c, "tokens_per_second"), plain = curve_now(c, "plain_tokens_per_second");
    if (plain > 1.02 * speed) {
        str_addf(out, "%sas plain sequences ", dot(p));
        add_count(out, (long long)plain);
    }
}

static void add_memory(const struct paint *p, const struct curve *c, struct str *out)
{
    double tensors = curve_now(c, "memory_bytes"), process = curve_now(c, "resident_bytes"),
           all = curve_now(c, "memory_limit_bytes");
    if (isfinite(tensors)) {
        str_addf(out, "%stensors ", dot(p));
        add_bytes(out, tensors);
        if (all > 0) {
            str_adds(out, " of ");
            add_bytes(out, all);
        }
    }
    if (isfinite(process)) {
        str_addf(out, "%sprocess ", dot(p));
        add_bytes(out, process);
    }
}

/* The last checkpoints that have room, the chosen one marked. */
static void paint_checkpoints(const struct run_view *v, const struct paint *p, int row)
{
    const struct run *r = &v->run;
    int col = 1, room = p->cols - 2;
    col += paint_z(p, row, col, room, r->n_checkpoints ? "checkpoints" : "no checkpoint yet", LOOK_DIM);
    size_t at = v->checkpoint < r->n_checkpoints ? v->checkpoint : r->n_checkpoints - 1;
    size_t shown = (size_t)(p->cols > 40 ? (p->cols - 30) / 10 : 1), first = 0;
    if (r->n_checkpoints > shown)
        first = at >= shown ? at - shown + 1 : 0;
    for (size_t i = first; i < r->n_checkpoints && i < first + shown; i++) {
        struct str text = {0};
        str_adds(&text, i == at ? (p->ascii ? " >" : " ▸") : "  ");
        add_count(&text, r->checkpoints[i].step);
        col += paint_text(p, row, col, p->cols - col, str_slice(&text), i == at ? LOOK_STRONG : LOOK_TEXT);
        str_free(&text);
    }
    if (r->n_checkpoints > first + shown)
        paint_z(p, row, col, p->cols - col, "  …", LOOK_DIM);
}

/* Of the chosen checkpoint, else of the newest that was evaluated. */
static void add_evals(const struct run_view *v, const struct paint *p, struct str *out)
{
    const struct run_checkpoint *c = run_view_checkpoint(v);
    const struct eval *first = NULL;
    for (size_t i = 0; i < v->evals.count && !first; i++)
        if (v->evals.items[i].n && c && v->evals.items[i].step == c->step)
            first = &v->evals.items[i];
    for (size_t i = 0; i < v->evals.count && !first; i++)
        if (v->evals.items[i].n)
            first = &v->evals.items[i];
    for (size_t i = 0; first && i < v->evals.count; i++) {
        const struct eval *e = &v->evals.items[i];
        if (e->n == 0 || e->step != first->step)
            continue;
        if (!out->len)
            str_addf(out, "eval of step %lld:", (long long)e->step);
        str_addf(out, " %.2f", e->mean);
        if (e->n > 1)
            str_addf(out, " %s%.2f", p->ascii ? "+-" : "±", eval_half_width(e->n, e->spread));
        str_addf(out, " (%s, n %lld)", e->think ? "think" : "no think", (long long)e->n);
    }
    if (!out->len)
        str_adds(out, "not evaluated yet");
}

/* ---- painting ---- */

static void find_places(struct run_view *v)
{
    v->n_places = 0;
    for (size_t i = 0; i < v->run.n_checkpoints; i++) {
        const struct run_checkpoint *c = &v->run.checkpoints[i];
        bool by_step = v->look.axis == CURVE_STEP,
             examples = v->look.axis == CURVE_EXAMPLES && c->examples >= 0;
        if (!by_step && !examples)
            continue;
        v->places = array_reserve(v->places, &v->cap_places, v->n_places + 1, sizeof *v->places);
        v->places[v->n_places++] = by_step ? (double)c->step : c->examples;
    }
}

static void paint_plot(struct run_view *v, const struct paint *p, int row, int rows)
{
    struct curve_run runs[RUN_OTHERS + 1];
    size_t n = 0;
    find_places(v);
    runs[n++] =
        (struct curve_run){v->run.name, curve_shelf_get(&v->shelf, v->run.folder), v->places, v->n_places};
    for (size_t i = 0; i < v->n_others; i++)
        runs[n++] = (struct curve_run){.name = v->others[i].name,
                                       .curve = curve_shelf_get(&v->shelf, v->others[i].folder)};
    curves_paint(&v->look, runs, n, desk_signs(v->desk), p, (struct plot_rect){row, 0, rows, p->cols});
}

static void paint_line(const struct paint *p, int row, struct str *text, enum look look)
{
    paint_text(p, row, 1, p->cols - 2, str_slice(text), look);
    str_clear(text);
}

static void paint_log(const struct run_view *v, const struct paint *p, int row)
{
    struct slice log = slice_trim(str_slice(&v->log));
    int rows = p->rows - row;
    size_t from = log.len;
    for (int lines = 0; from > 0 && lines < rows; lines++)
        for (from -= from > 0; from > 0 && log.at[from - 1] != '\n';)
            from--;
    for (int i = 0; i < rows && from < log.len; i++) {
        const char *end = memchr(log.at + from, '\n', log.len - from);
        size_t to = end ? (size_t)(end - log.at) : log.len;
        paint_text(p, row + i, 1, p->cols - 1, slice_sub(log, from, to), LOOK_DIM);
        from = to + 1;
    }
}

/* The rows of figures below the plot; what does not fit is left out from the end. */
static void paint_figures(struct run_view *v, const struct paint *p, int row)
{
    struct str text = {0};
    const struct curve *c = curve_shelf_get(&v->shelf, v->run.folder);
    add_losses(p, c, &text);
    paint_line(p, row, &text, LOOK_STRONG);
    add_rate(p, c, &text);
    add_memory(p, c, &text);
    if (p->cols >= 110)
        add_plain_rate(p, c, &text);
    paint_line(p, row + 1, &text, LOOK_TEXT);
    paint_checkpoints(v, p, row + 2);
    add_evals(v, p, &text);
    paint_line(p, row + 3, &text, LOOK_TEXT);
    str_free(&text);
}

void run_view_paint(void *view, const struct paint *p)
{
    enum { HEAD = 2, FIGURES = 4 };
    struct run_view *v = view;
    struct str text = {0};
    for (int row = 0; row < p->rows; row++)
        paint_fill(p, row, 0, p->cols, " ", row ? LOOK_TEXT : LOOK_TITLE);
    add_title(v, p, &text);
    paint_text(p, 0, 0, p->cols, str_slice(&text), LOOK_TITLE);
    str_clear(&text);
    enum look look = add_state(v, p, &text);
    paint_line(p, 1, &text, look);
    str_free(&text);
    int rest = p->rows - HEAD - FIGURES;
    int log = rest >= 30 ? 8 : rest >= 14 ? 3 : 0, plot = rest - (log ? log + 1 : 0);
    if (plot >= PLOT_LEAST)
        paint_plot(v, p, HEAD, plot);
    else
        plot = 0;
    paint_figures(v, p, HEAD + plot);
    if (log) {
        paint_fill(p, HEAD + plot + FIGURES, 0, p->cols, p->ascii ? "-" : "─", LOOK_HEAD);
        paint_z(p, HEAD + plot + FIGURES, 2, p->cols - 2, " log ", LOOK_HEAD);
        paint_log(v, p, HEAD + plot + FIGURES + 1);
    }
}
