/* How one record of an eval looks. */
#include "ui/views/answer_state.h"
#include "ui/views/columns.h"
#include "ui/views/flow_paint.h"
#include "ui/views/listing.h"

enum { GUTTER = 2, GAP = 3, TITLES = 2 };

struct flow *answer_flow(struct answer_view *v, struct answer_block *b)
{
    return b->kind == BLOCK_DIFF ? &v->m.unified : b->kind == BLOCK_RATIONALE ? &v->m.rationale_flow : &b->flow;
}

bool answer_sides(const struct answer_view *v)
{
    return v->sides && v->with != WITH_NOTHING;
}

static int half_width(int cols)
{
    int half = (cols - GUTTER - GAP - 1) / 2;
    return half > 1 ? half : 1;
}

void answer_layout(struct answer_view *v, int cols)
{
    if (v->width == cols)
        return;
    v->width = cols;
    v->rows = 0;
    for (size_t i = 0; i < v->n_blocks; i++) {
        struct answer_block *b = &v->blocks[i];
        if (b->kind == BLOCK_DIFF && answer_sides(v)) {
            flow_sides_layout(review_model_sides(&v->m), (unsigned)half_width(cols), true);
            b->rows = 1 + flow_sides_count(&v->m.sides);
        } else {
            flow_layout(answer_flow(v, b), cols > GUTTER + 2 ? (unsigned)(cols - GUTTER - 1) : 1, true);
            b->rows = 1 + flow_count(answer_flow(v, b));
        }
        v->rows += b->rows;
    }
}

static void paint_head(const struct answer_view *v, const struct answer_block *b, const struct paint *p, int row)
{
    struct str text = {0};
    paint_fill(p, row, 0, p->cols, p->ascii ? "-" : "─", LOOK_HEAD);
    str_addf(&text, " %s ", b->head);
    paint_text(p, row, 2, p->cols - 3, str_slice(&text), LOOK_HEAD);
    str_clear(&text);
    if (b->kind == BLOCK_DIFF && v->with == WITH_NOTHING)
        str_adds(&text, " nothing to compare with ");
    else if (b->kind == BLOCK_DIFF && v->m.waiting)
        str_adds(&text, " comparing ");
    else if (b->kind == BLOCK_DIFF && v->m.n_stops)
        str_addf(&text, " %d/%zu %s ", v->stop + 1, v->m.n_stops, v->m.n_lit ? "hinges" : "changes");
    else if (b->kind == BLOCK_DIFF)
        str_adds(&text, " no change ");
    if (text.len)
        paint_text(p, row, p->cols - (int)text.len - 2, (int)text.len, str_slice(&text), LOOK_DIM);
    str_free(&text);
}

static void paint_sides(struct answer_view *v, const struct paint *p, int row, size_t i)
{
    struct flow_sides *s = review_model_sides(&v->m);
    const struct flow_pair *pair = &s->rows[i];
    int half = half_width(p->cols), second = GUTTER + half + GAP;
    struct flow_spot left = {row, GUTTER, half, LOOK_TEXT, answer_hunk(v)};
    struct flow_spot right = {row, second, p->cols - second, LOOK_TEXT, answer_hunk(v)};
    bool here = pair->has_left && flow_paint_from(&s->left, pair->left, p, &left);
    here |= pair->has_right && flow_paint_from(&s->right, pair->right, p, &right);
    paint_z(p, row, GUTTER + half + 1, 1, p->ascii ? "|" : "│", LOOK_DIM);
    paint_z(p, row, 0, 1, here ? (p->ascii ? ">" : "▸") : " ", LOOK_STRONG);
}

