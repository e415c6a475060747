#include "app/limit_plan.h"

#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "text/pattern.h"

struct sought {
    struct pattern *pattern;
    bool negated;
};

struct limit_plan {
    struct session *session;
    struct limit limit;
    struct queue_term *terms;
    struct queue_query query; /* terms, and QUEUE_PICKED last when patterns are sought */
    struct slice me;          /* the reviewer's name: what "me" stands for */
    struct sought *sought;
    size_t n_sought;
    int64_t *found;
    size_t n_found, cap_found, n_picked;
    int64_t last; /* the record looked at last */
    bool done;
    struct limit_progress progress;
};

/* The fields of the language are those of the store, patterns apart. */
static const enum queue_field queue_fields[LIMIT_FIELDS] = {
    [LIMIT_STATE] = QUEUE_STATE, [LIMIT_TASK] = QUEUE_TASK,         [LIMIT_SCORE] = QUEUE_SCORE,
    [LIMIT_HINGES] = QUEUE_HINGES, [LIMIT_ROUNDS] = QUEUE_ROUNDS,   [LIMIT_TEXT] = QUEUE_TEXT,
    [LIMIT_PATTERN] = QUEUE_PICKED, [LIMIT_RULE] = QUEUE_RULE,      [LIMIT_REVIEWER] = QUEUE_REVIEWER,
    [LIMIT_TAG] = QUEUE_TAG,     [LIMIT_SPLIT] = QUEUE_SPLIT,       [LIMIT_ID] = QUEUE_ID,
    [LIMIT_EVAL] = QUEUE_EVAL,
};
static const enum queue_op queue_ops[] = {
    [LIMIT_IS] = QUEUE_IS,     [LIMIT_LESS] = QUEUE_LESS,       [LIMIT_LESS_IS] = QUEUE_LESS_IS,
    [LIMIT_MORE] = QUEUE_MORE, [LIMIT_MORE_IS] = QUEUE_MORE_IS,
};

/* "me" becomes the reviewer's name; "decided" is undecided turned round, which one term can say only when it
 * stands alone, so it is written out. */
static void widen_values(struct limit_plan *p, struct limit_term *t)
{
    if (t->field == LIMIT_REVIEWER)
        for (size_t i = 0; i < t->n_values; i++)
            if (slice_is(t->values[i], "me"))
                t->values[i] = p->me;
    if (t->field != LIMIT_STATE)
        return;
    size_t at = 0;
    while (at < t->n_values && !slice_is(t->values[at], "decided"))
        at++;
    if (at == t->n_values)
        return;
    size_t count = 0;
    struct slice *all = arena_alloc(&p->limit.arena, (t->n_values + RECORD_STATES) * sizeof *all);
    for (size_t i = 0; i < t->n_values; i++)
        if (!slice_is(t->values[i], "decided"))
            all[count++] = t->values[i];
    for (const char *const *s = limit_states + 1; *s; s++)
        all[count++] = slice_of(*s);
    t->values = all;
    t->n_values = count;
}

static int add_pattern(struct limit_plan *p, const struct limit_term *t, size_t *error_at, struct error *err)
{
    size_t at = 0;
    struct pattern *pattern =
        pattern_compile(t->values[0], t->caseless ? PATTERN_CASELESS : 0, &at, err);
    if (!pattern) {
        if (error_at)
            *error_at = t->from + 1 + t->negated + at;
        return -1;
    }
    p->sought[p->n_sought++] = (struct sought){pattern, t->negated};
    return 0;
}

static int translate(struct limit_plan *p, size_t *error_at, struct error *err)
{
    p->terms = mem_zalloc(p->limit.count + 1, sizeof *p->terms);
    p->sought = mem_zalloc(p->limit.count + 1, sizeof *p->sought);
    p->query.terms = p->terms;
    for (size_t i = 0; i < p->limit.count; i++) {
        struct limit_term *t = &p->limit.terms[i];
        if (t->field == LIMIT_PATTERN) {
            if (add_pattern(p, t, error_at, err) != 0)
                return -1;
            continue;
        }
        widen_values(p, t);
        p->terms[p->query.n_terms++] = (struct queue_term){.field = queue_fields[t->field],
                                                           .op = queue_ops[t->op],
                                                           .negated = t->negated,
                                                           .number = t->number,
                                                           .values = t->values,
                                                           .n_values = t->n_values};
    }
    return 0;
}

