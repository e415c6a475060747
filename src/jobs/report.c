#include "jobs/report.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "taken", or "refused CODE TEXT". */
static const char taken[] = "taken", refused[] = "refused ";

int report_open(void)
{
    struct stat st;
    if (!getenv(REPORT_VARIABLE) || fstat(REPORT_FD, &st) != 0 || !S_ISFIFO(st.st_mode))
        return -1;
    unsetenv(REPORT_VARIABLE); /* what the worker starts has no such pipe */
    fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC);
    return REPORT_FD;
}

/* A launcher that is gone does not matter; SIGPIPE would, and is ignored by the worker. */
static void say(int fd, const char *text)
{
    if (fd < 0)
        return;
    ssize_t ignored = write(fd, text, strlen(text));
    (void)ignored;
    close(fd);
}

void report_taken(int fd)
{
    say(fd, taken);
}

void report_refused(int fd, const struct error *why)
{
    char text[ERROR_TEXT_MAX + 32];
    snprintf(text, sizeof text, "%s%d %s", refused, (int)why->code, why->text);
    say(fd, text);
}

int report_read(struct slice said, const char *log, struct error *err)
{
    if (slice_is(said, taken))
        return 0;
    if (!slice_starts(said, refused))
        return error_set(err, ERR_IO, "the process ended before it took its work; see %s", log);
    struct str text = {0};
    char *rest;
    str_add_slice(&text, slice_sub(said, strlen(refused), said.len));
    long code = strtol(str_z(&text), &rest, 10);
    error_set(err, code > ERR_NONE && code <= ERR_INTERNAL ? (enum error_code)code : ERR_IO, "%s",
              *rest == ' ' ? rest + 1 : rest);
    str_free(&text);
    return -1;
}
