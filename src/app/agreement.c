#include "app/agreement.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/map.h"
#include "base/mem.h"
#include "db/decision_store.h"

/* One reviewer's verdict on one record; in order of record, then reviewer. */
struct vote {
    uint32_t record, reviewer;
    int state;
    int64_t rule; /* it cites, or 0 */
};

struct reading {
    bool kept;
    struct vote *votes;
    size_t count, cap;
    struct map *keys, *tasks, *reviewers; /* names; the value of keys is the record's task */
    struct map *rules;                    /* guardrails by the rule's number in text */
    const char **reviewer_names;          /* by reviewer, in the report's arena */
    struct agreement_report *out;
};

/* ---- reading --------------------------------------------------------------------------------- */

static void note_rule(struct reading *r, int64_t rule, const char *guardrail)
{
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)rule);
    struct slice key = slice_of(number);
    if (rule && !map_get(r->rules, key, NULL)) {
        struct slice text = arena_copy(&r->out->arena, slice_of(guardrail));
        map_put(r->rules, key, (uint64_t)(uintptr_t)text.at);
    }
}

static int read_vote(void *context, const struct decision_row *row)
{
    struct reading *r = context;
    int state = verb_state(row->d.verb);
    if (state < 0 || !agreement_is_vote((enum record_state)state))
        return 0;
    if (r->kept)
        state = (int)agreement_kept((enum record_state)state);
    struct slice key = slice_of(row->key);
    uint64_t task = map_intern(r->tasks, slice_of(row->task));
    map_put(r->keys, key, task);
    size_t last = map_count(r->keys) - 1; /* rows come in order of record */
    r->votes = array_reserve(r->votes, &r->cap, r->count + 1, sizeof *r->votes);
    r->votes[r->count++] = (struct vote){
        .record = (uint32_t)last,
        .reviewer = (uint32_t)map_intern(r->reviewers, slice_of(row->reviewer)),
        .state = state,
        .rule = row->d.rule,
    };
    note_rule(r, row->d.rule, row->rule_guardrail);
    return 0;
}

/* The end of the votes on the record of vote `from`. */
static size_t record_end(const struct reading *r, size_t from)
{
    size_t to = from;
    while (to < r->count && r->votes[to].record == r->votes[from].record)
        to++;
    return to;
}

static const char *name_at(struct reading *r, const struct map *names, size_t i)
{
    return arena_copy(&r->out->arena, map_key(names, i)).at;
}

static void name_reviewers(struct reading *r)
{
    size_t n = map_count(r->reviewers);
    r->reviewer_names = arena_zalloc(&r->out->arena, n + 1, sizeof *r->reviewer_names);
    for (size_t i = 0; i < n; i++)
        r->reviewer_names[i] = name_at(r, r->reviewers, i);
}

/* ---- pairs ----------------------------------------------------------------------------------- */

struct tables {
    struct map *index; /* two reviewers' numbers */
    struct pair_table {
        uint32_t first, second;
        struct agreement_table table;
    } *items;
    size_t count, cap;
};

static void count_pair(struct tables *t, const struct vote *a, const struct vote *b)
{
    if (a->reviewer > b->reviewer) {
        const struct vote *swap = a;
        a = b;
        b = swap;
    }
    uint32_t both[2] = {a->reviewer, b->reviewer};
    uint64_t at = map_intern(t->index, (struct slice){(const char *)both, sizeof both});
    if (at == t->count) {
        t->items = array_reserve(t->items, &t->cap, t->count + 1, sizeof *t->items);
        t->items[t->count++] = (struct pair_table){.first = a->reviewer, .second = b->reviewer};
    }
    assert(t->items && at < t->count);
    t->items[at].table.votes[a->state][b->state]++;
}

static int by_records(const void *a, const void *b)
{
    const struct agreement_pair *x = a, *y = b;
    if (x->kappa.records != y->kappa.records)
        return x->kappa.records < y->kappa.records ? 1 : -1;
    int order = strcmp(x->first, y->first);
    return order ? order : strcmp(x->second, y->second);
}

static void make_pairs(struct reading *r)
{
    struct tables t = {.index = map_new()};
    for (size_t from = 0, to; from < r->count; from = to) {
        to = record_end(r, from);
        for (size_t i = from; i < to; i++)
            for (size_t k = i + 1; k < to; k++)
                count_pair(&t, &r->votes[i], &r->votes[k]);
    }
    struct agreement_report *out = r->out;
    out->pairs = arena_zalloc(&out->arena, t.count + 1, sizeof *out->pairs);
    out->n_pairs = t.count;
    for (size_t i = 0; i < t.count; i++)
        out->pairs[i] = (struct agreement_pair){
            .first = r->reviewer_names[t.items[i].first],
            .second = r->reviewer_names[t.items[i].second],
            .kappa = agreement_kappa(&t.items[i].table),
        };
    qsort(out->pairs, out->n_pairs, sizeof *out->pairs, by_records);
    map_free(t.index);
    mem_free(t.items);
}

/* ---- groups ---------------------------------------------------------------------------------- */

/* A record as a member of a group: sorted by group, so that each group's records stand together. */
struct member {
    int64_t group;
    struct agreement_unit unit;
};

struct members {
    struct member *items;
    size_t count, cap;
};

static struct agreement_unit unit_of(const struct reading *r, size_t from, size_t to)
{
    struct agreement_unit u = {.votes = {0}};
    for (size_t i = from; i < to; i++)
        u.votes[r->votes[i].state]++;
    return u;
}

static void add_member(struct members *m, int64_t group, const struct agreement_unit *u)
{
    m->items = array_reserve(m->items, &m->cap, m->count + 1, sizeof *m->items);
    m->items[m->count++] = (struct member){group, *u};
}

