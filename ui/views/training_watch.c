/* One run watched: is it learning, how fast, when is it done, does it fit. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/mem.h"
#include "db/eval_store.h"
#include "ui/views/columns.h"
#include "ui/views/listing.h"
#include "ui/views/training.h"
#include "ui/views/training_curves.h"

enum { OTHERS = 23, PLOT_LEAST = 6, LOG_LINES = 40 };

struct run_view {
    struct desk *desk;
    struct run run;
    struct run others[OTHERS]; /* laid over it */
    size_t n_others;
    size_t checkpoint; /* the one chosen; n_checkpoints: the last, whichever that is */
    double *places;    /* of checkpoints on the axis */
    size_t n_places, cap_places;
    struct evals evals; /* of this run */
    struct str log;
    struct curve_shelf shelf;
    struct curve_look look;
    struct run_hand hand;
};

const struct binding run_bindings[] = {
    {"run", "j Down", "down", "the next run"},
    {"run", "k Up", "up", "the previous run"},
    CURVE_BINDINGS("run"),
    {"run", "]", "next-checkpoint", "the next checkpoint"},
    {"run", "[", "previous-checkpoint", "the checkpoint before"},
    {"run", "s", "stop", "stop it with a checkpoint (asks)"},
    {"run", "r", "resume", "let it go on from its last checkpoint"},
    {"run", "b", "branch", "a new run from the chosen checkpoint"},
    {"run", "D", "delete", "delete it with its checkpoints (asks)"},
    {"run", "p", "preview", "its examples as the trainer sees them"},
    {"run", "o", "overlay", "lay the runs of its comparison over it, or none"},
    {"run", "c", "compare", "compare it with another run: settings and curves"},
    {"run", "L", "log", "its log"},
    {"run", "E", "evals", "its evals"},
    {"run", "q Esc", "back", "back"},
    {NULL, NULL, NULL, NULL},
};

static void drop_others(struct run_view *v)
{
    for (size_t i = 0; i < v->n_others; i++)
        run_free(&v->others[i]);
    v->n_others = 0;
}

static void run_view_free(void *view)
{
    struct run_view *v = view;
    drop_others(v);
    run_free(&v->run);
    mem_free(v->places);
    evals_free(&v->evals);
    str_free(&v->log);
    curve_shelf_free(&v->shelf);
    run_hand_free(&v->hand);
    mem_free(v);
}

static void load_evals(struct run_view *v)
{
    struct evals fresh = {0};
    const struct eval_filter own = {.kind = EVAL_OUTPUTS, .run_uuid = v->run.uuid};
    if (!v->run.uuid[0] || eval_store_list(session_store(desk_session(v->desk)), &own, &fresh, NULL) != 0) {
        evals_free(&fresh);
        return;
    }
    evals_free(&v->evals);
    v->evals = fresh;
}

static void load_log(struct run_view *v)
{
    str_clear(&v->log);
    (void)run_log_tail(&v->run, LOG_LINES, &v->log, NULL); /* a run without a log says nothing */
}

static int add_other(struct run_view *v, const char *name, struct error *err)
{
    if (v->n_others == OTHERS)
        return 0;
    if (train_find(training_project(v->desk), name, &v->others[v->n_others], err) != 0)
        return -1;
    v->n_others++;
    return 0;
}

static int show_run(struct run_view *v, const char *name, struct error *err)
{
    struct run fresh = {0};
    if (train_find(training_project(v->desk), name, &fresh, err) != 0)
        return -1;
    run_free(&v->run);
    v->run = fresh;
    v->checkpoint = SIZE_MAX;
    load_evals(v);
    load_log(v);
    return 0;
}

struct run_view *run_view_new(struct desk *d, const char *name, const char *const *others, size_t n_others,
                              struct error *err)
{
    struct run_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    v->hand.desk = d;
    curve_look_init(&v->look);
    int result = show_run(v, name, err);
    for (size_t i = 0; result == 0 && i < n_others; i++)
        result = add_other(v, others[i], err);
    if (result == 0)
        return v;
    run_view_free(v);
    return NULL;
}

static void refresh(void *view)
{
    struct run_view *v = view;
    if (v->hand.deleted) { /* what is shown is gone */
        desk_close(v->desk);
        return;
    }
    run_refresh(&v->run);
    for (size_t i = 0; i < v->n_others; i++)
        run_refresh(&v->others[i]);
    curve_shelf_update(&v->shelf);
    load_evals(v);
    load_log(v);
}

/* ---- commands ---- */

static const struct run_checkpoint *chosen(const struct run_view *v)
{
    size_t n = v->run.n_checkpoints;
    return n ? &v->run.checkpoints[v->checkpoint < n ? v->checkpoint : n - 1] : NULL;
}

static void choose(struct run_view *v, long by)
{
    size_t n = v->run.n_checkpoints, at = v->checkpoint < n ? v->checkpoint : n - 1;
    if (n)
        v->checkpoint = listing_move(at, by, (long)n - 1);
}

/* The run so far down or up in the list. */
static void turn(struct run_view *v, long by)
{
    struct runs all = {0};
    struct error err = {0};
    size_t at = 0;
    int result = train_list(training_project(v->desk), &all, &err);
    while (at < all.count && strcmp(all.items[at].folder, v->run.folder) != 0)
        at++;
    size_t to = listing_move(at, by, (long)all.count - 1);
    if (result == 0 && to != at && to < all.count) {
        drop_others(v);
        result = show_run(v, all.items[to].name, &err);
    }
    if (result != 0)
        desk_fault(v->desk, &err);
    runs_free(&all);
}

