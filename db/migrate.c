#include "db/migrate.h"

#include "db/sql.h"

int store_version(void)
{
    int n = 0;
    while (migrations[n])
        n++;
    return n;
}

int migrate_inspect(struct store *s, int *version, struct error *err)
{
    int64_t application, user, tables;
    if (sql_one(s, err, &application, "PRAGMA application_id", "") < 0 ||
        sql_one(s, err, &user, "PRAGMA user_version", "") < 0 ||
        sql_one(s, err, &tables, "SELECT count(*) FROM sqlite_schema", "") < 0)
        return -1;
    bool empty = application == 0 && user == 0 && tables == 0;
    if (!empty && application != PROJECT_APPLICATION_ID)
        return error_set(err, ERR_FOREIGN,
                         "%s is a database of another program, not a hinge project", s->path);
    if (user > store_version())
        return error_set(err, ERR_NEWER,
                         "%s was made by a newer hinge (schema %lld, this program knows %d): use "
                         "that one",
                         s->path, (long long)user, store_version());
    *version = (int)user;
    return 0;
}

/* Another process may have migrated while this one waited for the lock: the version is read again
 * inside the transaction. */
static int run_one(struct store *s, int n, struct error *err)
{
    int64_t now;
    if (store_begin(s, err) < 0)
        return -1;
    struct str script = {0};
    for (const char *const *line = migrations[n]; *line; line++)
        str_adds(&script, *line);
    str_addf(&script, "PRAGMA user_version=%d; PRAGMA application_id=%d;", n + 1,
             PROJECT_APPLICATION_ID);
    int result = sql_one(s, err, &now, "PRAGMA user_version", "");
    if (result >= 0 && now == n) {
        result = 0;
        if (sqlite3_exec(s->db, script.at, NULL, NULL, NULL) != SQLITE_OK)
            result = sql_fail(s, err, "bring the project up to date");
    }
    str_free(&script);
    if (result >= 0)
        result = store_commit(s, err);
    if (result < 0)
        store_rollback(s);
    return result < 0 ? -1 : 0;
}

int migrate_run(struct store *s, int from, struct error *err)
{
    for (int n = from; migrations[n]; n++)
        if (run_one(s, n, err) < 0)
            return -1;
    return 0;
}
