#include <string.h>

#include "ui/views/flow_paint.h"
#include "ui/views/review_state.h"

enum { GUTTER = 2, SIDES_GAP = 3 };

/* Gathers the cells of one row into pieces of one look. */
struct review_brush {
    const struct paint *p;
    const struct review *v;
    enum review_pane pane;
    int row, col; /* where cell 0 stands */
    int width;
    int hunk; /* the one under the cursor */
    int clause; /* of the rationale, when that has the focus: all it faults is under the cursor */
    struct str piece;
    int piece_at, used; /* cells */
    enum look look;
    bool has_focus, has_lit; /* the row shows the hunk under the cursor, or a hinge */
};

static void flush_piece(struct review_brush *b)
{
    if (b->used > b->piece_at)
        b->p->put(b->p->context, b->row, b->col + b->piece_at, str_slice(&b->piece),
                  b->used - b->piece_at, b->look);
    str_clear(&b->piece);
    b->piece_at = b->used;
}

static bool in_spans(const struct review_spans *s, uint32_t at)
{
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (s->items[mid].to <= at)
            low = mid + 1;
        else
            high = mid;
    }
    return low < s->count && s->items[low].from <= at;
}

static bool is_marked_word(const struct review *v, const struct flow_cell *c)
{
    bool right = c->run->text == FLOW_B;
    return v->mode == MODE_MARK && c->run->text != FLOW_SIGN && right == v->mark.in_b &&
           c->from >= v->mark.from && c->from < v->mark.to;
}

static enum look look_in_diff(struct review_brush *b, const struct flow_cell *c)
{
    const struct flow_run *r = c->run;
    bool here =
        r->hunk >= 0 && (b->clause >= 0 ? review_model_clause_of(&b->v->m, r->hunk) == b->clause
                                        : r->hunk == b->hunk);
    b->has_focus |= here;
    b->has_lit |= r->lit;
    if (is_marked_word(b->v, c))
        return LOOK_CURSOR;
    if (here && (r->lit || !b->v->m.n_lit))
        return flow_focus_look(r);
    return c->mark && r->kind == FLOW_KEEP && !r->lit ? LOOK_MARK : flow_run_look(r);
}

static enum look look_in_rationale(struct review_brush *b, const struct flow_cell *c)
{
    bool here = c->run->hunk == b->v->clause && b->v->clause >= 0;
    b->has_focus |= here;
    if (here && b->v->focus == PANE_RATIONALE)
        return LOOK_STRONG;
    if (b->hunk >= 0 && review_model_clause_of(&b->v->m, b->hunk) == c->run->hunk)
        return LOOK_LINK;
    return c->mark ? LOOK_MARK : LOOK_TEXT;
}

static enum look look_of(struct review_brush *b, const struct flow_cell *c)
{
    const struct review *v = b->v;
    enum look look;
    if (b->pane == PANE_DIFF)
        look = look_in_diff(b, c);
    else if (b->pane == PANE_RATIONALE)
        look = look_in_rationale(b, c);
    else if (b->pane == PANE_PROMPT && c->run->lit)
        look = LOOK_LINK;
    else
        look = c->mark && c->run->kind == FLOW_KEEP ? LOOK_MARK : flow_run_look(c->run);
    if (v->search.len && v->searched == b->pane && c->run->text != FLOW_SIGN &&
        in_spans(&v->matches[c->run->text], c->from))
        look = LOOK_MATCH;
    return look;
}

static void put_cell(void *context, const struct flow_cell *c)
{
    struct review_brush *b = context;
    enum look look = look_of(b, c);
    if (look != b->look || (int)c->col != b->used)
        flush_piece(b);
    if ((int)c->col > b->used)
        b->piece_at = b->used = (int)c->col;
    b->look = look;
    str_add_slice(&b->piece, c->text);
    b->used += (int)c->width;
}

static void end_row(struct review_brush *b)
{
    flush_piece(b);
    if (b->used < b->width)
        paint_fill(b->p, b->row, b->col + b->used, b->width - b->used, " ", LOOK_TEXT);
    str_free(&b->piece);
}

