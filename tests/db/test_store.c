/* The project file: how it is opened, what is said when it cannot be, what is never lost. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/file.h"
#include "db/sql.h"
#include "tests/db/fixture.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

static mode_t mode_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_mode & 0777 : 0;
}

/* Opening path must fail with code and say words. */
static void refuses(const char *path, enum store_mode mode, enum error_code code, const char *words)
{
    struct error err = {0};
    struct store *s = store_open(path, mode, &err);
    CU_ASSERT_PTR_NULL(s);
    CU_ASSERT_EQUAL(err.code, code);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, words));
    if (s || err.code != code || !strstr(err.text, words))
        fprintf(stderr, "opening %s: code %d, '%s'\n", path, err.code, err.text);
    store_close(s);
}

static void write_file(const char *path, const char *bytes, size_t len)
{
    struct error err = {0};
    CU_ASSERT_EQUAL(file_write_atomic(path, 0600, (struct slice){bytes, len}, &err), 0);
}

static void new_files_are_private(void)
{
    mode_t was = umask(0);
    struct fixture f;
    fixture_open(&f);
    umask(was);
    fixture_record(&f, 1);
    char beside[4200];
    CU_ASSERT_EQUAL(mode_of(f.path), 0600);
    snprintf(beside, sizeof beside, "%s-wal", f.path);
    CU_ASSERT_EQUAL(mode_of(beside), 0600);
    snprintf(beside, sizeof beside, "%s-shm", f.path);
    CU_ASSERT_EQUAL(mode_of(beside), 0600);
    fixture_close(&f);
}

static void says_why_it_cannot_open(void)
{
    struct fixture f;
    fixture_open(&f);
    refuses(tmp_join(f.dir, "absent.db"), STORE_OPEN, ERR_ABSENT, "hinge init");
    refuses(f.path, STORE_CREATE, ERR_CONFLICT, "exists already");
    refuses(f.dir, STORE_OPEN, ERR_INPUT, "not a file");
    write_file(tmp_join(f.dir, "empty"), "", 0);
    refuses(tmp_join(f.dir, "empty"), STORE_OPEN, ERR_FOREIGN, "empty");
    char text[8192];
    memset(text, 'x', sizeof text);
    write_file(tmp_join(f.dir, "text"), text, sizeof text);
    refuses(tmp_join(f.dir, "text"), STORE_OPEN, ERR_FOREIGN, "not a hinge project");
    CU_ASSERT_EQUAL(fixture_sql(f.s, "PRAGMA user_version = 99"), 0);
    refuses(f.path, STORE_OPEN, ERR_NEWER, "newer hinge");
    refuses(f.path, STORE_READ, ERR_NEWER, "newer hinge");
    CU_ASSERT_EQUAL(fixture_sql(f.s, "PRAGMA application_id = 7"), 0);
    refuses(f.path, STORE_OPEN, ERR_FOREIGN, "another program");
    fixture_close(&f);
}

/* A file that was refused is as it was, byte for byte. */
static void leaves_foreign_files_alone(void)
{
    char *dir = tmp_make();
    struct error err = {0};
    struct str before = {0}, after = {0};
    const char *path = tmp_join(dir, "foreign.db");
    sqlite3 *db;
    CU_ASSERT_EQUAL(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db, "CREATE TABLE bookmark (url); INSERT INTO bookmark VALUES ('x')", NULL, NULL,
                 NULL);
    sqlite3_close(db);
    file_read(path, 1 << 20, &before, &err);
    refuses(path, STORE_OPEN, ERR_FOREIGN, "another program");
    refuses(path, STORE_WRITE, ERR_FOREIGN, "another program");
    file_read(path, 1 << 20, &after, &err);
    CU_ASSERT(before.len > 0 && slice_eq(str_slice(&before), str_slice(&after)));
    str_free(&before);
    str_free(&after);
    tmp_remove(dir);
}

