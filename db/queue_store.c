#include "db/queue_store.h"

#include <assert.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "db/queue_filter.h"
#include "db/words.h"

/* --- the order --- */

/* The expression sorted by, upwards and downwards, as it stands in an index; NULL: the number
 * alone. And how that index is named in FROM, so that a walk goes along it. */
static const struct {
    const char *up, *down, *walk_up, *walk_down;
} orders[QUEUE_SORTS] = {
    [SORT_IMPORT] = {NULL, NULL, " NOT INDEXED", " NOT INDEXED"},
    [SORT_STATE] = {"r.state", "r.state", " INDEXED BY record_by_state",
                    " INDEXED BY record_by_state"},
    [SORT_SCORE] = {"coalesce(r.score_share, 9e99)", "coalesce(r.score_share, -9e99)",
                    " INDEXED BY record_by_score_up", " INDEXED BY record_by_score_down"},
    [SORT_HINGES] = {"coalesce(r.n_hinges, -1)", "coalesce(r.n_hinges, -1)",
                     " INDEXED BY record_by_hinges", " INDEXED BY record_by_hinges"},
    [SORT_KEY] = {"r.key", "r.key", " INDEXED BY sqlite_autoindex_record_1",
                  " INDEXED BY sqlite_autoindex_record_1"},
    [SORT_TASK] = {"coalesce(r.task, 0)", "coalesce(r.task, 0)", " INDEXED BY record_by_task",
                   " INDEXED BY record_by_task"},
    [SORT_DECIDED] = {"coalesce(r.decided, 0)", "coalesce(r.decided, 0)",
                      " INDEXED BY record_by_decided", " INDEXED BY record_by_decided"},
};

static const char *order_of(const struct queue_query *q)
{
    return q->descending ? orders[q->sort].down : orders[q->sort].up;
}

/* What lies after a record is read in two parts, each a range of the index: those that tie with it
 * in what is sorted by, then those beyond. One condition for both would read all the ties. */
enum part { PART_ALL, PART_TIED, PART_BEYOND };

/* " AND (after the place of from)" for a part; PART_ALL for counting, where all is read anyway. */
static void add_after(struct query *q, const struct queue_query *from_query, int64_t from,
                      bool down, enum part part)
{
    const char *order = order_of(from_query);
    const char *op = down ? "<" : ">";
    if (!order) {
        str_addf(&q->text, " AND r.id %s ?", op);
        query_int(q, from);
        return;
    }
    str_addf(&q->text, " AND %s %s%s (SELECT %s FROM record r WHERE r.id = ?)", order,
             part == PART_TIED ? "" : op, part == PART_BEYOND ? "" : "=", order);
    query_int(q, from);
    if (part == PART_ALL) {
        str_addf(&q->text, " AND (%s %s (SELECT %s FROM record r WHERE r.id = ?) OR r.id %s ?)",
                 order, op, order, op);
        query_int(q, from);
        query_int(q, from);
    } else if (part == PART_TIED) {
        str_addf(&q->text, " AND r.id %s ?", op);
        query_int(q, from);
    }
}

/* Ties are in order of their numbers. */
static void add_order(struct query *q, const struct queue_query *from, bool down, enum part part)
{
    const char *order = order_of(from);
    const char *way = down ? "DESC" : "ASC";
    str_adds(&q->text, " ORDER BY ");
    if (order && part != PART_TIED)
        str_addf(&q->text, "%s %s, ", order, way);
    str_addf(&q->text, "r.id %s", way);
}

/* One state in order of import is an order of its own: the index by state holds it. */
static bool one_state(const struct queue_query *q)
{
    return q->sort == SORT_IMPORT && q->n_terms == 1 && q->terms[0].field == QUEUE_STATE &&
           !q->terms[0].negated && q->terms[0].n_values == 1;
}

/* "FROM record r", told which way to go. */
static void add_from(struct query *q, const struct queue_query *from, struct queue_plan *plan)
{
    str_adds(&q->text, " FROM record r");
    if (!plan->walk)
        return;
    if (one_state(from))
        plan->few = 1; /* search by it all the same */
    else
        str_adds(&q->text,
                 from->descending ? orders[from->sort].walk_down : orders[from->sort].walk_up);
}

/* --- rows --- */

#define ROW \
    "SELECT r.id, r.key, t.name, r.headline, w.name, r.split, r.state, r.score, r.score_max, " \
    "r.n_hinges, " \
    "r.n_rounds, r.decided, r.rule, EXISTS (SELECT 1 FROM tag WHERE tag.record = r.id)"
#define NAMES " LEFT JOIN task t ON t.id = r.task LEFT JOIN reviewer w ON w.id = r.reviewer"

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

