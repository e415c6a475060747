#include "db/queue_filter.h"

#include <limits.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "db/words.h"

struct query_value {
    char type; /* i, d, s */
    int64_t number;
    double real;
    struct slice text;
};

void query_free(struct query *q)
{
    str_free(&q->text);
    mem_free(q->values);
    arena_free(&q->arena);
}

static void add_value(struct query *q, struct query_value v)
{
    q->values = array_reserve(q->values, &q->cap, q->count + 1, sizeof *q->values);
    q->values[q->count++] = v;
}

void query_int(struct query *q, int64_t n)
{
    add_value(q, (struct query_value){.type = 'i', .number = n});
}

static void add_text(struct query *q, struct slice text)
{
    add_value(q, (struct query_value){.type = 's', .text = text});
}

sqlite3_stmt *query_prepare(struct store *s, const struct query *q, struct error *err)
{
    sqlite3_stmt *st = sql(s, err, str_z(&q->text), "");
    for (size_t i = 0; st && i < q->count; i++) {
        const struct query_value *v = &q->values[i];
        int at = (int)i + 1;
        if (v->type == 'i')
            sqlite3_bind_int64(st, at, v->number);
        else if (v->type == 'd')
            sqlite3_bind_double(st, at, v->real);
        else
            sqlite3_bind_text64(st, at, v->text.at, v->text.len, SQLITE_STATIC, SQLITE_UTF8);
    }
    return st;
}

int query_one(struct store *s, struct query *q, int64_t *out, struct error *err)
{
    sqlite3_stmt *st = query_prepare(s, q, err);
    int got = st ? sql_step(s, st, err) : -1;
    if (got == 1) {
        *out = sqlite3_column_int64(st, 0);
        sqlite3_reset(st);
    }
    query_free(q);
    return got;
}

/* --- the filter --- */

static unsigned long long bit(size_t term)
{
    return term < QUEUE_PLAN_TERMS ? 1ull << term : 0;
}

int queue_state_of(struct slice name)
{
    for (int i = 0; i < RECORD_STATES; i++)
        if (slice_is(name, record_state_name((enum record_state)i)))
            return i;
    return -1;
}

static void add_state(struct query *q, struct slice value)
{
    str_addf(&q->text, "%sr.state = ?", q->shy);
    query_int(q, queue_state_of(value));
}

/* A task by its name; where none has that name, those whose names begin with it. */
static void add_task(struct query *q, struct slice value)
{
    str_addf(&q->text,
             "%sr.task IN (SELECT id FROM task WHERE CASE WHEN EXISTS (SELECT 1 FROM task WHERE name = ?) "
             "THEN name = ? ELSE substr(name, 1, length(?)) = ? END)",
             q->shy);
    for (int i = 0; i < 4; i++)
        add_text(q, value);
}

/* A query of the records that hold a phrase; one without a word holds nothing. */
static void add_matches(struct query *q, struct slice phrase)
{
    struct str match = {0};
    if (words_phrase(&match, phrase)) {
        str_adds(&q->text, "SELECT rowid FROM record_search WHERE record_search MATCH ?");
        add_text(q, arena_copy(&q->arena, str_slice(&match)));
    } else {
        str_adds(&q->text, "SELECT 0 WHERE 0");
    }
    str_free(&match);
}

static void add_words(struct query *q, struct slice value)
{
    str_addf(&q->text, "%sr.id IN (", q->shy);
    add_matches(q, value);
    str_addc(&q->text, ')');
}

static void add_rule(struct query *q, struct slice value)
{
    if (slice_is(value, "none")) {
        str_addf(&q->text, "%sr.rule IS NULL", q->shy);
    } else if (slice_is(value, "any")) {
        str_addf(&q->text, "%sr.rule IS NOT NULL", q->shy);
    } else {
        str_addf(&q->text,
                 "%sr.id IN (SELECT record FROM record_rule WHERE rule = CAST(? AS INTEGER))",
                 q->shy);
        add_text(q, value);
    }
}

static void add_reviewer(struct query *q, struct slice value)
{
    str_addf(&q->text, "%sr.reviewer = (SELECT id FROM reviewer WHERE name = ?)", q->shy);
    add_text(q, value);
}

static void add_tag(struct query *q, struct slice value)
{
    str_addf(&q->text, "%sr.id IN (SELECT record FROM tag WHERE name = ?)", q->shy);
    add_text(q, value);
}

static void add_split(struct query *q, struct slice value)
{
    if (slice_is(value, "none")) {
        str_adds(&q->text, "r.split IS NULL");
        return;
    }
    str_adds(&q->text, "r.split = ?");
    add_text(q, value);
}

static void add_eval(struct query *q, struct slice value)
{
    bool none = slice_is(value, "none");
    if (none || slice_is(value, "any")) {
        str_addf(&q->text, "%sr.id %s (SELECT returned FROM eval_return)", q->shy, none ? "NOT IN" : "IN");
    } else {
        str_addf(&q->text, "%sr.id IN (SELECT returned FROM eval_return WHERE eval = CAST(? AS INTEGER))", q->shy);
        add_text(q, value);
    }
}

/* The beginning of an id, as a range of the index. */
static void add_id(struct query *q, struct slice value)
{
    str_addf(&q->text, "%sr.key >= ? AND %sr.key < ? || char(1114111)", q->shy, q->shy);
    add_text(q, value);
    add_text(q, value);
}

