#include "db/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"
#include "db/migrate.h"
#include "db/sql.h"
#include "db/texts.h"

enum { BUSY_MS = 10000, BUSY_STEP_MS = 2 };

/* Made by hand, so that a project is 0600 from its first byte whatever the umask; SQLite gives the
 * -wal and -shm files the mode of the database. */
static int make_file(const char *path, struct error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return error_set(err, ERR_CONFLICT, "%s exists already; choose another name or open it",
                         path);
    if (fd < 0)
        return error_errno(err, "cannot make %s", path);
    close(fd);
    return 0;
}

static int look_at_file(const char *path, struct error *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return errno == ENOENT
                   ? error_set(err, ERR_ABSENT, "there is no project %s; 'hinge init %s' makes one",
                               path, path)
                   : error_errno(err, "cannot look at %s", path);
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERR_INPUT, "%s is not a file", path);
    if (st.st_size == 0)
        return error_set(err, ERR_FOREIGN,
                         "%s is empty, not a hinge project; remove it and run 'hinge init %s'",
                         path, path);
    return 0;
}

/* SQLite's own waiting grows to steps of 100 ms, which a long import passes between two looks at
 * the lock; short steps let a reviewer's decision in between two of its batches. */
static int wait_for_writer(void *context, int tries)
{
    struct timespec step = {.tv_nsec = BUSY_STEP_MS * 1000000L};
    (void)context;
    if (tries >= BUSY_MS / BUSY_STEP_MS)
        return 0;
    nanosleep(&step, NULL);
    return 1;
}

/* Settings of a connection. Recursive triggers make REPLACE meet the trigger against deleting. The
 * page cache is small: rows are slim, and the operating system caches the file too. */
static int configure(struct store *s, struct error *err)
{
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_handler(s->db, wait_for_writer, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    const char *settings = "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON; PRAGMA "
                           "cell_size_check=ON;PRAGMA temp_store=MEMORY; PRAGMA cache_size=-2000; "
                           "PRAGMA synchronous=FULL;";
    if (sqlite3_exec(s->db, settings, NULL, NULL, NULL) != SQLITE_OK)
        return sql_fail(s, err, "open the project");
    return 0;
}

static int use_wal(struct store *s, struct error *err)
{
    sqlite3_stmt *st = sql(s, err, "PRAGMA journal_mode=WAL", "");
    int got = st ? sql_step(s, st, err) : -1;
    bool wal = got == 1 && slice_is(sql_text(st, 0), "wal");
    if (got == 1)
        sqlite3_reset(st);
    if (got == 1 && !wal)
        return error_set(err, ERR_IO,
                         "%s: this file system cannot hold a project (no shared memory for "
                         "SQLite's WAL); keep it on a local disk",
                         s->path);
    return got == 1 ? 0 : -1;
}

static int prepare_schema(struct store *s, enum store_mode mode, struct error *err)
{
    int version;
    if (migrate_inspect(s, &version, err) < 0)
        return -1;
    if (s->read_only) {
        if (version < store_version())
            return error_set(err, ERR_READONLY,
                             "%s has an older schema and may not be written; open it once where it "
                             "may",
                             s->path);
        return 0;
    }
    if (version == 0 && mode != STORE_CREATE)
        return error_set(err, ERR_FOREIGN, "%s is not a hinge project", s->path);
    if (use_wal(s, err) < 0)
        return -1;
    return version < store_version() ? migrate_run(s, version, err) : 0;
}

static bool may_write(const char *path)
{
    return access(path, W_OK) == 0;
}

/* A project in WAL mode that was closed well can be read where nothing may be written, if SQLite is
 * told that nobody writes to it: then it wants no -shm file beside it. */
static bool is_at_rest(const char *path)
{
    struct str other = {0};
    const char *slash = strrchr(path, '/');
    str_add(&other, path, slash ? (size_t)(slash - path) + 1 : 0);
    str_addc(&other, '.');
    bool folder = may_write(str_z(&other));
    str_clear(&other);
    str_addf(&other, "%s-wal", path);
    bool wal = file_exists(str_z(&other));
    str_free(&other);
    return !folder && !wal;
}

/* The path as a URI, whatever it holds: "file:", "?" and "#" in a name mean nothing to SQLite
 * then. */
static void make_uri(struct str *out, const char *path, bool at_rest)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/"
                                "._-";
    str_adds(out, "file:");
    for (; path[0] == '/' && path[1] == '/'; path++) /* two would name a host */
        ;
    for (; *path; path++)
        str_addf(out, strchr(plain, *path) ? "%c" : "%%%02X", (unsigned char)*path);
    str_adds(out, at_rest ? "?immutable=1" : "");
}

