/* What may befall a project: killed writers, several writers, no space, no permission, damage, an
 * older schema. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "db/decision_store.h"
#include "db/draft_store.h"
#include "db/migrate.h"
#include "db/rule_store.h"
#include "db/sql.h"
#include "tests/db/fixture.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

enum { KILLS = 100, WRITERS = 4, WRITES = 50, RECORDS = 20 };

/* --- kill -9 --- */

static int write_once(struct store *s, int64_t reviewer, int64_t record, int n, struct error *err)
{
    char text[64];
    struct decision d = {.verb = VERB_EDIT, .reviewer = reviewer, .record = record};
    snprintf(text, sizeof text, "guardrail of write %d", n);
    if (store_begin(s, err) < 0)
        return -1;
    int result = rule_store_intern(s, reviewer, SLICE("m"), slice_of(text), &d.rule, err);
    if (result == 0)
        result = decision_store_append(s, &d, err);
    if (result == 0)
        result = draft_store_save(s, reviewer, record, "rule", slice_of(text), err);
    if (result == 0)
        result = store_commit(s, err);
    if (result < 0)
        store_rollback(s);
    return result;
}

/* The child: writes until it is killed and tells after each commit what is safe now. */
static void write_for_ever(const char *path, int64_t reviewer, int64_t record, int tell)
{
    struct error err = {0};
    struct store *s = store_open(path, STORE_WRITE, &err);
    for (int n = 0; s && write_once(s, reviewer, record, n, &err) == 0; n++)
        if (write(tell, "x", 1) != 1)
            break;
    _exit(1);
}

static int64_t count_told(int from)
{
    char bytes[512];
    int64_t n = 0;
    for (ssize_t got; (got = read(from, bytes, sizeof bytes)) > 0;)
        n += got;
    return n;
}

static int64_t kill_a_writer(struct fixture *f, int64_t record, int n)
{
    int ends[2], status;
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0)
        write_for_ever(f->path, f->alice, record, ends[1]);
    close(ends[1]);
    usleep(1000 + (unsigned)n * 7919 % 25000);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    CU_ASSERT(WIFSIGNALED(status)); /* it was still writing: nothing had failed */
    int64_t told = count_told(ends[0]);
    close(ends[0]);
    return told;
}

