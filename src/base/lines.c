#include "base/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { CHUNK = 1 << 18 };

struct lines {
    int fd;
    bool ended, dropping;
    size_t max_line;
    struct str buffer; /* unread bytes start at from */
    size_t from;
    size_t scanned; /* bytes after from known to hold no newline */
    uint64_t number, bytes, size;
};

struct lines *lines_open(const char *path, size_t max_line, struct error *err)
{
    int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0) {
        error_errno(err, "cannot open %s", path);
        return NULL;
    }
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        error_set(err, ERR_INPUT, "%s is a folder; name a file", path);
        close(fd);
        return NULL;
    }
    struct lines *l = mem_zalloc(1, sizeof *l);
    l->fd = fd;
    l->max_line = max_line;
    l->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
    return l;
}

void lines_close(struct lines *l)
{
    if (!l)
        return;
    close(l->fd);
    str_free(&l->buffer);
    mem_free(l);
}

/* Reads another chunk behind the unread bytes; false at the end or on failure. */
static bool fill(struct lines *l, struct error *err)
{
    if (l->from > 0) {
        str_splice(&l->buffer, 0, l->from, SLICE(""));
        l->from = 0;
    }
    str_reserve(&l->buffer, CHUNK);
    ssize_t got;
    do
        got = read(l->fd, l->buffer.at + l->buffer.len, CHUNK);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        error_errno(err, "reading");
    if (got <= 0) {
        l->ended = true;
        return false;
    }
    l->buffer.len += (size_t)got;
    l->buffer.at[l->buffer.len] = '\0';
    if (l->bytes == 0 && got >= 3 && memcmp(l->buffer.at, "\xEF\xBB\xBF", 3) == 0)
        l->from = 3;
    l->bytes += (uint64_t)got;
    return true;
}

/* Takes len bytes as a line and steps over them and gap more. */
static enum lines_result take(struct lines *l, size_t len, size_t gap, struct slice *line)
{
    *line = (struct slice){len ? l->buffer.at + l->from : "", len};
    l->from += len + gap;
    l->scanned = 0;
    l->number++;
    bool too_long = l->dropping || len > l->max_line;
    l->dropping = false;
    if (line->len && line->at[line->len - 1] == '\r')
        line->len--;
    return too_long ? LINES_TOO_LONG : LINES_LINE;
}

enum lines_result lines_next(struct lines *l, struct slice *line, struct error *err)
{
    error_clear(err);
    for (;;) {
        size_t unread = l->buffer.len - l->from;
        const char *start = unread ? l->buffer.at + l->from : "";
        const char *nl = unread > l->scanned
                             ? memchr(start + l->scanned, '\n', unread - l->scanned)
                             : NULL;
        if (nl)
            return take(l, (size_t)(nl - start), 1, line);
        l->scanned = unread;
        if (unread > l->max_line) { /* forget what is too long instead of holding it */
            l->dropping = true;
            l->from = l->buffer.len;
            l->scanned = 0;
        }
        if (l->ended || !fill(l, err)) {
            if (err && err->code)
                return LINES_FAILED;
            unread = l->buffer.len - l->from;
            return unread || l->dropping ? take(l, unread, 0, line) : LINES_END;
        }
    }
}

uint64_t lines_number(const struct lines *l)
{
    return l->number;
}

uint64_t lines_bytes(const struct lines *l)
{
    return l->bytes;
}

uint64_t lines_size(const struct lines *l)
{
    return l->size;
}
