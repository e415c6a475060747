/* Which evals a report rests on, and their scores in one table of records. */
#include <fnmatch.h>
#include <math.h>
#include <string.h>

#include "app/report_parts.h"
#include "base/array.h"
#include "base/mem.h"

static bool is_base(const struct eval *e)
{
    return !e->run_uuid && !e->adapter && !e->endpoint;
}

static bool is_endpoint(const struct eval *e)
{
    return !e->run_uuid && e->endpoint;
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* ---- which evals ------------------------------------------------------------------------------ */

/* What must be equal for scores to be comparable. Endpoints have a base model of their own, or none. */
static void setting_of(struct str *out, const struct eval *e)
{
    str_clear(out);
    str_addf(out, "%s\x1f%s\x1f%lld\x1f%s", e->split ? e->split : "", e->graders ? e->graders : "",
             (long long)e->max_tokens, e->sampling ? e->sampling : "");
    if (!is_endpoint(e))
        str_addf(out, "\x1f%s", e->base_model ? e->base_model : "");
}

static bool name_fits(const struct report_request *q, const struct eval *e)
{
    if (!q->n_runs || !e->run_uuid)
        return true;
    for (size_t i = 0; i < q->n_runs; i++)
        if ((e->run_name && fnmatch(q->runs[i], e->run_name, 0) == 0) || fnmatch(q->runs[i], e->run_uuid, 0) == 0)
            return true;
    return false;
}

static bool asked_for(const struct report_request *q, const struct eval *e)
{
    return name_fits(q, e) && (!q->split || same(q->split, e->split)) &&
           (!q->base_model || is_endpoint(e) || same(q->base_model, e->base_model));
}

/* The setting that most evals of runs have (of all where no run was evaluated); among equals the newest's. */
static void commonest_setting(struct str *out, const struct report *r)
{
    struct map *counts = map_new();
    struct str setting = {0};
    uint64_t most = 0;
    for (size_t i = 0; i < r->evals.count; i++) {
        const struct eval *e = &r->evals.items[i];
        uint64_t n = 0;
        if (e->state != EVAL_DONE || !e->n || is_endpoint(e) || !asked_for(&r->asked, e))
            continue;
        setting_of(&setting, e);
        map_get(counts, str_slice(&setting), &n);
        n += e->run_uuid ? 1000000 : 1; /* runs before bases, however many of those there are */
        map_put(counts, str_slice(&setting), n);
    }
    for (size_t i = 0; i < map_count(counts); i++) {
        if (map_value(counts, i) <= most)
            continue;
        most = map_value(counts, i);
        str_clear(out);
        str_add_slice(out, map_key(counts, i));
    }
    str_free(&setting);
    map_free(counts);
}

static bool setting_fits(const struct str *common, const struct eval *e)
{
    struct str setting = {0};
    setting_of(&setting, e);
    /* an endpoint's setting is the beginning of the others': all but the base model */
    bool fits = is_endpoint(e) ? slice_starts(str_slice(common), str_z(&setting))
                               : slice_eq(str_slice(common), str_slice(&setting));
    str_free(&setting);
    return fits;
}

/* The same checkpoint asked again under the same setting: the newest is taken, and it comes first. */
static bool seen_already(struct map *seen, const struct eval *e)
{
    struct str key = {0};
    const char *model = is_endpoint(e) ? e->endpoint : !e->run_uuid && e->adapter ? e->adapter : "";
    str_addf(&key, "%s\x1f%s\x1f%lld\x1f%d", e->run_uuid ? e->run_uuid : "", model,
             (long long)(e->run_uuid ? e->step : 0), (int)e->think);
    bool again = !map_put(seen, str_slice(&key), 1);
    str_free(&key);
    return again;
}

struct left_out {
    size_t unfinished, empty, other, again;
};

static void say_left_out(struct report *r, const struct left_out *l)
{
    if (l->unfinished)
        report_note(r, "%zu eval%s not finished yet and left out.", l->unfinished, l->unfinished == 1 ? " is" : "s are");
    if (l->empty)
        report_note(r, "%zu eval%s without a single score left out.", l->empty, l->empty == 1 ? "" : "s");
    if (l->other)
        report_note(r, "%zu eval%s left out: another split, base model, grader or sampling than most (see the list of "
                       "evals; choose with split and base model).", l->other, l->other == 1 ? "" : "s");
    if (l->again)
        report_note(r, "%zu eval%s of a checkpoint that was evaluated again later left out.", l->again,
                    l->again == 1 ? "" : "s");
}

static void choose(struct report *r)
{
    struct str common = {0};
    struct map *seen = map_new();
    struct left_out l = {0};
    commonest_setting(&common, r);
    r->used = arena_zalloc(&r->arena, r->evals.count + 1, sizeof(struct eval *));
    for (size_t i = 0; i < r->evals.count; i++) {
        const struct eval *e = &r->evals.items[i];
        if (!asked_for(&r->asked, e))
            continue;
        if (e->state != EVAL_DONE)
            l.unfinished++;
        else if (!e->n)
            l.empty++;
        else if (!setting_fits(&common, e))
            l.other++;
        else if (seen_already(seen, e))
            l.again++;
        else
            r->used[r->n_used++] = e;
    }
    say_left_out(r, &l);
    map_free(seen);
    str_free(&common);
}

/* ---- methods and runs --------------------------------------------------------------------------- */

/* "rgt-wide-12" without "-12". */
static const char *without_number(struct report *r, const char *name)
{
    size_t len = strlen(name), end = len;
    while (end > 0 && name[end - 1] >= '0' && name[end - 1] <= '9')
        end--;
    return end < len && end > 1 && name[end - 1] == '-' ? arena_strndup(&r->arena, name, end - 1) : name;
}

static const char *method_of(struct report *r, const struct eval *e)
{
    if (is_base(e))
        return "base";
    if (is_endpoint(e))
        return e->endpoint;
    if (!e->run_uuid) /* an adapter by itself */
        return e->adapter;
    if (r->asked.by_name && e->run_name)
        return without_number(r, e->run_name);
    return e->method && *e->method ? e->method : e->run_name ? e->run_name : e->run_uuid;
}

/* RGT, iSFT, SFT, others, endpoints, the base. */
static int rank_of(const struct report_method *m)
{
    if (m->base)
        return 9;
    if (m->endpoint)
        return 8;
    return strcmp(m->name, "rgt") == 0 ? 0 : strcmp(m->name, "isft") == 0 ? 1 : strcmp(m->name, "sft") == 0 ? 2 : 3;
}

static bool before(const struct report_method *a, const struct report_method *b)
{
    int x = rank_of(a), y = rank_of(b);
    return x < y || (x == y && strcmp(a->name, b->name) < 0);
}

static size_t method_number(struct report *r, const struct eval *e)
{
    const char *name = method_of(r, e);
    for (size_t i = 0; i < r->n_methods; i++)
        if (strcmp(r->methods[i].name, name) == 0 && r->methods[i].base == is_base(e) &&
            r->methods[i].endpoint == is_endpoint(e))
            return i;
    return r->n_methods;
}

static void number_methods(struct report *r)
{
    r->methods = arena_zalloc(&r->arena, r->n_used + 1, sizeof *r->methods);
    for (size_t i = 0; i < r->n_used; i++) {
        const struct eval *e = r->used[i];
        if (method_number(r, e) < r->n_methods)
            continue;
        struct report_method m = {.name = method_of(r, e), .base = is_base(e), .endpoint = is_endpoint(e)};
        size_t at = r->n_methods++;
        for (; at > 0 && before(&m, &r->methods[at - 1]); at--)
            r->methods[at] = r->methods[at - 1];
        r->methods[at] = m;
    }
}

/* The row of an eval's run in its method's table. */
static size_t run_row(struct report *r, struct report_gathering *g, size_t method, const struct eval *e)
{
    struct str key = {0};
    uint64_t row = r->methods[method].runs;
    str_addf(&key, "%zu\x1f%s", method, e->run_uuid ? e->run_uuid : "");
    if (!map_get(g->runs, str_slice(&key), &row)) {
        map_put(g->runs, str_slice(&key), row);
        r->methods[method].runs++;
    }
    str_free(&key);
    return (size_t)row;
}

static double examples_of(const struct eval *e)
{
    if (is_base(e))
        return 0;
    return e->run_uuid && e->examples >= 0 ? (double)e->examples : -1;
}

/* ---- scores -------------------------------------------------------------------------------------- */

static struct slice id_key(const int64_t *id)
{
    return (struct slice){(const char *)id, sizeof *id};
}

/* Columns and tasks of all records, before the tables are made as wide as that. */
static void number_records(struct report_gathering *g, const struct eval_items *items, size_t *cap)
{
    for (size_t i = 0; i < items->count; i++) {
        const struct eval_item *it = &items->items[i];
        uint64_t column = map_intern(g->columns, id_key(&it->record));
        if (column < g->records)
            continue;
        g->task_of = array_reserve(g->task_of, cap, g->records + 1, sizeof *g->task_of);
        g->task_of[g->records++] = it->task && *it->task ? map_intern(g->tasks, slice_of(it->task)) + 1 : 0;
    }
}

static void take_scores(const struct report_gathering *g, struct report *r, struct report_source *s,
                        const struct eval_items *items)
{
    s->scores = arena_zalloc(&r->arena, g->records + 1, sizeof *s->scores);
    s->failed = arena_zalloc(&r->arena, g->records + 1, sizeof *s->failed);
    for (size_t k = 0; k < g->records; k++)
        s->scores[k] = NAN;
    for (size_t i = 0; i < items->count; i++) {
        uint64_t column = 0;
        map_get(g->columns, id_key(&items->items[i].record), &column);
        s->failed[column] = !items->items[i].has_score;
        if (items->items[i].has_score)
            s->scores[column] = items->items[i].normalised;
    }
}

static int read_scores(struct store *s, struct report *r, struct report_gathering *g, struct error *err)
{
    struct eval_items *items = mem_zalloc(r->n_used + 1, sizeof *items);
    const struct eval_page all = {.order = EVAL_BY_RECORD};
    size_t cap = 0;
    int result = 0;
    for (size_t i = 0; i < r->n_used && result == 0; i++) {
        result = eval_store_items(s, r->used[i]->id, &all, &items[i], NULL, err);
        if (result == 0)
            number_records(g, &items[i], &cap);
    }
    for (size_t i = 0; i < r->n_used && result == 0; i++)
        take_scores(g, r, &g->sources[i], &items[i]);
    g->kept = mem_zalloc(g->records + 1, sizeof *g->kept);
    for (size_t i = 0; i < r->n_used; i++)
        eval_items_free(&items[i]);
    mem_free(items);
    return result;
}

static void say_unknown_examples(struct report *r, const struct report_gathering *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->count; i++)
        n += g->sources[i].eval->run_uuid && g->sources[i].examples < 0;
    if (n)
        report_note(r, "%zu eval%s of a run without the number of examples it had seen: not in figures 2 and 4.", n,
                    n == 1 ? "" : "s");
}