/* Appends the rows to out; on failure out is freed. */
static int fetch(struct store *s, const struct query *q, struct queue_rows *out, struct error *err)
{
    size_t cap = out->count;
    sqlite3_stmt *st = query_prepare(s, q, err);
    int got = -1;
    if (!out->arena)
        out->arena = mem_zalloc(1, sizeof(struct arena));
    while (st && (got = sql_step(s, st, err)) == 1) {
        out->items = array_reserve(out->items, &cap, out->count + 1, sizeof *out->items);
        read_row(out->arena, st, &out->items[out->count++]);
    }
    if (got < 0)
        queue_rows_free(out);
    return got;
}

static int window(struct store *s, const struct queue_query *q, struct queue_plan plan,
                  int64_t from, bool down, enum part part, size_t limit, struct queue_rows *out,
                  struct error *err)
{
    struct query text = {0};
    str_adds(&text.text, ROW);
    add_from(&text, q, &plan);
    str_adds(&text.text, NAMES);
    query_filter(&text, q, &plan);
    if (from)
        add_after(&text, q, from, down, part);
    add_order(&text, q, down, part);
    str_adds(&text.text, " LIMIT ?");
    query_int(&text, (int64_t)limit);
    int result = fetch(s, &text, out, err);
    query_free(&text);
    return result;
}

int queue_store_window(struct store *s, const struct queue_query *q, int64_t from, bool backward,
                       size_t limit, struct queue_rows *out, struct error *err)
{
    bool down = q->descending != backward, two = from && order_of(q);
    struct queue_plan plan;
    if (queue_plan(s, q, 0, &plan, err) < 0)
        return -1;
    if (!two)
        return window(s, q, plan, from, down, PART_ALL, limit, out, err);
    if (window(s, q, plan, from, down, PART_TIED, limit, out, err) < 0)
        return -1;
    return out->count >= limit
               ? 0
               : window(s, q, plan, from, down, PART_BEYOND, limit - out->count, out, err);
}

int queue_store_row(struct store *s, int64_t id, struct queue_rows *out, struct error *err)
{
    struct query text = {0};
    str_adds(&text.text, ROW " FROM record r" NAMES " WHERE r.id = ?");
    query_int(&text, id);
    int result = fetch(s, &text, out, err);
    query_free(&text);
    if (result == 0 && out->count == 0) {
        queue_rows_free(out);
        return error_set(err, ERR_ABSENT, "there is no such record");
    }
    return result;
}

/* --- counting and jumping --- */

/* The counters answer for everything and for states alone. */
static bool counted(const struct queue_query *q)
{
    return q->n_terms == 0 ||
           (q->n_terms == 1 && q->terms[0].field == QUEUE_STATE && !q->terms[0].negated);
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
            if (queue_state_of(q->terms[0].values[i]) == state) {
                *count += counts.by_state[state];
                break; /* a state named twice counts once */
            }
    return 0;
}

static bool words_alone(const struct queue_query *q)
{
    return q->n_terms == 1 && q->terms[0].field == QUEUE_TEXT && !q->terms[0].negated &&
           q->terms[0].n_values == 1;
}

static int count_words(struct store *s, struct slice words, int64_t *count, struct error *err)
{
    struct str match = {0};
    *count = 0;
    int got = words_phrase(&match, words) ? sql_one(s, err, count,
                                                    "SELECT count(*) FROM record_search WHERE "
                                                    "record_search MATCH ?",
                                                    "s", str_slice(&match))
                                          : 0;
    str_free(&match);
    return got < 0 ? -1 : 0;
}

/* Records are never taken out, so their numbers are their places as long as no import left a
 * gap. */
static int dense(struct store *s, const struct queue_query *q, int64_t *records, struct error *err)
{
    struct store_counts counts;
    int64_t last = 0;
    if (q->n_terms || q->sort != SORT_IMPORT)
        return 0;
    if (store_counts(s, &counts, err) < 0 ||
        sql_one(s, err, &last, "SELECT max(id) FROM record", "") < 0)
        return -1;
    *records = counts.records;
    return last == counts.records;
}

int queue_store_count(struct store *s, const struct queue_query *q, int64_t *count,
                      struct error *err)
{
    if (counted(q))
        return from_counters(s, q, count, err);
    if (words_alone(q))
        return count_words(s, q->terms[0].values[0], count, err);
    struct query text = {0};
    str_adds(&text.text, "SELECT count(*) FROM record r");
    query_filter(&text, q, NULL);
    return query_one(s, &text, count, err) < 0 ? -1 : 0;
}

