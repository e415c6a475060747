/* Painting the rule pane: its lines, and the form while a rule is written or a reason is asked. */
#include <stdio.h>
#include <string.h>

#include "app/reasons.h"
#include "ui/views/review_state.h"

enum { LABEL = 11, GUTTER = 2, FIELD_ROWS = 3 };

/* Where the next row goes; rows past the end are left out. */
struct stack {
    struct review *v;
    const struct paint *p;
    const struct review_rect *r;
    int at;       /* row within the pane */
    int skip;     /* rows scrolled over */
};

/* A free row of the pane, blanked, or -1. */
static int next_row(struct stack *s)
{
    if (s->skip > 0) {
        s->skip--;
        return -1;
    }
    if (s->at >= s->r->rows)
        return -1;
    int row = s->r->row + s->at++;
    paint_fill(s->p, row, s->r->col, s->r->cols, " ", LOOK_TEXT);
    return row;
}

static void paint_label(struct stack *s, int row, const char *label, enum look look, bool cursor)
{
    const char *sign = s->v->ascii ? ">" : "▸";
    paint_z(s->p, row, s->r->col, 1, cursor ? sign : " ", LOOK_STRONG);
    paint_z(s->p, row, s->r->col + GUTTER, LABEL - 1, label, look);
}

static void paint_line(struct stack *s, int i)
{
    struct review_field *line = &s->v->rule.items[i];
    bool cursor = i == s->v->line && s->v->focus == PANE_RULE &&
                  (s->v->mode == MODE_READ || s->v->mode == MODE_RULE);
    size_t rows = flow_count(&line->flow);
    for (size_t k = 0; k < rows; k++) {
        int row = next_row(s);
        if (row < 0)
            continue;
        paint_label(s, row, k ? "" : line->label, line->look == LOOK_WARN ? LOOK_WARN : LOOK_DIM,
                    cursor && k == 0);
        review_draw_field(&line->flow, k, s->p, row, s->r->col + GUTTER + LABEL,
                          s->r->cols - GUTTER - LABEL, cursor ? LOOK_STRONG : line->look);
    }
}

/* A field with its old text above as a word diff while it differs. */
static void paint_field(struct stack *s, const char *label, struct editor *e,
                        const struct str *before, bool has_keys)
{
    int col = s->r->col + GUTTER + LABEL, cols = s->r->cols - GUTTER - LABEL - 1;
    if (cols < 4)
        return;
    if (before->len && !slice_eq(slice_trim(str_slice(before)), slice_trim(str_slice(&e->text)))) {
        struct str text = {0};
        struct flow f = {0};
        review_word_diff(&text, &f, str_slice(before), str_slice(&e->text), s->v->signs,
                         s->v->ascii);
        flow_layout(&f, (unsigned)cols, true);
        for (size_t i = 0; i < FIELD_ROWS && flow_has_row(&f, i); i++) {
            int row = next_row(s);
            if (row < 0)
                break;
            paint_label(s, row, i ? "" : "was", LOOK_DIM, false);
            review_draw_field(&f, i, s->p, row, col, cols, LOOK_DIM);
        }
        flow_free(&f);
        str_free(&text);
    }
    editor_layout(e, (unsigned)cols);
    int rows = (int)editor_rows(e), first = -1, got = 0;
    for (int i = 0; i < (rows < FIELD_ROWS ? rows : FIELD_ROWS); i++) {
        int row = next_row(s);
        if (row < 0)
            break;
        paint_label(s, row, i ? "" : label, has_keys ? LOOK_STRONG : LOOK_DIM, has_keys && i == 0);
        first = first < 0 ? row : first;
        got++;
    }
    if (got)
        review_paint_editor(s->p, e, first, col, got, cols, has_keys);
}

static void paint_form(struct stack *s)
{
    struct review_form *f = &s->v->form;
    bool writing = s->v->line < 0; /* else the cursor is on a rule to cite */
    paint_field(s, "mistake", &f->mistake, &f->old_mistake, writing && !f->on_guardrail);
    paint_field(s, "guardrail", &f->guardrail, &f->old_guardrail, writing && f->on_guardrail);
}

/* The reasons to choose from, as many to a row as fit. */
static void paint_reasons(struct stack *s)
{
    int col = 0, row = -1;
    for (const struct reason *r = reject_reasons; r->word; r++) {
        int width = (int)(strlen(r->word) + 2 + strlen(r->meaning)) + 3;
        if (row < 0 || col + width > s->r->cols) {
            row = next_row(s);
            col = s->r->col + GUTTER;
            if (row < 0)
                return;
        }
        col += paint_z(s->p, row, col, 16, r->word, LOOK_KEY) + 1;
        col += paint_z(s->p, row, col, s->r->col + s->r->cols - col - 1, r->meaning, LOOK_DIM) + 2;
        if (s->r->rows >= 14)
            row = -1; /* room enough for one on each row */
    }
}

static void paint_question(struct stack *s)
{
    bool reject = s->v->mode == MODE_REJECT;
    int row = next_row(s);
    int col = s->r->col + GUTTER + LABEL, cols = s->r->cols - GUTTER - LABEL - 1;
    if (row < 0 || cols < 4)
        return;
    paint_label(s, row, reject ? "reason" : "note", LOOK_STRONG, true);
    review_paint_editor(s->p, &s->v->form.text, row, col, 1, cols, true);
    if (reject)
        paint_reasons(s);
}

void review_paint_rule(struct review *v, const struct paint *p, const struct review_rect *r)
{
    struct stack s = {.v = v, .p = p, .r = r};
    if (v->mode == MODE_RULE)
        paint_form(&s);
    else if (v->mode == MODE_REJECT || v->mode == MODE_FLAG)
        paint_question(&s);
    else
        s.skip = (int)v->scroll[PANE_RULE].top;
    for (int i = 0; i < (int)v->rule.count; i++)
        paint_line(&s, i);
    while (next_row(&s) >= 0)
        ;
}
