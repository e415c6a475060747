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
