/* How the rule library looks. */
#include "ui/views/reword.h"
#include "ui/views/rules_state.h"

enum { DETAIL = 4, PREVIEW = 40 }; /* rows below the list; records named there */

enum { COL_USES, COL_EDITS, COL_GUARDRAIL, COL_MISTAKE, COL_WHO, COLS };
static const struct column columns[COLS] = {
    [COL_USES] = {"uses", 5, 5, 0, true},
    [COL_EDITS] = {"edits", 5, 5, 4, true},
    [COL_GUARDRAIL] = {"guardrail", 40, 0, 0, false},
    [COL_MISTAKE] = {"mistake", 24, 0, 6, false},
    [COL_WHO] = {"made by", 8, 12, 9, false},
};

static enum look cell(const void *context, size_t row, int column, bool ascii, struct str *out)
{
    const struct rules_view *v = context;
    const struct rule *r = &v->rules.items[row];
    (void)ascii;
    if (column == COL_USES)
        add_count(out, r->uses);
    else if (column == COL_EDITS)
        add_count(out, r->edits);
    else if (column == COL_WHO)
        str_adds(out, r->author ? r->author : "");
    else if (column == COL_MISTAKE)
        str_adds(out, r->mistake ? r->mistake : "");
    else
        str_addf(out, "%s%s", r->status == RULE_RETIRED ? "(retired) " : "", r->guardrail);
    return r->status == RULE_ACTIVE ? LOOK_TEXT : LOOK_DIM;
}

static const char *sign(const void *context, size_t row)
{
    const struct rules_view *v = context;
    return v->merging && v->rules.items[row].id == v->merging ? "m " : NULL;
}

static int add_record(void *context, int64_t record, const char *key)
{
    struct rules_view *v = context;
    (void)record;
    str_addf(&v->records, "%s%s", v->n_records ? ", " : "", key);
    return ++v->n_records >= PREVIEW;
}

static void paint_words(const struct rules_view *v, const struct rule *r, const struct paint *p, int row)
{
    paint_z(p, row, 1, 12, "mistake", LOOK_DIM);
    paint_z(p, row + 1, 1, 12, "guardrail", LOOK_DIM);
    if (desk_asks(v->desk, RULES_REWORD) && v->editing == r->id) {
        bool signs = desk_signs(v->desk);
        reword_paint(p, row, 12, p->cols - 13, slice_of(r->mistake ? r->mistake : ""), str_slice(&v->mistake),
                     signs);
        reword_paint(p, row + 1, 12, p->cols - 13, slice_of(r->guardrail), str_slice(&v->guardrail), signs);
        return;
    }
    paint_z(p, row, 12, p->cols - 13, r->mistake ? r->mistake : "", LOOK_TEXT);
    paint_z(p, row + 1, 12, p->cols - 13, r->guardrail, LOOK_STRONG);
}

/* What editing or merging the rule would touch: its whole words and the records that cite it. */
static void paint_detail(struct rules_view *v, const struct paint *p, int row)
{
    const struct rule *r = rules_here(v);
    struct str text = {0};
    for (int i = 0; i < DETAIL && row + i < p->rows; i++)
        paint_fill(p, row + i, 0, p->cols, " ", i ? LOOK_TEXT : LOOK_HEAD);
    if (!r)
        return;
    if (v->records_of != r->id) {
        str_clear(&v->records);
        v->n_records = 0;
        rule_store_records(session_store(desk_session(v->desk)), r->id, add_record, v, NULL);
        v->records_of = r->id;
    }
    str_addf(&text, " rule #%lld, %lld record%s", (long long)r->id, (long long)r->uses,
             r->uses == 1 ? "" : "s");
    paint_text(p, row, 0, p->cols, str_slice(&text), LOOK_HEAD);
    paint_words(v, r, p, row + 1);
    paint_z(p, row + 3, 1, 12, "records", LOOK_DIM);
    paint_text(p, row + 3, 12, p->cols - 13, str_slice(&v->records), LOOK_TEXT);
    str_free(&text);
}

void rules_paint(void *view, const struct paint *p)
{
    struct rules_view *v = view;
    const struct table table = {.columns = columns, .n_columns = COLS, .cursor_columns = COL_USES + 1,
                                .count = v->rules.count, .context = v, .cell = cell, .sign = sign};
    int detail = p->rows >= 14 ? DETAIL : 0;
    struct str text = {0};
    paint_fill(p, 0, 0, p->cols, " ", LOOK_TITLE);
    str_addf(&text, " Rules of %s: ", session_project(desk_session(v->desk)));
    add_count(&text, (long long)v->rules.count);
    str_addf(&text, ", by %s", rules_sort_words[v->sort]);
    paint_text(p, 0, 0, p->cols, str_slice(&text), LOOK_TITLE);
    str_free(&text);
    listing_show(&v->list, p->rows - 2 - detail);
    table_paint(&table, p, 1, &v->list);
    if (v->rules.count == 0)
        paint_z(p, 3, 2, p->cols - 2, "No rules yet: accepting, editing or writing one puts it here.", LOOK_DIM);
    if (detail)
        paint_detail(v, p, p->rows - detail);
}