static int connect(struct store *s, bool read_only, struct error *err)
{
    struct str uri = {0};
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS,
                   0); /* counts nobody asks for; has no effect the second time */
    int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    make_uri(&uri, s->path, read_only && is_at_rest(s->path));
    int code =
        sqlite3_open_v2(str_z(&uri), &s->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL);
    str_free(&uri);
    if (code != SQLITE_OK && access(s->path, R_OK) != 0)
        return error_errno(err, "cannot open %s", s->path);
    if (code != SQLITE_OK)
        return sql_fail_code(s->path, code, sqlite3_errstr(code), err);
    s->read_only = read_only || sqlite3_db_readonly(s->db, "main") == 1;
    return configure(s, err);
}

struct store *store_open(const char *path, enum store_mode mode, struct error *err)
{
    if ((mode == STORE_CREATE ? make_file(path, err) : look_at_file(path, err)) < 0)
        return NULL;
    bool read_only = mode == STORE_READ || (mode == STORE_OPEN && !may_write(path));
    if (mode == STORE_WRITE && !may_write(path)) {
        error_set(err, ERR_READONLY, "%s may not be written by you", path);
        return NULL;
    }
    struct store *s = mem_zalloc(1, sizeof *s);
    s->path = mem_strdup(path);
    s->statements = map_new();
    if (connect(s, read_only, err) < 0 || prepare_schema(s, mode, err) < 0) {
        store_close(s);
        if (mode == STORE_CREATE)
            unlink(path);
        return NULL;
    }
    return s;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < map_count(s->statements); i++)
        sqlite3_finalize((sqlite3_stmt *)(uintptr_t)map_value(s->statements, i));
    sqlite3_close(s->db);
    map_free(s->statements);
    mem_free(s->waiting);
    mem_free(s->path);
    mem_free(s);
}

bool store_is_read_only(const struct store *s)
{
    return s->read_only;
}

const char *store_path(const struct store *s)
{
    return s->path;
}

/* A savepoint's name is its depth, so that a level can only end itself. */
static int savepoint(struct store *s, const char *fmt, struct error *err)
{
    char text[32];
    snprintf(text, sizeof text, fmt, s->depth);
    return sql_run(s, err, text, "");
}

static int begin(struct store *s, const char *how, struct error *err)
{
    int result;
    assert(s->depth < STORE_DEPTH);
    s->marks[s->depth] = s->n_waiting;
    if (s->depth > 0)
        result = savepoint(s, "SAVEPOINT level%d", err);
    else
        result = sql_run(s, err, how, "");
    if (result == 0)
        s->depth++;
    return result;
}

int store_begin(struct store *s, struct error *err)
{
    if (s->read_only)
        return error_set(err, ERR_READONLY, "%s is open for reading only", s->path);
    return begin(s, "BEGIN IMMEDIATE", err);
}

int store_begin_read(struct store *s, struct error *err)
{
    return begin(s, "BEGIN", err);
}

int store_commit(struct store *s, struct error *err)
{
    assert(s->depth > 0);
    if (s->depth == 1 && search_flush(s, err) < 0)
        return -1;
    s->depth--;
    int result =
        s->depth > 0 ? savepoint(s, "RELEASE level%d", err) : sql_run(s, err, "COMMIT", "");
    if (result < 0)
        s->depth++; /* still open: the caller rolls back */
    return result;
}