static void put_gutter(const struct review *v, const struct paint *p, int row, int col,
                       bool has_focus, bool has_lit)
{
    paint_z(p, row, col, 1, has_focus ? (v->ascii ? ">" : "▸") : " ", LOOK_STRONG);
    paint_z(p, row, col + 1, 1, has_lit ? (v->ascii ? "*" : "•") : " ", LOOK_STRONG);
}

static struct review_brush brush_for(struct review *v, const struct paint *p,
                                     enum review_pane pane, int row, int col, int width)
{
    return (struct review_brush){.p = p, .v = v, .pane = pane, .row = row, .col = col,
                                 .width = width, .hunk = review_current_hunk(v),
                                 .clause = v->focus == PANE_RATIONALE ? v->clause : -1};
}

static void blank_row(const struct paint *p, int row, int col, int width)
{
    paint_fill(p, row, col, width, " ", LOOK_TEXT);
}

static void paint_row(struct review *v, const struct paint *p, enum review_pane pane, size_t row,
                      int at_row, const struct review_rect *r)
{
    struct flow *f = review_pane_flow(v, pane);
    if (!flow_has_row(f, row)) {
        blank_row(p, at_row, r->col, r->cols);
        return;
    }
    struct review_brush b = brush_for(v, p, pane, at_row, r->col + GUTTER, r->cols - GUTTER);
    flow_draw(f, row, v->scroll[pane].skip, f->width, put_cell, &b);
    end_row(&b);
    put_gutter(v, p, at_row, r->col, b.has_focus, b.has_lit);
}

static void paint_half(struct review *v, const struct paint *p, struct flow *f, bool there,
                       struct flow_at at, struct review_brush *b)
{
    (void)p;
    if (there)
        flow_draw_at(f, at, v->scroll[PANE_DIFF].skip, f->width, put_cell, b);
    end_row(b);
}

static void paint_sides_row(struct review *v, const struct paint *p, size_t row, int at_row,
                            const struct review_rect *r)
{
    struct flow_sides *s = review_model_sides(&v->m);
    if (!flow_sides_has_row(s, row)) {
        blank_row(p, at_row, r->col, r->cols);
        return;
    }
    const struct flow_pair *pair = &s->rows[row];
    int column = (int)s->left.width, second = r->col + GUTTER + column + SIDES_GAP;
    struct review_brush left = brush_for(v, p, PANE_DIFF, at_row, r->col + GUTTER, column);
    struct review_brush right =
        brush_for(v, p, PANE_DIFF, at_row, second, r->col + r->cols - second);
    paint_half(v, p, &s->left, pair->has_left, pair->left, &left);
    paint_half(v, p, &s->right, pair->has_right, pair->right, &right);
    put_gutter(v, p, at_row, r->col, left.has_focus || right.has_focus, left.has_lit);
    int gap = r->col + GUTTER + column;
    paint_z(p, at_row, gap, 1, " ", LOOK_TEXT);
    paint_z(p, at_row, gap + 1, 1, v->ascii ? "|" : "│", LOOK_DIM);
    paint_z(p, at_row, gap + 2, 1, right.has_lit ? (v->ascii ? "*" : "•") : " ", LOOK_STRONG);
}

static void paint_diff(struct review *v, const struct paint *p, const struct review_rect *r)
{
    for (int i = 0; i < r->rows; i++) {
        size_t row = v->scroll[PANE_DIFF].top + (size_t)i;
        if (v->sides)
            paint_sides_row(v, p, row, r->row + i, r);
        else
            paint_row(v, p, PANE_DIFF, row, r->row + i, r);
    }
}

