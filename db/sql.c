#include "db/sql.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/map.h"

static enum error_code code_of(int code)
{
    switch (code & 0xFF) {
    case SQLITE_FULL: return ERR_FULL;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return ERR_READONLY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ERR_BUSY;
    case SQLITE_CORRUPT: return ERR_CORRUPT;
    case SQLITE_NOTADB: return ERR_FOREIGN;
    case SQLITE_CONSTRAINT: return ERR_CONFLICT;
    case SQLITE_TOOBIG: return ERR_LIMIT;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return ERR_IO;
    default: return ERR_INTERNAL;
    }
}

static const char *advice(enum error_code code)
{
    switch (code) {
    case ERR_FULL:
        return "the disk is full; what was under way was taken back: free some space and try again";
    case ERR_READONLY:
        return "it may not be written; check the permissions of the file and its folder";
    case ERR_BUSY:
        return "another program is writing to it and does not let go; try again in a moment";
    case ERR_CORRUPT:
        return "it is damaged; keep the file as it is and go on with a backup";
    case ERR_FOREIGN: return "it is not a hinge project";
    case ERR_LIMIT: return "a text is too large for the database (1 GB)";
    default: return NULL;
    }
}

int sql_fail_code(const char *path, int code, const char *detail, struct error *err)
{
    enum error_code kind = code_of(code);
    const char *what = advice(kind);
    if ((code & 0xFF) == SQLITE_CANTOPEN)
        what = "it, or the files -wal and -shm beside it, cannot be opened; check the "
               "permissions of the file and its folder";
    return what ? error_set(err, kind, "%s: %s", path, what)
                : error_set(err, kind, "%s: %s", path, detail);
}

int sql_fail(struct store *s, struct error *err, const char *what)
{
    int code = sqlite3_extended_errcode(s->db), system = errno;
    struct error inner = {0};
    if ((code & 0xFF) == SQLITE_IOERR && (system == EFBIG || system == EDQUOT || system == ENOSPC))
        code = SQLITE_FULL; /* a quota or a limit on files is the same trouble as a full disk */
    sql_fail_code(s->path, code, sqlite3_errmsg(s->db), &inner);
    return error_set(err, inner.code, "cannot %s: %s", what, inner.text);
}

static sqlite3_stmt *find_or_prepare(struct store *s, const char *text, struct error *err)
{
    uint64_t kept;
    if (map_get(s->statements, slice_of(text), &kept)) {
        sqlite3_stmt *st = (sqlite3_stmt *)(uintptr_t)kept;
        assert(!sqlite3_stmt_busy(st)); /* a statement is not used inside its own loop */
        sqlite3_reset(st);
        return st;
    }
    sqlite3_stmt *st;
    if (sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK) {
        sql_fail(s, err, "read the project");
        return NULL;
    }
    map_put(s->statements, slice_of(text), (uint64_t)(uintptr_t)st);
    return st;
}

static void bind_slice(sqlite3_stmt *st, int i, struct slice value)
{
    if (value.at)
        sqlite3_bind_text64(st, i, value.at, value.len, SQLITE_STATIC, SQLITE_UTF8);
    else
        sqlite3_bind_null(st, i);
}

static void bind(sqlite3_stmt *st, const char *types, va_list args)
{
    for (int i = 1; *types; types++, i++) {
        const char *z;
        switch (*types) {
        case 'i': sqlite3_bind_int64(st, i, va_arg(args, int64_t)); break;
        case 'd': sqlite3_bind_double(st, i, va_arg(args, double)); break;
        case 'z':
            z = va_arg(args, const char *);
            bind_slice(st, i, z ? slice_of(z) : (struct slice){NULL, 0});
            break;
        case 's': bind_slice(st, i, va_arg(args, struct slice)); break;
        default: assert(*types == 'n'); sqlite3_bind_null(st, i);
        }
    }
}

static sqlite3_stmt *prepare(struct store *s, struct error *err, const char *text,
                             const char *types, va_list args)
{
    sqlite3_stmt *st = find_or_prepare(s, text, err);
    if (st)
        bind(st, types, args);
    return st;
}

sqlite3_stmt *sql(struct store *s, struct error *err, const char *text, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    sqlite3_stmt *st = prepare(s, err, text, types, args);
    va_end(args);
    return st;
}

int sql_step(struct store *s, sqlite3_stmt *st, struct error *err)
{
    int code = sqlite3_step(st);
    if (code == SQLITE_ROW)
        return 1;
    if (code == SQLITE_DONE) {
        sqlite3_reset(st);
        return 0;
    }
    sql_fail(s, err, sqlite3_stmt_readonly(st) ? "read the project" : "write the project");
    sqlite3_reset(st);
    return -1;
}

int sql_run(struct store *s, struct error *err, const char *text, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    sqlite3_stmt *st = prepare(s, err, text, types, args);
    va_end(args);
    if (!st)
        return -1;
    int got = sql_step(s, st, err);
    sqlite3_reset(st);
    return got < 0 ? -1 : 0;
}

int sql_one(struct store *s, struct error *err, int64_t *out, const char *text, const char *types,
            ...)
{
    va_list args;
    va_start(args, types);
    sqlite3_stmt *st = prepare(s, err, text, types, args);
    va_end(args);
    if (!st)
        return -1;
    int got = sql_step(s, st, err);
    if (got == 1) {
        got = !sql_is_null(st, 0);
        if (got)
            *out = sqlite3_column_int64(st, 0);
        sqlite3_reset(st);
    }
    return got;
}

struct slice sql_text(sqlite3_stmt *st, int column)
{
    const char *at = (const char *)sqlite3_column_text(st, column);
    return (struct slice){at ? at : "", at ? (size_t)sqlite3_column_bytes(st, column) : 0};
}

char *sql_strdup(struct arena *a, sqlite3_stmt *st, int column)
{
    if (sql_is_null(st, column))
        return NULL;
    struct slice text = sql_text(st, column);
    return arena_strndup(a, text.at, text.len);
}

bool sql_is_null(sqlite3_stmt *st, int column)
{
    return sqlite3_column_type(st, column) == SQLITE_NULL;
}
