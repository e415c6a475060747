/* The records of an eval: read, set against another eval's, chosen and put in order. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ui/views/eval_state.h"

static void forget_rows(struct eval_view *v)
{
    for (size_t i = 0; i < v->items.count; i++)
        mem_free(v->rows[i].headline);
    mem_free(v->rows);
    mem_free(v->shown);
    v->rows = NULL;
    v->shown = NULL;
    v->count = 0;
    eval_items_free(&v->items);
}

void eval_rows_free(struct eval_view *v)
{
    forget_rows(v);
    evals_free(&v->self);
    evals_free(&v->against);
    evals_free(&v->others);
    mem_free(v->task);
}

const struct eval *eval_self(const struct eval_view *v)
{
    return &v->self.items[0];
}

const struct eval *eval_against(const struct eval_view *v)
{
    return v->against.count ? &v->against.items[0] : NULL;
}

struct eval_row *eval_here(const struct eval_view *v)
{
    return v->count ? &v->rows[v->shown[v->list.cursor]] : NULL;
}

/* --- what it is compared with --- */

static bool same_question(const struct eval *a, const struct eval *b)
{
    return b->kind == EVAL_OUTPUTS && b->id != a->id && b->n > 0 &&
           strcmp(a->split ? a->split : "", b->split ? b->split : "") == 0;
}

static bool same_text(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* The higher the better a match; 0: none. */
static int fitness(const struct eval *e, const struct eval *o)
{
    int think = e->think == o->think;
    if (!same_question(e, o))
        return 0;
    if (!o->run_uuid && same_text(e->base_model, o->base_model) && e->run_uuid)
        return 4 + think;
    if (same_text(e->run_uuid, o->run_uuid) && o->step < e->step && think)
        return 3;
    if (same_text(e->run_uuid, o->run_uuid) && o->step == e->step)
        return 2;
    return 0;
}

int eval_rows_other(struct store *s, const struct eval *e, int64_t *other, struct error *err)
{
    const struct eval_filter all = {.kind = EVAL_OUTPUTS};
    struct evals list = {0};
    int best = 0, result = eval_store_list(s, &all, &list, err);
    int64_t step = -1;
    *other = 0;
    for (size_t i = 0; result == 0 && i < list.count; i++) {
        const struct eval *o = &list.items[i];
        int fit = fitness(e, o);
        if (fit < best || !fit || (fit == best && o->step <= step))
            continue;
        best = fit;
        step = o->step;
        *other = o->id;
    }
    evals_free(&list);
    return result;
}

/* --- choosing and sorting --- */

struct sorter {
    const struct eval_row *row;
    enum eval_sorts by;
};

static int by_score(const struct eval_row *a, const struct eval_row *b)
{
    const struct eval_item *x = a->item, *y = b->item;
    if (x->has_score != y->has_score)
        return x->has_score ? 1 : -1; /* one that failed is worse than any */
    if (x->has_score && x->normalised != y->normalised)
        return x->normalised < y->normalised ? -1 : 1;
    return 0;
}

static int compare(const void *x, const void *y)
{
    const struct sorter *s = x, *t = y;
    const struct eval_row *a = s->row, *b = t->row;
    int order = 0;
    if (s->by == SORT_DELTA && a->paired != b->paired)
        order = a->paired ? -1 : 1;
    else if (s->by == SORT_DELTA && a->paired && a->delta != b->delta)
        order = a->delta < b->delta ? -1 : 1;
    if (!order && s->by != SORT_RECORDS)
        order = by_score(a, b);
    return order ? order : (a->item->record > b->item->record) - (a->item->record < b->item->record);
}

static bool fits(const struct eval_view *v, const struct eval_row *r)
{
    const struct eval_item *i = r->item;
    if (v->task && strcmp(v->task, i->task ? i->task : "") != 0)
        return false;
    if (v->rule && !r->breaks)
        return false;
    switch (v->shows) {
    case SHOW_FAILURES: return !i->has_score || i->normalised < 1;
    case SHOW_REGRESSED: return r->paired && r->delta < 0;
    case SHOW_FIXED: return r->paired && r->delta > 0;
    case SHOW_SAME: return r->paired && r->delta == 0;
    default: return true;
    }
}

void eval_rows_choose(struct eval_view *v)
{
    struct sorter *chosen = mem_zalloc(v->items.count + 1, sizeof *chosen);
    v->count = 0;
    for (size_t i = 0; i < v->items.count; i++)
        if (fits(v, &v->rows[i]))
            chosen[v->count++] = (struct sorter){&v->rows[i], v->sort};
    qsort(chosen, v->count, sizeof *chosen, compare);
    mem_free(v->shown);
    v->shown = mem_zalloc(v->count + 1, sizeof *v->shown);
    for (size_t i = 0; i < v->count; i++)
        v->shown[i] = (size_t)(chosen[i].row - v->rows);
    mem_free(chosen);
    listing_clamp(&v->list, v->count);
}

/* --- reading --- */

static struct eval_row *row_of(struct eval_view *v, int64_t record)
{
    size_t low = 0, high = v->items.count; /* items come in order of records */
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (v->items.items[mid].record < record)
            low = mid + 1;
        else
            high = mid;
    }
    return low < v->items.count && v->items.items[low].record == record ? &v->rows[low] : NULL;
}