/* The records to be searched are those that the other terms let through. */
static int begin_search(struct limit_plan *p, struct error *err)
{
    struct store *store = session_store(p->session);
    p->done = p->n_sought == 0;
    if (p->done)
        return 0;
    if (queue_store_count(store, &p->query, &p->progress.of, err) != 0 ||
        queue_store_pick(store, NULL, 0, err) != 0)
        return -1;
    p->terms[p->query.n_terms++] = (struct queue_term){.field = QUEUE_PICKED};
    return 0;
}

struct limit_plan *limit_plan_new(struct session *s, struct slice text, enum queue_sort sort, bool descending,
                                  size_t *error_at, struct error *err)
{
    struct limit_plan *p = mem_zalloc(1, sizeof *p);
    p->session = s;
    p->me = slice_of(session_reviewer(s));
    limit_plan_sort(p, sort, descending);
    if (limit_parse(&p->limit, text, error_at, err) == 0 && translate(p, error_at, err) == 0 &&
        begin_search(p, err) == 0)
        return p;
    limit_plan_free(p);
    return NULL;
}

void limit_plan_free(struct limit_plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n_sought; i++)
        pattern_free(p->sought[i].pattern);
    limit_free(&p->limit);
    mem_free(p->terms);
    mem_free(p->sought);
    mem_free(p->found);
    mem_free(p);
}

const struct queue_query *limit_plan_query(const struct limit_plan *p)
{
    return &p->query;
}

void limit_plan_sort(struct limit_plan *p, enum queue_sort sort, bool descending)
{
    p->query.sort = sort;
    p->query.descending = descending;
}

struct slice limit_plan_text(const struct limit_plan *p)
{
    return p->limit.text;
}

bool limit_plan_searching(const struct limit_plan *p)
{
    return !p->done;
}

struct limit_progress limit_plan_progress(const struct limit_plan *p)
{
    return p->progress;
}

/* One pattern against the texts of one record. */
struct probe {
    struct pattern *pattern;
    enum pattern_result result;
};

static int probe_text(void *context, struct slice text)
{
    struct probe *probe = context;
    enum pattern_result result = pattern_find(probe->pattern, text, 0, NULL, NULL);
    if (result != PATTERN_NO)
        probe->result = result;
    return result == PATTERN_YES;
}

/* 1 the record fits all patterns, 0 not, -1 failed. A pattern that gave up fits neither way. */
static int fits(struct limit_plan *p, int64_t record, struct error *err)
{
    for (size_t i = 0; i < p->n_sought; i++) {
        struct probe probe = {p->sought[i].pattern, PATTERN_NO};
        if (queue_store_texts(session_store(p->session), record, probe_text, &probe, err) < 0)
            return -1;
        p->progress.gave_up += probe.result == PATTERN_GAVE_UP;
        bool yes = probe.result == PATTERN_YES;
        if (probe.result == PATTERN_GAVE_UP || yes == p->sought[i].negated)
            return 0;
    }
    return 1;
}

static int look_at(struct limit_plan *p, const struct queue_rows *rows, struct error *err)
{
    for (size_t i = 0; i < rows->count; i++) {
        int result = fits(p, rows->items[i].id, err);
        if (result < 0)
            return -1;
        p->last = rows->items[i].id;
        p->progress.looked_at++;
        if (result == 0)
            continue;
        p->found = array_reserve(p->found, &p->cap_found, p->n_found + 1, sizeof *p->found);
        p->found[p->n_found++] = p->last;
        p->progress.found++;
    }
    return 0;
}

/* The set is filled anew each time, so it is done at the first finds, when they have doubled, and at the end. */
static int publish(struct limit_plan *p, bool *grew, struct error *err)
{
    bool due = p->n_found > p->n_picked && (p->done || p->n_found >= 2 * p->n_picked);
    if (!due)
        return 0;
    *grew = true;
    p->n_picked = p->n_found;
    return queue_store_pick(session_store(p->session), p->found, p->n_found, err);
}

int limit_plan_step(struct limit_plan *p, size_t records, bool *grew, struct error *err)
{
    *grew = false;
    if (p->done)
        return 0;
    struct queue_query others = {.terms = p->terms, .n_terms = p->query.n_terms - 1, .sort = SORT_IMPORT};
    struct queue_rows rows = {0};
    int result = queue_store_window(session_store(p->session), &others, p->last, false, records, &rows, err);
    if (result == 0)
        result = look_at(p, &rows, err);
    if (result == 0) {
        p->done = rows.count < records;
        result = publish(p, grew, err);
    }
    queue_rows_free(&rows);
    return result;
}