static void killed_writers_lose_nothing(void)
{
    struct fixture f;
    struct error err = {0};
    int64_t told = 0;
    fixture_open(&f);
    int64_t record = fixture_record(&f, 1);
    for (int n = 0; n < KILLS; n++) {
        store_close(f.s);
        told += kill_a_writer(&f, record, n);
        f.s = store_open(f.path, STORE_WRITE, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(f.s);
        int64_t found = fixture_number(f.s, "SELECT count(*) FROM decision");
        CU_ASSERT(found >= told && found <= told + n + 1);
        CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT count(*) FROM draft"), found);
        told = found; /* a commit just before the kill was not told */
    }
    CU_ASSERT(told > 0);
    struct str report = {0};
    CU_ASSERT_EQUAL(fixture_faults(f.s, &report), 0);
    str_free(&report);
    fixture_close(&f);
}

/* --- several at once --- */

static void write_many(const char *path, int64_t reviewer, const int64_t *records, int who)
{
    struct error err = {0};
    struct store *s = store_open(path, STORE_WRITE, &err);
    int result = s ? 0 : -1;
    for (int n = 0; result == 0 && n < WRITES; n++)
        result = write_once(s, reviewer, records[(who + n) % RECORDS], who * WRITES + n, &err);
    store_close(s);
    if (result < 0)
        fprintf(stderr, "writer %d: %s\n", who, err.text);
    _exit(result < 0);
}

static void many_may_write_at_once(void)
{
    struct fixture f;
    struct error err = {0};
    int64_t records[RECORDS];
    pid_t children[WRITERS];
    fixture_open(&f);
    for (int i = 0; i < RECORDS; i++)
        records[i] = fixture_record(&f, i);
    store_close(f.s);
    for (int w = 0; w < WRITERS; w++)
        if ((children[w] = fork()) == 0)
            write_many(f.path, w % 2 ? f.alice : f.bob, records, w);
    for (int w = 0; w < WRITERS; w++) {
        int status;
        waitpid(children[w], &status, 0);
        CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    f.s = store_open(f.path, STORE_WRITE, &err);
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT count(*) FROM decision"), WRITERS * WRITES);
    CU_ASSERT_EQUAL(fixture_faults(f.s, NULL), 0);
    fixture_close(&f);
}

/* A backup taken while another process writes is a state that was. */
static void backup_while_others_write(void)
{
    struct fixture f;
    struct error err = {0};
    int64_t records[RECORDS];
    int status;
    fixture_open(&f);
    for (int i = 0; i < RECORDS; i++)
        records[i] = fixture_record(&f, i);
    pid_t child = fork();
    if (child == 0) {
        f.s = NULL; /* the parent's connection */
        write_many(f.path, f.bob, records, 0);
    }
    for (int i = 0; i < 5; i++) {
        char copy[4200];
        snprintf(copy, sizeof copy, "%s/copy%d.db", f.dir, i);
        CU_ASSERT_EQUAL(store_backup(f.s, copy, NULL, NULL, &err), 0);
        struct store *s = store_open(copy, STORE_READ, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(s);
        CU_ASSERT_EQUAL(fixture_faults(s, NULL), 0);
        store_close(s);
    }
    waitpid(child, &status, 0);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    fixture_close(&f);
}

/* --- no space --- */

/* Writes under a limit on the size of files, until it fails: 0 when it failed as it should. */
static int fill_up(const char *path, int64_t reviewer, int64_t record)
{
    struct error err = {0};
    struct rlimit limit = {.rlim_cur = 900 * 1024, .rlim_max = RLIM_INFINITY};
    struct str big = {0};
    signal(SIGXFSZ, SIG_IGN);
    for (int i = 0; i < 50000; i++)
        str_addc(&big, 'x');
    struct store *s = store_open(path, STORE_WRITE, &err);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 900 * 1024;
    setrlimit(RLIMIT_FSIZE, &limit);
    int64_t n = 0;
    while (s && draft_store_save(s, reviewer, record, "rule", str_slice(&big), &err) == 0)
        n++;
    int result = err.code != ERR_FULL || !strstr(err.text, "disk is full") || n == 0;
    if (result)
        fprintf(stderr, "after %lld drafts: code %d, %s\n", (long long)n, err.code, err.text);
    /* Nothing of the one that failed, all of the others; and reading goes on. */
    result |= fixture_number(s, "SELECT count(*) FROM draft") != n;
    limit.rlim_cur = limit.rlim_max; /* space was made */
    setrlimit(RLIMIT_FSIZE, &limit);
    result |= draft_store_save(s, reviewer, record, "rule", str_slice(&big), &err) != 0;
    result |= fixture_number(s, "SELECT count(*) FROM draft") != n + 1;
    store_close(s);
    str_free(&big);
    return result;
}

static void a_full_disk_harms_nothing(void)
{
    struct fixture f;
    struct error err = {0};
    int status;
    fixture_open(&f);
    int64_t record = fixture_record(&f, 1);
    store_close(f.s);
    pid_t child = fork();
    if (child == 0)
        _exit(fill_up(f.path, f.alice, record));
    waitpid(child, &status, 0);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    f.s = store_open(f.path, STORE_WRITE, &err);
    CU_ASSERT_EQUAL(fixture_faults(f.s, NULL), 0);
    fixture_close(&f);
}

/* --- no permission --- */

/* As somebody who may only read; root becomes nobody for it. */
static int only_read(const char *path)
{
    struct error err = {0};
    int64_t id = 0;
    int result = 0;
    if (geteuid() == 0 && setuid(65534) != 0)
        return 1;
    struct store *s = store_open(path, STORE_OPEN, &err);
    if (!s) {
        fprintf(stderr, "reading: %s\n", err.text);
        return 1;
    }
    result |= !store_is_read_only(s);
    result |= fixture_number(s, "SELECT count(*) FROM record") != 1;
    result |= store_reviewer(s, "alice", &id, &err) != 0 || id == 0;
    result |= store_reviewer(s, "new", &id, &err) != 0 || id != 0;
    result |= store_begin(s, &err) == 0 || err.code != ERR_READONLY;
    result |= draft_store_save(s, 1, 0, "x", SLICE("y"), &err) == 0 || err.code != ERR_READONLY;
    store_close(s);
    result |= store_open(path, STORE_WRITE, &err) != NULL || err.code != ERR_READONLY;
    return result;
}

static void reads_where_nothing_may_be_written(void)
{
    struct fixture f;
    int status;
    fixture_open(&f);
    fixture_record(&f, 1);
    store_close(f.s);
    f.s = NULL;
    chmod(f.path, 0444);
    chmod(f.dir, 0555);
    pid_t child = fork();
    if (child == 0)
        _exit(only_read(f.path));
    waitpid(child, &status, 0);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    chmod(f.dir, 0700);
    fixture_close(&f);
}

static void copy_file(const char *from, const char *to)
{
    struct error err = {0};
    struct str bytes = {0};
    CU_ASSERT_EQUAL(file_read(from, 1 << 24, &bytes, &err), 0);
    CU_ASSERT_EQUAL(file_write_atomic(to, 0444, str_slice(&bytes), &err), 0);
    str_free(&bytes);
}

static int says_the_folder(const char *path)
{
    struct error err = {0};
    if (geteuid() == 0 && setuid(65534) != 0)
        return 1;
    return store_open(path, STORE_OPEN, &err) != NULL || !strstr(err.text, "its folder");
}

/* What a killed writer left beside the file is part of the project: without it old data would be
 * shown, so it is not opened at all where it cannot be taken in. */
static void half_a_project_is_not_shown(void)
{
    struct fixture f;
    int status;
    char from[4300], copy[4300], wal[4400];
    fixture_open(&f);
    fixture_record(&f, 1);
    snprintf(copy, sizeof copy, "%s/copy", f.dir);
    CU_ASSERT_EQUAL(mkdir(copy, 0700), 0);
    snprintf(copy, sizeof copy, "%s/copy/p.db", f.dir);
    snprintf(from, sizeof from, "%s-wal", f.path);
    snprintf(wal, sizeof wal, "%s-wal", copy);
    copy_file(f.path, copy);
    copy_file(from, wal);
    chmod(tmp_join(f.dir, "copy"), 0555);
    chmod(f.dir, 0755);
    pid_t child = fork();
    if (child == 0)
        _exit(says_the_folder(copy));
    waitpid(child, &status, 0);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    chmod(tmp_join(f.dir, "copy"), 0700);
    fixture_close(&f);
}

/* --- damage --- */

static void check_finds_what_was_changed(void)
{
    static const struct {
        const char *change, *words;
    } harms[] = {
        {"UPDATE record SET state = 2 WHERE key = 'r0'", "does not stand as its decisions say"},
        {"UPDATE record SET state = 1 WHERE key = 'r1'", "without a decision"},
        {"UPDATE rule SET uses = 7", "rule #1 does not stand"},
        {"UPDATE rule SET guardrail = 'other'", "index of rules"},
        {"UPDATE text SET body = 'other' WHERE id = 1", "index of record texts"},
        {"UPDATE counter SET value = 99 WHERE name = 'decisions'", "counter"},
        {"INSERT INTO text (body) VALUES ('lost')", "nothing refers to"},
        {"UPDATE record SET revision = 9 WHERE key = 'r1'", "current revision"},
        {"PRAGMA foreign_keys = OFF; UPDATE record SET task = 77 WHERE key = 'r1'", "not there"},
        {"DELETE FROM record_rule", "does not stand"},
    };
    for (size_t i = 0; i < sizeof harms / sizeof *harms; i++) {
        struct fixture f;
        struct error err = {0};
        struct str report = {0};
        fixture_open(&f);
        struct decision d = {
            .verb = VERB_CITE, .reviewer = f.alice, .record = fixture_record(&f, 0)};
        fixture_record(&f, 1);
        rule_store_intern(f.s, f.alice, SLICE("m"), SLICE("g"), &d.rule, &err);
        CU_ASSERT_EQUAL(decision_store_append(f.s, &d, &err), 0);
        CU_ASSERT_EQUAL(fixture_faults(f.s, &report), 0);
        CU_ASSERT_EQUAL(fixture_sql(f.s, harms[i].change), 0);
        CU_ASSERT(fixture_faults(f.s, &report) > 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&report), harms[i].words));
        if (!strstr(str_z(&report), harms[i].words))
            fprintf(stderr, "%s: %s\n", harms[i].change, str_z(&report));
        str_free(&report);
        fixture_close(&f);
    }
}

/* Overwrites the middle of the file, past the first page. */
static void tear(const char *path)
{
    char junk[4096];
    struct stat st;
    memset(junk, 0xA5, sizeof junk);
    int fd = open(path, O_WRONLY);
    CU_ASSERT_EQUAL(fstat(fd, &st), 0);
    for (off_t at = 4096 * 2; at < st.st_size; at += 4096 * 3)
        CU_ASSERT_EQUAL(pwrite(fd, junk, sizeof junk, at), (ssize_t)sizeof junk);
    close(fd);
}

static void a_torn_file_is_called_damaged(void)
{
    struct fixture f;
    struct error err = {0};
    struct str report = {0};
    fixture_open(&f);
    for (int i = 0; i < 200; i++)
        fixture_record(&f, i);
    store_close(f.s);
    tear(f.path);
    f.s = store_open(f.path, STORE_OPEN, &err);
    if (f.s) { /* it may open: not all of it is read then */
        CU_ASSERT(fixture_faults(f.s, &report) > 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&report), "damaged"));
        struct record r = {0};
        int failed = 0;
        for (int64_t id = 1; id <= 200; id++, record_free(&r), r = (struct record){0})
            failed += record_store_export(f.s, id, &r, &err) != 0;
        CU_ASSERT(failed > 0);
    }
    CU_ASSERT_EQUAL(err.code, ERR_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "damaged"));
    str_free(&report);
    fixture_close(&f);
}

