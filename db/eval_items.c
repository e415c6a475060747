/* One record's result in an eval, and lists of them. */
#include "base/array.h"
#include "base/clock.h"
#include "db/eval_parts.h"
#include "db/eval_store.h"
#include "db/ids.h"
#include "db/spans.h"
#include "db/sql.h"
#include "db/texts.h"

void eval_items_free(struct eval_items *e)
{
    arena_free(&e->arena);
    *e = (struct eval_items){0};
}

/* --- writing --- */

int eval_put_text(struct store *s, const char *text, int64_t *id, struct error *err)
{
    *id = 0;
    return text ? text_put(s, text, slice_of(text).len, id, err) : 0;
}

/* A text goes before the row that names it, so keys are looked at when the transaction ends. */
static int drop(struct store *s, int64_t eval, int64_t record, struct error *err)
{
    int64_t there;
    int got = sql_one(s, err, &there, "SELECT 1 FROM eval_item WHERE eval = ? AND record = ?", "ii", eval, record);
    if (got <= 0)
        return got;
    if (sql_run(s, err, "PRAGMA defer_foreign_keys = ON", "") < 0 ||
        sql_run(s, err,
                "DELETE FROM text WHERE id IN (SELECT output FROM eval_item WHERE eval = ?1 AND record = ?2 UNION ALL "
                "SELECT thought FROM eval_item WHERE eval = ?1 AND record = ?2 UNION ALL SELECT rationale FROM eval_item "
                "WHERE eval = ?1 AND record = ?2 UNION ALL SELECT parts FROM eval_item WHERE eval = ?1 AND record = ?2)",
                "ii", eval, record) < 0)
        return -1;
    return sql_run(s, err, "DELETE FROM eval_item WHERE eval = ? AND record = ?", "ii", eval, record);
}

static int insert(struct store *s, const struct eval_item *item, struct error *err)
{
    int64_t output, thought, rationale, parts;
    struct str spans = {0};
    if (eval_put_text(s, item->output, &output, err) < 0 || eval_put_text(s, item->thought, &thought, err) < 0 ||
        eval_put_text(s, item->rationale, &rationale, err) < 0 || eval_put_text(s, item->parts, &parts, err) < 0)
        return -1;
    if (item->n_spans)
        spans_print(&spans, item->spans, item->n_spans);
    int result = sql_run(s, err,
                         "INSERT INTO eval_item (eval, record, revision, output, thought, score, score_max, normalised, "
                         "fault, rationale, parts, spans, tokens_in, tokens_out, milliseconds, call, created) VALUES (?1, "
                         "?2, coalesce(nullif(?3, 0), (SELECT revision FROM record WHERE id = ?2)), nullif(?4, 0), nullif(?5, 0), CASE WHEN ?6 THEN ?7 END, CASE WHEN ?6 THEN ?8 END, CASE "
                         "WHEN ?6 THEN ?9 END, CASE WHEN NOT ?6 THEN coalesce(?10, '') END, nullif(?11, 0), nullif(?12, "
                         "0), ?13, ?14, ?15, ?16, ?17, ?18)",
                         "iiiiiidddziiziiizi", item->eval, item->record, (int64_t)item->revision, output, thought,
                         (int64_t)item->has_score, item->score, item->score_max, item->normalised, item->fault, rationale,
                         parts, item->n_spans ? str_z(&spans) : NULL, item->tokens_in, item->tokens_out,
                         item->milliseconds, item->call, item->created ? item->created : clock_now_ms());
    str_free(&spans);
    return result;
}

int eval_store_put_item(struct store *s, const struct eval_item *item, struct error *err)
{
    if (store_begin(s, err) < 0)
        return -1;
    int result = drop(s, item->eval, item->record, err);
    if (result == 0)
        result = insert(s, item, err);
    return store_end(s, result, err);
}

int eval_store_missing(struct store *s, int64_t eval, int64_t *records, size_t *n, struct error *err)
{
    struct str list = {0};
    ids_print(&list, records, *n);
    sqlite3_stmt *st = sql(s, err,
                           "SELECT x.value FROM json_each(?2) x LEFT JOIN eval_item i ON i.eval = ?1 AND i.record = x.value "
                           "WHERE i.normalised IS NULL ORDER BY x.key",
                           "is", eval, str_slice(&list));
    int got = -1;
    size_t kept = 0;
    while (st && (got = sql_step(s, st, err)) == 1)
        records[kept++] = sqlite3_column_int64(st, 0);
    str_free(&list);
    *n = kept;
    return got;
}

