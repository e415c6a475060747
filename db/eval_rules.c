/* What evals say of rules: what each is worth, where its mistake still happens; and failures that went back. */
#include "base/clock.h"
#include "db/eval_parts.h"
#include "db/eval_store.h"
#include "db/ids.h"
#include "db/sql.h"

const char *worth_verdict_name(enum worth_verdict v)
{
    static const char *const names[WORTH_VERDICTS] = {"unknown", "helps", "worthless", "harmful"};
    return names[v];
}

/* --- log-probabilities --- */

static int put_nats(struct store *s, const struct eval_nats *n, struct error *err)
{
    int64_t detail, old;
    int got = sql_one(s, err, &old, "SELECT detail FROM eval_nats WHERE eval = ? AND record = ? AND rule = ?", "iii",
                      n->eval, n->record, n->rule);
    if (got < 0 || eval_put_text(s, n->detail, &detail, err) < 0 ||
        sql_run(s, err,
                "INSERT OR REPLACE INTO eval_nats (eval, record, rule, tokens, nats, hinge_tokens, hinge_nats, entropy, "
                "detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0))",
                "iiiididdi", n->eval, n->record, n->rule, n->tokens, n->nats, n->hinge_tokens, n->hinge_nats, n->entropy,
                detail) < 0)
        return -1;
    return got == 1 ? sql_run(s, err, "DELETE FROM text WHERE id = ?", "i", old) : 0;
}

int eval_store_put_nats(struct store *s, const struct eval_nats *list, size_t n, struct error *err)
{
    int result = 0;
    if (store_begin(s, err) < 0)
        return -1;
    for (size_t i = 0; result == 0 && i < n; i++)
        result = put_nats(s, &list[i], err);
    return store_end(s, result, err);
}

int eval_store_unscored(struct store *s, int64_t eval, int64_t *records, size_t *n, struct error *err)
{
    struct str list = {0};
    ids_print(&list, records, *n);
    sqlite3_stmt *st = sql(s, err,
                           "SELECT x.value FROM json_each(?2) x WHERE NOT EXISTS (SELECT 1 FROM eval_nats WHERE eval = ?1 AND "
                           "record = x.value AND rule = 0) OR EXISTS (SELECT 1 FROM record_rule r LEFT JOIN eval_nats n ON "
                           "n.eval = ?1 AND n.record = r.record AND n.rule = r.rule WHERE r.record = x.value AND n.rule IS "
                           "NULL) ORDER BY x.key",
                           "is", eval, str_slice(&list));
    int got = -1;
    size_t kept = 0;
    while (st && (got = sql_step(s, st, err)) == 1)
        records[kept++] = sqlite3_column_int64(st, 0);
    str_free(&list);
    *n = kept;
    return got;
}

int eval_store_detail(struct store *s, int64_t record, int64_t which, struct str *out, struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT t.body FROM eval e CROSS JOIN eval_nats n ON n.eval = e.id AND n.record = ?1 AND n.rule "
                           "= ?2 JOIN text t ON t.id = n.detail WHERE e.kind = 1 ORDER BY e.id DESC LIMIT 1",
                           "ii", record, which);
    int got = st ? sql_step(s, st, err) : -1;
    if (got == 1) {
        str_add_slice(out, sql_text(st, 0));
        sqlite3_reset(st);
    }
    return got;
}

int eval_store_saved(struct store *s, int64_t eval, nats_saved_fn *each, void *context, struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT w.rule, w.record, o.nats - w.nats, o.hinge_nats - w.hinge_nats FROM eval_nats w JOIN "
                           "eval_nats o ON o.eval = w.eval AND o.record = w.record AND o.rule = 0 WHERE w.eval = ? AND "
                           "w.rule > 0 ORDER BY w.rule, w.record",
                           "i", eval);
    int got = -1, stop = 0;
    while (st && stop == 0 && (got = sql_step(s, st, err)) == 1) {
        struct nats_saved n = {.rule = sqlite3_column_int64(st, 0),
                               .record = sqlite3_column_int64(st, 1),
                               .total = sqlite3_column_double(st, 2),
                               .at_hinges = sqlite3_column_double(st, 3)};
        stop = each(context, &n);
    }
    if (stop)
        sqlite3_reset(st);
    return stop ? stop : got;
}

/* --- worth --- */

