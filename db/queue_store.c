#include "db/queue_store.h"

#include <assert.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "db/sql.h"
#include "db/words.h"

/* A statement under construction: its text and the values for its question marks, in order. */
struct value {
    char type; /* i, d, s */
    int64_t number;
    double real;
    struct slice text;
};
struct query {
    struct str text;
    struct value *values;
    size_t count, cap;
    struct arena arena; /* made texts that values point to */
};

static void query_free(struct query *q)
{
    str_free(&q->text);
    mem_free(q->values);
    arena_free(&q->arena);
}

static void add_value(struct query *q, struct value v)
{
    q->values = array_reserve(q->values, &q->cap, q->count + 1, sizeof *q->values);
    q->values[q->count++] = v;
}

static void add_int(struct query *q, int64_t n)
{
    add_value(q, (struct value){.type = 'i', .number = n});
}

static void add_text(struct query *q, struct slice text)
{
    add_value(q, (struct value){.type = 's', .text = text});
}

static sqlite3_stmt *prepare(struct store *s, const struct query *q, struct error *err)
{
    sqlite3_stmt *st = sql(s, err, str_z(&q->text), "");
    for (size_t i = 0; st && i < q->count; i++) {
        const struct value *v = &q->values[i];
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

/* --- the filter --- */

static int state_of(struct slice name)
{
    for (int i = 0; i < RECORD_STATES; i++)
        if (slice_is(name, record_state_name((enum record_state)i)))
            return i;
    return -1;
}

static void add_state(struct query *q, struct slice value)
{
    str_adds(&q->text, "r.state = ?");
    add_int(q, state_of(value));
}

static void add_task(struct query *q, struct slice value)
{
    str_adds(&q->text, "r.task IN (SELECT id FROM task WHERE substr(name, 1, length(?)) = ?)");
    add_text(q, value);
    add_text(q, value);
}

/* The values of a text term are phrases; those without a word find nothing. */
static void add_words(struct query *q, struct slice value)
{
    struct str match = {0};
    if (words_phrase(&match, value, true)) {
        str_adds(&q->text, "r.id IN (SELECT rowid FROM record_search WHERE record_search MATCH ?)");
        add_text(q, arena_copy(&q->arena, str_slice(&match)));
    } else {
        str_adds(&q->text, "0");
    }
    str_free(&match);
}

static void add_rule(struct query *q, struct slice value)
{
    if (slice_is(value, "none")) {
        str_adds(&q->text, "r.rule IS NULL");
    } else if (slice_is(value, "any")) {
        str_adds(&q->text, "r.rule IS NOT NULL");
    } else {
        str_adds(&q->text, "r.id IN (SELECT record FROM record_rule WHERE rule = CAST(? AS INTEGER))");
        add_text(q, value);
    }
}

static void add_reviewer(struct query *q, struct slice value)
{
    str_adds(&q->text, "r.reviewer = (SELECT id FROM reviewer WHERE name = ?)");
    add_text(q, value);
}

static void add_tag(struct query *q, struct slice value)
{
    str_adds(&q->text, "r.id IN (SELECT record FROM tag WHERE name = ?)");
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

/* The beginning of an id, as a range of the index. */
static void add_id(struct query *q, struct slice value)
{
    str_adds(&q->text, "r.key >= ? AND r.key < ? || char(1114111)");
    add_text(q, value);
    add_text(q, value);
}

static void add_picked(struct query *q, struct slice value)
{
    (void)value;
    str_adds(&q->text, "r.id IN temp.picked");
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
    [QUEUE_ID] = {NULL, add_id},             [QUEUE_PICKED] = {NULL, add_picked},
};

static void add_number(struct query *q, const struct queue_term *t)
{
    static const char *const ops[] = {"=", "<", "<=", ">", ">="};
    str_addf(&q->text, "%s %s ?", fields[t->field].number, ops[t->op]);
    add_value(q, (struct value){.type = 'd', .real = t->number});
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

/* " WHERE ..." with every term; always something, so that a place can follow with AND. */
static void add_filter(struct query *q, const struct queue_query *from)
{
    str_adds(&q->text, " WHERE 1");
    for (size_t i = 0; from && i < from->n_terms; i++) {
        const struct queue_term *t = &from->terms[i];
        str_adds(&q->text, t->negated ? " AND NOT coalesce((" : " AND (");
        if (fields[t->field].number)
            add_number(q, t);
        else
            add_alternatives(q, t);
        str_adds(&q->text, t->negated ? "), 0)" : ")");
    }
}

/* --- the order --- */

/* The expression sorted by, upwards and downwards, as it stands in an index; NULL: the number alone. */
static const struct {
    const char *up, *down;
} orders[QUEUE_SORTS] = {
    [SORT_IMPORT] = {NULL, NULL},
    [SORT_STATE] = {"r.state", "r.state"},
    [SORT_SCORE] = {"coalesce(r.score_share, 9e99)", "coalesce(r.score_share, -9e99)"},
    [SORT_HINGES] = {"coalesce(r.n_hinges, -1)", "coalesce(r.n_hinges, -1)"},
    [SORT_KEY] = {"r.key", "r.key"},
    [SORT_TASK] = {"coalesce(r.task, 0)", "coalesce(r.task, 0)"},
    [SORT_DECIDED] = {"coalesce(r.decided, 0)", "coalesce(r.decided, 0)"},
};

static const char *order_of(const struct queue_query *q)
{
    return q->descending ? orders[q->sort].down : orders[q->sort].up;
}

/* " AND (after the place of from)"; the redundant first half is what the index is searched by. */
static void add_after(struct query *q, const struct queue_query *from_query, int64_t from, bool down)
{
    const char *order = order_of(from_query);
    const char *op = down ? "<" : ">";
    if (!order) {
        str_addf(&q->text, " AND r.id %s ?", op);
        add_int(q, from);
        return;
    }
    str_addf(&q->text,
             " AND %s %s= (SELECT %s FROM record r WHERE r.id = ?)"
             " AND (%s %s (SELECT %s FROM record r WHERE r.id = ?) OR r.id %s ?)",
             order, op, order, order, op, order, op);
    add_int(q, from);
    add_int(q, from);
    add_int(q, from);
}

static void add_order(struct query *q, const struct queue_query *from, bool down)
{
    const char *order = order_of(from);
    const char *way = down ? "DESC" : "ASC";
    str_adds(&q->text, " ORDER BY ");
    if (order)
        str_addf(&q->text, "%s %s, ", order, way);
    str_addf(&q->text, "r.id %s", way);
}

/* --- rows --- */

#define ROW                                                                                              \
    "SELECT r.id, r.key, t.name, r.headline, w.name, r.split, r.state, r.score, r.score_max, r.n_hinges, " \
    "r.n_rounds, r.decided, r.rule, EXISTS (SELECT 1 FROM tag WHERE tag.record = r.id) FROM record r "     \
    "LEFT JOIN task t ON t.id = r.task LEFT JOIN reviewer w ON w.id = r.reviewer"

static void read_row(struct arena *a, sqlite3_stmt *st, struct queue_row *row)
{
    *row = (struct queue_row){
        .id = sqlite3_column_int64(st, 0),
        .key = sql_strdup(a, st, 1),
        .task = sql_strdup(a, st, 2),
        .headline = sql_strdup(a, st, 3),
        .reviewer = sql_strdup(a, st, 4),
        .split = sql_strdup(a, st, 5),
        .state = (enum record_state)sqlite3_column_int(st, 6),
        .has_score = !sql_is_null(st, 7),
        .score = sqlite3_column_double(st, 7),
        .has_score_max = !sql_is_null(st, 8),
        .score_max = sqlite3_column_double(st, 8),
        .n_hinges = sql_is_null(st, 9) ? -1 : sqlite3_column_int(st, 9),
        .n_rounds = sqlite3_column_int(st, 10),
        .decided = sqlite3_column_int64(st, 11),
        .rule = sqlite3_column_int64(st, 12),
        .tagged = sqlite3_column_int(st, 13),
    };
}

void queue_rows_free(struct queue_rows *r)
{
    if (r->arena)
        arena_free(r->arena);
    mem_free(r->arena);
    mem_free(r->items);
    *r = (struct queue_rows){0};
}

static int fetch(struct store *s, const struct query *q, struct queue_rows *out, struct error *err)
{
    size_t cap = 0;
    sqlite3_stmt *st = prepare(s, q, err);
    int got = -1;
    out->arena = mem_zalloc(1, sizeof(struct arena));
    while (st && (got = sql_step(s, st, err)) == 1) {
        out->items = array_reserve(out->items, &cap, out->count + 1, sizeof *out->items);
        read_row(out->arena, st, &out->items[out->count++]);
    }
    if (got < 0)
        queue_rows_free(out);
    return got;
}

int queue_store_window(struct store *s, const struct queue_query *q, int64_t from, bool backward,
                       size_t limit, struct queue_rows *out, struct error *err)
{
    bool down = q->descending != backward;
    struct query text = {0};
    str_adds(&text.text, ROW);
    add_filter(&text, q);
    if (from)
        add_after(&text, q, from, down);
    add_order(&text, q, down);
    str_adds(&text.text, " LIMIT ?");
    add_int(&text, (int64_t)limit);
    int result = fetch(s, &text, out, err);
    query_free(&text);
    return result;
}

int queue_store_row(struct store *s, int64_t id, struct queue_rows *out, struct error *err)
{
    struct query text = {0};
    str_adds(&text.text, ROW " WHERE r.id = ?");
    add_int(&text, id);
    int result = fetch(s, &text, out, err);
    query_free(&text);
    if (result == 0 && out->count == 0) {
        queue_rows_free(out);
        return error_set(err, ERR_ABSENT, "there is no such record");
    }
    return result;
}

/* --- counting and jumping --- */

/* One number from a query; 1, 0 or -1 as sql_one. */
static int one(struct store *s, struct query *q, int64_t *out, struct error *err)
{
    sqlite3_stmt *st = prepare(s, q, err);
    int got = st ? sql_step(s, st, err) : -1;
    if (got == 1) {
        *out = sqlite3_column_int64(st, 0);
        sqlite3_reset(st);
    }
    query_free(q);
    return got;
}

/* The counters answer for everything and for states alone. */
static bool counted(const struct queue_query *q)
{
    return q->n_terms == 0 || (q->n_terms == 1 && q->terms[0].field == QUEUE_STATE && !q->terms[0].negated);
}

static int from_counters(struct store *s, const struct queue_query *q, int64_t *count,
                         struct error *err)
{
    struct store_counts counts;
    if (store_counts(s, &counts, err) < 0)
        return -1;
    *count = q->n_terms ? 0 : counts.records;
    for (int state = 0; q->n_terms && state < RECORD_STATES; state++)
        for (size_t i = 0; i < q->terms[0].n_values; i++)
            if (state_of(q->terms[0].values[i]) == state) {
                *count += counts.by_state[state];
                break; /* a state named twice counts once */
            }
    return 0;
}

int queue_store_count(struct store *s, const struct queue_query *q, int64_t *count,
                      struct error *err)
{
    if (counted(q))
        return from_counters(s, q, count, err);
    struct query text = {0};
    str_adds(&text.text, "SELECT count(*) FROM record r");
    add_filter(&text, q);
    return one(s, &text, count, err) < 0 ? -1 : 0;
}

int queue_store_rank(struct store *s, const struct queue_query *q, int64_t id, int64_t *rank,
                     struct error *err)
{
    struct query text = {0};
    str_adds(&text.text, "SELECT count(*) FROM record r");
    add_filter(&text, q);
    add_after(&text, q, id, !q->descending);
    return one(s, &text, rank, err) < 0 ? -1 : 0;
}

int queue_store_at(struct store *s, const struct queue_query *q, int64_t place, int64_t *id,
                   struct error *err)
{
    struct query text = {0};
    *id = 0;
    str_adds(&text.text, "SELECT r.id FROM record r");
    add_filter(&text, q);
    add_order(&text, q, q->descending);
    str_adds(&text.text, " LIMIT 1 OFFSET ?");
    add_int(&text, place);
    return one(s, &text, id, err) < 0 ? -1 : 0;
}

static int next_in(struct store *s, const struct queue_query *q, int64_t from, int64_t but,
                   unsigned states, int64_t *id, struct error *err)
{
    struct query text = {0};
    str_adds(&text.text, "SELECT r.id FROM record r");
    add_filter(&text, q);
    str_adds(&text.text, " AND r.state IN (-1");
    for (int state = 0; state < RECORD_STATES; state++)
        if (states & 1u << state)
            str_addf(&text.text, ", %d", state);
    str_addc(&text.text, ')');
    if (from)
        add_after(&text, q, from, q->descending);
    str_adds(&text.text, " AND r.id <> ?");
    add_int(&text, but);
    add_order(&text, q, q->descending);
    str_adds(&text.text, " LIMIT 1");
    return one(s, &text, id, err);
}

int queue_store_next(struct store *s, const struct queue_query *q, int64_t from, unsigned states,
                     int64_t *id, struct error *err)
{
    *id = 0;
    int got = next_in(s, q, from, from, states, id, err);
    if (got == 0 && from)
        got = next_in(s, q, 0, from, states, id, err);
    return got < 0 ? -1 : 0;
}

/* --- sets and texts for patterns --- */

int queue_store_pick(struct store *s, const int64_t *ids, size_t count, struct error *err)
{
    if (sql_run(s, err, "CREATE TABLE IF NOT EXISTS temp.picked (id INTEGER PRIMARY KEY)", "") < 0 ||
        sql_run(s, err, "DELETE FROM temp.picked", "") < 0)
        return -1;
    if (store_begin_read(s, err) < 0)
        return -1;
    int result = 0;
    for (size_t i = 0; result == 0 && i < count; i++)
        result = sql_run(s, err, "INSERT OR IGNORE INTO temp.picked VALUES (?)", "i", ids[i]);
    if (result == 0)
        return store_commit(s, err);
    store_rollback(s);
    return -1;
}

int queue_store_texts(struct store *s, int64_t id, queue_text_fn *each, void *context,
                      struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT prompt, output, rationale, candidate, (SELECT group_concat(rule.mistake || char(10) "
                           "|| rule.guardrail, char(10)) FROM record_rule x JOIN rule ON rule.id = x.rule "
                           "WHERE x.record = ?1) FROM record_words WHERE id = ?1", "i", id);
    int got = st ? sql_step(s, st, err) : -1;
    int stop = 0;
    for (int column = 0; got == 1 && stop == 0 && column < 5; column++)
        if (!sql_is_null(st, column))
            stop = each(context, sql_text(st, column));
    if (got == 1)
        sqlite3_reset(st);
    return got < 0 ? -1 : stop;
}
