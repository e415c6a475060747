/* How the list of evals looks. */
#include <string.h>

#include "base/json.h"
#include "ui/views/evals_state.h"

enum { DETAIL = 3 }; /* rows below the list */

enum { COL_MODEL, COL_STEP, COL_SEEN, COL_THINK, COL_SPLIT, COL_N, COL_MEAN, COL_RANGE, COL_STATE, COL_METHOD, COL_SEED,
       COL_BASE, COLS };
static const struct column columns[COLS] = {
    [COL_MODEL] = {"model", 10, 0, 0, false},     [COL_STEP] = {"step", 5, 6, 0, true},
    [COL_SEEN] = {"examples", 8, 8, 6, true},     [COL_THINK] = {"think", 5, 5, 0, false},
    [COL_SPLIT] = {"split", 5, 5, 5, false},      [COL_N] = {"n", 5, 6, 0, true},
    [COL_MEAN] = {"score", 5, 5, 0, true},        [COL_RANGE] = {"95%", 6, 6, 0, true},
    [COL_STATE] = {"state", 11, 11, 0, false},    [COL_METHOD] = {"method", 6, 6, 8, false},
    [COL_SEED] = {"seed", 4, 6, 9, true},         [COL_BASE] = {"base model", 16, 0, 10, false},
};

static void add_known(struct str *out, int64_t n)
{
    if (n >= 0)
        add_count(out, n);
    else
        str_addc(out, '-');
}

static enum look cell_text(const struct evals_view *v, size_t row, int column, bool ascii, struct str *out)
{
    const struct eval *e = v->shown[row];
    bool again = v->order == EVALS_BY_RUN && row && strcmp(evals_group(e), evals_group(v->shown[row - 1])) == 0;
    double half = eval_interval(e);
    switch (column) {
    case COL_MODEL: str_adds(out, eval_model(e)); return again ? LOOK_DIM : LOOK_TEXT;
    case COL_STEP:
        if (e->run_uuid)
            add_known(out, e->step);
        else
            str_adds(out, e->endpoint ? "-" : "base");
        break;
    case COL_SEEN: add_known(out, e->step < 0 && !e->run_uuid ? 0 : e->examples); break;
    case COL_THINK: str_adds(out, e->kind == EVAL_NATS ? "rules" : e->think ? "on" : "off"); break;
    case COL_SPLIT: str_adds(out, e->split ? e->split : "-"); break;
    case COL_N: add_count(out, e->kind == EVAL_NATS ? e->planned : e->n); break;
    case COL_MEAN:
        str_addf(out, e->n ? "%.3f" : "-", e->mean);
        return LOOK_STRONG;
    case COL_RANGE:
        if (half >= 0)
            str_addf(out, "%s%.3f", ascii ? "" : "±", half);
        return LOOK_DIM;
    case COL_STATE: return eval_say_state(out, e);
    case COL_METHOD: str_adds(out, e->method ? e->method : "-"); break;
    case COL_SEED: add_known(out, e->seed); break;
    default: str_adds(out, e->base_model ? path_end(e->base_model) : ""); return LOOK_DIM;
    }
    return LOOK_TEXT;
}

static enum look cell(const void *context, size_t row, int column, bool ascii, struct str *out)
{
    return cell_text(context, row, column, ascii, out);
}

static const char *sign(const void *context, size_t row)
{
    const struct evals_view *v = context;
    return v->marked && v->shown[row]->id == v->marked ? "c " : NULL;
}

/* "graded by note-patterns, at most 512 tokens": what tells two evals of one model apart. */
static void add_settings(struct str *out, const struct eval *e)
{
    struct json *graders = json_parse(slice_of(e->graders ? e->graders : "[]"), NULL, NULL);
    int n = 0;
    for (const struct json *g = json_first(graders); g; g = json_next(g)) {
        const char *name = json_string(json_get(g, "name"), "");
        if (*name)
            str_addf(out, "%s%s", n++ ? ", " : "graded by ", name);
    }
    json_free(graders);
    if (e->max_tokens && e->kind == EVAL_OUTPUTS)
        str_addf(out, "%sat most %lld tokens an answer", out->len ? "; " : "", (long long)e->max_tokens);
    if (e->said && *e->said)
        str_addf(out, "%s%s", out->len ? "; " : "", e->said);
}

