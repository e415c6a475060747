/* An experiment as a process of its own, for views: it outlives the terminal, and its log tells what it does. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/doctor.h"
#include "app/experiment_parts.h"
#include "base/file.h"

enum { ARGUMENTS = 16, OTHER_FDS = 1024 };

struct command { /* made before the fork; the child calls nothing that allocates */
    const char *argv[ARGUMENTS];
    int count;
};

static void add(struct command *c, const char *option, const char *value)
{
    if (!value)
        return;
    if (option)
        c->argv[c->count++] = option;
    c->argv[c->count++] = value;
}

static void become(const struct command *c, const char *log)
{
    static const int usual[] = {SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU, SIGCHLD, SIGWINCH};
    sigset_t none;
    int null = open("/dev/null", O_RDONLY), out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        signal(usual[i], SIG_DFL);
    signal(SIGHUP, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (null < 0 || out < 0)
        _exit(127);
    dup2(null, 0);
    dup2(out, 1);
    dup2(out, 2);
    for (int fd = 3; fd < OTHER_FDS; fd++)
        close(fd);
    execv(c->argv[0], (char *const *)c->argv);
    _exit(127);
}

/* Forked twice, so that it is nobody's child. */
static int start(const struct command *c, const char *log, struct error *err)
{
    pid_t between = fork();
    int status = 0;
    if (between == 0) {
        setsid();
        pid_t worker = fork();
        if (worker == 0)
            become(c, log);
        _exit(worker < 0 ? 1 : 0);
    }
    while (between > 0 && waitpid(between, &status, 0) < 0 && errno == EINTR)
        continue;
    return between > 0 && status == 0 ? 0 : error_errno(err, "cannot start the experiment");
}

/* Nobody works there now. */
static int is_free(const char *folder, struct error *err)
{
    struct str path = {0};
    str_addf(&path, "%s/lock", folder);
    int fd = open(path.at, O_RDWR | O_CREAT | O_CLOEXEC, 0600), result = fd < 0 ? -1 : flock(fd, LOCK_EX | LOCK_NB);
    if (result != 0)
        error_set(err, ERR_CONFLICT, "an experiment is at work in %.200s already", folder);
    if (fd >= 0)
        close(fd);
    str_free(&path);
    return result == 0 ? 0 : -1;
}

int experiment_start(const struct experiment_request *q, struct str *folder, struct error *err)
{
    struct str hinge = {0}, log = {0};
    struct command c = {.count = 0};
    char seeds[24], *real = NULL;
    str_clear(folder);
    str_addf(folder, q->out ? "%s" : "scribe-%s", q->out ? q->out : q->size ? q->size : experiment_sizes()[0].name);
    int result = file_make_dir(folder->at, err);
    if (result == 0 && !(real = realpath(folder->at, NULL)))
        result = error_errno(err, "cannot find %.200s", folder->at);
    if (result == 0 && !program_find(&hinge, "hinge"))
        result = error_set(err, ERR_ABSENT, "hinge was not found beside itself or in PATH");
    if (result == 0)
        result = is_free(real, err);
    if (result == 0) {
        str_clear(folder);
        str_adds(folder, real);
        str_addf(&log, "%s/log.txt", real);
        snprintf(seeds, sizeof seeds, "%d", q->seeds);
        add(&c, NULL, hinge.at);
        add(&c, NULL, "experiment");
        add(&c, NULL, q->name);
        add(&c, "--out", real);
        add(&c, "--size", q->size);
        add(&c, "--model", q->model);
        add(&c, "--device", q->device);
        add(&c, "--endpoint", q->endpoint);
        add(&c, "--seeds", q->seeds ? seeds : NULL);
        result = start(&c, log.at, err);
    }
    free(real);
    str_free(&hinge);
    str_free(&log);
    return result;
}