static void transactions_nest(void)
{
    struct fixture f;
    struct error err = {0};
    fixture_open(&f);
    CU_ASSERT_EQUAL(store_begin(f.s, &err), 0);
    fixture_record(&f, 1);
    CU_ASSERT_EQUAL(store_begin(f.s, &err), 0);
    fixture_record(&f, 2);
    store_rollback(f.s);
    CU_ASSERT_EQUAL(store_begin(f.s, &err), 0);
    fixture_record(&f, 3);
    CU_ASSERT_EQUAL(store_commit(f.s, &err), 0);
    CU_ASSERT_EQUAL(store_commit(f.s, &err), 0);
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT count(*) FROM record"), 2);
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT count(*) FROM record WHERE key = 'r2'"), 0);
    CU_ASSERT_EQUAL(store_begin(f.s, &err), 0);
    fixture_record(&f, 4);
    store_rollback(f.s);
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT count(*) FROM record"), 2);
    struct store_counts counts;
    CU_ASSERT_EQUAL(store_counts(f.s, &counts, &err), 0);
    CU_ASSERT_EQUAL(counts.records, 2);
    fixture_close(&f);
}

static void is_hardened(void)
{
    struct fixture f;
    fixture_open(&f);
    CU_ASSERT_EQUAL(fixture_number(f.s, "PRAGMA foreign_keys"), 1);
    CU_ASSERT_EQUAL(fixture_number(f.s, "PRAGMA trusted_schema"), 0);
    CU_ASSERT_EQUAL(fixture_number(f.s, "PRAGMA cell_size_check"), 1);
    CU_ASSERT_EQUAL(fixture_number(f.s, "PRAGMA user_version"), store_version());
    /* defensive mode: the schema table and the index's own tables may not be written */
    CU_ASSERT_EQUAL(fixture_sql(f.s, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = "
                                     "''"),
                    SQLITE_ERROR);
    CU_ASSERT_NOT_EQUAL(fixture_sql(f.s, "UPDATE record_search_data SET block = x''"), SQLITE_OK);
    /* STRICT tables keep types apart */
    CU_ASSERT_EQUAL(fixture_sql(f.s, "INSERT INTO task (name) VALUES (x'00')"), SQLITE_CONSTRAINT);
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT count(*) FROM pragma_table_list WHERE schema = "
                                        "'main' AND strict = 0 "
                                        "AND type = 'table' AND name NOT LIKE 'sqlite%'"),
                    0);
    fixture_close(&f);
}

static void logs_are_append_only(void)
{
    struct fixture f;
    fixture_open(&f);
    int64_t r = fixture_record(&f, 1);
    char text[256];
    snprintf(text, sizeof text,
             "INSERT INTO decision (batch, reviewer, verb, record, created) VALUES (1, %lld, "
             "'skip', %lld, 5);"
             "INSERT INTO draft (reviewer, record, field, body, created) VALUES (%lld, 0, 'x', "
             "'typed', 5)",
             (long long)f.alice, (long long)r, (long long)f.alice);
    CU_ASSERT_EQUAL(fixture_sql(f.s, text), SQLITE_OK);
    static const char *const breaches[] = {
        "UPDATE decision SET verb = 'accept'",
        "DELETE FROM decision",
        "REPLACE INTO decision SELECT * FROM decision",
        "UPDATE draft SET body = ''",
        "DELETE FROM draft",
        "UPDATE OR IGNORE decision SET created = 6",
        "INSERT INTO decision SELECT * FROM decision WHERE 1 ON CONFLICT DO UPDATE SET verb = ''",
    };
    for (size_t i = 0; i < sizeof breaches / sizeof *breaches; i++) {
        CU_ASSERT_NOT_EQUAL(fixture_sql(f.s, breaches[i]), SQLITE_OK);
        CU_ASSERT_PTR_NOT_NULL(strstr(fixture_said(), "append-only"));
        if (!strstr(fixture_said(), "append-only"))
            fprintf(stderr, "%s: %s\n", breaches[i], fixture_said());
    }
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT count(*) FROM decision WHERE verb = 'skip' AND "
                                        "created = 5"),
                    1);
    fixture_close(&f);
}

