/* How the rule library looks. */
#include <string.h>

#include "ui/views/reword.h"
#include "ui/views/rule_worth.h"
#include "ui/views/rules_state.h"

enum { DETAIL = 4, EVALS_DETAIL = 2, PREVIEW = 40 }; /* rows below the list; records named there */

enum { COL_USES, COL_EDITS, COL_NATS, COL_BROKEN, COL_GUARDRAIL, COL_SIGN, COL_MISTAKE, COL_WHO, COLS };
static const struct column columns[COLS] = {
    [COL_USES] = {"uses", 5, 5, 0, true},
    [COL_EDITS] = {"edits", 5, 5, 4, true},
    [COL_NATS] = {"", 0, 0, 9, true},
    [COL_BROKEN] = {"", 0, 0, 9, true},
    [COL_GUARDRAIL] = {"guardrail", 40, 0, 0, false},
    [COL_SIGN] = {"", 0, 0, 9, false},
    [COL_MISTAKE] = {"mistake", 24, 0, 6, false},
    [COL_WHO] = {"made by", 8, 12, 9, false},
};

/* What evals say of rules takes room only where an eval said something. */
static void choose_columns(const struct rules_view *v, struct column *out)
{
    memcpy(out, columns, sizeof columns);
    if (!v->any_worth && !v->broken_by.count)
        return;
    out[COL_GUARDRAIL].min = 32;
    out[COL_BROKEN] = (struct column){"broken", 7, 9, 0, true};
    if (!v->any_worth)
        return;
    out[COL_NATS] = (struct column){"nats", 6, 6, 0, true};
    out[COL_SIGN] = (struct column){"", 15, 15, 0, false};
}

static bool often_edited(const struct rule *r)
{
    return r->edits >= 3 && 2 * r->edits >= r->uses;
}

static enum look cell_sign(const struct rules_row *row, bool ascii, struct str *out)
{
    enum look look = LOOK_DIM;
    if (row->weighed)
        look = rule_worth_sign(out, &row->worth, ascii);
    if (!out->len && often_edited(row->rule)) {
        str_addf(out, "%s often edited", ascii ? "!" : "⚠");
        look = LOOK_WARN;
    }
    return look;
}

static enum look cell(const void *context, size_t i, int column, bool ascii, struct str *out)
{
    const struct rules_view *v = context;
    const struct rules_row *row = &v->rows[i];
    const struct rule *r = row->rule;
    switch (column) {
    case COL_USES: add_count(out, r->uses); break;
    case COL_EDITS: add_count(out, r->edits); break;
    case COL_NATS: return rule_worth_nats(out, row->weighed ? &row->worth : NULL);
    case COL_BROKEN:
        if (!v->broken_by.count)
            str_addc(out, '-');
        else
            str_addf(out, "%lld/%lld", (long long)row->broken, (long long)v->broken_by.items[0].n);
        return row->broken ? LOOK_WARN : LOOK_DIM;
    case COL_SIGN: return cell_sign(row, ascii, out);
    case COL_WHO: str_adds(out, r->author ? r->author : ""); break;
    case COL_MISTAKE: str_adds(out, r->mistake ? r->mistake : ""); break;
    default: str_addf(out, "%s%s", r->status == RULE_RETIRED ? "(retired) " : "", r->guardrail); break;
    }
    return r->status == RULE_ACTIVE ? LOOK_TEXT : LOOK_DIM;
}