int report_gather(struct store *s, struct report *r, struct report_gathering *g, struct error *err)
{
    const struct eval_filter outputs = {.kind = EVAL_OUTPUTS};
    *g = (struct report_gathering){.columns = map_new(), .tasks = map_new(), .runs = map_new()};
    if (eval_store_list(s, &outputs, &r->evals, err) != 0)
        return -1;
    choose(r);
    number_methods(r);
    g->sources = mem_zalloc(r->n_used + 1, sizeof *g->sources);
    for (size_t i = 0; i < r->n_used; i++) {
        size_t method = method_number(r, r->used[i]);
        g->sources[g->count++] = (struct report_source){.eval = r->used[i], .method = method,
                                                        .run = run_row(r, g, method, r->used[i]),
                                                        .examples = examples_of(r->used[i])};
    }
    say_unknown_examples(r, g);
    return read_scores(s, r, g, err);
}

/* ---- records that all have ------------------------------------------------------------------------ */

static bool counts_for(const struct report_source *s, unsigned thinks)
{
    return !is_endpoint(s->eval) && (thinks & (s->eval->think ? 2 : 1));
}

void report_keep_common(struct report *r, struct report_gathering *g, unsigned thinks)
{
    size_t any = 0, all = 0;
    for (size_t k = 0; k < g->records; k++) {
        bool some = false;
        g->kept[k] = true;
        for (size_t i = 0; i < g->count; i++) {
            const struct report_source *s = &g->sources[i];
            if (!counts_for(s, thinks))
                continue;
            bool there = s->failed[k] || !isnan(s->scores[k]);
            some = some || there;
            g->kept[k] = g->kept[k] && there;
        }
        g->kept[k] = g->kept[k] && some;
        any += some;
        all += g->kept[k];
    }
    for (size_t k = 0; k < g->records && all == 0; k++)
        g->kept[k] = true;
    const char *where = thinks == 3 ? " in figure 3" : "";
    if (any && all == 0)
        report_note(r, "No record is in every eval: methods are compared on different records%s.", where);
    else if (all < any)
        report_note(r, "%zu of %zu records are not in every eval (training had seen them, or an eval was limited): they are "
                       "left out%s.", any - all, any, where);
}

void report_gathering_free(struct report_gathering *g)
{
    mem_free(g->sources);
    mem_free(g->kept);
    mem_free(g->task_of);
    map_free(g->columns);
    map_free(g->tasks);
    map_free(g->runs);
    *g = (struct report_gathering){0};
}
