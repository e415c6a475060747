#include "db/snapshot_store.h"

#include "base/clock.h"
#include "db/sql.h"

int snapshot_store_put(struct store *s, const char *hash, const char *method, const char *path,
                       int64_t examples, struct slice manifest, struct error *err)
{
    return sql_run(s, err,
                   "INSERT INTO snapshot (hash, method, path, examples, manifest, created) VALUES "
                   "(?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                   "zzzisi", hash, method, path, examples, manifest, clock_now_ms());
}

int snapshot_store_each(struct store *s, snapshot_each_fn *each, void *context, struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT hash, method, path, examples, created FROM snapshot ORDER BY "
                           "created DESC, hash",
                           "");
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        struct snapshot_row row = {.hash = (const char *)sqlite3_column_text(st, 0),
                                   .method = (const char *)sqlite3_column_text(st, 1),
                                   .path = (const char *)sqlite3_column_text(st, 2),
                                   .examples = sqlite3_column_int64(st, 3),
                                   .created = sqlite3_column_int64(st, 4)};
        int stop = each(context, &row);
        if (stop) {
            sqlite3_reset(st);
            return stop;
        }
    }
    return got;
}
