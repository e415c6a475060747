/* Painting the lines around the panes: the title, the heads, the next keys. */
#include <string.h>

#include "ui/views/review_state.h"

static const char *state_sign(const struct review *v, enum record_state state)
{
    static const char *const signs[RECORD_STATES] = {"·", "✓", "✎", "✗", "»", "⚑"};
    static const char *const plain[RECORD_STATES] = {".", "+", "~", "x", ">", "!"};
    return (v->ascii ? plain : signs)[state];
}

/* At most two decimals, and none that say nothing. */
static void add_number(struct str *out, double number)
{
    str_addf(out, "%.2f", number);
    while (out->at[out->len - 1] == '0')
        str_cut(out, out->len - 1);
    if (out->at[out->len - 1] == '.')
        str_cut(out, out->len - 1);
}

static void add_score(struct str *out, const struct stored_output *o)
{
    if (!o || !o->has_score)
        return;
    str_adds(out, " · ");
    add_number(out, o->score);
    if (o->has_score_max) {
        str_addc(out, '/');
        add_number(out, o->score_max);
    }
    if (o->samples > 1 && o->spread > 0) { /* several answers, and how far they lie apart */
        str_adds(out, " spread ");
        add_number(out, o->spread);
    }
    if (o->grader)
        str_addf(out, " by %s", o->grader);
}

static void add_state(const struct review *v, struct str *out)
{
    const struct stored_record *r = &v->m.record;
    if (r->imperfect)
        str_adds(out, " · imperfect");
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

void review_paint_title(struct review *v, const struct paint *p)
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

void review_paint_head(struct review *v, const struct paint *p, enum review_pane pane,
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

/* The line above the status bar: what was done, or the next keys. */
void review_paint_hints(struct review *v, const struct paint *p)
{
    int row = p->rows - 1, col = 1;
    paint_fill(p, row, 0, p->cols, " ", LOOK_TEXT);
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
