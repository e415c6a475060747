/* The list of runs, with the curves of the one under the cursor and of those tagged below it. */
#include <string.h>

#include "app/eval.h"
#include "base/array.h"
#include "base/mem.h"
#include "db/eval_store.h"
#include "ui/views/listing.h"
#include "ui/views/training.h"
#include "ui/views/training_curves.h"

enum { TAGS = 24, PLOT_ROWS = 9, DETAIL = 2, BAR = 12 };

struct training_view {
    struct desk *desk;
    struct runs runs;
    struct evals evals;
    struct listing list;
    char *tags[TAGS]; /* names, in the order they were tagged */
    size_t n_tags;
    struct curve_shelf shelf;
    struct curve_look look;
    struct run_hand hand;
};

const struct binding training_bindings[] = {
    {"training", "j Down", "down", "next run"},
    {"training", "k Up", "up", "previous run"},
    {"training", "g Home", "first", "newest run"},
    {"training", "G End", "last", "oldest run"},
    {"training", "Ctrl-d PgDn", "page-down", "a page down"},
    {"training", "Ctrl-u PgUp", "page-up", "a page up"},
    {"training", "Enter", "open", "watch the run"},
    {"training", "n", "new", "start a run: sft, isft, rgt, or several as one comparison"},
    {"training", "s", "stop", "stop it with a checkpoint (asks)"},
    {"training", "r", "resume", "let it go on from its last checkpoint"},
    {"training", "b", "branch", "a new run from its last checkpoint"},
    {"training", "D", "delete", "delete it with its checkpoints (asks)"},
    {"training", "p", "preview", "its examples as the trainer sees them"},
    {"training", "L", "log", "its log"},
    {"training", "E", "evals", "its evals"},
    {"training", "N", "experiment", "run the experiment that comes along, in a folder of its own (asks)"},
    {"training", "t", "tag", "tag it: tagged runs lie over one another in the plot"},
    {"training", "o", "overlay", "tag all runs of its comparison, or none"},
    {"training", "c", "compare", "compare it with the tagged run: settings and curves"},
    CURVE_BINDINGS("training"),
    {"training", "q Esc", "back", "back"},
    {NULL, NULL, NULL, NULL},
};

static const struct run *here(const struct training_view *v)
{
    return v->runs.count ? &v->runs.items[v->list.cursor] : NULL;
}

static const struct run *by_name(const struct training_view *v, const char *name)
{
    for (size_t i = 0; i < v->runs.count; i++)
        if (strcmp(v->runs.items[i].name, name) == 0)
            return &v->runs.items[i];
    return NULL;
}

/* ---- tags ---- */

static size_t tag_of(const struct training_view *v, const char *name)
{
    size_t i = 0;
    while (i < v->n_tags && strcmp(v->tags[i], name) != 0)
        i++;
    return i;
}

static void untag(struct training_view *v, size_t i)
{
    mem_free(v->tags[i]);
    memmove(&v->tags[i], &v->tags[i + 1], (--v->n_tags - i) * sizeof *v->tags);
}

static void tag(struct training_view *v, const char *name)
{
    if (tag_of(v, name) == v->n_tags && v->n_tags < TAGS)
        v->tags[v->n_tags++] = mem_strdup(name);
}

static void turn_tag(struct training_view *v)
{
    const struct run *r = here(v);
    size_t i = r ? tag_of(v, r->name) : 0;
    if (!r)
        return;
    if (i < v->n_tags)
        untag(v, i);
    else
        tag(v, r->name);
    listing_command(&v->list, v->runs.count, "down");
}

static void overlay(struct training_view *v)
{
    const struct run *r = here(v);
    bool any = v->n_tags > 0;
    while (v->n_tags)
        untag(v, 0);
    if (any || !r)
        return;
    for (size_t i = 0; i < v->runs.count; i++) /* a run by itself: all runs */
        if (!r->group[0] || strcmp(v->runs.items[i].group, r->group) == 0)
            tag(v, v->runs.items[i].name);
}

/* ---- reading ---- */

static void forget_lost_tags(struct training_view *v)
{
    for (size_t i = v->n_tags; i-- > 0;)
        if (!by_name(v, v->tags[i]))
            untag(v, i);
}

static void load_evals(struct training_view *v)
{
    struct evals fresh = {0};
    const struct eval_filter all = {.kind = EVAL_OUTPUTS};
    if (eval_store_list(session_store(desk_session(v->desk)), &all, &fresh, NULL) != 0) {
        evals_free(&fresh); /* busy: those that were read are still true */
        return;
    }
    evals_free(&v->evals);
    v->evals = fresh;
}

