/* Moving about in a review: focus, scrolling, hinges, clauses, rounds. */
#include <string.h>

#include "ui/views/review_state.h"

int review_current_hunk(const struct review *v)
{
    if (v->focus == PANE_RATIONALE && v->clause >= 0 && (size_t)v->clause < v->m.n_clauses)
        return v->m.clauses[v->clause].hunk;
    return v->stop >= 0 && (size_t)v->stop < v->m.n_stops ? v->m.stops[v->stop] : -1;
}

static void show_support(struct review *v, int hunk)
{
    review_model_support(&v->m, hunk, &v->support);
    review_model_light_prompt(&v->m, &v->support);
    struct flow_at at;
    if (v->support.count &&
        flow_find_byte(&v->m.prompt_flow, FLOW_A, v->support.items[0].from, &at))
        review_bring_row(v, PANE_PROMPT, flow_row_of(&v->m.prompt_flow, at));
}

static void bring_hunk(struct review *v, int hunk)
{
    struct flow_at at;
    if (!v->sides) {
        if (flow_find_hunk(&v->m.unified, hunk, &at))
            review_bring_row(v, PANE_DIFF, flow_row_of(&v->m.unified, at));
        return;
    }
    struct flow_sides *s = review_model_sides(&v->m);
    if (flow_find_hunk(&s->left, hunk, &at))
        review_bring_row(v, PANE_DIFF, flow_sides_row_of(s, false, at));
    else if (flow_find_hunk(&s->right, hunk, &at))
        review_bring_row(v, PANE_DIFF, flow_sides_row_of(s, true, at));
}

void review_show_hunk(struct review *v, int hunk)
{
    if (hunk < 0)
        return;
    bring_hunk(v, hunk);
    show_support(v, hunk);
}

/* Why a hunk is lit stands on the line under the diff while the cursor is on it. */
static void say_why(struct review *v, int hunk)
{
    struct str what = {0}, why = {0};
    str_clear(&v->why);
    review_model_hunk_text(&v->m, hunk, HINGE_Y0, &what);
    if (!what.len)
        review_model_hunk_text(&v->m, hunk, HINGE_Y_STAR, &what);
    review_model_reasons(&v->m, hunk, &why);
    if (why.len) {
        str_adds(&v->why, v->ascii ? "<<" : "«");
        visible_cut(&v->why, str_slice(&what), v->cols < 120 ? 18 : 24);
        str_addf(&v->why, "%s %s", v->ascii ? ">>" : "»", str_z(&why));
    }
    str_free(&what);
    str_free(&why);
}

void review_go_stop(struct review *v, int stop)
{
    v->stop = stop;
    if (stop < 0 || (size_t)stop >= v->m.n_stops)
        return;
    int hunk = v->m.stops[stop], clause = review_model_clause_of(&v->m, hunk);
    if (clause >= 0)
        v->clause = clause;
    if (v->focus == PANE_RATIONALE && clause < 0)
        v->focus = PANE_DIFF; /* a hinge that no clause speaks of is shown where it stands */
    review_show_hunk(v, hunk);
    if (clause >= 0) {
        struct flow_at at;
        if (flow_find_hunk(&v->m.rationale_flow, clause, &at))
            review_bring_row(v, PANE_RATIONALE, flow_row_of(&v->m.rationale_flow, at));
    }
    say_why(v, hunk);
}

static void step_hinge(struct review *v, int step)
{
    if (v->search.len) {
        review_search_step(v, step);
        return;
    }
    if (!v->m.n_stops) {
        review_say(v, LOOK_DIM,
                   v->m.pairs[v->m.pair].to ? "nothing was changed"
                                            : "there is no y* to compare with");
        return;
    }
    int n = (int)v->m.n_stops;
    if (v->stop < 0)
        review_go_stop(v, step > 0 ? 0 : n - 1);
    else
        review_go_stop(v, (v->stop + step + n) % n);
}

static void step_clause(struct review *v, int step)
{
    int n = (int)v->m.n_clauses, to = v->clause + step;
    if (!n)
        return;
    v->clause = to < 0 ? 0 : to >= n ? n - 1 : to;
    struct flow_at at;
    if (flow_find_hunk(&v->m.rationale_flow, v->clause, &at))
        review_bring_row(v, PANE_RATIONALE, flow_row_of(&v->m.rationale_flow, at));
    int hunk = v->m.clauses[v->clause].hunk;
    if (hunk >= 0) {
        v->stop = review_model_stop_of(&v->m, hunk);
        review_show_hunk(v, hunk);
        say_why(v, hunk);
    } else if (v->m.n_stops) {
        str_clear(&v->why);
        review_say(v, LOOK_DIM, "no change was found that answers to this sentence");
    }
}

