/* Starting a worker: a process of its own that has nothing to do with the terminal any more. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "jobs/jobs.h"
#include "jobs/lock.h"
#include "jobs/report.h"

enum { REPORT_WAIT_MS = 30000, OTHER_FDS = 1024 };

struct launch { /* all that the child needs, made before the fork */
    char *const *argv;
    const char *log;
    int pipe[2];
};

static void report_errno(int fd, const char *what, const char *name)
{
    struct error err = {0};
    error_errno(&err, "cannot %s %s", what, name);
    report_refused(fd, &err);
    _exit(127);
}

static void open_streams(const struct launch *l)
{
    int null = open("/dev/null", O_RDONLY), log = open(l->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (null < 0 || log < 0)
        report_errno(l->pipe[1], "open", null < 0 ? "/dev/null" : l->log);
    int report = fcntl(l->pipe[1], F_DUPFD, REPORT_FD + 1); /* out of the way of the four that follow */
    dup2(null, 0);
    dup2(log, 1);
    dup2(log, 2);
    dup2(report, REPORT_FD);
    for (int fd = REPORT_FD + 1; fd < OTHER_FDS; fd++)
        close(fd); /* a lock or pipe of whoever started this must not live as long as the job */
}

/* What was ignored, caught or blocked by the workbench is not by the worker; a hang-up is not its concern. */
static void settle_signals(void)
{
    static const int usual[] = {SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU, SIGCHLD, SIGWINCH};
    sigset_t none;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        signal(usual[i], SIG_DFL);
    signal(SIGHUP, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void become_worker(const struct launch *l)
{
    settle_signals();
    umask(077);
    open_streams(l);
    setenv(REPORT_VARIABLE, "1", 1);
    execvp(l->argv[0], l->argv);
    report_errno(REPORT_FD, "run", l->argv[0]);
}

/* Forked twice: the worker is nobody's child, and leads no session that could get a terminal. */
static void fork_away(const struct launch *l)
{
    setsid();
    pid_t worker = fork();
    if (worker == 0)
        become_worker(l);
    _exit(worker < 0 ? 1 : 0);
}

static int start(const struct launch *l, struct error *err)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        fork_away(l);
    if (child < 0)
        return error_errno(err, "cannot start a process");
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status == 0 ? 0 : error_set(err, ERR_IO, "cannot start a process");
}

static bool readable(int fd, int64_t until)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int64_t left;
    int got;
    do {
        left = until - clock_mono_ms();
        got = poll(&p, 1, left > 0 ? (int)left : 0);
    } while (got < 0 && errno == EINTR);
    return got > 0;
}

/* All that the worker says before it closes its end. */
static void listen(int fd, struct str *said)
{
    int64_t until = clock_mono_ms() + REPORT_WAIT_MS;
    char bytes[512];
    while (readable(fd, until)) {
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        str_add(said, bytes, (size_t)n);
    }
}

static int launch(struct launch *l, struct error *err)
{
    struct str said = {0};
    if (pipe(l->pipe) != 0)
        return error_errno(err, "cannot make a pipe");
    fcntl(l->pipe[0], F_SETFD, FD_CLOEXEC);
    int result = start(l, err);
    close(l->pipe[1]);
    if (result == 0) {
        listen(l->pipe[0], &said);
        result = report_read(str_slice(&said), l->log, err);
    }
    close(l->pipe[0]);
    str_free(&said);
    return result;
}

int jobs_detach(char *const argv[], const char *log, struct error *err)
{
    return launch(&(struct launch){.argv = argv, .log = log}, err);
}

int jobs_launch(const char *program, const char *project, int64_t id, struct error *err)
{
    struct str log = {0};
    char number[24], *name = mem_strdup(program), *path = mem_strdup(project);
    snprintf(number, sizeof number, "%lld", (long long)id);
    char *argv[] = {name, (char[]){"work"}, path, number, NULL};
    int result = jobs_log_path(project, id, &log, err);
    if (result == 0)
        result = jobs_detach(argv, str_z(&log), err);
    mem_free(name);
    mem_free(path);
    str_free(&log);
    return result;
}