static int load(struct training_view *v, struct error *err)
{
    struct runs fresh = {0};
    struct str at = {0};
    if (here(v))
        str_adds(&at, here(v)->name);
    bool newest = v->list.cursor == 0;
    if (train_list(training_project(v->desk), &fresh, err) != 0) {
        runs_free(&fresh);
        str_free(&at);
        return -1;
    }
    runs_free(&v->runs);
    v->runs = fresh;
    listing_clamp(&v->list, fresh.count);
    for (size_t i = 0; !newest && i < fresh.count; i++)
        if (strcmp(fresh.items[i].name, str_z(&at)) == 0)
            v->list.cursor = i;
    str_free(&at);
    forget_lost_tags(v);
    load_evals(v);
    return 0;
}

static void refresh(void *view)
{
    struct training_view *v = view;
    struct error err = {0};
    if (load(v, &err) != 0)
        desk_fault(v->desk, &err);
    curve_shelf_update(&v->shelf);
}

static void training_view_free(void *view)
{
    struct training_view *v = view;
    while (v->n_tags)
        untag(v, 0);
    runs_free(&v->runs);
    evals_free(&v->evals);
    curve_shelf_free(&v->shelf);
    run_hand_free(&v->hand);
    mem_free(v);
}

struct training_view *training_view_new(struct desk *d, struct error *err)
{
    struct training_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    v->hand.desk = d;
    curve_look_init(&v->look);
    if (load(v, err) == 0)
        return v;
    training_view_free(v);
    return NULL;
}

/* ---- commands ---- */

static void open_run(struct training_view *v)
{
    const struct run *r = here(v);
    struct error err = {0};
    const char *others[TAGS];
    size_t n = 0;
    if (!r)
        return;
    for (size_t i = 0; i < v->n_tags; i++)
        if (strcmp(v->tags[i], r->name) != 0)
            others[n++] = v->tags[i];
    struct run_view *view = run_view_new(v->desk, r->name, others, n, &err);
    if (view)
        desk_show(v->desk, &run_view_ops, view);
    else
        desk_fault(v->desk, &err);
}

static void start_form(struct training_view *v)
{
    struct error err = {0};
    struct train_form_view *view = train_form_new(v->desk, NULL, -1, &err);
    if (view)
        desk_show(v->desk, &train_form_ops, view);
    else
        desk_fault(v->desk, &err);
}

static void start_experiment(struct training_view *v)
{
    ask_experiment(v->desk);
}

/* The run under the cursor with the one tagged; the cursor on a tagged one: the two tagged. */
static void compare(struct training_view *v)
{
    const struct run *r = here(v);
    struct error err = {0};
    const char *other = NULL;
    for (size_t i = 0; r && i < v->n_tags; i++)
        if (strcmp(v->tags[i], r->name) != 0)
            other = v->tags[i];
    if (!other) {
        desk_say(v->desk, LOOK_WARN, "tag the run to compare with first: t on it, then c on this one");
        return;
    }
    struct compare_view *view = compare_view_new(v->desk, other, r->name, &err);
    if (view)
        desk_show(v->desk, &compare_view_ops, view);
    else
        desk_fault(v->desk, &err);
}

static bool command(void *view, const char *name)
{
    static const struct {
        const char *name;
        void (*run)(struct training_view *v);
    } table[] = {{"open", open_run},
                 {"new", start_form},
                 {"experiment", start_experiment},
                 {"tag", turn_tag},
                 {"overlay", overlay},
                 {"compare", compare}};
    struct training_view *v = view;
    if (listing_command(&v->list, v->runs.count, name) || run_act(&v->hand, here(v), -1, name) ||
        curve_look_command(&v->look, name))
        return true;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, name) == 0) {
            table[i].run(v);
            return true;
        }
    return false;
}

/* ---- painting ---- */

enum {
    COL_TAG,
    COL_RUN,
    COL_STATE,
    COL_METHOD,
    COL_MODEL,
    COL_BAR,
    COL_DONE,
    COL_EXAMPLES,
    COL_LOSS,
    COL_VALID,
    COL_LEFT,
    COL_EVAL,
    COL_GROUP,
    COL_SAID,
    COLS
};
static const struct column columns[COLS] = {
    [COL_TAG] = {"", 1, 1, 0, false},         [COL_RUN] = {"run", 8, 14, 0, false},
    [COL_STATE] = {"state", 8, 10, 0, false}, [COL_METHOD] = {"method", 6, 6, 0, false},
    [COL_MODEL] = {"model", 10, 20, 6, false}, [COL_BAR] = {"", BAR, BAR, 7, false},
    [COL_DONE] = {"done", 4, 4, 0, true},     [COL_EXAMPLES] = {"examples", 8, 9, 4, true},
    [COL_LOSS] = {"loss", 6, 6, 0, true},     [COL_VALID] = {"valid", 6, 6, 0, true},
    [COL_LEFT] = {"left", 9, 11, 0, true},    [COL_EVAL] = {"last eval", 10, 12, 3, true},
    [COL_GROUP] = {"compared", 8, 8, 5, true}, [COL_SAID] = {"says", 12, 0, 8, false},
};