/* Row of a line of the rule pane. */
static size_t line_row(struct review *v, int line)
{
    size_t row = 0;
    for (int i = 0; i < line; i++)
        row += flow_count(&v->rule.items[i].flow);
    return row;
}

static void step_line(struct review *v, int step)
{
    int n = (int)v->rule.count;
    for (int i = v->line < 0 ? (step > 0 ? -1 : n) : v->line; i + step >= 0 && i + step < n;) {
        i += step;
        if (!v->rule.items[i].cites)
            continue;
        v->line = i;
        review_bring_row(v, PANE_RULE, line_row(v, i));
        return;
    }
    review_scroll_by(v, PANE_RULE, step);
}

static void step_pane(struct review *v, int step)
{
    if (v->focus == PANE_RATIONALE)
        step_clause(v, step);
    else if (v->focus == PANE_RULE)
        step_line(v, step);
    else
        review_scroll_by(v, v->focus, step);
}

void review_set_focus(struct review *v, enum review_pane pane)
{
    v->focus = pane;
    if (pane == PANE_RATIONALE && v->clause < 0 && v->m.n_clauses)
        step_clause(v, 1);
    if (pane == PANE_RULE && v->line < 0)
        step_line(v, 1);
    review_shape(v, v->rows, v->cols);
    review_follow(v);
}

/* After the window or the focus changed: what the reviewer looks at stays in sight. */
void review_follow(struct review *v)
{
    for (int p = 0; p < REVIEW_PANES; p++)
        if (v->layout.panes[p].rows > 0)
            review_scroll_to(v, (enum review_pane)p, v->scroll[p].top);
    int hunk = review_current_hunk(v);
    if (hunk >= 0)
        bring_hunk(v, hunk);
}

static void step_round(struct review *v, int step)
{
    int n = (int)v->m.n_pairs, to = (int)v->m.pair + step;
    if (to < 0 || to >= n) {
        review_say(v, LOOK_DIM, n > 1 ? "no further round" : "there is one round alone");
        return;
    }
    review_model_pair(&v->m, (size_t)to);
    v->stop = v->clause = -1;
    str_clear(&v->why);
    v->scroll[PANE_DIFF] = v->scroll[PANE_RATIONALE] = (struct review_scroll){0};
    review_search_clear(v);
    review_shape(v, v->rows, v->cols);
    if (v->m.n_lit)
        review_go_stop(v, 0);
}

static void go_last(struct review *v)
{
    if (v->focus == PANE_RATIONALE) {
        step_clause(v, (int)v->m.n_clauses);
        return;
    }
    review_scroll_to(v, v->focus, review_count_rows(v, v->focus));
    struct flow *f = review_pane_flow(v, v->focus);
    if (v->no_wrap && f && !v->sides) { /* the end of a long line too */
        unsigned end = flow_row_width(f, f->n_rows - 1);
        v->scroll[v->focus].skip = end > f->width ? end - f->width : 0;
    }
}

static void go_first(struct review *v)
{
    v->scroll[v->focus] = (struct review_scroll){0};
    if (v->focus == PANE_RATIONALE)
        step_clause(v, -(int)v->m.n_clauses);
}

static void sideways(struct review *v, int step)
{
    unsigned *skip = &v->scroll[v->focus].skip;
    unsigned by = v->cols > 16 ? (unsigned)v->cols / 4 : 4;
    if (!v->no_wrap)
        review_say(v, LOOK_DIM, "lines are wrapped: w shows them on one row each");
    else if (step > 0)
        *skip += by;
    else
        *skip = *skip > by ? *skip - by : 0;
}

/* Cells of the first row shown, and of its column. */
static unsigned top_width(struct review *v, struct flow *f, unsigned *column)
{
    size_t top = v->scroll[v->focus].top;
    if (!review_by_sides(v, v->focus)) {
        *column = f->width;
        return flow_has_row(f, top) ? flow_row_width(f, top) : 0;
    }
    struct flow_sides *s = review_model_sides(&v->m);
    *column = s->left.width;
    if (!flow_sides_has_row(s, top))
        return 0;
    unsigned left = s->rows[top].has_left ? flow_width_at(&s->left, s->rows[top].left) : 0;
    unsigned right = s->rows[top].has_right ? flow_width_at(&s->right, s->rows[top].right) : 0;
    return left > right ? left : right;
}

static void line_end(struct review *v, bool end)
{
    struct flow *f = review_pane_flow(v, v->focus);
    unsigned column = 0;
    if (!f || !v->no_wrap) {
        (end ? go_last : go_first)(v);
        return;
    }
    unsigned width = end ? top_width(v, f, &column) : 0;
    v->scroll[v->focus].skip = width > column ? width - column : 0;
}

static void turn(struct review *v, bool *what)
{
    *what = !*what;
    review_shape(v, v->rows, v->cols);
    review_follow(v);
}