static int put_worth(struct store *s, int64_t eval, const struct rule_worth *list, size_t n, struct error *err)
{
    int result = sql_run(s, err, "DELETE FROM rule_worth WHERE eval = ?", "i", eval);
    for (size_t i = 0; result == 0 && i < n; i++)
        result = sql_run(s, err,
                         "INSERT INTO rule_worth (eval, rule, records, total, at_hinges, elsewhere, spread, low, high) "
                         "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                         "iiidddddd", eval, list[i].rule, list[i].records, list[i].total, list[i].at_hinges,
                         list[i].elsewhere, list[i].spread, list[i].low, list[i].high);
    return result;
}

int eval_store_put_worth(struct store *s, int64_t eval, const struct rule_worth *list, size_t n, struct error *err)
{
    if (store_begin(s, err) < 0)
        return -1;
    return store_end(s, put_worth(s, eval, list, n, err), err);
}

#define WORTH_COLUMNS \
    "SELECT w.rule, w.eval, w.records, w.total, w.at_hinges, w.elsewhere, w.spread, w.low, w.high, e.name FROM rule_worth w " \
    "JOIN eval e ON e.id = w.eval "

static enum worth_verdict judge(const struct rule_worth *w)
{
    if (w->records < WORTH_RECORDS)
        return WORTH_UNKNOWN;
    return w->low > 0 ? WORTH_HELPS : w->high < 0 ? WORTH_HARMS : WORTH_NOTHING;
}

static struct rule_worth read_worth(sqlite3_stmt *st)
{
    struct rule_worth w = {
        .rule = sqlite3_column_int64(st, 0),
        .eval = sqlite3_column_int64(st, 1),
        .records = sqlite3_column_int64(st, 2),
        .total = sqlite3_column_double(st, 3),
        .at_hinges = sqlite3_column_double(st, 4),
        .elsewhere = sqlite3_column_double(st, 5),
        .spread = sqlite3_column_double(st, 6),
        .low = sqlite3_column_double(st, 7),
        .high = sqlite3_column_double(st, 8),
        .model = (const char *)sqlite3_column_text(st, 9),
    };
    w.verdict = judge(&w);
    return w;
}

int eval_store_worth(struct store *s, int64_t eval, rule_worth_fn *each, void *context, struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           WORTH_COLUMNS "WHERE CASE WHEN ?1 THEN w.eval = ?1 ELSE w.eval = (SELECT max(eval) FROM "
                                         "rule_worth WHERE rule = w.rule) END ORDER BY w.total DESC, w.rule",
                           "i", eval);
    int got = -1, stop = 0;
    while (st && stop == 0 && (got = sql_step(s, st, err)) == 1) {
        struct rule_worth w = read_worth(st);
        stop = each(context, &w);
    }
    if (stop)
        sqlite3_reset(st);
    return stop ? stop : got;
}

int eval_store_worth_of(struct store *s, int64_t rule, struct rule_worth *out, struct error *err)
{
    sqlite3_stmt *st = sql(s, err, WORTH_COLUMNS "WHERE w.rule = ? ORDER BY w.eval DESC LIMIT 1", "i", rule);
    int got = st ? sql_step(s, st, err) : -1;
    if (got == 1) {
        *out = read_worth(st);
        out->model = NULL;
        sqlite3_reset(st);
    }
    return got;
}

/* --- still broken --- */

static int put_broken(struct store *s, int64_t eval, const struct rule_mark *list, size_t n, struct error *err)
{
    int result = sql_run(s, err, "DELETE FROM rule_broken WHERE eval = ?", "i", eval);
    for (size_t i = 0; result == 0 && i < n; i++)
        result = sql_run(s, err, "INSERT OR REPLACE INTO rule_broken (eval, rule, record, likeness) VALUES (?, ?, ?, ?)",
                         "iiid", eval, list[i].rule, list[i].record, list[i].likeness);
    return result ? result : sql_run(s, err, "UPDATE eval SET matched = ?2 WHERE id = ?1", "ii", eval, clock_now_ms());
}

int eval_store_put_broken(struct store *s, int64_t eval, const struct rule_mark *list, size_t n, struct error *err)
{
    if (store_begin(s, err) < 0)
        return -1;
    return store_end(s, put_broken(s, eval, list, n, err), err);
}