/* --- refused records --- */

static int put_refusals(struct store *s, int64_t eval, const struct eval_refusal *list, size_t n, struct error *err)
{
    int result = sql_run(s, err, "DELETE FROM eval_refused WHERE eval = ?", "i", eval);
    for (size_t i = 0; result == 0 && i < n; i++)
        result = sql_run(s, err, "INSERT OR REPLACE INTO eval_refused (eval, record, twin, likeness) VALUES (?, ?, ?, ?)",
                         "iizd", eval, list[i].record, list[i].twin, list[i].likeness);
    return result ? result : sql_run(s, err, "UPDATE eval SET refused = ?2 WHERE id = ?1", "ii", eval, (int64_t)n);
}

int eval_store_put_refused(struct store *s, int64_t eval, const struct eval_refusal *list, size_t n, struct error *err)
{
    if (store_begin(s, err) < 0)
        return -1;
    return store_end(s, put_refusals(s, eval, list, n, err), err);
}

int eval_store_refused(struct store *s, int64_t eval, eval_refusal_fn *each, void *context, struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT f.record, r.key, f.twin, f.likeness FROM eval_refused f JOIN record r ON r.id = "
                           "f.record WHERE f.eval = ? ORDER BY f.likeness DESC, f.record",
                           "i", eval);
    int got = -1, stop = 0;
    while (st && stop == 0 && (got = sql_step(s, st, err)) == 1) {
        struct eval_refusal r = {.record = sqlite3_column_int64(st, 0),
                                 .key = (const char *)sqlite3_column_text(st, 1),
                                 .twin = (const char *)sqlite3_column_text(st, 2),
                                 .likeness = sqlite3_column_double(st, 3)};
        stop = each(context, &r);
    }
    if (stop)
        sqlite3_reset(st);
    return stop ? stop : got;
}

/* --- reading --- */

#define ITEM_COLUMNS \
    "SELECT i.eval, i.record, i.revision, r.key, t.name, i.score, i.score_max, i.normalised, i.fault, i.tokens_in, " \
    "i.tokens_out, i.milliseconds, i.created, i.call"
#define ITEM_ROWS " FROM eval_item i JOIN record r ON r.id = i.record LEFT JOIN task t ON t.id = r.task "

static void read_item(struct arena *a, sqlite3_stmt *st, struct eval_item *out)
{
    *out = (struct eval_item){
        .eval = sqlite3_column_int64(st, 0),
        .record = sqlite3_column_int64(st, 1),
        .revision = sqlite3_column_int(st, 2),
        .key = sql_strdup(a, st, 3),
        .task = sql_strdup(a, st, 4),
        .has_score = !sql_is_null(st, 7),
        .score = sqlite3_column_double(st, 5),
        .score_max = sqlite3_column_double(st, 6),
        .normalised = sqlite3_column_double(st, 7),
        .fault = sql_strdup(a, st, 8),
        .tokens_in = sqlite3_column_int64(st, 9),
        .tokens_out = sqlite3_column_int64(st, 10),
        .milliseconds = sqlite3_column_int64(st, 11),
        .created = sqlite3_column_int64(st, 12),
        .call = sql_strdup(a, st, 13),
    };
}

static int read_items(struct store *s, sqlite3_stmt *st, struct eval_items *out, struct error *err)
{
    struct eval_item *list = NULL;
    size_t count = 0, cap = 0;
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        list = array_reserve(list, &cap, count + 1, sizeof *list);
        read_item(&out->arena, st, &list[count++]);
    }
    out->count = count;
    out->items = arena_take(&out->arena, list, count, sizeof *list);
    return got;
}

#define ITEM_FILTER \
    "WHERE i.eval = ?1 AND (?2 IS NULL OR coalesce(t.name, '') = ?2) AND (NOT ?3 OR i.normalised IS NULL OR " \
    "i.normalised < 1) "