/* What has no column: who was left out and why, what failed, what the job says. */
static void paint_detail(const struct evals_view *v, const struct paint *p, int row)
{
    const struct eval *e = evals_here(v);
    struct str text = {0};
    for (int i = 0; i < DETAIL; i++)
        paint_fill(p, row + i, 0, p->cols, " ", i ? LOOK_TEXT : LOOK_HEAD);
    if (!e)
        return;
    str_addf(&text, " eval %lld: %s", (long long)e->id, e->name ? e->name : "");
    paint_text(p, row, 0, p->cols, str_slice(&text), LOOK_HEAD);
    str_clear(&text);
    if (e->kind == EVAL_NATS) {
        add_count(&text, e->planned);
        str_adds(&text, " records that cite rules: what each saves on y*");
    } else {
        add_count(&text, e->n);
        str_adds(&text, " of ");
        add_count(&text, e->planned);
        str_adds(&text, " records scored, ");
        add_count(&text, e->perfect);
        str_adds(&text, " with the top score");
    }
    if (e->failed) {
        str_adds(&text, ", ");
        add_count(&text, e->failed);
        str_adds(&text, " failed");
    }
    if (e->refused) {
        str_adds(&text, "; ");
        add_count(&text, e->refused);
        str_adds(&text, " refused: training had seen them");
    }
    paint_text(p, row + 1, 1, p->cols - 1, str_slice(&text), e->failed ? LOOK_WARN : LOOK_TEXT);
    str_clear(&text);
    add_settings(&text, e);
    paint_text(p, row + 2, 1, p->cols - 1, str_slice(&text), LOOK_DIM);
    str_free(&text);
}

/* The name of the run whose evals alone are shown. */
static const char *run_name(const struct evals_view *v)
{
    for (size_t i = 0; i < v->count; i++)
        if (v->shown[i]->run_uuid)
            return eval_model(v->shown[i]);
    return "a run";
}

static void paint_title(const struct evals_view *v, const struct paint *p)
{
    struct str text = {0};
    paint_fill(p, 0, 0, p->cols, " ", LOOK_TITLE);
    str_addf(&text, " Evals of %s: ", session_project(desk_session(v->desk)));
    add_count(&text, (long long)v->count);
    if (v->count < v->all.count) {
        str_adds(&text, " of ");
        add_count(&text, (long long)v->all.count);
    }
    str_addf(&text, ", by %s", evals_order_words[v->order]);
    if (v->limit.len)
        str_addf(&text, ", limit: %s", str_z(&v->limit));
    else if (v->run && v->count)
        str_addf(&text, ", of %s and its base", run_name(v));
    paint_text(p, 0, 0, p->cols, str_slice(&text), LOOK_TITLE);
    str_free(&text);
}

void evals_paint(void *view, const struct paint *p)
{
    struct evals_view *v = view;
    const struct table table = {.columns = columns, .n_columns = COLS, .cursor_columns = COL_STEP + 1,
                                .count = v->count, .context = v, .cell = cell, .sign = sign};
    int detail = p->rows >= 12 ? DETAIL : 0;
    paint_title(v, p);
    listing_show(&v->list, p->rows - 2 - detail);
    table_paint(&table, p, 1, &v->list);
    if (v->all.count == 0)
        paint_z(p, 3, 2, p->cols - 2, "No evals yet: n starts one on the records held out from training.", LOOK_DIM);
    else if (v->count == 0)
        paint_z(p, 3, 2, p->cols - 2, "None of the evals fits: Esc shows all.", LOOK_DIM);
    if (detail)
        paint_detail(v, p, p->rows - detail);
}
