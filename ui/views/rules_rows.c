/* The rows of the rule library: rules beside what they are worth and where they are still broken. */
#include <stdlib.h>

#include "base/mem.h"
#include "ui/views/eval_text.h"
#include "ui/views/rules_state.h"

void rules_rows_free(struct rules_view *v)
{
    rules_free(&v->rules);
    mem_free(v->rows);
    evals_free(&v->broken_by);
    str_free(&v->broken_text);
    v->rows = NULL;
}

static struct rules_row *row_of(struct rules_view *v, int64_t rule)
{
    for (size_t i = 0; i < v->rules.count; i++)
        if (v->rows[i].rule->id == rule)
            return &v->rows[i];
    return NULL;
}

static int take_worth(void *context, const struct rule_worth *w)
{
    struct rules_view *v = context;
    struct rules_row *row = row_of(v, w->rule);
    if (row) {
        row->worth = *w;
        row->worth.model = NULL; /* borrowed for the call */
        row->weighed = v->any_worth = true;
    }
    return 0;
}

static int take_broken(void *context, const struct rule_broken *b)
{
    struct rules_row *row = row_of(context, b->rule);
    if (row)
        row->broken = b->broken;
    return 0;
}

static int note_row(void *context, const struct rule_broken *b)
{
    (void)b;
    *(bool *)context = true;
    return 1;
}

/* The eval's answers were held against the rules: "none broken" is an answer there, elsewhere it is not. */
static bool was_matched(struct store *s, int64_t eval, int64_t any_rule)
{
    bool there = false;
    eval_store_broken(s, any_rule, eval, note_row, &there, NULL);
    return there;
}

/* The newest finished eval of a trained model says what is still broken. */
static int load_broken(struct rules_view *v, struct store *s, struct error *err)
{
    const struct eval_filter all = {.kind = EVAL_OUTPUTS};
    struct evals list = {0};
    int64_t newest = 0;
    int result = eval_store_list(s, &all, &list, err);
    for (size_t i = 0; result == 0 && v->rules.count && i < list.count && !newest; i++)
        if (list.items[i].run_uuid && list.items[i].state == EVAL_DONE && list.items[i].n &&
            was_matched(s, list.items[i].id, v->rules.items[0].id))
            newest = list.items[i].id;
    evals_free(&list);
    evals_free(&v->broken_by);
    v->broken_by = (struct evals){0};
    if (result == 0 && newest)
        result = eval_store_get(s, newest, &v->broken_by, err);
    if (result == 0 && newest)
        result = eval_store_broken(s, 0, newest, take_broken, v, err) < 0 ? -1 : 0;
    return result;
}

static int by_worth(const void *x, const void *y)
{
    const struct rules_row *a = x, *b = y;
    if (a->weighed != b->weighed)
        return a->weighed ? -1 : 1;
    if (a->weighed && a->worth.total != b->worth.total)
        return a->worth.total > b->worth.total ? -1 : 1;
    return a->rule < b->rule ? -1 : a->rule > b->rule; /* as the store gave them */
}

static int by_broken(const void *x, const void *y)
{
    const struct rules_row *a = x, *b = y;
    if (a->broken != b->broken)
        return a->broken > b->broken ? -1 : 1;
    return a->rule < b->rule ? -1 : a->rule > b->rule;
}

int rules_rows_load(struct rules_view *v, struct error *err)
{
    struct store *s = session_store(desk_session(v->desk));
    struct rules fresh = {0};
    int64_t at = rules_here(v) ? rules_here(v)->id : 0;
    enum rule_sort stored = v->sort < RULES_STORED ? (enum rule_sort)v->sort : RULES_BY_USES;
    if (rule_store_list(s, stored, v->retired, &fresh, err) != 0)
        return -1;
    rules_free(&v->rules);
    mem_free(v->rows);
    v->rules = fresh;
    v->rows = mem_zalloc(fresh.count + 1, sizeof *v->rows);
    v->records_of = 0;
    v->any_worth = false;
    for (size_t i = 0; i < fresh.count; i++)
        v->rows[i].rule = &v->rules.items[i];
    int result = eval_store_worth(s, v->weighing, take_worth, v, err) < 0 ? -1 : 0;
    if (result == 0)
        result = load_broken(v, s, err);
    if (v->sort >= RULES_STORED && fresh.count)
        qsort(v->rows, fresh.count, sizeof *v->rows, v->sort == RULES_BY_WORTH ? by_worth : by_broken);
    listing_clamp(&v->list, fresh.count);
    for (size_t i = 0; i < fresh.count; i++)
        if (v->rows[i].rule->id == at)
            v->list.cursor = i;
    return result;
}

/* --- by run --- */

struct by_run {
    struct str *out;
    struct str seen; /* uuids told already, a line each */
    int n;
};

static bool is_told(struct by_run *b, const char *run)
{
    struct str line = {0};
    str_addf(&line, "\n%s\n", run ? run : "");
    bool told = false;
    for (size_t i = 0; !told && i + line.len <= b->seen.len; i++)
        told = slice_eq(slice_sub(str_slice(&b->seen), i, i + line.len), str_slice(&line));
    if (!told)
        str_add_slice(&b->seen, str_slice(&line));
    str_free(&line);
    return told;
}

/* A run's newest eval stands for it. */
static int add_run(void *context, const struct rule_broken *r)
{
    enum { RUNS = 12 };
    struct by_run *b = context;
    if (r->of && !is_told(b, r->run_uuid)) {
        str_addf(b->out, "%s%lld/%lld %s", b->n ? ", " : "", (long long)r->broken, (long long)r->of, r->name);
        b->n++;
    }
    return b->n >= RUNS;
}

void rules_broken_by_run(struct rules_view *v, int64_t rule, struct str *out)
{
    struct by_run b = {.out = out};
    eval_store_broken(session_store(desk_session(v->desk)), rule, 0, add_run, &b, NULL);
    str_free(&b.seen);
}
