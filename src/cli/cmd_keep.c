#include "app/train.h"
#include "base/mem.h"
#include "cli/commands.h"

int cmd_keep(struct invocation *inv)
{
    struct error err = {0};
    size_t n = (size_t)inv_count(inv);
    const char **folders = mem_zalloc(n, sizeof *folders);
    for (size_t i = 0; i < n; i++)
        folders[i] = inv_arg(inv, (int)i);
    int result = train_keep(folders, n, &err);
    mem_free((void *)folders);
    return result == 0 ? EXIT_OK : inv_fail(inv, &err);
}