#define BROKEN_OF(rule) \
    "SELECT " rule ", e.id, (SELECT count(*) FROM rule_broken b WHERE b.eval = e.id AND b.rule = " rule "), (SELECT " \
    "count(normalised) FROM eval_item WHERE eval = e.id), e.name, e.run_uuid, coalesce(e.step, -1), e.think FROM "

static int read_broken(struct store *s, sqlite3_stmt *st, rule_broken_fn *each, void *context, struct error *err)
{
    int got = -1, stop = 0;
    while (st && stop == 0 && (got = sql_step(s, st, err)) == 1) {
        struct rule_broken b = {
            .rule = sqlite3_column_int64(st, 0),
            .eval = sqlite3_column_int64(st, 1),
            .broken = sqlite3_column_int64(st, 2),
            .of = sqlite3_column_int64(st, 3),
            .name = (const char *)sqlite3_column_text(st, 4),
            .run_uuid = (const char *)sqlite3_column_text(st, 5),
            .step = sqlite3_column_int64(st, 6),
            .think = sqlite3_column_int(st, 7),
        };
        stop = each(context, &b);
    }
    if (stop)
        sqlite3_reset(st);
    return stop ? stop : got;
}

int eval_store_broken(struct store *s, int64_t rule, int64_t eval, rule_broken_fn *each, void *context,
                      struct error *err)
{
    sqlite3_stmt *st =
        rule ? sql(s, err,
                   BROKEN_OF("?1") "eval e WHERE e.matched IS NOT NULL AND (?2 = 0 OR e.id = ?2) ORDER BY e.id DESC", "ii",
                   rule, eval)
             : sql(s, err,
                   BROKEN_OF("m.rule") "(SELECT DISTINCT rule, eval FROM rule_broken WHERE ?1 = 0 OR eval = ?1) m JOIN eval "
                                       "e ON e.id = m.eval ORDER BY m.rule, e.id DESC",
                   "i", eval);
    return read_broken(s, st, each, context, err);
}

int eval_store_marks(struct store *s, int64_t eval, int64_t rule, int64_t record, rule_mark_fn *each, void *context,
                     struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT rule, record, likeness FROM rule_broken WHERE eval = ?1 AND (?2 = 0 OR rule = ?2) AND "
                           "(?3 = 0 OR record = ?3) ORDER BY likeness DESC, record, rule",
                           "iii", eval, rule, record);
    int got = -1, stop = 0;
    while (st && stop == 0 && (got = sql_step(s, st, err)) == 1) {
        struct rule_mark m = {sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1), sqlite3_column_double(st, 2)};
        stop = each(context, &m);
    }
    if (stop)
        sqlite3_reset(st);
    return stop ? stop : got;
}

/* --- back to the experts --- */

int eval_store_put_return(struct store *s, int64_t eval, int64_t record, int64_t returned, struct error *err)
{
    return sql_run(s, err, "INSERT INTO eval_return (eval, record, returned) VALUES (?, ?, ?)", "iii", eval, record,
                   returned);
}

int eval_store_returned(struct store *s, int64_t eval, int64_t record, int64_t *returned, struct error *err)
{
    return sql_one(s, err, returned, "SELECT returned FROM eval_return WHERE eval = ? AND record = ?", "ii", eval, record);
}

int eval_store_origin(struct store *s, int64_t returned, int64_t *eval, int64_t *record, struct error *err)
{
    sqlite3_stmt *st = sql(s, err, "SELECT eval, record FROM eval_return WHERE returned = ? ORDER BY eval DESC LIMIT 1", "i",
                           returned);
    int got = st ? sql_step(s, st, err) : -1;
    if (got == 1) {
        *eval = sqlite3_column_int64(st, 0);
        *record = sqlite3_column_int64(st, 1);
        sqlite3_reset(st);
    }
    return got;
}

int eval_store_returns(struct store *s, int64_t eval, int64_t *returned, int64_t *decided, struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT count(*), coalesce(sum(r.state <> 0), 0) FROM eval_return b JOIN record r ON r.id = "
                           "b.returned WHERE b.eval = ?",
                           "i", eval);
    int got = st ? sql_step(s, st, err) : -1;
    if (got != 1)
        return -1;
    *returned = sqlite3_column_int64(st, 0);
    *decided = sqlite3_column_int64(st, 1);
    sqlite3_reset(st);
    return 0;
}
