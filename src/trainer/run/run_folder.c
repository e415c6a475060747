#include "trainer/run/run_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/mem.h"

enum { CONFIG_MAX = 1 << 20, LINE_BYTES = 1 << 20, LOCK_TRIES = 50, LOCK_STEP_MS = 10 };

static struct str path_in(const struct run_folder *f, const char *name)
{
    struct str path = {0};
    str_addf(&path, "%s/%s", f->path, name);
    return path;
}

/* Whoever looks whether a run is alive takes the lock for a moment: tried again before another process is believed in. */
static bool try_lock(int fd)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = LOCK_STEP_MS * 1000000L}, NULL);
    }
    errno = EWOULDBLOCK;
    return false;
}

static int take_lock(struct run_folder *f, struct error *err)
{
    struct str path = path_in(f, "lock");
    int result = 0;
    f->lock = open(path.at, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (f->lock < 0)
        result = error_errno(err, "cannot open %s", path.at);
    else if (!try_lock(f->lock))
        result = errno == EWOULDBLOCK
                     ? error_set(err, ERR_BUSY, "%s: another process trains here", f->path)
                     : error_errno(err, "cannot lock %s", path.at);
    str_free(&path);
    return result;
}

static int check_config(struct run_folder *f, struct slice config, bool resume, struct error *err)
{
    struct str path = path_in(f, "config.json"), old = {0};
    int result = 0;
    if (!file_exists(path.at)) {
        result = file_write_atomic(path.at, 0600, config, err);
    } else if (!resume) {
        result = error_set(err, ERR_CONFLICT, "%s already holds a run; --resume goes on with it", f->path);
    } else {
        result = file_read(path.at, CONFIG_MAX, &old, err);
        if (result == 0 && !slice_eq(str_slice(&old), config))
            result = error_set(err, ERR_CONFLICT,
                               "%s was started with other options or data; resume with the same (its "
                               "config.json lists them)",
                               f->path);
    }
    str_free(&path);
    str_free(&old);
    return result;
}

int run_folder_lock(const char *path, struct run_folder *f, struct error *err)
{
    *f = (struct run_folder){.path = mem_strdup(path), .lock = -1, .made = !file_exists(path)};
    return file_make_dir(path, err) == 0 ? take_lock(f, err) : -1;
}

bool run_folder_alive(const char *path)
{
    struct str lock = {0};
    str_addf(&lock, "%s/lock", path);
    int fd = open(lock.at, O_RDONLY | O_CLOEXEC);
    bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    str_free(&lock);
    return held;
}

int run_folder_enter(struct run_folder *f, struct slice config, bool resume, struct error *err)
{
    if (check_config(f, config, resume, err) != 0)
        return -1;
    f->made = false;
    struct str log = path_in(f, "log.txt");
    f->log = log_open(log.at, err);
    str_free(&log);
    return f->log ? 0 : -1;
}

static int step_of(struct slice line)
{
    struct json *j = json_parse(line, NULL, NULL);
    int step = (int)json_number(json_get(j, "step"), -1);
    json_free(j);
    return step;
}

int run_folder_metrics(struct run_folder *f, int last, struct error *err)
{
    struct str path = path_in(f, "metrics.jsonl"), kept = {0};
    struct slice line;
    struct lines *l = file_exists(path.at) ? lines_open(path.at, LINE_BYTES, err) : NULL;
    while (l && lines_next(l, &line, err) == LINES_LINE) {
        int step = step_of(line);
        if (step >= 0 && step <= last)
            str_addf(&kept, "%.*s\n", (int)line.len, line.at);
    }
    lines_close(l);
    int result = file_write_atomic(path.at, 0600, str_slice(&kept), err);
    if (result == 0 && !(f->metrics = fopen(path.at, "ae")))
        result = error_errno(err, "cannot open %s", path.at);
    str_free(&path);
    str_free(&kept);
    return result;
}

int run_folder_line(struct run_folder *f, struct slice line, struct error *err)
{
    fwrite(line.at, 1, line.len, f->metrics);
    fputc('\n', f->metrics);
    return fflush(f->metrics) == 0 ? 0 : error_errno(err, "writing %s/metrics.jsonl", f->path);
}

bool run_folder_stop(const struct run_folder *f, bool done)
{
    if (!f->path)
        return false;
    struct str path = path_in(f, "stop");
    bool asked = file_exists(path.at);
    if (asked && done)
        unlink(path.at);
    str_free(&path);
    return asked;
}

void run_folder_close(struct run_folder *f)
{
    if (f->metrics)
        fclose(f->metrics);
    log_close(f->log);
    if (f->made && f->lock >= 0) { /* it never became a run's */
        struct str lock = path_in(f, "lock");
        unlink(lock.at);
        rmdir(f->path);
        str_free(&lock);
    }
    if (f->lock >= 0)
        close(f->lock);
    mem_free(f->path);
    *f = (struct run_folder){.lock = -1};
}