static void paint_block_row(struct answer_view *v, struct answer_block *b, const struct paint *p, int row, size_t i)
{
    paint_fill(p, row, 0, p->cols, " ", LOOK_TEXT);
    if (b->kind == BLOCK_DIFF && answer_sides(v)) {
        paint_sides(v, p, row, i);
        return;
    }
    int hunk = b->kind == BLOCK_DIFF        ? answer_hunk(v)
               : b->kind == BLOCK_RATIONALE ? review_model_clause_of(&v->m, answer_hunk(v))
                                            : -1;
    const struct flow_spot spot = {row, GUTTER, p->cols - GUTTER, LOOK_TEXT, hunk};
    bool here = flow_paint_row(answer_flow(v, b), i, p, &spot);
    if (b->kind == BLOCK_DIFF)
        paint_z(p, row, 0, 1, here ? (p->ascii ? ">" : "▸") : " ", LOOK_STRONG);
}

static void add_score(struct str *out, const struct eval_item *i)
{
    if (i->has_score)
        str_addf(out, "%.2f (%g/%g)", i->normalised, i->score, i->score_max);
    else
        str_adds(out, "failed");
}

static void paint_title(const struct answer_view *v, const struct paint *p)
{
    const struct eval_item *item = &v->item.items[0];
    struct str text = {0};
    str_addf(&text, " %s", item->key);
    if (item->task && *item->task)
        str_addf(&text, "%s%s", p->ascii ? " - " : " · ", item->task);
    str_addf(&text, "%s", p->ascii ? " - " : " · ");
    add_score(&text, item);
    str_adds(&text, " by ");
    eval_say_name(&text, &v->self.items[0]);
    paint_fill(p, 0, 0, p->cols, " ", LOOK_TITLE);
    paint_text(p, 0, 0, p->cols - 12, str_slice(&text), LOOK_TITLE);
    str_clear(&text);
    add_count(&text, (long long)v->at + 1);
    str_addc(&text, '/');
    add_count(&text, (long long)v->count);
    paint_text(p, 0, p->cols - (int)text.len - 1, (int)text.len, str_slice(&text), LOOK_TITLE);
    str_free(&text);
}

/* "regressed -0.33 against base: 0.50 (3/6)". */
static void paint_against(const struct answer_view *v, const struct paint *p)
{
    const struct eval_item *item = &v->item.items[0], *its = v->its.count ? &v->its.items[0] : NULL;
    struct str text = {0};
    enum look look = LOOK_DIM;
    paint_fill(p, 1, 0, p->cols, " ", LOOK_TEXT);
    if (!v->against.count) {
        str_adds(&text, "compared with no other eval");
    } else if (!its) {
        eval_say_name(&text, &v->against.items[0]);
        str_adds(&text, " was not evaluated on this record");
    } else {
        if (item->has_score && its->has_score) {
            double by = item->normalised - its->normalised;
            str_adds(&text, by < 0 ? "regressed " : by > 0 ? "fixed " : "same ");
            look = eval_say_change(&text, by);
            str_addc(&text, ' ');
        }
        str_adds(&text, "against ");
        eval_say_name(&text, &v->against.items[0]);
        str_adds(&text, ": ");
        add_score(&text, its);
    }
    paint_text(p, 1, 1, p->cols - 1, str_slice(&text), look);
    str_free(&text);
}

void answer_paint(void *view, const struct paint *p)
{
    struct answer_view *v = view;
    answer_layout(v, p->cols);
    v->page = p->rows - TITLES;
    v->top = listing_move(v->top, 0, (long)v->rows - v->page);
    paint_title(v, p);
    paint_against(v, p);
    size_t row = 0;
    int at = TITLES;
    for (size_t i = 0; i < v->n_blocks; i++)
        for (size_t k = 0; k < v->blocks[i].rows; k++, row++) {
            if (row < v->top || at >= p->rows)
                continue;
            if (k == 0)
                paint_head(v, &v->blocks[i], p, at++);
            else
                paint_block_row(v, &v->blocks[i], p, at++, k - 1);
        }
    for (; at < p->rows; at++)
        paint_fill(p, at, 0, p->cols, " ", LOOK_TEXT);
}
