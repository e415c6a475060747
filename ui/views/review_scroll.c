/* What each pane shows of its rows, in the window as it is. */
#include "ui/views/review_state.h"

enum { GUTTER = 2, SIDES_GAP = 3 };

struct flow *review_pane_flow(struct review *v, enum review_pane pane)
{
    switch (pane) {
    case PANE_DIFF: return &v->m.unified;
    case PANE_PROMPT: return &v->m.prompt_flow;
    case PANE_RATIONALE: return &v->m.rationale_flow;
    case PANE_HISTORY: return &v->history_flow;
    default: return NULL;
    }
}

bool review_by_sides(const struct review *v, enum review_pane pane)
{
    return pane == PANE_DIFF && v->sides;
}

/* Rows of a pane, counted no further than bound. */
size_t review_pane_count(struct review *v, enum review_pane pane, size_t bound)
{
    struct flow *f = review_pane_flow(v, pane);
    if (!f) {
        size_t rows = 0;
        for (size_t i = 0; i < v->rule.count; i++)
            rows += flow_count(&v->rule.items[i].flow);
        return rows < bound ? rows : bound;
    }
    size_t n = 0;
    while (n < bound &&
           (review_by_sides(v, pane) ? flow_sides_has_row(&v->m.sides, n) : flow_has_row(f, n)))
        n++;
    return n;
}

/* Lays every flow out for the widths that the window gives. */
static void lay_flows(struct review *v)
{
    bool wrap = !v->no_wrap;
    for (int p = 0; p < REVIEW_PANES; p++) {
        int cols = v->layout.panes[p].cols;
        struct flow *f = review_pane_flow(v, (enum review_pane)p);
        if (!f || cols <= 0)
            continue;
        flow_layout(f, cols > GUTTER + 1 ? (unsigned)(cols - GUTTER - 1) : 1, wrap);
    }
    int cols = v->layout.panes[PANE_DIFF].cols;
    if (v->sides && cols > 0) {
        int column = (cols - GUTTER - SIDES_GAP) / 2;
        flow_sides_layout(review_model_sides(&v->m), column > 1 ? (unsigned)column : 1, wrap);
    }
}

static struct review_shape shape_of(struct review *v, int rows, int cols)
{
    return (struct review_shape){.rows = rows - 2, .cols = cols, .first_row = 1,
                                 .focus = v->focus, .zoom = v->zoom || v->mode == MODE_YSTAR,
                                 .history = v->history_open};
}

/* Rows that a form or a question takes above the rule pane's lines. Enough from the start, so that
 * nothing moves while it is filled in. */
static int form_rows(const struct review *v)
{
    switch (v->mode) {
    case MODE_RULE: return 8;
    case MODE_REJECT: return 10;
    case MODE_FLAG: return 2;
    default: return 0;
    }
}

/* Twice: the widths say how many rows each pane wants, which says how high each is. */
void review_shape(struct review *v, int rows, int cols)
{
    struct review_shape shape = shape_of(v, rows, cols);
    for (int i = 0; i < REVIEW_PANES; i++)
        shape.wants[i] = i != PANE_PROMPT || v->m.prompt.len;
    v->rows = rows;
    v->cols = cols;
    review_lay_out(&v->layout, &shape);
    lay_flows(v);
    review_rule_lines(v);
    for (int i = 0; i < REVIEW_PANES; i++)
        shape.wants[i] = (int)review_pane_count(v, (enum review_pane)i, 200);
    shape.wants[PANE_RULE] += form_rows(v);
    if (v->mode == MODE_RULE)
        shape.wants[PANE_RULE] = shape.wants[PANE_RULE] < 11 ? 11 : shape.wants[PANE_RULE];
    if (!v->m.prompt.len)
        shape.wants[PANE_PROMPT] = 0;
    if (!v->m.n_clauses)
        shape.wants[PANE_RATIONALE] = 0;
    review_lay_out(&v->layout, &shape);
    lay_flows(v);
}

size_t review_view_rows(const struct review *v, enum review_pane pane)
{
    int rows = v->layout.panes[pane].rows;
    return rows > 0 ? (size_t)rows : 1;
}

static bool has_row(struct review *v, enum review_pane pane, size_t row)
{
    if (review_by_sides(v, pane))
        return flow_sides_has_row(review_model_sides(&v->m), row);
    struct flow *f = review_pane_flow(v, pane);
    return f ? flow_has_row(f, row) : row < review_pane_count(v, pane, row + 1);
}

size_t review_count_rows(struct review *v, enum review_pane pane)
{
    if (review_by_sides(v, pane))
        return flow_sides_count(review_model_sides(&v->m));
    struct flow *f = review_pane_flow(v, pane);
    return f ? flow_count(f) : review_pane_count(v, pane, 10000);
}

/* Sets the first row shown; the last row never leaves the bottom. */
void review_scroll_to(struct review *v, enum review_pane pane, size_t top)
{
    size_t rows = review_view_rows(v, pane);
    if (top > 0 && !has_row(v, pane, top + rows - 1)) {
        size_t count = review_count_rows(v, pane);
        top = count > rows ? count - rows : 0;
    }
    v->scroll[pane].top = top;
}

void review_scroll_by(struct review *v, enum review_pane pane, long step)
{
    size_t top = v->scroll[pane].top;
    if (step < 0 && (size_t)-step > top)
        top = 0;
    else
        top += (size_t)step;
    review_scroll_to(v, pane, top);
}

/* Shows row, a third from the top when it was out of sight. */
void review_bring_row(struct review *v, enum review_pane pane, size_t row)
{
    size_t top = v->scroll[pane].top, rows = review_view_rows(v, pane);
    if (row < top || row >= top + rows)
        review_scroll_to(v, pane, row > rows / 3 ? row - rows / 3 : 0);
}

void review_bring(struct review *v, enum review_pane pane, struct flow_at at)
{
    struct flow *f = review_pane_flow(v, pane);
    if (review_by_sides(
            v, pane)) { /* the place is one of the unified flow: its hunk or text leads there */
        const struct flow_run *r = at.run < f->n_runs ? &f->runs[at.run] : NULL;
        struct flow_sides *s = review_model_sides(&v->m);
        struct flow_at side;
        bool right = r && r->text == FLOW_B;
        if (r &&
            flow_find_byte(right ? &s->right : &s->left, (enum flow_text)r->text, at.off, &side))
            review_bring_row(v, pane, flow_sides_row_of(s, right, side));
        return;
    }
    review_bring_row(v, pane, flow_row_of(f, at));
    if (v->no_wrap) { /* sideways too */
        size_t row = flow_row_of(f, at);
        unsigned col = flow_column(f, row, at);
        if (col < v->scroll[pane].skip || col >= v->scroll[pane].skip + f->width)
            v->scroll[pane].skip = col > f->width / 2 ? col - f->width / 2 : 0;
    }
}
