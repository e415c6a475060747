#include "runs/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

enum { LINE_MAX_BYTES = 1 << 14, IDLE_MS = 300 };

/* --- starting --- */

struct ends { /* 0: the parent's or the child's to read, 1: to write */
    int in[2], out[2], err[2];
};

static void close_two(const int p[2])
{
    for (int i = 0; i < 2; i++) {
        if (p[i] >= 0)
            close(p[i]);
    }
}

static int open_ends(struct ends *e, bool input, bool output, struct error *err)
{
    *e = (struct ends){{-1, -1}, {-1, -1}, {-1, -1}};
    if ((input && pipe(e->in) != 0) || (output && pipe(e->out) != 0) || pipe(e->err) != 0) {
        close_two(e->in);
        close_two(e->out);
        return error_errno(err, "cannot make a pipe");
    }
    int all[] = {e->in[0], e->in[1], e->out[0], e->out[1], e->err[0], e->err[1]};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i] >= 0)
            fcntl(all[i], F_SETFD, FD_CLOEXEC);
    }
    return 0;
}

/* In the child: nothing but what may be called between fork and exec. */
static void become(const struct spawn *s, const struct ends *e)
{
    static const char failed[] = " cannot be run: ";
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(e->in[0] >= 0 ? e->in[0] : null, 0);
    dup2(e->out[1] >= 0 ? e->out[1] : null, 1);
    dup2(e->err[1], 2);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    if (!s->folder || chdir(s->folder) == 0)
        execvp(s->argv[0], (char *const *)(uintptr_t)s->argv);
    const char *const words[] = {s->argv[0], failed, strerror(errno)};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (write(2, words[i], strlen(words[i])) < 0)
            break;
    }
    _exit(127);
}

static int keep(int fd)
{
    if (fd >= 0)
        fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

int spawn_start(const struct spawn *s, bool wants_input, struct spawn_child *out, struct error *err)
{
    struct ends e;
    *out = (struct spawn_child){-1, -1, -1, -1};
    if (open_ends(&e, wants_input, !s->quiet, err) != 0)
        return -1;
    out->pid = fork();
    if (out->pid == 0)
        become(s, &e);
    int theirs[] = {e.in[0], e.out[1], e.err[1]};
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) {
        if (theirs[i] >= 0)
            close(theirs[i]);
    }
    out->in = keep(e.in[1]);
    out->out = keep(e.out[0]);
    out->err = keep(e.err[0]);
    if (out->pid > 0)
        return 0;
    error_errno(err, "cannot start a process");
    close_two((int[]){out->in, out->out});
    close(out->err);
    return -1;
}

void spawn_wait(struct spawn_child *c, struct spawn_end *end)
{
    int status = 0, all[] = {c->in, c->out, c->err};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i] >= 0)
            close(all[i]);
    }
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    *end = (struct spawn_end){WIFEXITED(status) ? WEXITSTATUS(status) : 0, WIFSIGNALED(status) ? WTERMSIG(status) : 0};
    *c = (struct spawn_child){-1, -1, -1, -1};
}

/* --- listening --- */

struct talk {
    struct spawn_child child;
    struct slice input;
    struct str *out, line;
    size_t max, start;
    spawn_said_fn *said;
    void *context;
    void (*idle)(void *context);
    void *idle_context;
    bool over;
};

static void close_end(int *fd)
{
    close(*fd);
    *fd = -1;
}

static void tell_lines(struct talk *t, bool all)
{
    size_t from = 0;
    for (size_t i = 0; i < t->line.len; i++) {
        if (t->line.at[i] != '\n')
            continue;
        if (t->said && i > from)
            t->said(t->context, slice_sub(str_slice(&t->line), from, i));
        from = i + 1;
    }
    if ((all || t->line.len - from > LINE_MAX_BYTES) && t->line.len > from) {
        if (t->said)
            t->said(t->context, slice_sub(str_slice(&t->line), from, t->line.len));
        from = t->line.len;
    }
    str_splice(&t->line, 0, from, (struct slice){"", 0});
}

/* Reads what there is; closes the end where it ended. */
static void take(int *fd, struct str *to)
{
    char bytes[1 << 14];
    ssize_t n = read(*fd, bytes, sizeof bytes);
    if (n > 0)
        str_add(to, bytes, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        close_end(fd);
}

static void give(struct talk *t)
{
    ssize_t n = write(t->child.in, t->input.at, t->input.len);
    if (n > 0)
        t->input = slice_sub(t->input, (size_t)n, t->input.len);
    if ((n < 0 && errno != EAGAIN && errno != EINTR) || t->input.len == 0)
        close_end(&t->child.in);
}

static void turn(struct talk *t)
{
    struct str dropped = {0};
    struct pollfd p[3] = {{.fd = t->child.in, .events = POLLOUT},
                          {.fd = t->child.out, .events = POLLIN},
                          {.fd = t->child.err, .events = POLLIN}};
    int ready = poll(p, 3, t->idle ? IDLE_MS : -1);
    if (t->idle)
        t->idle(t->idle_context);
    if (ready <= 0)
        return;
    if (p[0].revents)
        give(t);
    if (p[1].revents)
        take(&t->child.out, t->out ? t->out : &dropped);
    if (p[2].revents) {
        take(&t->child.err, &t->line);
        tell_lines(t, t->child.err < 0);
    }
    if (t->out && t->out->len - t->start > t->max && !t->over) {
        t->over = true;
        kill(t->child.pid, SIGKILL);
        if (t->child.out >= 0)
            close_end(&t->child.out);
    }
    str_free(&dropped);
}

int spawn_run(const struct spawn *s, struct str *out, size_t max, spawn_said_fn *said, void *context, struct spawn_end *end,
              struct error *err)
{
    struct talk t = {.input = s->input, .out = out, .max = max, .start = out ? out->len : 0, .said = said, .context = context,
                     .idle = s->idle, .idle_context = s->idle_context};
    void (*was)(int) = signal(SIGPIPE, SIG_IGN);
    int result = spawn_start(s, s->input.len > 0, &t.child, err);
    if (result == 0) {
        while (t.child.out >= 0 || t.child.err >= 0)
            turn(&t);
        spawn_wait(&t.child, end);
    }
    signal(SIGPIPE, was);
    str_free(&t.line);
    if (t.over)
        result = error_set(err, ERR_LIMIT, "%s says more than %zu bytes", s->argv[0], max);
    return result;
}

static void keep_last(void *context, struct slice line)
{
    struct str *last = context;
    str_clear(last);
    str_add_slice(last, line);
}

int spawn_ask(const struct spawn *s, const char *what, struct str *out, size_t max, struct error *err)
{
    struct str last = {0};
    struct spawn_end end = {0};
    int result = spawn_run(s, out, max, keep_last, &last, &end, err);
    if (result == 0 && end.signal)
        result = error_set(err, ERR_IO, "%s ended by signal %d", what, end.signal);
    else if (result == 0 && end.exit)
        result = last.len ? error_set(err, ERR_INPUT, "%s", last.at)
                          : error_set(err, ERR_IO, "%s ended with status %d", what, end.exit);
    str_free(&last);
    return result;
}