/* The schema as text, in a fixed order, for comparing. */
static void dump_schema(struct store *s, struct str *out)
{
    struct error err = {0};
    sqlite3_stmt *st = sql(s, &err,
                           "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE "
                           "'%\\_search\\__%' "
                           "ESCAPE '\\' AND name NOT LIKE 'record\\_why\\__%' ESCAPE '\\' AND name "
                           "NOT LIKE 'sqlite%' ORDER BY rowid",
                           "");
    while (st && sql_step(s, st, &err) == 1) {
        str_add_slice(out, sql_text(st, 0));
        str_adds(out, ";\n\n");
    }
}

/* db/schema.sql documents what the migrations make together. With HINGE_WRITE_SCHEMA set it is
 * written. */
static void schema_is_documented(void)
{
    struct fixture f;
    struct error err = {0};
    struct str made = {0}, documented = {0};
    const char *srcdir = getenv("srcdir");
    char path[4200];
    snprintf(path, sizeof path, "%s/db/schema.sql", srcdir ? srcdir : ".");
    fixture_open(&f);
    str_adds(&made, "-- The whole schema, as the migrations make it: to read, never run. A test "
                    "compares the two; run\n"
                    "-- tests/db/test_store with HINGE_WRITE_SCHEMA=1 after adding a "
                    "migration.\n\n");
    dump_schema(f.s, &made);
    if (getenv("HINGE_WRITE_SCHEMA"))
        CU_ASSERT_EQUAL(file_write_atomic(path, 0644, str_slice(&made), &err), 0);
    CU_ASSERT_EQUAL(file_read(path, 1 << 20, &documented, &err), 0);
    CU_ASSERT(slice_eq(str_slice(&made), str_slice(&documented)));
    str_free(&made);
    str_free(&documented);
    fixture_close(&f);
}

static void backup_is_whole(void)
{
    struct fixture f;
    struct error err = {0};
    fixture_open(&f);
    for (int i = 0; i < 50; i++)
        fixture_record(&f, i);
    char copy[4200];
    snprintf(copy, sizeof copy, "%s", tmp_join(f.dir, "copy.db"));
    CU_ASSERT_EQUAL(store_backup(f.s, copy, NULL, NULL, &err), 0);
    CU_ASSERT_EQUAL(mode_of(copy), 0600);
    CU_ASSERT_EQUAL(store_backup(f.s, copy, NULL, NULL, &err), -1);
    CU_ASSERT_EQUAL(err.code, ERR_CONFLICT);
    fixture_record(&f, 50);
    char wal[4300];
    snprintf(wal, sizeof wal, "%s-wal", copy);
    CU_ASSERT(!file_exists(wal));
    struct store *s = store_open(copy, STORE_READ, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_EQUAL(fixture_number(s, "SELECT count(*) FROM record"), 50);
    CU_ASSERT_EQUAL(fixture_faults(s, NULL), 0);
    store_close(s);
    CU_ASSERT_EQUAL(store_backup(f.s, tmp_join(f.dir, "no/such/folder.db"), NULL, NULL, &err), -1);
    fixture_close(&f);
}

static const struct test tests[] = {
    {"new files are private", new_files_are_private},
    {"says why it cannot open", says_why_it_cannot_open},
    {"leaves foreign files alone", leaves_foreign_files_alone},
    {"transactions nest", transactions_nest},
    {"is hardened", is_hardened},
    {"logs are append-only", logs_are_append_only},
    {"schema is documented", schema_is_documented},
    {"backup is whole", backup_is_whole},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return suite_run("store", tests, argc, argv);
}
