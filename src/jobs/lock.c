#include "jobs/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "jobs/jobs.h"

enum { LOCK_TRIES = 50, LOCK_STEP_MS = 10 };

/* The project's own path, so that a link to it leads to the same locks. */
int jobs_folder(const char *project, struct str *out, struct error *err)
{
    char *real = realpath(project, NULL);
    if (!real)
        return errno == ENOENT ? error_set(err, ERR_ABSENT, "there is no project %s", project)
                               : error_errno(err, "cannot look at %s", project);
    size_t start = out->len;
    str_addf(out, "%s-jobs", real);
    free(real);
    return file_make_dir(str_z(out) + start, err);
}

int job_file(const char *project, int64_t id, const char *what, struct str *out, struct error *err)
{
    if (jobs_folder(project, out, err) < 0)
        return -1;
    str_addf(out, "/%lld.%s", (long long)id, what);
    return 0;
}

int jobs_log_path(const char *project, int64_t id, struct str *out, struct error *err)
{
    return job_file(project, id, "log", out, err);
}

/* jobs_alive takes the lock for a moment too: a worker tries again before it believes that another works. */
static int try_lock(int fd)
{
    struct timespec step = {.tv_nsec = LOCK_STEP_MS * 1000000L};
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return 1;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return -1;
        nanosleep(&step, NULL);
    }
    return 0;
}

int job_lock(const char *project, int64_t id, int *fd, struct error *err)
{
    struct str path = {0};
    int got = -1;
    if (job_file(project, id, "lock", &path, err) == 0) {
        *fd = open(str_z(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        got = *fd < 0 ? -1 : try_lock(*fd);
        if (got < 0)
            error_errno(err, "cannot lock %s", str_z(&path));
        if (got <= 0 && *fd >= 0)
            close(*fd);
    }
    str_free(&path);
    return got;
}

void job_unlock(int fd)
{
    close(fd);
}

bool jobs_alive(const char *project, int64_t id)
{
    struct str path = {0};
    bool alive = false;
    int fd = -1;
    if (job_file(project, id, "lock", &path, NULL) == 0)
        fd = open(str_z(&path), O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        alive = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        close(fd);
    }
    str_free(&path);
    return alive;
}

void job_host(char out[HOST_MAX])
{
    if (gethostname(out, HOST_MAX) != 0)
        memcpy(out, "?", 2);
    out[HOST_MAX - 1] = '\0';
}
