#include "pipeline/programs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "pipeline/program_spawn.h"

enum { CHUNK = 64 * 1024, REAP_MS = 5, LOOK_MS = 100 };

/* Invariant: from..to are the ends of pipes that are open, -1 when closed; pid > 0 exactly while it may run. */
struct running {
    struct program_child child;
    void *owner;
    char **argv;
    double seconds;
    int64_t memory;
    struct str input, output, said;
    size_t written;
    int64_t ends; /* monotonic ms when its time is over */
    struct error fault;
    bool started, over;
};

struct programs {
    struct running **items; /* in order of programs_start */
    size_t count, cap, at_once;
    struct sigaction old_pipe;
};

struct programs *programs_open(size_t at_once)
{
    struct programs *p = mem_zalloc(1, sizeof *p);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    p->at_once = at_once ? at_once : processors > 0 ? (size_t)processors : 1;
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGPIPE, &ignore, &p->old_pipe);
    return p;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void free_running(struct running *r)
{
    if (r->child.pid > 0) {
        kill(-r->child.pid, SIGKILL);
        while (waitpid(r->child.pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    close_fd(&r->child.in);
    close_fd(&r->child.out);
    close_fd(&r->child.err);
    for (char **a = r->argv; a && *a; a++)
        mem_free(*a);
    mem_free(r->argv);
    str_free(&r->input);
    str_free(&r->output);
    str_free(&r->said);
    mem_free(r);
}

void programs_forget(struct programs *p, void (*gone)(void *owner))
{
    for (size_t i = 0; i < p->count; i++) {
        gone(p->items[i]->owner);
        free_running(p->items[i]);
    }
    p->count = 0;
}

void programs_close(struct programs *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->count; i++)
        free_running(p->items[i]);
    mem_free(p->items);
    sigaction(SIGPIPE, &p->old_pipe, NULL);
    mem_free(p);
}

static char **copy_argv(const char *const *argv)
{
    size_t n = 0;
    while (argv[n])
        n++;
    char **copy = mem_zalloc(n + 1, sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = mem_strdup(argv[i]);
    return copy;
}

void programs_start(struct programs *p, const struct program *what, struct slice input, void *owner)
{
    struct running *r = mem_zalloc(1, sizeof *r);
    *r = (struct running){.child = {.in = -1, .out = -1, .err = -1},
                          .owner = owner,
                          .argv = copy_argv(what->argv),
                          .seconds = what->seconds > 0 ? what->seconds : 60,
                          .memory = what->memory};
    str_add_slice(&r->input, input);
    p->items = array_reserve(p->items, &p->cap, p->count + 1, sizeof(struct running *));
    p->items[p->count++] = r;
}

/* Ends the group: nothing of it runs on, and its status is taken. */
static void stop(struct running *r)
{
    int status = 0;
    if (r->child.pid <= 0)
        return;
    kill(-r->child.pid, SIGKILL);
    while (waitpid(r->child.pid, &status, 0) < 0 && errno == EINTR)
        ;
    r->child.pid = 0;
}

static void give_up(struct running *r, enum error_code code, const char *why)
{
    if (r->fault.code == ERR_NONE)
        error_set(&r->fault, code, "program %s %s", r->argv[0], why);
    stop(r);
}

static void write_input(struct running *r)
{
    while (r->child.in >= 0 && r->written < r->input.len) {
        ssize_t n = write(r->child.in, r->input.at + r->written, r->input.len - r->written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0)
            break; /* it does not read its input: its own choice */
        r->written += (size_t)n;
    }
    close_fd(&r->child.in);
}

/* Reads what is there into out, keeping at most max bytes; closes at the end. False when there was more. */
static bool drain(int *fd, struct str *out, size_t max)
{
    char chunk[CHUNK];
    while (*fd >= 0) {
        ssize_t n = read(*fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return true;
        if (n <= 0) {
            close_fd(fd);
            return true;
        }
        size_t room = max > out->len ? max - out->len : 0;
        str_add(out, chunk, (size_t)n < room ? (size_t)n : room);
        if ((size_t)n > room)
            return false;
    }
    return true;
}

static void judge_status(struct running *r, int status)
{
    if (r->fault.code != ERR_NONE)
        return;
    if (WIFSIGNALED(status))
        error_set(&r->fault, ERR_INPUT, "program %s was ended by signal %d (%s)", r->argv[0], WTERMSIG(status),
                  strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == PROGRAM_NOT_RUN)
        error_set(&r->fault, ERR_ABSENT, "program %s could not be run: is it there and executable?", r->argv[0]);
    else if (WEXITSTATUS(status) != 0)
        error_set(&r->fault, ERR_INPUT, "program %s ended with status %d", r->argv[0], WEXITSTATUS(status));
}

static void read_output(struct running *r)
{
    if (!drain(&r->child.out, &r->output, PROGRAM_OUTPUT_MAX))
        give_up(r, ERR_LIMIT, "printed more than 1 MiB");
    (void)drain(&r->child.err, &r->said, PROGRAM_SAID_MAX); /* the rest is read so that the program goes on */
}

/* Looks whether it has ended, and ends what its group left running. */
static void reap(struct running *r)
{
    int status = 0;
    if (r->child.pid <= 0 || waitpid(r->child.pid, &status, WNOHANG) != r->child.pid)
        return;
    kill(-r->child.pid, SIGKILL);
    r->child.pid = 0;
    judge_status(r, status);
    read_output(r);
}

static void step_one(struct running *r)
{
    write_input(r);
    read_output(r);
    reap(r);
    if (r->child.pid > 0 && clock_mono_ms() >= r->ends) {
        struct error why = {0};
        error_set(&why, ERR_LIMIT, "took longer than its %.3g s", r->seconds);
        give_up(r, ERR_LIMIT, why.text);
    }
    r->over = r->child.pid <= 0;
}

static void begin_one(struct running *r)
{
    struct program_spawn what = {.argv = r->argv, .seconds = r->seconds, .memory = r->memory};
    r->started = true;
    r->ends = clock_mono_ms() + (int64_t)(r->seconds * 1000);
    if (program_spawn(&what, &r->child, &r->fault) != 0)
        r->over = true;
}

void programs_step(struct programs *p)
{
    size_t busy = 0;
    for (size_t i = 0; i < p->count; i++) {
        struct running *r = p->items[i];
        if (!r->started && busy < p->at_once)
            begin_one(r);
        if (r->started && !r->over)
            step_one(r);
        busy += r->started && !r->over;
    }
}

size_t programs_fds_max(const struct programs *p)
{
    return 3 * p->at_once;
}

static size_t add_fd(struct pollfd *fds, size_t n, int fd, short events)
{
    if (fd < 0)
        return n;
    fds[n] = (struct pollfd){.fd = fd, .events = events};
    return n + 1;
}

size_t programs_fds(const struct programs *p, struct pollfd *fds)
{
    size_t n = 0;
    for (size_t i = 0; i < p->count; i++) {
        const struct running *r = p->items[i];
        if (!r->started || r->over)
            continue;
        n = add_fd(fds, n, r->child.in, POLLOUT);
        n = add_fd(fds, n, r->child.out, POLLIN);
        n = add_fd(fds, n, r->child.err, POLLIN);
    }
    return n;
}

int programs_timeout(const struct programs *p)
{
    int timeout = -1;
    size_t busy = 0;
    for (size_t i = 0; i < p->count; i++) {
        const struct running *r = p->items[i];
        bool runs = r->started && !r->over;
        busy += runs;
        if (r->over || (!r->started && busy < p->at_once))
            return 0;
        if (!runs)
            continue;
        /* The end of a leader whose output is closed, or held open by its children, is told by looking alone. */
        int look = r->child.out < 0 ? REAP_MS : LOOK_MS;
        timeout = timeout < 0 || look < timeout ? look : timeout;
    }
    return timeout;
}

/* What was said, as one line without controls. */
static void clean_said(struct str *out, const struct str *said)
{
    struct str text = {0};
    utf8_repair(&text, str_slice(said));
    for (size_t i = 0; i < text.len; i++) {
        bool control = (unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f;
        str_addc(out, control ? ' ' : text.at[i]);
    }
    str_free(&text);
}

bool programs_next(struct programs *p, struct program_end *out)
{
    for (size_t i = 0; i < p->count; i++) {
        struct running *r = p->items[i];
        if (!r->over)
            continue;
        *out = (struct program_end){.owner = r->owner, .fine = r->fault.code == ERR_NONE, .error = r->fault};
        str_add_slice(&out->output, str_slice(&r->output));
        clean_said(&out->said, &r->said);
        free_running(r);
        memmove(p->items + i, p->items + i + 1, (--p->count - i) * sizeof(struct running *));
        return true;
    }
    return false;
}

size_t programs_running(const struct programs *p)
{
    return p->count;
}

void program_end_free(struct program_end *e)
{
    str_free(&e->output);
    str_free(&e->said);
}