void store_rollback(struct store *s)
{
    if (s->depth == 0)
        return;
    s->depth--;
    s->n_waiting = s->marks[s->depth];
    if (s->depth > 0) {
        savepoint(s, "ROLLBACK TO level%d", NULL);
        savepoint(s, "RELEASE level%d", NULL);
    } else if (!sqlite3_get_autocommit(s->db)) { /* a full disk may have rolled back already */
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    }
}

void store_expect_writes(struct store *s, bool many)
{
    sqlite3_exec(s->db, many ? "PRAGMA cache_size=-24000; PRAGMA wal_autocheckpoint=8000;"
                             : "PRAGMA cache_size=-2000; PRAGMA wal_autocheckpoint=1000;",
                 NULL, NULL, NULL); /* a connection that says no is slower, not wrong */
}

void store_sync_each(struct store *s, bool each)
{
    if (s->depth == 0)
        sqlite3_exec(s->db, each ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", NULL, NULL, NULL);
}

int store_end(struct store *s, int result, struct error *err)
{
    if (result == 0)
        result = store_commit(s, err);
    if (result < 0)
        store_rollback(s);
    return result;
}

int64_t store_seen_changes(struct store *s)
{
    int64_t version = 0;
    sql_one(s, NULL, &version, "PRAGMA data_version", "");
    return version;
}

int store_counts(struct store *s, struct store_counts *out, struct error *err)
{
    *out = (struct store_counts){0};
    sqlite3_stmt *st = sql(s, err, "SELECT name, value FROM counter", "");
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        struct slice name = sql_text(st, 0);
        int64_t value = sqlite3_column_int64(st, 1);
        if (slice_starts(name, "state") && name.len == 6 && name.at[5] >= '0' && name.at[5] < '6') {
            out->by_state[name.at[5] - '0'] = value;
            out->records += value;
        } else if (slice_is(name, "rules")) {
            out->rules = value;
        } else if (slice_is(name, "decisions")) {
            out->decisions = value;
        } else if (slice_is(name, "snapshots")) {
            out->snapshots = value;
        }
    }
    return got;
}

static int each_name(struct store *s, const char *text, store_name_fn *each, void *context,
                     struct error *err)
{
    sqlite3_stmt *st = sql(s, err, text, "");
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1)
        each(context, sqlite3_column_int64(st, 0), sql_text(st, 1), sqlite3_column_int64(st, 2));
    return got;
}

int store_tasks(struct store *s, store_name_fn *each, void *context, struct error *err)
{
    return each_name(s, "SELECT id, name, (SELECT count(*) FROM record WHERE task = task.id) "
                        "FROM task ORDER BY name", each, context, err);
}

int store_reviewers(struct store *s, store_name_fn *each, void *context, struct error *err)
{
    return each_name(s,
                     "SELECT id, name, (SELECT count(*) FROM record WHERE reviewer = reviewer.id) "
                     "FROM reviewer ORDER BY name",
                     each, context, err);
}

int store_tags(struct store *s, store_name_fn *each, void *context, struct error *err)
{
    return each_name(s, "SELECT 0, name, count(*) FROM tag GROUP BY name ORDER BY name", each,
                     context, err);
}

int store_reviewer(struct store *s, const char *name, int64_t *id, struct error *err)
{
    *id = 0;
    int got = sql_one(s, err, id, "SELECT id FROM reviewer WHERE name = ?", "z", name);
    if (got != 0 || s->read_only)
        return got < 0 ? -1 : 0;
    if (sql_run(s, err, "INSERT INTO reviewer (name, created) VALUES (?, ?) ON CONFLICT DO NOTHING",
                "zi", name, clock_now_ms()) < 0)
        return -1;
    return sql_one(s, err, id, "SELECT id FROM reviewer WHERE name = ?", "z", name) < 0 ? -1 : 0;
}

const char *store_sqlite_version(void)
{
    return sqlite3_libversion();
}

bool store_has_fts5(void)
{
    return sqlite3_compileoption_used("ENABLE_FTS5") == 1;
}