int queue_store_rank(struct store *s, const struct queue_query *q, int64_t id, int64_t *rank,
                     struct error *err)
{
    struct query text = {0};
    int64_t all = 0;
    int got = dense(s, q, &all, err);
    if (got != 0) {
        *rank = q->descending ? all - id : id - 1;
        return got < 0 ? -1 : 0;
    }
    str_adds(&text.text, "SELECT count(*) FROM record r");
    query_filter(&text, q, NULL);
    add_after(&text, q, id, !q->descending, PART_ALL);
    return query_one(s, &text, rank, err) < 0 ? -1 : 0;
}

int queue_store_at(struct store *s, const struct queue_query *q, int64_t place, int64_t *id,
                   struct error *err)
{
    struct query text = {0};
    struct queue_plan plan;
    int64_t all = 0;
    *id = 0;
    int got = dense(s, q, &all, err);
    if (got == 1)
        *id = place >= 0 && place < all ? (q->descending ? all - place : place + 1) : 0;
    if (got != 0)
        return got < 0 ? -1 : 0;
    if (queue_plan(s, q, 0, &plan, err) < 0)
        return -1;
    str_adds(&text.text, "SELECT r.id");
    add_from(&text, q, &plan);
    query_filter(&text, q, &plan);
    add_order(&text, q, q->descending, PART_ALL);
    str_adds(&text.text, " LIMIT 1 OFFSET ?");
    query_int(&text, place);
    return query_one(s, &text, id, err) < 0 ? -1 : 0;
}

/* One state is asked for as such: then the index by state is in order of import. */
static void add_states(struct query *q, unsigned states, bool search)
{
    bool one = (states & (states - 1)) == 0;
    str_adds(&q->text, search ? " AND r.state" : " AND +r.state");
    str_adds(&q->text, one ? " = -1" : " IN (-1");
    if (one)
        str_cut(&q->text, q->text.len - 2);
    for (int state = 0; state < RECORD_STATES; state++)
        if (states & 1u << state)
            str_addf(&q->text, one ? "%d" : ", %d", state);
    str_adds(&q->text, one ? "" : ")");
}

/* What next looks for. */
struct wanted {
    const struct queue_query *q;
    unsigned states;
    int64_t but; /* not this record */
    struct queue_plan plan;
};

static int next_part(struct store *s, const struct wanted *w, int64_t from, enum part part,
                     int64_t *id, struct error *err)
{
    struct query text = {0};
    struct queue_plan plan = w->plan;
    bool one = (w->states & (w->states - 1)) == 0;
    bool by_state = plan.few_states || (plan.walk && w->q->sort == SORT_IMPORT && one);
    plan.walk = plan.walk && !by_state;
    str_adds(&text.text, "SELECT r.id");
    add_from(&text, w->q, &plan);
    query_filter(&text, w->q, &plan);
    add_states(&text, w->states, by_state);
    if (from)
        add_after(&text, w->q, from, w->q->descending, part);
    str_adds(&text.text, " AND r.id <> ?");
    query_int(&text, w->but);
    add_order(&text, w->q, w->q->descending, part);
    str_adds(&text.text, " LIMIT 1");
    return query_one(s, &text, id, err);
}

int queue_store_next(struct store *s, const struct queue_query *q, int64_t from, unsigned states,
                     int64_t *id, struct error *err)
{
    struct wanted w = {.q = q, .states = states & ((1u << RECORD_STATES) - 1), .but = from};
    *id = 0;
    if (!w.states)
        return 0;
    if (queue_plan(s, q, w.states, &w.plan, err) < 0)
        return -1;
    int got = from && order_of(q) ? next_part(s, &w, from, PART_TIED, id, err) : 0;
    if (got == 0)
        got = next_part(s, &w, from, PART_BEYOND, id, err);
    if (got == 0 && from) /* round to the beginning */
        got = next_part(s, &w, 0, PART_ALL, id, err);
    return got < 0 ? -1 : 0;
}

/* --- sets and texts for patterns --- */

int queue_store_pick(struct store *s, const int64_t *ids, size_t count, struct error *err)
{
    if (sql_run(s, err, "CREATE TABLE IF NOT EXISTS temp.picked (id INTEGER PRIMARY KEY)", "") <
            0 ||
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
                           "SELECT prompt, output, rationale, candidate, (SELECT "
                           "group_concat(rule.mistake || char(10) || rule.guardrail, char(10)) "
                           "FROM record_rule x JOIN rule ON rule.id = x.rule WHERE x.record = ?1) "
                           "FROM record_words WHERE id = ?1",
                           "i", id);
    int got = st ? sql_step(s, st, err) : -1;
    int stop = 0;
    for (int column = 0; got == 1 && stop == 0 && column < 5; column++)
        if (!sql_is_null(st, column))
            stop = each(context, sql_text(st, column));
    if (got == 1)
        sqlite3_reset(st);
    return got < 0 ? -1 : stop;
}