static void add_cited(const struct reading *r, struct members *m, size_t from, size_t to,
                      const struct agreement_unit *u)
{
    for (size_t i = from; i < to; i++) {
        bool seen = r->votes[i].rule == 0;
        for (size_t k = from; k < i && !seen; k++)
            seen = r->votes[k].rule == r->votes[i].rule;
        if (!seen)
            add_member(m, r->votes[i].rule, u);
    }
}

static int by_group(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    return (x->group > y->group) - (x->group < y->group);
}

static double badness(const struct agreement_group *g)
{
    return g->alpha.defined ? 1 - g->alpha.alpha : 1 - g->alpha.raw;
}

static int by_badness(const void *a, const void *b)
{
    const struct agreement_group *x = a, *y = b;
    if (badness(x) != badness(y))
        return badness(x) < badness(y) ? 1 : -1;
    if (x->alpha.units != y->alpha.units)
        return x->alpha.units < y->alpha.units ? 1 : -1;
    return strcmp(x->name, y->name);
}

/* The groups of the members, those with a shared record; name gives a group its words. */
static struct agreement_group *make_groups(struct reading *r, struct members *m, size_t *count,
                                           const char *(*name)(struct reading *r, int64_t group),
                                           bool rules)
{
    struct agreement_group *groups = arena_zalloc(&r->out->arena, m->count + 1, sizeof *groups);
    struct agreement_unit *units = mem_alloc((m->count + 1) * sizeof *units);
    if (m->count)
        qsort(m->items, m->count, sizeof *m->items, by_group);
    *count = 0;
    for (size_t from = 0, to; from < m->count; from = to) {
        for (to = from; to < m->count && m->items[to].group == m->items[from].group; to++)
            units[to - from] = m->items[to].unit;
        struct agreement_alpha alpha = agreement_alpha(units, to - from);
        int64_t group = m->items[from].group;
        if (alpha.units)
            groups[(*count)++] = (struct agreement_group){name(r, group), rules ? group : 0, alpha};
    }
    mem_free(units);
    qsort(groups, *count, sizeof *groups, by_badness);
    return groups;
}

static const char *task_name(struct reading *r, int64_t group)
{
    return name_at(r, r->tasks, (size_t)group);
}

static const char *rule_name(struct reading *r, int64_t group)
{
    char number[24];
    uint64_t text = 0;
    snprintf(number, sizeof number, "%lld", (long long)group);
    map_get(r->rules, slice_of(number), &text);
    return (const char *)(uintptr_t)text;
}

/* ---- disputes -------------------------------------------------------------------------------- */

static int by_share(const void *a, const void *b)
{
    const struct agreement_dispute *x = a, *y = b;
    if (x->share != y->share)
        return x->share > y->share ? 1 : -1;
    unsigned m = agreement_votes(&x->votes), n = agreement_votes(&y->votes);
    if (m != n)
        return m < n ? 1 : -1;
    return strcmp(x->key, y->key);
}

static void add_dispute(struct reading *r, size_t from, size_t to, const struct agreement_unit *u)
{
    struct agreement_report *out = r->out;
    struct agreement_dispute *d = &out->disputes[out->n_disputes++];
    *d = (struct agreement_dispute){.key = name_at(r, r->keys, r->votes[from].record), .votes = *u};
    for (int s = 0; s < RECORD_STATES; s++) {
        double share = agreement_share(u, (enum record_state)s);
        d->share = share > d->share ? share : d->share;
        size_t n = 0;
        d->reviewers[s] = arena_zalloc(&out->arena, u->votes[s] + 1, sizeof **d->reviewers);
        for (size_t i = from; i < to; i++)
            if (r->votes[i].state == s)
                d->reviewers[s][n++] = r->reviewer_names[r->votes[i].reviewer];
    }
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void count_records(struct reading *r)
{
    struct agreement_report *out = r->out;
    size_t n = map_count(r->keys), units = 0;
    struct agreement_unit *all = mem_alloc((n + 1) * sizeof *all);
    struct members tasks = {.count = 0}, rules = {.count = 0};
    out->disputes = arena_zalloc(&out->arena, n + 1, sizeof *out->disputes);
    for (size_t from = 0, to; from < r->count; from = to) {
        to = record_end(r, from);
        struct agreement_unit u = unit_of(r, from, to);
        all[units++] = u;
        add_member(&tasks, (int64_t)map_value(r->keys, r->votes[from].record), &u);
        add_cited(r, &rules, from, to, &u);
        if (agreement_disputed(&u))
            add_dispute(r, from, to, &u);
    }
    out->reviewers = map_count(r->reviewers);
    out->records = units;
    out->all = agreement_alpha(all, units);
    out->tasks = make_groups(r, &tasks, &out->n_tasks, task_name, false);
    out->rules = make_groups(r, &rules, &out->n_rules, rule_name, true);
    qsort(out->disputes, out->n_disputes, sizeof *out->disputes, by_share);
    mem_free(all);
    mem_free(tasks.items);
    mem_free(rules.items);
}

int agreement_report_read(struct store *s, bool kept, struct agreement_report *out,
                          struct error *err)
{
    struct reading r = {.kept = kept, .out = out};
    r.keys = map_new();
    r.tasks = map_new();
    r.reviewers = map_new();
    r.rules = map_new();
    int result = decision_store_current(s, 0, read_vote, &r, err) == 0 ? 0 : -1;
    if (result == 0) {
        name_reviewers(&r);
        make_pairs(&r);
        count_records(&r);
    }
    map_free(r.keys);
    map_free(r.tasks);
    map_free(r.reviewers);
    map_free(r.rules);
    mem_free(r.votes);
    return result;
}

void agreement_report_free(struct agreement_report *r)
{
    arena_free(&r->arena);
    *r = (struct agreement_report){.records = 0};
}