static void add_picked(struct query *q, struct slice value)
{
    (void)value;
    str_addf(&q->text, "%sr.id IN temp.picked", q->shy);
}

static const struct {
    const char *number; /* the column of a number field */
    void (*add)(struct query *q, struct slice value);
} fields[] = {
    [QUEUE_STATE] = {NULL, add_state},       [QUEUE_TASK] = {NULL, add_task},
    [QUEUE_SCORE] = {"r.score", NULL},       [QUEUE_HINGES] = {"r.n_hinges", NULL},
    [QUEUE_ROUNDS] = {"r.n_rounds", NULL},   [QUEUE_TEXT] = {NULL, add_words},
    [QUEUE_RULE] = {NULL, add_rule},         [QUEUE_REVIEWER] = {NULL, add_reviewer},
    [QUEUE_TAG] = {NULL, add_tag},           [QUEUE_SPLIT] = {NULL, add_split},
    [QUEUE_EVAL] = {NULL, add_eval},         [QUEUE_ID] = {NULL, add_id},             [QUEUE_PICKED] = {NULL, add_picked},
};

static void add_number(struct query *q, const struct queue_term *t)
{
    static const char *const ops[] = {"=", "<", "<=", ">", ">="};
    str_addf(&q->text, "%s %s ?", fields[t->field].number, ops[t->op]);
    add_value(q, (struct query_value){.type = 'd', .real = t->number});
}

static void add_alternatives(struct query *q, const struct queue_term *t)
{
    size_t n = t->field == QUEUE_PICKED ? 1 : t->n_values;
    if (n == 0)
        str_adds(&q->text, "0");
    for (size_t i = 0; i < n; i++) {
        str_adds(&q->text, i ? " OR (" : "(");
        fields[t->field].add(q, i < t->n_values ? t->values[i] : SLICE(""));
        str_addc(&q->text, ')');
    }
}

static void add_term(struct query *q, const struct queue_term *t)
{
    str_adds(&q->text, t->negated ? " AND NOT coalesce((" : " AND (");
    if (fields[t->field].number)
        add_number(q, t);
    else
        add_alternatives(q, t);
    str_adds(&q->text, t->negated ? "), 0)" : ")");
}

void query_filter(struct query *q, const struct queue_query *from, const struct queue_plan *plan)
{
    str_adds(&q->text, " WHERE 1");
    for (size_t i = 0; from && i < from->n_terms; i++) {
        q->shy = plan && !(plan->few & bit(i)) ? "+" : "";
        add_term(q, &from->terms[i]);
    }
}

/* --- the plan --- */

enum { PAGE = 64 };

/* The largest n for which sorting n costs no more than walking: n * n <= PAGE * all. */
static int64_t border(int64_t all)
{
    int64_t n = 1;
    while (n * n < PAGE * all)
        n *= 2;
    return n;
}

/* Whether an index can find what a term asks for. */
static bool findable(const struct queue_term *t)
{
    return !t->negated && !fields[t->field].number && t->field != QUEUE_SPLIT;
}

static int count_states(const struct store_counts *counts, const struct queue_term *t)
{
    int64_t n = 0;
    for (size_t i = 0; i < t->n_values; i++) {
        int state = queue_state_of(t->values[i]);
        n += state < 0 ? 0 : counts->by_state[state];
    }
    return n > INT_MAX ? INT_MAX : (int)n;
}

/* Whether a term picks out fewer than limit records: 1, 0 or -1. */
static int is_few(struct store *s, const struct queue_term *t, const struct store_counts *counts,
                  int64_t limit, struct error *err)
{
    if (t->field == QUEUE_STATE)
        return count_states(counts, t) < limit;
    struct query q = {.shy = ""};
    int64_t n = 0;
    if (t->field == QUEUE_TEXT &&
        t->n_values == 1) { /* the index alone, which stops at the limit */
        str_adds(&q.text, "SELECT count(*) FROM (");
        add_matches(&q, t->values[0]);
    } else {
        str_adds(&q.text, "SELECT count(*) FROM (SELECT 1 FROM record r WHERE 1");
        add_term(&q, t);
    }
    str_adds(&q.text, " LIMIT ?)");
    query_int(&q, limit);
    return query_one(s, &q, &n, err) < 0 ? -1 : n < limit;
}

int queue_plan(struct store *s, const struct queue_query *q, unsigned states,
               struct queue_plan *out, struct error *err)
{
    struct store_counts counts;
    if (store_counts(s, &counts, err) < 0)
        return -1;
    int64_t limit = border(counts.records), asked = 0;
    *out = (struct queue_plan){.walk = true};
    for (size_t i = 0; i < q->n_terms && i < QUEUE_PLAN_TERMS; i++) {
        int few = findable(&q->terms[i]) ? is_few(s, &q->terms[i], &counts, limit, err) : 0;
        if (few < 0)
            return -1;
        out->few |= few ? bit(i) : 0;
    }
    for (int state = 0; state < RECORD_STATES; state++)
        asked += states & 1u << state ? counts.by_state[state] : 0;
    out->few_states = states && asked < limit;
    out->walk = out->few == 0 && !out->few_states;
    return 0;
}
