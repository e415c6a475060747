/* Memory that this process may still take: the least of what the machine, its container and its own limits leave. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "trainer/backend/cpu_parts.h"

/* The number behind name in a file of lines "NAME NUMBER ...", with an empty name the first number; -1: none. */
static double number_in(const char *path, const char *name)
{
    FILE *f = fopen(path, "re");
    char line[160];
    double found = -1;
    size_t len = strlen(name);
    while (f && found < 0 && fgets(line, sizeof line, f)) {
        if (strncmp(line, name, len) == 0 && sscanf(line + len, "%lf", &found) != 1)
            found = -1;
    }
    if (f)
        fclose(f);
    return found;
}

/* A container's limit (cgroup 2, as it sees itself). Pages of files go when memory is asked for. */
static double container_leaves(void)
{
    double most = number_in("/sys/fs/cgroup/memory.max", ""), held = number_in("/sys/fs/cgroup/memory.current", "");
    double files = number_in("/sys/fs/cgroup/memory.stat", "file ");
    return most < 0 || held < 0 ? HUGE_VAL : most - held + (files > 0 ? files : 0);
}

/* ulimit -v. */
static double limit_leaves(void)
{
    struct rlimit limit;
    double pages = number_in("/proc/self/statm", "");
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || pages < 0)
        return HUGE_VAL;
    return (double)limit.rlim_cur - pages * (double)sysconf(_SC_PAGESIZE);
}

double cpu_available(struct backend *b)
{
    (void)b;
    double machine = 1024 * number_in("/proc/meminfo", "MemAvailable:");
    if (machine < 0)
        return 0;
    double least = fmin(machine, fmin(container_leaves(), limit_leaves()));
    return least > 1 ? least : 1;
}