static int percent(const struct run *r)
{
    const struct run_progress *p = &r->progress;
    return p->steps > 0 && p->step >= 0 ? (int)(100 * p->step / p->steps) : -1;
}

static void add_bar(struct str *out, int percent, bool ascii)
{
    for (int i = 0; percent >= 0 && i < BAR; i++)
        str_adds(out, i < percent * BAR / 100 ? (ascii ? "#" : "█") : ascii ? "." : "░");
}

static void add_loss(struct str *out, double loss)
{
    if (loss >= 0)
        str_addf(out, loss < 100 ? "%.3f" : "%.0f", loss);
}

/* Runs that were started as one comparison bear one number, counted from the oldest. */
static void add_group(const struct training_view *v, const struct run *r, struct str *out)
{
    int number = 0;
    if (!r->group[0])
        return;
    for (size_t i = v->runs.count; i-- > 0;) {
        const char *group = v->runs.items[i].group;
        bool first = group[0] != '\0';
        for (size_t k = i + 1; first && k < v->runs.count; k++)
            first = strcmp(v->runs.items[k].group, group) != 0;
        number += first;
        if (strcmp(group, r->group) == 0)
            break;
    }
    str_addf(out, "#%d", number);
}

static void add_eval(const struct training_view *v, const struct run *r, struct str *out, bool ascii)
{
    for (size_t i = 0; r->uuid[0] && i < v->evals.count; i++) {
        const struct eval *e = &v->evals.items[i];
        if (!e->run_uuid || strcmp(e->run_uuid, r->uuid) != 0 || e->n == 0)
            continue;
        str_addf(out, "%.2f", e->mean);
        if (e->n > 1)
            str_addf(out, " %s%.2f", ascii ? "+-" : "±", eval_half_width(e->n, e->spread));
        return;
    }
}

static void add_left(const struct run *r, struct str *out)
{
    if (run_state_busy(r->state) && r->progress.seconds_left >= 0)
        add_duration(out, r->progress.seconds_left);
}

static enum look cell(const void *context, size_t row, int column, bool ascii, struct str *out)
{
    const struct training_view *v = context;
    const struct run *r = &v->runs.items[row];
    switch (column) {
    case COL_TAG: str_adds(out, tag_of(v, r->name) < v->n_tags ? "*" : " "); return LOOK_STRONG;
    case COL_RUN: str_adds(out, r->name); break;
    case COL_STATE: str_adds(out, run_state_name(r->state)); return run_look(r->state);
    case COL_METHOD: str_adds(out, r->method); break;
    case COL_MODEL: str_adds(out, strrchr(r->model, '/') ? strrchr(r->model, '/') + 1 : r->model); break;
    case COL_BAR: add_bar(out, percent(r), ascii); return LOOK_DIM;
    case COL_DONE:
        if (percent(r) >= 0)
            str_addf(out, "%d%%", percent(r));
        break;
    case COL_EXAMPLES:
        if (r->progress.examples >= 0)
            add_count(out, (long long)r->progress.examples);
        break;
    case COL_LOSS: add_loss(out, r->progress.loss); break;
    case COL_VALID: add_loss(out, r->progress.valid_loss); break;
    case COL_LEFT: add_left(r, out); break;
    case COL_EVAL: add_eval(v, r, out, ascii); break;
    case COL_GROUP: add_group(v, r, out); break;
    default: str_adds(out, r->reason); return r->state == RUN_FAILED ? LOOK_BAD : LOOK_DIM;
    }
    return LOOK_TEXT;
}