/* --- an older schema --- */

static void make_version_one(const char *path)
{
    sqlite3 *db;
    struct str script = {0};
    for (const char *const *line = migrations[0]; *line; line++)
        str_adds(&script, *line);
    str_addf(&script, "PRAGMA user_version = 1; PRAGMA application_id = %d;",
             PROJECT_APPLICATION_ID);
    str_adds(&script, "INSERT INTO reviewer (name, created) VALUES ('old', 1);"
                      "INSERT INTO draft (reviewer, record, field, body, created) VALUES (1, 0, "
                      "'x', 'kept', 1);");
    CU_ASSERT_EQUAL(sqlite3_open(path, &db), SQLITE_OK);
    CU_ASSERT_EQUAL(sqlite3_exec(db, script.at, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    str_free(&script);
}

static void an_older_schema_is_brought_up(void)
{
    char *dir = tmp_make();
    const char *path = tmp_join(dir, "old.db");
    struct error err = {0};
    struct str text = {0};
    make_version_one(path);
    CU_ASSERT_PTR_NULL(store_open(path, STORE_READ, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "older schema"));
    struct store *s = store_open(path, STORE_WRITE, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_EQUAL(fixture_number(s, "PRAGMA user_version"), store_version());
    CU_ASSERT_EQUAL(draft_store_load(s, 1, 0, "x", &text, NULL, &err), 1);
    CU_ASSERT_STRING_EQUAL(str_z(&text), "kept");
    CU_ASSERT_EQUAL(fixture_faults(s, NULL), 0);
    store_close(s);
    str_free(&text);
    tmp_remove(dir);
}

/* A migration that cannot be made changes nothing. */
static void a_failed_migration_changes_nothing(void)
{
    char *dir = tmp_make();
    const char *path = tmp_join(dir, "old.db");
    struct error err = {0};
    sqlite3 *db;
    make_version_one(path);
    CU_ASSERT_EQUAL(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db, "DROP TRIGGER draft_is_append_only_delete", NULL, NULL,
                 NULL); /* 0002 wants to drop it */
    sqlite3_close(db);
    CU_ASSERT_PTR_NULL(store_open(path, STORE_WRITE, &err));
    CU_ASSERT_NOT_EQUAL(err.code, ERR_NONE);
    CU_ASSERT_EQUAL(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_stmt *st = NULL;
    sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL);
    CU_ASSERT_EQUAL(sqlite3_step(st), SQLITE_ROW);
    CU_ASSERT_EQUAL(sqlite3_column_int(st, 0), 1);
    sqlite3_finalize(st);
    sqlite3_close(db);
    tmp_remove(dir);
}

static const struct test tests[] = {
    {"killed writers lose nothing", killed_writers_lose_nothing},
    {"many may write at once", many_may_write_at_once},
    {"backup while others write", backup_while_others_write},
    {"a full disk harms nothing", a_full_disk_harms_nothing},
    {"reads where nothing may be written", reads_where_nothing_may_be_written},
    {"half a project is not shown", half_a_project_is_not_shown},
    {"check finds what was changed", check_finds_what_was_changed},
    {"a torn file is called damaged", a_torn_file_is_called_damaged},
    {"an older schema is brought up", an_older_schema_is_brought_up},
    {"a failed migration changes nothing", a_failed_migration_changes_nothing},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return suite_run("harm", tests, argc, argv);
}
