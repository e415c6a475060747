#include "trainer/files/mapped.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int mapped_open(const char *path, struct mapped *m, struct error *err)
{
    *m = (struct mapped){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, "cannot open %s", path);
    struct stat st;
    int result = 0;
    if (fstat(fd, &st) != 0)
        result = error_errno(err, "cannot read %s", path);
    else if (!S_ISREG(st.st_mode) || st.st_size == 0)
        result = error_set(err, ERR_INPUT, "%s is empty or no plain file", path);
    if (result == 0) {
        void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (at == MAP_FAILED)
            result = error_errno(err, "cannot map %s", path);
        else
            *m = (struct mapped){at, (size_t)st.st_size};
    }
    close(fd);
    return result;
}

void mapped_close(struct mapped *m)
{
    if (m->at)
        munmap((void *)(uintptr_t)m->at, m->size);
    *m = (struct mapped){0};
}

void mapped_forget(const struct mapped *m, const unsigned char *at, size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (at < m->at || len > m->size || (size_t)(at - m->at) > m->size - len)
        return;
    size_t from = ((size_t)(at - m->at) + page - 1) / page * page, to = (size_t)(at - m->at) + len;
    to = to == m->size ? to : to / page * page;
#ifdef MADV_DONTNEED /* posix_madvise does nothing in glibc; a private mapping reads the file again */
    if (to > from)
        (void)madvise((void *)(uintptr_t)(m->at + from), to - from, MADV_DONTNEED);
#endif
}
