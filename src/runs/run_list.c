/* The runs of a folder: found, and removed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/mem.h"
#include "runs/run_parts.h"

enum { UUID_SHORT = 6, DEPTH_MAX = 16 };

int runs_folder(const char *project, struct str *out, struct error *err)
{
    char *real = realpath(project, NULL);
    if (!real)
        return errno == ENOENT ? error_set(err, ERR_ABSENT, "there is no project %s", project)
                               : error_errno(err, "cannot look at %s", project);
    str_addf(out, "%s-runs", real);
    free(real);
    return 0;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int newest_first(const void *a, const void *b)
{
    const struct run *x = a, *y = b;
    if (x->created != y->created)
        return x->created < y->created ? 1 : -1;
    return strcmp(y->name, x->name);
}

int runs_list(const char *folder, struct runs *out, struct error *err)
{
    struct str path = {0};
    *out = (struct runs){0};
    DIR *d = opendir(folder);
    if (!d)
        return errno == ENOENT ? 0 : error_errno(err, "cannot read the folder %s", folder);
    for (struct dirent *e; (e = readdir(d));) {
        str_clear(&path);
        str_addf(&path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] == '.' || !is_folder(path.at)) /* a run that is being made begins with a dot */
            continue;
        out->items = array_reserve(out->items, &out->cap, out->count + 1, sizeof *out->items);
        run_open(path.at, &out->items[out->count++]);
    }
    closedir(d);
    str_free(&path);
    if (out->count)
        qsort(out->items, out->count, sizeof *out->items, newest_first);
    return 0;
}

void runs_free(struct runs *r)
{
    for (size_t i = 0; i < r->count; i++)
        run_free(&r->items[i]);
    mem_free(r->items);
    *r = (struct runs){0};
}

/* Index of the run that is meant, -1 none, -2 several. */
static int pick(const struct runs *list, const char *name)
{
    size_t len = strlen(name);
    int found = -1;
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].name, name) == 0)
            return (int)i;
        if (len >= UUID_SHORT && strncmp(list->items[i].uuid, name, len) == 0)
            found = found == -1 ? (int)i : -2;
    }
    return found;
}

int runs_find(const char *folder, const char *name, struct run *out, struct error *err)
{
    struct runs list;
    struct str names = {0};
    if (runs_list(folder, &list, err) != 0)
        return -1;
    int at = pick(&list, name);
    if (at >= 0) {
        *out = list.items[at];
        list.items[at] = (struct run){0};
    }
    for (size_t i = 0; i < list.count && at < 0 && names.len < 200; i++)
        str_addf(&names, "%s%s", i ? ", " : "", list.items[i].name);
    if (at == -1)
        error_set(err, ERR_ABSENT, list.count ? "there is no run '%.60s'; there are %s" : "there is no run '%.60s'%s", name,
                  str_z(&names));
    if (at == -2)
        error_set(err, ERR_CONFLICT, "several runs begin with '%.60s': give more of it, or the name", name);
    str_free(&names);
    runs_free(&list);
    return at >= 0 ? 0 : -1;
}

/* --- removing --- */

/* Removes what a folder holds, through its descriptor: a link that takes a name's place meanwhile is not followed. */
static int empty_folder(int folder, int depth, struct error *err)
{
    int copy = dup(folder), result = 0;
    DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
    if (!d && copy >= 0)
        close(copy);
    for (struct dirent *e; d && result == 0 && (e = readdir(d));) {
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        bool inner = fstatat(folder, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
        if (inner && depth < DEPTH_MAX) {
            int fd = openat(folder, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            result = fd < 0 ? error_errno(err, "cannot open %s", e->d_name) : empty_folder(fd, depth + 1, err);
            if (fd >= 0)
                close(fd);
        }
        if (result == 0 && unlinkat(folder, e->d_name, inner ? AT_REMOVEDIR : 0) != 0 && errno != ENOENT)
            result = error_errno(err, "cannot remove %s", e->d_name);
    }
    if (d)
        closedir(d);
    return d ? result : error_errno(err, "cannot read the folder");
}

static int remove_folder(const char *folder, struct error *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, "cannot open %s", folder);
    int result = empty_folder(fd, 0, err);
    close(fd);
    if (result != 0)
        return error_prefix(err, "%s: ", folder);
    return rmdir(folder) == 0 ? 0 : error_errno(err, "cannot remove %s", folder);
}

int run_delete(const char *folder, struct error *err)
{
    struct run r;
    struct stat st;
    if (lstat(folder, &st) == 0 && S_ISLNK(st.st_mode)) /* a run that lies elsewhere: the link goes */
        return unlink(folder) == 0 ? 0 : error_errno(err, "cannot remove %s", folder);
    run_open(folder, &r);
    int result = 0, keeper = -1;
    struct str path = {0};
    bool run = file_exists(run_path(&r, "run.json", &path)) || file_exists(run_path(&r, "config.json", &path));
    if (!run)
        result = error_set(err, ERR_FOREIGN, "%s holds no run: it is left alone", folder);
    else if (run_state_busy(r.state) || run_held(r.folder, "lock") || run_keeper_take(r.folder, &keeper, err) == 0)
        result = error_set(err, ERR_BUSY, "the run %s is at work: stop it first", r.name);
    else
        result = remove_folder(r.folder, err);
    if (keeper >= 0)
        close(keeper);
    str_free(&path);
    run_free(&r);
    return result;
}
