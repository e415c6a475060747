#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

int file_read(const char *path, size_t max, struct str *out, struct error *err)
{
    bool std = strcmp(path, "-") == 0;
    FILE *f = std ? stdin : fopen(path, "rbe");
    if (!f)
        return error_errno(err, "cannot open %s", path);
    size_t start = out->len, got = 1;
    while (got > 0 && out->len - start <= max) {
        str_reserve(out, 1 << 16);
        got = fread(out->at + out->len, 1, 1 << 16, f);
        out->len += got;
        out->at[out->len] = '\0';
    }
    int result = 0;
    if (ferror(f))
        result = error_errno(err, "reading %s", path);
    else if (out->len - start > max)
        result = error_set(err, ERR_LIMIT, "%s is larger than %zu bytes", path, max);
    if (!std)
        fclose(f);
    return result;
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

int file_make_temp_dir(const char *name, struct str *out, struct error *err)
{
    const char *tmp = getenv("TMPDIR");
    if (!tmp || !tmp[0])
        tmp = "/tmp";
    str_addf(out, "%s/hinge-%s.XXXXXX", tmp, name);
    if (mkdtemp(out->at))
        return 0;
    int result = error_errno(err, "cannot make a folder in %.200s", tmp);
    str_clear(out);
    return result;
}

int file_make_dir(const char *path, struct error *err)
{
    char *copy = mem_strdup(path);
    int result = 0;
    for (char *p = copy + 1; result == 0; p++) {
        if (*p && *p != '/')
            continue;
        char was = *p;
        *p = '\0';
        if (mkdir(copy, 0700) != 0 && errno != EEXIST)
            result = error_errno(err, "cannot make the folder %s", copy);
        *p = was;
        if (!was)
            break;
    }
    struct stat st;
    if (result == 0 && stat(copy, &st) == 0 && !S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        result = error_errno(err, "cannot make the folder %s", copy);
    }
    mem_free(copy);
    return result;
}

bool file_is_device(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

struct atomic_file {
    FILE *stream;
    char *path, *temporary; /* temporary is NULL for a device */
};

static void atomic_free(struct atomic_file *f)
{
    mem_free(f->path);
    mem_free(f->temporary);
    mem_free(f);
}

/* Opens the file that will hold the bytes at first; its name, if it is another one, to temporary. */
static int open_first(const char *path, unsigned mode, char **temporary)
{
    if (file_is_device(path))
        return open(path, O_WRONLY | O_CLOEXEC);
    struct str name = {0};
    str_addf(&name, "%s.XXXXXX", path);
    int fd = mkstemp(name.at);
    if (fd < 0) {
        str_free(&name);
        return -1;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fchmod(fd, (mode_t)mode);
    *temporary = str_take(&name);
    return fd;
}

struct atomic_file *atomic_open(const char *path, unsigned mode, struct error *err)
{
    char *temporary = NULL;
    char *real = file_is_device(path) ? NULL : realpath(path, NULL); /* NULL: no such file yet */
    int fd = open_first(real ? real : path, mode, &temporary);
    if (fd < 0) {
        error_errno(err, "cannot write beside %s", path);
        free(real);
        return NULL;
    }
    struct atomic_file *f = mem_zalloc(1, sizeof *f);
    f->stream = fdopen(fd, "wb");
    f->path = mem_strdup(real ? real : path);
    f->temporary = temporary;
    free(real);
    return f;
}

FILE *atomic_stream(struct atomic_file *f)
{
    return f->stream;
}

/* The rename is durable only when the folder that holds the name is synced too. */
static void sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? mem_strndup(path, (size_t)(slash - path) + 1) : mem_strdup(".");
    int fd = open(folder, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd); /* some file systems refuse to sync folders; the rename stands */
        close(fd);
    }
    mem_free(folder);
}

int atomic_commit(struct atomic_file *f, struct error *err)
{
    bool failed = fflush(f->stream) != 0 || ferror(f->stream) ||
                  (f->temporary && fsync(fileno(f->stream)) != 0);
    int number = errno;
    if (fclose(f->stream) != 0 && !failed) {
        failed = true;
        number = errno;
    }
    if (!failed && f->temporary && rename(f->temporary, f->path) != 0) {
        failed = true;
        number = errno;
    }
    if (failed) {
        if (f->temporary)
            unlink(f->temporary);
        errno = number;
        error_errno(err, "cannot write %s", f->path);
    } else if (f->temporary) {
        sync_folder_of(f->path);
    }
    atomic_free(f);
    return failed ? -1 : 0;
}

void atomic_abort(struct atomic_file *f)
{
    if (!f)
        return;
    fclose(f->stream);
    if (f->temporary)
        unlink(f->temporary);
    atomic_free(f);
}

int file_write_atomic(const char *path, unsigned mode, struct slice bytes, struct error *err)
{
    struct atomic_file *f = atomic_open(path, mode, err);
    if (!f)
        return -1;
    fwrite(bytes.at, 1, bytes.len, f->stream);
    return atomic_commit(f, err);
}