/* What has no column in a narrow window: where it runs, and what it says. */
static void paint_detail(const struct training_view *v, const struct paint *p, int row)
{
    const struct run *r = here(v);
    const char *dot = p->ascii ? " - " : " · ";
    struct str text = {0};
    paint_fill(p, row, 0, p->cols, " ", LOOK_HEAD);
    paint_fill(p, row + 1, 0, p->cols, " ", LOOK_TEXT);
    if (!r)
        return;
    const char *rank = run_option(r, "rank"), *model = strrchr(r->model, '/');
    str_addf(&text, "%s%s%s", r->name, dot, model ? model + 1 : r->model);
    if (rank)
        str_addf(&text, " r%s", rank);
    str_addf(&text, "%s%s %s", dot, r->place[0] ? r->place : "local", r->device);
    if (r->group[0]) {
        str_addf(&text, "%scompared ", dot);
        add_group(v, r, &text);
    }
    if (r->notes[0])
        str_addf(&text, "%s%s", dot, r->notes);
    paint_text(p, row, 1, p->cols - 1, str_slice(&text), LOOK_HEAD);
    str_clear(&text);
    if (r->reason[0] && strcmp(r->reason, run_state_name(r->state)) != 0)
        str_adds(&text, r->reason);
    else
        train_progress_text(&text, r);
    bool bad = r->state == RUN_FAILED || r->state == RUN_UNREADABLE;
    paint_text(p, row + 1, 2, p->cols - 2, str_slice(&text), bad ? LOOK_BAD : LOOK_TEXT);
    str_free(&text);
}

static size_t collect(struct training_view *v, struct curve_run *out)
{
    const struct run *r = here(v);
    size_t n = 0;
    for (size_t i = 0; i < v->n_tags; i++) {
        const struct run *tagged = by_name(v, v->tags[i]);
        out[n++] =
            (struct curve_run){.name = tagged->name, .curve = curve_shelf_get(&v->shelf, tagged->folder)};
    }
    if (r && tag_of(v, r->name) == v->n_tags && n < TAGS)
        out[n++] = (struct curve_run){.name = r->name, .curve = curve_shelf_get(&v->shelf, r->folder)};
    return n;
}

static void paint_head(const struct training_view *v, const struct paint *p)
{
    struct str title = {0};
    long long busy = 0;
    for (size_t i = 0; i < v->runs.count; i++)
        busy += run_state_busy(v->runs.items[i].state);
    str_addf(&title, " Training of %s: ", session_project(desk_session(v->desk)));
    add_count(&title, (long long)v->runs.count);
    str_adds(&title, v->runs.count == 1 ? " run" : " runs");
    if (busy)
        str_addf(&title, ", %lld at work", busy);
    if (v->n_tags)
        str_addf(&title, ", %zu tagged", v->n_tags);
    paint_fill(p, 0, 0, p->cols, " ", LOOK_TITLE);
    paint_text(p, 0, 0, p->cols, str_slice(&title), LOOK_TITLE);
    str_free(&title);
}

static void paint(void *view, const struct paint *p)
{
    struct training_view *v = view;
    const struct table table = {.columns = columns, .n_columns = COLS, .cursor_columns = COL_RUN + 1,
                                .count = v->runs.count, .context = v, .cell = cell};
    bool detail = p->rows >= 10, plots = p->rows >= 4 + DETAIL + PLOT_ROWS && v->runs.count;
    int rest = p->rows - 2 - (detail ? DETAIL : 0), plot = 0;
    if (plots) { /* the list takes what it needs, two fifths at most */
        int wants = (int)v->runs.count > 3 ? (int)v->runs.count : 3,
            most = rest * 2 / 5 > 3 ? rest * 2 / 5 : 3;
        plot = rest - (wants < most ? wants : most);
    }
    paint_head(v, p);
    listing_show(&v->list, rest - plot);
    table_paint(&table, p, 1, &v->list);
    if (v->runs.count == 0)
        paint_z(p, 3, 2, p->cols - 2, "No runs yet: n starts one.", LOOK_DIM);
    int row = 2 + rest - plot;
    if (detail)
        paint_detail(v, p, row);
    if (plots) {
        struct curve_run runs[TAGS + 1];
        size_t n = collect(v, runs);
        curves_paint(&v->look, runs, n, desk_signs(v->desk), p,
                     (struct plot_rect){row + DETAIL, 0, plot, p->cols});
    }
}

static const char *hints(void *view)
{
    const struct training_view *v = view;
    const struct run *r = here(v);
    if (!r)
        return "n new run  q back  ? help";
    if (run_state_busy(r->state))
        return "Enter watch  s stop  n new  t tag  c compare  L log  m metric  +/- zoom  q back  ? help";
    if (r->state == RUN_FINISHED)
        return "Enter watch  n new  E evals  b branch  t tag  c compare  L log  D delete  m metric  q back  "
               "? help";
    return "r resume  Enter watch  n new  L log  t tag  c compare  D delete  m metric  q back  ? help";
}

const struct view_ops training_view_ops = {
    .mode = "training",
    .watches = true,
    .free = training_view_free,
    .command = command,
    .paint = paint,
    .refresh = refresh,
    .hints = hints,
};