/* An editor in a rectangle, its cursor in sight. */
void review_paint_editor(const struct paint *p, struct editor *e, int row, int col, int rows,
                         int cols, bool has_keys)
{
    size_t at_row;
    unsigned at_col;
    editor_layout(e, (unsigned)cols);
    editor_cursor(e, &at_row, &at_col);
    if (at_row < e->top)
        e->top = at_row;
    if (at_row >= e->top + (size_t)rows)
        e->top = at_row - (size_t)rows + 1;
    for (int i = 0; i < rows; i++) {
        struct review_brush b = {.p = p, .row = row + i, .col = col, .width = cols};
        if (flow_has_row(&e->flow, e->top + (size_t)i))
            review_draw_field(&e->flow, e->top + (size_t)i, p, row + i, col, cols,
                              has_keys ? LOOK_FIELD : LOOK_TEXT);
        else
            end_row(&b);
    }
    if (has_keys && p->cursor)
        p->cursor(p->context, row + (int)(at_row - e->top), col + (int)at_col);
}

/* A row in one look, marks and changes apart from it told by theirs. */
void review_draw_field(struct flow *f, size_t i, const struct paint *p, int row, int col, int cols,
                       enum look look)
{
    flow_paint_row(f, i, p, &(struct flow_spot){.row = row, .col = col, .cols = cols, .plain = look, .hunk = -1});
}

/* What stands to the right of a clause's last row: how many hinges it is linked to. */
static void paint_link(struct review *v, const struct paint *p, size_t row, int at_row,
                       const struct review_rect *r)
{
    struct flow *f = &v->m.rationale_flow;
    int clause = f->runs[flow_row_at(f, row).run].hunk;
    if (flow_has_row(f, row + 1) && f->runs[flow_row_at(f, row + 1).run].hunk == clause)
        return;
    int n = v->m.clauses[clause].n_stops;
    if (!n)
        return;
    struct str note = {0};
    str_addf(&note, " %s %d %s%s", v->ascii ? "->" : "→", n, v->m.n_lit ? "hinge" : "change",
             n == 1 ? "" : "s");
    int width = (int)visible_width(str_slice(&note));
    if ((int)flow_row_width(f, row) + width + GUTTER < r->cols)
        paint_text(p, at_row, r->col + r->cols - width - 1, width, str_slice(&note), LOOK_DIM);
    str_free(&note);
}

static void paint_flow_pane(struct review *v, const struct paint *p, enum review_pane pane,
                            const struct review_rect *r)
{
    struct flow *f = review_pane_flow(v, pane);
    for (int i = 0; i < r->rows; i++) {
        size_t row = v->scroll[pane].top + (size_t)i;
        paint_row(v, p, pane, row, r->row + i, r);
        if (pane == PANE_RATIONALE && f->n_runs && flow_has_row(f, row))
            paint_link(v, p, row, r->row + i, r);
    }
}

static void paint_pane(struct review *v, const struct paint *p, enum review_pane pane)
{
    const struct review_rect *r = &v->layout.panes[pane];
    review_paint_head(v, p, pane, r);
    if (r->rows <= 0)
        return;
    if (pane == PANE_DIFF && v->mode == MODE_YSTAR)
        review_paint_editor(p, &v->form.text, r->row, r->col + GUTTER, r->rows, r->cols - GUTTER,
                            true);
    else if (pane == PANE_DIFF)
        paint_diff(v, p, r);
    else if (pane == PANE_RULE)
        review_paint_rule(v, p, r);
    else
        paint_flow_pane(v, p, pane, r);
}

static void paint_border(const struct review *v, const struct paint *p)
{
    const struct review_rect *left = &v->layout.panes[PANE_PROMPT];
    if (!v->layout.wide)
        return;
    for (int row = 1; row < p->rows - 1; row++)
        paint_z(p, row, left->cols, 1, v->ascii ? "|" : "│", LOOK_HEAD);
}

void review_paint(struct review *v, const struct paint *p)
{
    if (p->rows != v->rows || p->cols != v->cols) {
        review_shape(v, p->rows, p->cols);
        review_follow(v);
    }
    if (!v->loaded)
        return;
    review_paint_title(v, p);
    for (int pane = 0; pane < REVIEW_PANES; pane++)
        if (v->layout.panes[pane].rows > 0 || v->layout.panes[pane].head >= 0)
            paint_pane(v, p, (enum review_pane)pane);
    if (!v->zoom)
        paint_border(v, p);
    review_paint_hints(v, p);
}
