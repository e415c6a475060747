#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

struct log {
    int fd;
};

struct log *log_open(const char *path, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        error_errno(err, "cannot open the log %s", path);
        return NULL;
    }
    struct log *log = mem_alloc(sizeof *log);
    log->fd = fd;
    return log;
}

void log_close(struct log *log)
{
    if (!log)
        return;
    close(log->fd);
    mem_free(log);
}

void log_write(struct log *log, enum log_level level, const char *fmt, ...)
{
    static const char *const names[] = {"info", "warning", "error"};
    if (!log)
        return;
    char when[CLOCK_ISO_MAX];
    struct str line = {0};
    str_addf(&line, "%s %s ", clock_iso(clock_now_ms(), when), names[level]);
    size_t start = line.len;
    va_list args;
    va_start(args, fmt);
    str_vaddf(&line, fmt, args);
    va_end(args);
    for (size_t i = start; i < line.len; i++)
        if ((unsigned char)line.at[i] < 0x20 || line.at[i] == 0x7F)
            line.at[i] = '?';
    str_addc(&line, '\n');
    /* One write, so that lines of several processes do not mix; a full disk loses the line. */
    ssize_t written = write(log->fd, line.at, line.len);
    (void)written;
    str_free(&line);
}