/* Each way is a statement of its own, so that SQLite reads along an index where there is one. */
static const char *const item_orders[EVAL_ORDERS][2] = {
    [EVAL_BY_SCORE] = {ITEM_COLUMNS ITEM_ROWS ITEM_FILTER "ORDER BY i.normalised, i.record LIMIT ?4 OFFSET ?5",
                       ITEM_COLUMNS ITEM_ROWS ITEM_FILTER "ORDER BY i.normalised DESC, i.record DESC LIMIT ?4 OFFSET ?5"},
    [EVAL_BY_KEY] = {ITEM_COLUMNS ITEM_ROWS ITEM_FILTER "ORDER BY r.key LIMIT ?4 OFFSET ?5",
                     ITEM_COLUMNS ITEM_ROWS ITEM_FILTER "ORDER BY r.key DESC LIMIT ?4 OFFSET ?5"},
    [EVAL_BY_RECORD] = {ITEM_COLUMNS ITEM_ROWS ITEM_FILTER "ORDER BY i.record LIMIT ?4 OFFSET ?5",
                        ITEM_COLUMNS ITEM_ROWS ITEM_FILTER "ORDER BY i.record DESC LIMIT ?4 OFFSET ?5"},
};

int eval_store_items(struct store *s, int64_t eval, const struct eval_page *page, struct eval_items *out,
                     int64_t *total, struct error *err)
{
    if (total &&
        sql_one(s, err, total, "SELECT count(*)" ITEM_ROWS ITEM_FILTER, "izi", eval, page->task, (int64_t)page->failures) < 0)
        return -1;
    return read_items(s,
                      sql(s, err, item_orders[page->order][page->descending], "iziii", eval, page->task,
                          (int64_t)page->failures, page->limit ? (int64_t)page->limit : (int64_t)-1,
                          (int64_t)page->offset),
                      out, err);
}

int eval_store_of_record(struct store *s, int64_t record, struct eval_items *out, struct error *err)
{
    return read_items(s, sql(s, err, ITEM_COLUMNS ITEM_ROWS "WHERE i.record = ? ORDER BY i.eval DESC", "i", record), out,
                      err);
}

int eval_store_item(struct store *s, int64_t eval, int64_t record, struct eval_items *out, struct error *err)
{
    sqlite3_stmt *st =
        sql(s, err,
            ITEM_COLUMNS ", (SELECT body FROM text WHERE id = i.output), (SELECT body FROM text WHERE id = i.thought), "
                         "(SELECT body FROM text WHERE id = i.rationale), (SELECT body FROM text WHERE id = i.parts), "
                         "i.spans" ITEM_ROWS "WHERE i.eval = ? AND i.record = ?",
            "ii", eval, record);
    int got = st ? sql_step(s, st, err) : -1;
    if (got == 0)
        return error_set(err, ERR_ABSENT, "eval %lld has nothing of record number %lld", (long long)eval,
                         (long long)record);
    if (got < 0)
        return -1;
    struct eval_item *item = arena_zalloc(&out->arena, 1, sizeof *item);
    read_item(&out->arena, st, item);
    item->output = sql_strdup(&out->arena, st, 14);
    item->thought = sql_strdup(&out->arena, st, 15);
    item->rationale = sql_strdup(&out->arena, st, 16);
    item->parts = sql_strdup(&out->arena, st, 17);
    if (!sql_is_null(st, 18))
        item->spans = spans_read(&out->arena, sql_text(st, 18), &item->n_spans);
    sqlite3_reset(st);
    out->items = item;
    out->count = 1;
    return 0;
}

static int read_mean(sqlite3_stmt *st, eval_mean_fn *each, void *context)
{
    struct eval_mean m = {.task = (const char *)sqlite3_column_text(st, 0),
                          .n = sqlite3_column_int64(st, 1),
                          .failed = sqlite3_column_int64(st, 2),
                          .perfect = sqlite3_column_int64(st, 3)};
    double sum = sqlite3_column_double(st, 4);
    m.mean = m.n ? sum / (double)m.n : 0;
    m.spread = eval_spread(m.n, sum, sqlite3_column_double(st, 5));
    return each(context, &m);
}

#define MEANS \
    "count(i.normalised), count(*) - count(i.normalised), coalesce(sum(i.normalised >= 1), 0), coalesce(sum(i.normalised), " \
    "0), coalesce(sum(i.normalised * i.normalised), 0)" ITEM_ROWS "WHERE i.eval = ?1"

int eval_store_means(struct store *s, int64_t eval, eval_mean_fn *each, void *context, struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT NULL AS name, " MEANS " UNION ALL SELECT coalesce(t.name, '') AS name, " MEANS
                           " GROUP BY coalesce(t.name, '') ORDER BY name",
                           "i", eval);
    int got = -1, stop = 0;
    while (st && stop == 0 && (got = sql_step(s, st, err)) == 1)
        stop = read_mean(st, each, context);
    if (stop)
        sqlite3_reset(st);
    return stop ? stop : got;
}