static int take_pair(void *context, const struct eval_pair *p)
{
    struct eval_row *row = row_of(context, p->record);
    if (row) {
        row->paired = true;
        row->delta = p->change == EVAL_SAME ? 0 : p->b - p->a;
    }
    return 0;
}

static int take_mark(void *context, const struct rule_mark *m)
{
    struct eval_row *row = row_of(context, m->record);
    if (row)
        row->breaks = true;
    return 0;
}

int eval_rows_rule(struct eval_view *v, int64_t rule, struct error *err)
{
    v->rule = rule;
    for (size_t i = 0; i < v->items.count; i++)
        v->rows[i].breaks = false;
    if (rule && eval_store_marks(session_store(desk_session(v->desk)), v->id, rule, 0, take_mark, v, err) < 0)
        return -1;
    eval_rows_choose(v);
    return 0;
}

static int load_pairs(struct eval_view *v, struct store *s, struct error *err)
{
    v->sums = (struct eval_comparison){0};
    evals_free(&v->against);
    v->against = (struct evals){0};
    if (!v->other)
        return 0;
    if (eval_store_get(s, v->other, &v->against, err) != 0 ||
        eval_store_compare(s, v->other, v->id, &v->sums, err) != 0)
        return -1;
    return eval_store_pairs(s, v->other, v->id, 0, take_pair, v, err);
}

int eval_rows_load(struct eval_view *v, struct error *err)
{
    struct store *s = session_store(desk_session(v->desk));
    const struct eval_page page = {.order = EVAL_BY_RECORD};
    int64_t at = eval_here(v) ? eval_here(v)->item->record : 0;
    struct evals self = {0};
    struct eval_items items = {0};
    if (eval_store_get(s, v->id, &self, err) != 0 || eval_store_items(s, v->id, &page, &items, NULL, err) != 0 ||
        eval_store_returns(s, v->id, &v->returned, &v->decided, err) != 0) {
        evals_free(&self);
        eval_items_free(&items);
        return -1;
    }
    evals_free(&v->self);
    forget_rows(v);
    v->self = self;
    v->items = items;
    v->rows = mem_zalloc(items.count + 1, sizeof *v->rows);
    for (size_t i = 0; i < items.count; i++)
        v->rows[i].item = &v->items.items[i];
    int result = load_pairs(v, s, err);
    if (result == 0)
        result = eval_rows_rule(v, v->rule, err);
    for (size_t i = 0; i < v->count; i++)
        if (v->rows[v->shown[i]].item->record == at)
            v->list.cursor = i;
    return result;
}

const char *eval_row_says(struct eval_view *v, struct eval_row *row)
{
    struct eval_items one = {0};
    struct str text = {0};
    if (row->headline)
        return row->headline;
    if (row->item->fault)
        str_addf(&text, "failed: %s", row->item->fault);
    else if (eval_store_item(session_store(desk_session(v->desk)), v->id, row->item->record, &one, NULL) == 0)
        eval_headline(&text, one.items[0].rationale);
    eval_items_free(&one);
    row->headline = mem_strdup(str_z(&text));
    str_free(&text);
    return row->headline;
}
