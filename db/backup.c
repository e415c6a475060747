/* SQLite's online backup: pages are copied while others read and write; it starts again by itself
 * when another process has written in between. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "db/sql.h"

enum { PAGES_A_STEP = 512, WAIT_MS = 20, WAITS = 500 };

static int copy(struct store *s, sqlite3 *to, store_progress_fn *progress, void *context)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", s->db, "main");
    if (!b)
        return sqlite3_errcode(to);
    int code, waits = 0;
    do {
        code = sqlite3_backup_step(b, PAGES_A_STEP);
        int total = sqlite3_backup_pagecount(b);
        if (progress)
            progress(context, (uint64_t)(total - sqlite3_backup_remaining(b)), (uint64_t)total);
        if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
            sqlite3_sleep(WAIT_MS);
    } while (code == SQLITE_OK ||
             ((code == SQLITE_BUSY || code == SQLITE_LOCKED) && ++waits < WAITS));
    int end = sqlite3_backup_finish(b);
    return code == SQLITE_DONE ? end : code;
}

/* The copy is one file: without a WAL beside it that somebody could forget to take along. */
static int settle(sqlite3 *to)
{
    return sqlite3_exec(to, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
}

static int sync_file(const char *path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int result = fd < 0 || fsync(fd) != 0 ? error_errno(err, "cannot store %s", path) : 0;
    if (fd >= 0)
        close(fd);
    return result;
}

/* link, not rename: a file that appeared under the name meanwhile is not overwritten. */
static int give_name(const char *from, const char *path, struct error *err)
{
    if (link(from, path) == 0)
        return 0;
    if (errno == EEXIST)
        return error_set(err, ERR_CONFLICT, "%s exists already; choose another name", path);
    if (rename(from, path) != 0) /* file systems without hard links */
        return error_errno(err, "cannot make %s", path);
    return 0;
}

static int write_copy(struct store *s, const char *temporary, store_progress_fn *progress,
                      void *context, struct error *err)
{
    sqlite3 *to = NULL;
    int code = sqlite3_open_v2(temporary, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK)
        code = copy(s, to, progress, context);
    if (code == SQLITE_OK)
        code = settle(to);
    if (code != SQLITE_OK)
        sql_fail_code(temporary, code, to ? sqlite3_errmsg(to) : NULL, err);
    sqlite3_close(to);
    return code == SQLITE_OK ? sync_file(temporary, err) : -1;
}

int store_backup(struct store *s, const char *path, store_progress_fn *progress, void *context,
                 struct error *err)
{
    if (file_exists(path))
        return error_set(err, ERR_CONFLICT, "%s exists already; choose another name", path);
    struct str temporary = {0};
    str_addf(&temporary, "%s.%ld.tmp", path, (long)getpid());
    int fd = open(str_z(&temporary), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int result = fd < 0 ? error_errno(err, "cannot make %s", str_z(&temporary)) : 0;
    if (fd >= 0) {
        close(fd);
        result = write_copy(s, str_z(&temporary), progress, context, err);
        if (result == 0)
            result = give_name(str_z(&temporary), path, err);
        unlink(str_z(&temporary));
    }
    str_free(&temporary);
    return result;
}
