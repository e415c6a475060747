#include <string.h>

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

static enum look look_of_kind(const struct flow_run *r)
{
    static const enum look plain[] = {[FLOW_KEEP] = LOOK_TEXT,   [FLOW_DELETE] = LOOK_DELETE,
                                      [FLOW_INSERT] = LOOK_INSERT, [FLOW_AWAY] = LOOK_AWAY,
                                      [FLOW_HERE] = LOOK_HERE,   [FLOW_NOTE] = LOOK_DIM};
    if (!r->lit)
        return plain[r->kind];
    return r->kind == FLOW_DELETE || r->kind == FLOW_AWAY   ? LOOK_HINGE_DELETE
           : r->kind == FLOW_INSERT || r->kind == FLOW_HERE ? LOOK_HINGE_INSERT
                                                            : LOOK_HINGE;
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
    bool here = r->hunk >= 0 && (b->clause >= 0 ? review_model_clause_of(&b->v->m, r->hunk) == b->clause
                                                : r->hunk == b->hunk);
    b->has_focus |= here;
    b->has_lit |= r->lit;
    if (is_marked_word(b->v, c))
        return LOOK_CURSOR;
    if (here && (r->lit || !b->v->m.n_lit))
        return r->kind == FLOW_DELETE || r->kind == FLOW_AWAY   ? LOOK_FOCUS_DELETE
               : r->kind == FLOW_INSERT || r->kind == FLOW_HERE ? LOOK_FOCUS_INSERT
                                                                : LOOK_HINGE_FOCUS;
    return c->mark && r->kind == FLOW_KEEP && !r->lit ? LOOK_MARK : look_of_kind(r);
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
        look = c->mark && c->run->kind == FLOW_KEEP ? LOOK_MARK : look_of_kind(c->run);
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
struct field_brush {
    const struct paint *p;
    int row, col, used;
    enum look look;
};

static void put_field_cell(void *context, const struct flow_cell *c)
{
    struct field_brush *b = context;
    enum look look = c->run->kind != FLOW_KEEP ? look_of_kind(c->run) : c->mark ? LOOK_MARK : b->look;
    b->p->put(b->p->context, b->row, b->col + (int)c->col, c->text, (int)c->width, look);
    b->used = (int)(c->col + c->width);
}

void review_draw_field(struct flow *f, size_t i, const struct paint *p, int row, int col, int cols,
                       enum look look)
{
    struct field_brush b = {.p = p, .row = row, .col = col, .look = look};
    flow_draw(f, i, 0, (unsigned)cols, put_field_cell, &b);
    paint_fill(p, row, col + b.used, cols - b.used, " ", look == LOOK_FIELD ? look : LOOK_TEXT);
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
    str_addf(&note, " %s %d %s%s", v->ascii ? "->" : "→", n, v->m.n_lit ? "hinge" : "change", n == 1 ? "" : "s");
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

/* Head lines. */

static const char *state_sign(const struct review *v, enum record_state state)
{
    static const char *const signs[RECORD_STATES] = {"·", "✓", "✎", "✗", "»", "⚑"};
    static const char *const plain[RECORD_STATES] = {".", "+", "~", "x", ">", "!"};
    return (v->ascii ? plain : signs)[state];
}

static void add_score(struct str *out, const struct stored_output *o)
{
    if (!o || !o->has_score)
        return;
    str_addf(out, " · %.6g", o->score);
    if (o->has_score_max)
        str_addf(out, "/%.6g", o->score_max);
    if (o->grader)
        str_addf(out, " by %s", o->grader);
}

static void add_state(const struct review *v, struct str *out)
{
    const struct stored_record *r = &v->m.record;
    if (r->state == STATE_UNDECIDED)
        return;
    str_addf(out, " · %s %s", state_sign(v, r->state), record_state_name(r->state));
    if (r->reviewer_name)
        str_addf(out, " by %s", r->reviewer_name);
}

static void title_left(const struct review *v, struct str *out)
{
    const struct stored_record *r = &v->m.record;
    str_addf(out, " %s", r->key);
    if (r->task && *r->task)
        str_addf(out, " · %s", r->task);
    const struct review_pair *pair = &v->m.pairs[v->m.pair];
    add_score(out, pair->from && pair->from->has_score ? pair->from : stored_y0(r));
    add_state(v, out);
}

static void title_right(const struct review *v, struct str *out)
{
    const struct stored_output *to = v->m.pairs[v->m.pair].to;
    str_adds(out, v->m.pairs[v->m.pair].name);
    if (to && to->kind == OUTPUT_EXPERT && to->author)
        str_addf(out, " by %s", to->author);
    if (v->m.n_pairs > 1)
        str_addf(out, " (%zu of %zu)", v->m.pair + 1, v->m.n_pairs);
    if (v->m.waiting)
        str_adds(out, "  comparing…");
    else if (v->m.n_stops && v->m.n_lit)
        str_addf(out, "  %d/%zu %s", v->stop + 1, v->m.n_stops, v->ascii ? "<<>>" : "«»");
    else if (v->m.n_stops)
        str_addf(out, "  %d/%zu changes", v->stop + 1, v->m.n_stops);
    else if (to)
        str_adds(out, "  no change");
    str_addc(out, ' ');
}

/* The mode's own title, when a whole text is written in the diff's place. */
static void title_writing(const struct review *v, struct str *left, struct str *right)
{
    str_addf(left, " %s · y* as you would have it", v->m.record.key);
    str_adds(right, "Ctrl-s stores · Esc keeps a draft ");
}

static void ascii_fold(struct str *s)
{
    struct str out = {0};
    for (size_t i = 0; i < s->len;) {
        struct slice rest = slice_sub(str_slice(s), i, s->len);
        static const char *const pairs[][2] = {{"·", "-"}, {"→", "->"}, {"…", "."}, {"─", "-"}};
        size_t n = 0;
        for (size_t k = 0; k < sizeof pairs / sizeof pairs[0] && !n; k++)
            if (slice_starts(rest, pairs[k][0])) {
                str_adds(&out, pairs[k][1]);
                n = strlen(pairs[k][0]);
            }
        if (!n)
            str_add(&out, rest.at, n = 1);
        i += n;
    }
    str_free(s);
    *s = out;
}

static void paint_title(struct review *v, const struct paint *p)
{
    struct str left = {0}, right = {0};
    if (v->mode == MODE_YSTAR)
        title_writing(v, &left, &right);
    else {
        title_left(v, &left);
        title_right(v, &right);
    }
    if (v->ascii) {
        ascii_fold(&left);
        ascii_fold(&right);
    }
    int width = (int)visible_width(str_slice(&right));
    enum look look = LOOK_TITLE;
    paint_fill(p, 0, 0, p->cols, " ", look);
    paint_text(p, 0, 0, p->cols - width - 1, str_slice(&left), look);
    paint_text(p, 0, p->cols - width, width, str_slice(&right), look);
    str_free(&left);
    str_free(&right);
}

/* "3/40" rows while that is known, nothing when all is in sight. */
static void add_place(struct review *v, enum review_pane pane, struct str *out)
{
    struct flow *f = review_pane_flow(v, pane);
    size_t rows = (size_t)(v->layout.panes[pane].rows > 0 ? v->layout.panes[pane].rows : 0);
    size_t top = v->scroll[pane].top;
    if (!f || !rows)
        return;
    bool more = flow_has_row(f, top + rows);
    if (top == 0 && !more)
        return;
    if (f->complete)
        str_addf(out, " %zu/%zu ", top + 1, f->n_rows);
    else
        str_addf(out, " %zu ", top + 1);
    str_adds(out, more ? (top ? (v->ascii ? "^v " : "↑↓ ") : (v->ascii ? "v " : "↓ "))
                       : (v->ascii ? "^ " : "↑ "));
}

static void head_text(struct review *v, enum review_pane pane, struct str *left, struct str *right)
{
    static const char *const names[REVIEW_PANES] = {"1 diff", "2 prompt", "3 rationale", "4 rule",
                                                    "history"};
    static const char *const none[REVIEW_PANES] = {[PANE_PROMPT] = "· none was given ",
                                                   [PANE_RATIONALE] = "· none was given ",
                                                   [PANE_HISTORY] = "· nothing was decided yet "};
    struct flow *f = review_pane_flow(v, pane);
    str_addf(left, " %s ", names[pane]);
    if (f && !f->n_runs && none[pane])
        str_adds(left, none[pane]);
    if (pane == PANE_RULE)
        review_rule_head(v, left, right);
    else
        add_place(v, pane, right);
}

/* On the line right under the diff, which belongs to the pane below: why the hinge is lit. */
static void paint_why(const struct review *v, const struct paint *p, const struct review_rect *r,
                      int from, int to)
{
    int room = to - from - 3;
    if (room < 12)
        return;
    int at = r->col + from + 2;
    at += paint_z(p, r->head, at, 1, " ", LOOK_TEXT);
    at += paint_text(p, r->head, at, room - 1, str_slice(&v->why), LOOK_TEXT);
    paint_z(p, r->head, at, 1, " ", LOOK_TEXT);
}

static void paint_head(struct review *v, const struct paint *p, enum review_pane pane,
                       const struct review_rect *r)
{
    if (r->head < 0)
        return;
    struct str left = {0}, right = {0};
    head_text(v, pane, &left, &right);
    if (v->ascii) {
        ascii_fold(&left);
        ascii_fold(&right);
    }
    enum look look = v->focus == pane ? LOOK_HEAD_FOCUS : LOOK_HEAD;
    int width = (int)visible_width(str_slice(&right));
    paint_fill(p, r->head, r->col, r->cols, v->ascii ? "-" : "─", LOOK_HEAD);
    int used = 2 + paint_text(p, r->head, r->col + 2, r->cols - width - 3, str_slice(&left), look);
    if (v->why.len && pane == (v->layout.wide ? PANE_RATIONALE : PANE_PROMPT))
        paint_why(v, p, r, used, r->cols - width - 1);
    if (width < r->cols / 2)
        paint_text(p, r->head, r->col + r->cols - width - 1, width, str_slice(&right), LOOK_DIM);
    str_free(&left);
    str_free(&right);
}

static void paint_pane(struct review *v, const struct paint *p, enum review_pane pane)
{
    const struct review_rect *r = &v->layout.panes[pane];
    paint_head(v, p, pane, r);
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

/* The line above the status bar: what was done, or the next keys. */
static void paint_hints(struct review *v, const struct paint *p)
{
    int row = p->rows - 1, col = 1;
    blank_row(p, row, 0, p->cols);
    if (v->mode == MODE_SEARCH) {
        col += paint_z(p, row, col, 8, "search ", LOOK_KEY);
        review_paint_editor(p, &v->form.text, row, col, 1, p->cols - col, true);
        return;
    }
    if (v->message.len) {
        paint_text(p, row, col, p->cols - 2, str_slice(&v->message), v->message_look);
        return;
    }
    if (v->zoom && v->focus == PANE_DIFF && v->why.len && v->mode == MODE_READ) {
        paint_text(p, row, col, p->cols - 2, str_slice(&v->why), LOOK_TEXT);
        return;
    }
    const char *mode = review_mode_name(v);
    for (const struct review_hint *h = review_hints(); h->mode; h++) {
        char cite[40];
        const char *does = h->does;
        if (strcmp(mode, "review") == 0 && strcmp(h->key, "Enter") == 0)
            does = review_cite_hint(v, cite, sizeof cite);
        if (strcmp(h->mode, mode) != 0 || !does)
            continue;
        int width = (int)(strlen(h->key) + 1 + strlen(does));
        if (col + width + 1 > p->cols)
            break;
        col += paint_z(p, row, col, width, h->key, LOOK_KEY);
        col += paint_z(p, row, col, 1, " ", LOOK_DIM);
        col += paint_z(p, row, col, width, does, LOOK_DIM) + 2;
    }
}

void review_paint(struct review *v, const struct paint *p)
{
    if (p->rows != v->rows || p->cols != v->cols) {
        review_shape(v, p->rows, p->cols);
        review_follow(v);
    }
    if (!v->loaded)
        return;
    paint_title(v, p);
    for (int pane = 0; pane < REVIEW_PANES; pane++)
        if (v->layout.panes[pane].rows > 0 || v->layout.panes[pane].head >= 0)
            paint_pane(v, p, (enum review_pane)pane);
    if (!v->zoom)
        paint_border(v, p);
    paint_hints(v, p);
}
