#include "pipeline/program_spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/share.h"
#include "base/str.h"

enum { ENV_MAX = 16, FDS_MAX = 4096 };

/* All that a program gets to see of our environment. */
static const char *const env_names[] = {"PATH", "HOME",   "USER",   "LOGNAME", "LANG",
                                        "TZ",   "LC_ALL", "TMPDIR", "LC_CTYPE"};

struct child_side {
    const char *path;
    char *const *argv;
    char *env[ENV_MAX];
    int in, out, err, last_fd;
    rlim_t memory, seconds;
};

static void make_env(char *env[ENV_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < sizeof env_names / sizeof *env_names; i++) {
        const char *value = getenv(env_names[i]);
        struct str entry = {0};
        if (!value)
            continue;
        str_addf(&entry, "%s=%s", env_names[i], value);
        env[n++] = str_take(&entry);
    }
    env[n] = NULL;
}

/* The running hinge itself, wherever it was built or installed: graders of its own (hinge experiment grade) need no PATH. */
static bool find_self(const char *name, struct str *path)
{
    bool found = strcmp(name, "hinge") == 0 && share_program_folder(path);
    if (found)
        str_addf(path, "/%s", name);
    return found && access(path->at, X_OK) == 0;
}

/* Appends the path of a program: as it is with a slash in it, else this hinge, else the first executable of PATH. */
static int find_program(const char *name, struct str *path, struct error *err)
{
    const char *rest = getenv("PATH");
    if (strchr(name, '/')) {
        str_adds(path, name);
        if (access(name, X_OK) == 0)
            return 0;
        return error_errno(err, "program %s cannot be run", name);
    }
    if (find_self(name, path))
        return 0;
    while (rest && *rest) {
        size_t len = strcspn(rest, ":");
        str_clear(path);
        str_add(path, rest, len);
        str_addf(path, "/%s", name);
        if (len && access(path->at, X_OK) == 0)
            return 0;
        rest += len + (rest[len] == ':');
    }
    return error_set(err, ERR_ABSENT, "program %s is not in $PATH", name);
}

static void limit(int what, rlim_t value)
{
    struct rlimit r = {value, value};
    setrlimit(what, &r);
}

/* Between fork and exec: async-signal-safe calls alone. */
static void become(const struct child_side *c)
{
    sigset_t none;
    setpgid(0, 0);
    sigemptyset(&none);
    for (int s = 1; s < 32; s++)
        signal(s, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(c->in, 0) < 0 || dup2(c->out, 1) < 0 || dup2(c->err, 2) < 0)
        _exit(PROGRAM_NOT_RUN);
    for (int fd = 3; fd < c->last_fd; fd++)
        close(fd);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, c->seconds);
    if (c->memory)
        limit(RLIMIT_AS, c->memory);
    execve(c->path, c->argv, c->env);
    _exit(PROGRAM_NOT_RUN);
}

/* A pipe whose ends no program started elsewhere inherits; none of its descriptors is 0, 1 or 2. */
static int make_pipe(int ends[2])
{
    if (pipe(ends) != 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        if (ends[i] < 3) {
            int up = fcntl(ends[i], F_DUPFD, 3);
            close(ends[i]);
            ends[i] = up;
        }
        if (ends[i] < 0 || fcntl(ends[i], F_SETFD, FD_CLOEXEC) != 0)
            return -1;
    }
    return 0;
}

static void close_pipes(int pipes[3][2])
{
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 2; j++)
            if (pipes[i][j] >= 0)
                close(pipes[i][j]);
}

static int no_blocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static int start(struct child_side *side, struct program_child *child, struct error *err)
{
    int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    if (make_pipe(pipes[0]) != 0 || make_pipe(pipes[1]) != 0 || make_pipe(pipes[2]) != 0 ||
        no_blocking(pipes[0][1]) != 0 || no_blocking(pipes[1][0]) != 0 || no_blocking(pipes[2][0]) != 0) {
        error_errno(err, "program %s: no pipe could be made", side->argv[0]);
        close_pipes(pipes);
        return -1;
    }
    side->in = pipes[0][0];
    side->out = pipes[1][1];
    side->err = pipes[2][1];
    pid_t pid = fork();
    if (pid == 0)
        become(side);
    if (pid < 0) {
        error_errno(err, "program %s: no process could be made", side->argv[0]);
        close_pipes(pipes);
        return -1;
    }
    setpgid(pid, pid); /* whoever comes first: it must be its own group before it is killed */
    close(side->in);
    close(side->out);
    close(side->err);
    *child = (struct program_child){pid, pipes[0][1], pipes[1][0], pipes[2][0]};
    return 0;
}

int program_spawn(const struct program_spawn *what, struct program_child *child, struct error *err)
{
    struct str path = {0};
    long fds = sysconf(_SC_OPEN_MAX);
    struct child_side side = {.argv = what->argv,
                              .last_fd = fds > 0 && fds < FDS_MAX ? (int)fds : FDS_MAX,
                              .memory = (rlim_t)what->memory,
                              .seconds = (rlim_t)what->seconds + 2};
    if (find_program(what->argv[0], &path, err) != 0) {
        str_free(&path);
        return -1;
    }
    side.path = path.at;
    make_env(side.env);
    int result = start(&side, child, err);
    for (char **e = side.env; *e; e++)
        mem_free(*e);
    str_free(&path);
    return result;
}
