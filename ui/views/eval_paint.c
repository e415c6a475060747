/* How one eval looks: its mean beside the other's, and its records. */
#include "ui/views/eval_state.h"

enum { HEADS = 3 };

enum { COL_SCORE, COL_DELTA, COL_KEY, COL_TASK, COL_SAYS, COLS };
static const struct column columns[COLS] = {
    [COL_SCORE] = {"score", 5, 5, 0, true},  [COL_DELTA] = {"change", 6, 6, 0, true},
    [COL_KEY] = {"record", 12, 16, 0, false}, [COL_TASK] = {"task", 7, 10, 5, false},
    [COL_SAYS] = {"what the grader says", 20, 0, 0, false},
};
static const struct column alone[COLS] = { /* compared with none */
    [COL_SCORE] = {"score", 5, 5, 0, true},  [COL_DELTA] = {"", 0, 0, 9, true},
    [COL_KEY] = {"record", 12, 16, 0, false}, [COL_TASK] = {"task", 7, 10, 5, false},
    [COL_SAYS] = {"what the grader says", 20, 0, 0, false},
};

static enum look score_look(const struct eval_item *i)
{
    return !i->has_score ? LOOK_BAD : i->normalised >= 1 ? LOOK_GOOD : LOOK_STRONG;
}

static enum look cell(const void *context, size_t row, int column, bool ascii, struct str *out)
{
    struct eval_view *v = *(struct eval_view *const *)context; /* headlines are read when they are seen */
    struct eval_row *r = &v->rows[v->shown[row]];
    (void)ascii;
    switch (column) {
    case COL_SCORE:
        str_addf(out, r->item->has_score ? "%.2f" : "fail", r->item->normalised);
        return score_look(r->item);
    case COL_DELTA:
        if (r->paired)
            return eval_say_change(out, r->delta);
        str_addc(out, '-');
        return LOOK_DIM;
    case COL_KEY: str_adds(out, r->item->key ? r->item->key : ""); return LOOK_TEXT;
    case COL_TASK: str_adds(out, r->item->task ? r->item->task : ""); return LOOK_DIM;
    default: str_adds(out, eval_row_says(v, r)); return r->item->fault ? LOOK_BAD : LOOK_TEXT;
    }
}

static void paint_title(const struct eval_view *v, const struct paint *p)
{
    const struct eval *e = eval_self(v);
    struct str text = {0}, right = {0};
    str_addc(&text, ' ');
    eval_say_name(&text, e);
    if (e->split)
        str_addf(&text, " on %s", e->split);
    str_adds(&text, ": ");
    eval_say_mean(&text, e, p->ascii);
    str_adds(&text, ", n ");
    add_count(&text, e->n);
    paint_fill(p, 0, 0, p->cols, " ", LOOK_TITLE);
    int used = paint_text(p, 0, 0, p->cols, str_slice(&text), LOOK_TITLE);
    if (e->state != EVAL_DONE) {
        eval_say_state(&right, e);
    } else if (v->returned) {
        add_count(&right, v->returned);
        str_adds(&right, " back to experts, ");
        add_count(&right, v->decided);
        str_adds(&right, " decided");
    }
    if (right.len && used + (int)right.len + 2 < p->cols)
        paint_text(p, 0, p->cols - (int)right.len - 1, (int)right.len, str_slice(&right), LOOK_TITLE);
    str_free(&text);
    str_free(&right);
}