static void overlay(struct run_view *v)
{
    struct runs all = {0};
    struct error err = {0};
    if (v->n_others) {
        drop_others(v);
        return;
    }
    int result = train_list(training_project(v->desk), &all, &err);
    for (size_t i = 0; result == 0 && i < all.count; i++) {
        const struct run *r = &all.items[i];
        bool same = strcmp(r->folder, v->run.folder) == 0;
        if (!same && (!v->run.group[0] || strcmp(r->group, v->run.group) == 0))
            result = add_other(v, r->name, &err);
    }
    if (result != 0)
        desk_fault(v->desk, &err);
    else if (!v->n_others)
        desk_say(v->desk, LOOK_WARN, "there is no other run to lay over it");
    runs_free(&all);
}

static void open_compare(struct run_view *v, const char *other)
{
    struct error err = {0};
    struct compare_view *view = compare_view_new(v->desk, v->run.name, other, &err);
    if (view)
        desk_show(v->desk, &compare_view_ops, view);
    else
        desk_fault(v->desk, &err);
}

static bool answer_compare(void *view, struct slice text)
{
    struct run_view *v = view;
    struct str name = {0};
    struct run r = {0};
    struct error err = {0};
    str_add_slice(&name, slice_trim(text));
    bool found = train_find(training_project(v->desk), str_z(&name), &r, &err) == 0;
    if (!found)
        desk_fault(v->desk, &err);
    run_free(&r);
    if (found)
        open_compare(v, str_z(&name));
    str_free(&name);
    return found;
}

static void complete_run(void *view, struct limit_choices *out, struct slice text, size_t cursor)
{
    struct run_view *v = view;
    struct runs all = {0};
    const char *names[128];
    size_t n = 0;
    if (train_list(training_project(v->desk), &all, NULL) == 0)
        for (size_t i = 0; i < all.count && n < sizeof names / sizeof *names; i++)
            names[n++] = all.items[i].name;
    words_complete(out, names, n, text, cursor);
    runs_free(&all);
}

static void compare(struct run_view *v)
{
    if (v->n_others == 1)
        open_compare(v, v->others[0].name);
    else
        desk_ask(v->desk, &(struct question){.kind = "run", .label = "compare with which run: ",
                                             .answer = answer_compare, .complete = complete_run, .view = v});
}

static bool command(void *view, const char *name)
{
    struct run_view *v = view;
    const struct run_checkpoint *c = chosen(v);
    if (curve_look_command(&v->look, name) || run_act(&v->hand, &v->run, c ? c->step : -1, name))
        return true;
    if (strcmp(name, "down") == 0 || strcmp(name, "up") == 0)
        turn(v, name[0] == 'd' ? 1 : -1);
    else if (strcmp(name, "next-checkpoint") == 0 || strcmp(name, "previous-checkpoint") == 0)
        choose(v, name[0] == 'n' ? 1 : -1);
    else if (strcmp(name, "overlay") == 0)
        overlay(v);
    else if (strcmp(name, "compare") == 0)
        compare(v);
    else
        return false;
    return true;
}

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
           all = curve_now(c, "memory_total_bytes");
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
    const struct run_checkpoint *c = chosen(v);
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
            str_addf(out, " %s%.2f", p->ascii ? "+-" : "±", 1.96 * e->spread / sqrt((double)e->n));
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
        bool steps = v->look.axis == CURVE_STEP, examples = v->look.axis == CURVE_EXAMPLES && c->examples >= 0;
        if (!steps && !examples)
            continue;
        v->places = array_reserve(v->places, &v->cap_places, v->n_places + 1, sizeof *v->places);
        v->places[v->n_places++] = steps ? (double)c->step : c->examples;
    }
}

static void paint_plot(struct run_view *v, const struct paint *p, int row, int rows)
{
    struct curve_run runs[OTHERS + 1];
    size_t n = 0;
    find_places(v);
    runs[n++] = (struct curve_run){v->run.name, curve_shelf_get(&v->shelf, v->run.folder), v->places, v->n_places};
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
    add_plain_rate(p, c, &text);
    paint_line(p, row + 1, &text, LOOK_TEXT);
    paint_checkpoints(v, p, row + 2);
    add_evals(v, p, &text);
    paint_line(p, row + 3, &text, LOOK_TEXT);
    str_free(&text);
}

static void paint(void *view, const struct paint *p)
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

static const char *hints(void *view)
{
    const struct run_view *v = view;
    if (run_state_busy(v->run.state))
        return "s stop  p preview examples  o overlay  c compare  E evals  L log  m metric  +/- zoom  q back  ? help";
    if (v->run.state == RUN_FINISHED)
        return "E evals  b branch  o overlay  c compare  p preview examples  L log  m metric  +/- zoom  q back  ? help";
    return "r resume  L log  b branch  o overlay  c compare  p preview examples  m metric  q back  ? help";
}

const struct view_ops run_view_ops = {
    .mode = "run",
    .watches = true,
    .free = run_view_free,
    .command = command,
    .paint = paint,
    .refresh = refresh,
    .hints = hints,
};