/* The byte at the top stays at the top when rows are made anew. */
static void turn_wrap(struct review *v)
{
    struct flow_at tops[REVIEW_PANES];
    for (int p = 0; p < REVIEW_PANES; p++) {
        size_t top = v->scroll[p].top;
        struct flow *f = review_pane_flow(v, (enum review_pane)p);
        tops[p] = f && flow_has_row(f, top) ? flow_row_at(f, top) : (struct flow_at){0, 0};
        v->scroll[p].skip = 0;
    }
    v->no_wrap = !v->no_wrap;
    review_shape(v, v->rows, v->cols);
    for (int p = 0; p < REVIEW_PANES; p++) {
        struct flow *f = review_pane_flow(v, (enum review_pane)p);
        if (f && !review_by_sides(v, (enum review_pane)p))
            review_scroll_to(v, (enum review_pane)p, flow_row_of(f, tops[p]));
        else
            review_scroll_to(v, (enum review_pane)p, v->scroll[p].top);
    }
    review_say(v, LOOK_DIM, v->no_wrap ? "one row a line: h and l, or the arrows, go sideways"
                                       : "long lines are wrapped");
}

static void turn_sides(struct review *v)
{
    v->scroll[PANE_DIFF] = (struct review_scroll){0};
    if (!v->sides)
        review_model_sides(&v->m);
    turn(v, &v->sides);
    if (review_current_hunk(v) >= 0)
        bring_hunk(v, review_current_hunk(v));
}

static void turn_history(struct review *v)
{
    if (!v->history_open)
        review_history_load(v);
    v->history_open = !v->history_open;
    if (v->history_open)
        v->focus = PANE_HISTORY;
    else if (v->focus == PANE_HISTORY)
        v->focus = PANE_DIFF;
    review_shape(v, v->rows, v->cols);
    review_follow(v);
}

static void page(struct review *v, int halves)
{
    long rows = (long)review_view_rows(v, v->focus);
    long step = halves == 2 || halves == -2 ? (rows > 2 ? rows - 1 : 1) : (rows > 1 ? rows / 2 : 1);
    if (v->focus == PANE_RATIONALE)
        step_clause(v, halves > 0 ? 3 : -3);
    else
        review_scroll_by(v, v->focus, halves > 0 ? step : -step);
}

static void next_pane(struct review *v, int step)
{
    int n = v->history_open ? PANE_HISTORY + 1 : PANE_RULE + 1;
    int to = ((int)v->focus + step + n) % n;
    if (v->history_open && to == PANE_RULE && !v->layout.wide)
        to = (to + step + n) % n; /* the drawer stands over it */
    review_set_focus(v, (enum review_pane)to);
}

static const struct walk {
    const char *name;
    void (*step)(struct review *v, int by);
    int by;
    void (*run)(struct review *v);
} walks[] = {
    {"down", step_pane, 1, NULL},
    {"up", step_pane, -1, NULL},
    {"half-down", page, 1, NULL},
    {"half-up", page, -1, NULL},
    {"page-down", page, 2, NULL},
    {"page-up", page, -2, NULL},
    {"first", NULL, 0, go_first},
    {"last", NULL, 0, go_last},
    {"left", sideways, -1, NULL},
    {"right", sideways, 1, NULL},
    {"next-match", step_hinge, 1, NULL},
    {"previous-match", step_hinge, -1, NULL},
    {"next-round", step_round, 1, NULL},
    {"previous-round", step_round, -1, NULL},
    {"next-pane", next_pane, 1, NULL},
    {"previous-pane", next_pane, -1, NULL},
    {"wrap", NULL, 0, turn_wrap},
    {"side-by-side", NULL, 0, turn_sides},
    {"history", NULL, 0, turn_history},
};

bool review_walk_command(struct review *v, const char *name)
{
    static const char *const panes[] = {"pane-1", "pane-2", "pane-3", "pane-4", NULL};
    for (int i = 0; panes[i]; i++)
        if (strcmp(name, panes[i]) == 0) {
            if (i == PANE_RULE && v->history_open && !v->layout.wide)
                turn_history(v);
            review_set_focus(v, (enum review_pane)i);
            return true;
        }
    if (strcmp(name, "zoom") == 0) {
        turn(v, &v->zoom);
        return true;
    }
    if (strcmp(name, "line-start") == 0 || strcmp(name, "line-end") == 0) {
        line_end(v, name[5] == 'e');
        return true;
    }
    for (size_t i = 0; i < sizeof walks / sizeof walks[0]; i++) {
        if (strcmp(walks[i].name, name) != 0)
            continue;
        if (walks[i].run)
            walks[i].run(v);
        else
            walks[i].step(v, walks[i].by);
        return true;
    }
    return false;
}