/* "against base: 0.412 -> 0.742 (+0.33) on 200: 12 regressed, 140 fixed, 48 same". */
static void paint_against(const struct eval_view *v, const struct paint *p)
{
    const struct eval *other = eval_against(v);
    const struct eval_comparison *c = &v->sums;
    struct str text = {0};
    paint_fill(p, 1, 0, p->cols, " ", LOOK_TEXT);
    if (!other) {
        paint_z(p, 1, 1, p->cols - 1, "compared with no other eval: c chooses one", LOOK_DIM);
        return;
    }
    str_adds(&text, "against ");
    eval_say_name(&text, other);
    int at = 1 + paint_text(p, 1, 1, p->cols - 1, str_slice(&text), LOOK_DIM);
    str_clear(&text);
    if (c->pairs)
        str_addf(&text, ": %.3f %s %.3f  ", c->mean_a, p->ascii ? "->" : "→", c->mean_b);
    else
        str_adds(&text, ": no record in common  ");
    at += paint_text(p, 1, at, p->cols - at, str_slice(&text), LOOK_TEXT);
    const struct {
        enum eval_change change;
        enum look look;
    } parts[] = {{EVAL_REGRESSED, LOOK_BAD}, {EVAL_FIXED, LOOK_GOOD}, {EVAL_SAME, LOOK_DIM}};
    for (int i = 0; c->pairs && i < 3; i++) {
        int64_t n = c->by_change[parts[i].change];
        str_clear(&text);
        add_count(&text, n);
        str_addf(&text, " %s  ", eval_change_name(parts[i].change));
        at += paint_text(p, 1, at, p->cols - at, str_slice(&text), n ? parts[i].look : LOOK_DIM);
    }
    str_free(&text);
}

static void paint_list(struct eval_view *v, const struct paint *p)
{
    const struct eval_view *self = v;
    struct str text = {0};
    const struct table table = {.columns = v->other ? columns : alone, .n_columns = COLS,
                                .cursor_columns = COL_KEY + 1, .count = v->count, .context = &self, .cell = cell};
    listing_show(&v->list, p->rows - HEADS - 1);
    table_paint(&table, p, 2, &v->list);
    if (v->items.count == 0)
        paint_z(p, 4, 2, p->cols - 2, "No record has been scored yet.", LOOK_DIM);
    else if (v->count == 0)
        paint_z(p, 4, 2, p->cols - 2, "No record fits the limit: Esc shows all.", LOOK_DIM);
    paint_fill(p, p->rows - 1, 0, p->cols, " ", LOOK_TEXT);
    add_count(&text, (long long)v->count);
    str_adds(&text, " of ");
    add_count(&text, (long long)v->items.count);
    str_addf(&text, " records, %s%s%s", eval_show_words[v->shows], v->task ? " of " : "", v->task ? v->task : "");
    if (v->rule)
        str_addf(&text, " that break rule #%lld", (long long)v->rule);
    str_addf(&text, ", by %s", eval_sort_words[v->sort]);
    if (eval_self(v)->refused) {
        str_adds(&text, "; ");
        add_count(&text, eval_self(v)->refused);
        str_adds(&text, " refused: training had seen them");
    }
    paint_text(p, p->rows - 1, 1, p->cols - 1, str_slice(&text), LOOK_DIM);
    str_free(&text);
}

/* --- choosing the other eval --- */

enum { PICK_NAME, PICK_SPLIT, PICK_N, PICK_MEAN, PICKS };
static const struct column pick_columns[PICKS] = {
    [PICK_NAME] = {"compare with", 24, 0, 0, false}, [PICK_SPLIT] = {"split", 5, 5, 5, false},
    [PICK_N] = {"n", 5, 6, 6, true},                 [PICK_MEAN] = {"score", 12, 12, 0, false},
};

static enum look pick_cell(const void *context, size_t row, int column, bool ascii, struct str *out)
{
    const struct evals *list = context;
    const struct eval *e = row ? &list->items[row - 1] : NULL;
    if (!e) {
        str_adds(out, column == PICK_NAME ? "no other eval" : "");
        return LOOK_DIM;
    }
    switch (column) {
    case PICK_NAME: eval_say_name(out, e); break;
    case PICK_SPLIT: str_adds(out, e->split ? e->split : "-"); break;
    case PICK_N: add_count(out, e->n); break;
    default: eval_say_mean(out, e, ascii); break;
    }
    return LOOK_TEXT;
}

static void paint_picking(struct eval_view *v, const struct paint *p)
{
    const struct table table = {.columns = pick_columns, .n_columns = PICKS, .cursor_columns = 1,
                                .count = v->others.count + 1, .context = &v->others, .cell = pick_cell};
    listing_show(&v->pick, p->rows - HEADS);
    table_paint(&table, p, 2, &v->pick);
}

void eval_paint(void *view, const struct paint *p)
{
    struct eval_view *v = view;
    paint_title(v, p);
    paint_against(v, p);
    if (v->picking)
        paint_picking(v, p);
    else
        paint_list(v, p);
}
