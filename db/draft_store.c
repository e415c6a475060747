#include "db/draft_store.h"

#include "base/clock.h"
#include "db/sql.h"

int draft_store_save(struct store *s, int64_t reviewer, int64_t record, const char *field,
                     struct slice text, struct error *err)
{
    return sql_run(s, err,
                   "INSERT INTO draft (reviewer, record, field, body, created) VALUES (?, ?, ?, ?, "
                   "?)",
                   "iizsi", reviewer, record, field, text, clock_now_ms());
}

int draft_store_load(struct store *s, int64_t reviewer, int64_t record, const char *field,
                     struct str *out, int64_t *created, struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT body, created FROM draft WHERE reviewer = ? AND record = ? AND "
                           "field = ? ORDER BY id DESC LIMIT 1",
                           "iiz", reviewer, record, field);
    int got = st ? sql_step(s, st, err) : -1;
    if (got == 1 && sql_is_null(st, 0))
        got = 0;
    if (got == 1) {
        str_add_slice(out, sql_text(st, 0));
        if (created)
            *created = sqlite3_column_int64(st, 1);
    }
    if (st)
        sqlite3_reset(st);
    return got;
}

int draft_store_each(struct store *s, int64_t reviewer, draft_each_fn *each, void *context,
                     struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT d.record, d.field, d.created FROM draft d WHERE d.id IN (SELECT "
                           "max(id) FROM draft WHERE reviewer = ? GROUP BY record, field) AND "
                           "d.body IS NOT NULL ORDER BY d.id DESC",
                           "i", reviewer);
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        const char *field = (const char *)sqlite3_column_text(st, 1);
        int stop = each(context, sqlite3_column_int64(st, 0), field, sqlite3_column_int64(st, 2));
        if (stop) {
            sqlite3_reset(st);
            return stop;
        }
    }
    return got;
}

/* The one place where a row of a log goes away: by name, in a transaction, and only what was typed
 * over. */
int draft_store_prune(struct store *s, int64_t *dropped, struct error *err)
{
    if (store_begin(s, err) < 0)
        return -1;
    int result = sql_run(s, err, "INSERT INTO meta (key, value) VALUES ('pruning', '1')", "");
    if (result == 0)
        result = sql_run(s, err,
                         "DELETE FROM draft WHERE id NOT IN (SELECT max(id) FROM draft GROUP BY "
                         "reviewer, record, field) OR body IS NULL",
                         "");
    *dropped = result == 0 ? sqlite3_changes64(s->db) : 0;
    if (result == 0)
        result = sql_run(s, err, "DELETE FROM meta WHERE key = 'pruning'", "");
    return store_end(s, result, err);
}
