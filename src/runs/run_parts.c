#include "runs/run_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

enum { LOCK_TRIES = 50, LOCK_STEP_MS = 10, END_BYTES = 4096 };

static int open_in(const char *folder, const char *name, int flags)
{
    struct str path = {0};
    str_addf(&path, "%s/%s", folder, name);
    int fd = open(path.at, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    str_free(&path);
    return fd;
}

bool run_held(const char *folder, const char *name)
{
    int fd = open_in(folder, name, O_RDONLY | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return held;
}

/* --- the keeper --- */

/* run_held takes the lock for a moment too: tried again before another keeper is believed in. */
static int try_lock(int fd)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return 1;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return -1;
        nanosleep(&(struct timespec){.tv_nsec = LOCK_STEP_MS * 1000000L}, NULL);
    }
    return 0;
}

int run_keeper_take(const char *folder, int *fd, struct error *err)
{
    *fd = open_in(folder, "keeper", O_RDWR | O_CREAT);
    int got = *fd < 0 ? -1 : try_lock(*fd);
    if (got < 0)
        error_errno(err, "cannot lock %s/keeper", folder);
    if (got <= 0 && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    return got;
}

/* The same length each time, and so the same block: a full disk does not change what can be told. */
void run_keeper_stage(int fd, const char *stage)
{
    char text[RUN_STAGE_MAX];
    int len = snprintf(text, sizeof text, "%s\n", stage);
    if (len < 0 || len >= (int)sizeof text)
        len = (int)sizeof text - 1;
    memset(text + len, ' ', sizeof text - (size_t)len);
    ssize_t ignored = pwrite(fd, text, sizeof text, 0);
    (void)ignored;
}

bool run_keeper_read(const char *folder, char out[RUN_STAGE_MAX])
{
    out[0] = '\0';
    if (!run_held(folder, "keeper"))
        return false;
    int fd = open_in(folder, "keeper", O_RDONLY | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : pread(fd, out, RUN_STAGE_MAX - 1, 0);
    if (fd >= 0)
        close(fd);
    out[n > 0 ? n : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    return true;
}

/* --- the end --- */

int run_end_write(const char *folder, const struct run_end *end, struct error *err)
{
    struct str text = {0};
    struct json *j = json_new_object();
    json_set_int(j, "started", end->started);
    if (end->ended) {
        json_set_int(j, "ended", end->ended);
        json_set_int(j, "exit", end->exit);
        json_set_int(j, "signal", end->signal);
        json_set(j, "said", json_new_string(end->said));
    }
    json_print(&text, j);
    json_free(j);
    while (text.len < END_BYTES - 1)
        str_addc(&text, ' ');
    str_addc(&text, '\n');
    int fd = open_in(folder, "end.json", O_WRONLY | O_CREAT), result = 0;
    if (fd < 0 || pwrite(fd, text.at, text.len, 0) != (ssize_t)text.len)
        result = error_errno(err, "cannot write %s/end.json", folder);
    if (fd >= 0)
        close(fd);
    str_free(&text);
    return result;
}

int run_end_begin(const char *folder, struct error *err)
{
    return run_end_write(folder, &(struct run_end){.started = clock_now_ms()}, err);
}

bool run_end_read(const char *folder, struct run_end *out)
{
    struct str path = {0}, text = {0};
    *out = (struct run_end){0};
    str_addf(&path, "%s/end.json", folder);
    bool there = file_exists(path.at) && file_read(path.at, 1 << 16, &text, NULL) == 0;
    struct json *j = there ? json_parse(slice_trim(str_slice(&text)), NULL, NULL) : NULL;
    if (j) {
        out->started = (int64_t)json_number(json_get(j, "started"), 0);
        out->ended = (int64_t)json_number(json_get(j, "ended"), 0);
        out->exit = (int)json_number(json_get(j, "exit"), 0);
        out->signal = (int)json_number(json_get(j, "signal"), 0);
        snprintf(out->said, sizeof out->said, "%s", json_string(json_get(j, "said"), ""));
    }
    json_free(j);
    str_free(&path);
    str_free(&text);
    return j != NULL;
}

/* --- stopping --- */

int run_stop_ask(const char *folder, struct error *err)
{
    int fd = open_in(folder, "stop", O_WRONLY | O_CREAT);
    if (fd < 0)
        return error_errno(err, "cannot write %s/stop", folder);
    close(fd);
    return 0;
}

static struct str stop_path(const char *folder)
{
    struct str path = {0};
    str_addf(&path, "%s/stop", folder);
    return path;
}

bool run_stop_asked(const char *folder)
{
    struct str path = stop_path(folder);
    bool asked = file_exists(path.at);
    str_free(&path);
    return asked;
}

void run_stop_clear(const char *folder)
{
    struct str path = stop_path(folder);
    unlink(path.at);
    str_free(&path);
}

/* --- files --- */

static int read_from(int fd, off_t from, struct str *out)
{
    char bytes[1 << 14];
    ssize_t n;
    while ((n = pread(fd, bytes, sizeof bytes, from)) > 0) {
        str_add(out, bytes, (size_t)n);
        from += n;
    }
    return n < 0 ? -1 : 0;
}

int run_tail(const char *path, size_t max, struct str *out, struct error *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? 0 : error_errno(err, "cannot open %s", path);
    size_t start = out->len;
    off_t from = fstat(fd, &st) == 0 && st.st_size > (off_t)max ? st.st_size - (off_t)max : 0;
    int result = S_ISREG(st.st_mode) ? read_from(fd, from, out) : 0;
    if (result != 0)
        error_errno(err, "reading %s", path);
    close(fd);
    if (from > 0 && out->len > start) {
        const char *line = memchr(out->at + start, '\n', out->len - start);
        str_splice(out, start, line ? (size_t)(line - out->at) + 1 : out->len, (struct slice){"", 0});
    }
    return result;
}

void run_uuid(char out[37])
{
    unsigned char b[16];
    if (getentropy(b, sizeof b) != 0) { /* no system that builds this is without; still not a constant */
        for (size_t i = 0; i < sizeof b; i++)
            b[i] = (unsigned char)(((uint64_t)clock_now_ms() * 2654435761u + (uint64_t)getpid()) >> i);
    }
    b[6] = (unsigned char)((b[6] & 0x0F) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3F) | 0x80);
    size_t at = 0;
    for (size_t i = 0; i < sizeof b; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        at += (size_t)snprintf(out + at, 3, "%02x", b[i]);
    }
}
