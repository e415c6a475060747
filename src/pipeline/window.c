#include "pipeline/window.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { CHUNK = 1 << 18 };

struct window {
    int fd; /* -1: all bytes are there */
    bool ended;
    struct str buffer;
    size_t from; /* the rest starts here */
    uint64_t line, skipped, size;
};

struct window *window_open(const char *path, struct error *err)
{
    int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        error_errno(err, "cannot open %s", path);
        return NULL;
    }
    if (S_ISDIR(st.st_mode)) {
        error_set(err, ERR_INPUT, "%s is a folder; name a file", path);
        close(fd);
        return NULL;
    }
    struct window *w = mem_zalloc(1, sizeof *w);
    w->fd = fd;
    w->line = 1;
    w->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
    return w;
}

struct window *window_of(struct slice bytes)
{
    struct window *w = mem_zalloc(1, sizeof *w);
    w->fd = -1;
    w->ended = true;
    w->line = 1;
    w->size = bytes.len;
    str_add_slice(&w->buffer, bytes);
    return w;
}

void window_close(struct window *w)
{
    if (!w)
        return;
    if (w->fd >= 0)
        close(w->fd);
    str_free(&w->buffer);
    mem_free(w);
}

struct slice window_rest(const struct window *w)
{
    return slice_sub(str_slice(&w->buffer), w->from, w->buffer.len);
}

bool window_more(struct window *w, struct error *err)
{
    if (w->ended)
        return false;
    str_splice(&w->buffer, 0, w->from, SLICE(""));
    w->from = 0;
    size_t want = w->buffer.len > CHUNK ? w->buffer.len : CHUNK;
    str_reserve(&w->buffer, want);
    ssize_t got;
    do
        got = read(w->fd, w->buffer.at + w->buffer.len, want);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        error_errno(err, "reading");
    w->ended = got <= 0;
    if (got > 0)
        w->buffer.len += (size_t)got;
    w->buffer.at[w->buffer.len] = '\0';
    return !w->ended;
}

void window_skip(struct window *w, size_t len)
{
    struct slice rest = slice_sub(window_rest(w), 0, len);
    for (const char *at = rest.at, *end = at + rest.len;
         at < end && (at = memchr(at, '\n', (size_t)(end - at))); at++)
        w->line++;
    w->from += rest.len;
    w->skipped += rest.len;
}

uint64_t window_line(const struct window *w)
{
    return w->line;
}

uint64_t window_bytes(const struct window *w)
{
    return w->skipped;
}

uint64_t window_size(const struct window *w)
{
    return w->size;
}