static const char *sign(const void *context, size_t row)
{
    const struct rules_view *v = context;
    return v->merging && v->rows[row].rule->id == v->merging ? "m " : NULL;
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

/* "+0.41 nats (+0.30 to +0.52, n 37): +0.33 at hinges, +0.08 elsewhere": a record, with the 95% interval. */
static void paint_worth(const struct rules_row *row, const struct paint *p, int at)
{
    const struct rule_worth *w = &row->worth;
    struct str text = {0};
    enum look look = LOOK_DIM;
    paint_z(p, at, 1, 12, "worth", LOOK_DIM);
    if (row->weighed) {
        look = rule_worth_nats(&text, w);
        str_adds(&text, " nats (");
        if (w->records >= WORTH_RECORDS)
            str_addf(&text, "%+.2f to %+.2f, ", w->low, w->high);
        str_addf(&text, "n %lld): %+.2f at hinges, %+.2f elsewhere", (long long)w->records, w->at_hinges,
                 w->elsewhere);
    } else {
        str_adds(&text, "not weighed yet");
    }
    paint_text(p, at, 12, p->cols - 13, str_slice(&text), look);
    str_free(&text);
}

/* What evals say of the rule. */
static void paint_evals(struct rules_view *v, const struct rules_row *row, const struct paint *p, int at)
{
    paint_worth(row, p, at);
    paint_z(p, at + 1, 1, 12, "broken on", LOOK_DIM);
    paint_text(p, at + 1, 12, p->cols - 13, v->broken_text.len ? str_slice(&v->broken_text) : SLICE("no eval yet"),
               row->broken ? LOOK_WARN : LOOK_DIM);
}

/* What editing or merging the rule would touch: its whole words and the records that cite it. */
static void paint_detail(struct rules_view *v, const struct paint *p, int row, int rows)
{
    const struct rule *r = rules_here(v);
    struct str text = {0};
    for (int i = 0; i < rows && row + i < p->rows; i++)
        paint_fill(p, row + i, 0, p->cols, " ", i ? LOOK_TEXT : LOOK_HEAD);
    if (!r)
        return;
    if (v->records_of != r->id) {
        str_clear(&v->records);
        v->n_records = 0;
        rule_store_records(session_store(desk_session(v->desk)), r->id, add_record, v, NULL);
        str_clear(&v->broken_text);
        rules_broken_by_run(v, r->id, &v->broken_text);
        v->records_of = r->id;
    }
    str_addf(&text, " rule #%lld, %lld record%s", (long long)r->id, (long long)r->uses,
             r->uses == 1 ? "" : "s");
    paint_text(p, row, 0, p->cols, str_slice(&text), LOOK_HEAD);
    paint_words(v, r, p, row + 1);
    paint_z(p, row + 3, 1, 12, "records", LOOK_DIM);
    paint_text(p, row + 3, 12, p->cols - 13, str_slice(&v->records), LOOK_TEXT);
    if (rows > DETAIL)
        paint_evals(v, rules_row_here(v), p, row + DETAIL);
    str_free(&text);
}

void rules_paint(void *view, const struct paint *p)
{
    struct rules_view *v = view;
    struct column shown[COLS];
    const struct table table = {.columns = shown, .n_columns = COLS, .cursor_columns = COL_USES + 1,
                                .count = v->rules.count, .context = v, .cell = cell, .sign = sign};
    int evals = v->any_worth || v->broken_by.count ? EVALS_DETAIL : 0;
    int detail = p->rows >= 14 ? DETAIL + evals : 0;
    choose_columns(v, shown);
    struct str text = {0};
    paint_fill(p, 0, 0, p->cols, " ", LOOK_TITLE);
    str_addf(&text, " Rules of %s: ", session_project(desk_session(v->desk)));
    add_count(&text, (long long)v->rules.count);
    str_addf(&text, ", by %s", rules_sort_words[v->sort]);
    if (v->broken_by.count)
        str_addf(&text, "; broken by %s", v->broken_by.items[0].name);
    paint_text(p, 0, 0, p->cols, str_slice(&text), LOOK_TITLE);
    str_free(&text);
    listing_show(&v->list, p->rows - 2 - detail);
    table_paint(&table, p, 1, &v->list);
    if (v->rules.count == 0)
        paint_z(p, 3, 2, p->cols - 2, "No rules yet: accepting, editing or writing one puts it here.", LOOK_DIM);
    if (detail)
        paint_detail(v, p, p->rows - detail, detail);
}
