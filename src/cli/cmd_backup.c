#include "app/project.h"
#include "base/progress.h"
#include "cli/commands.h"

static void show(void *context, uint64_t done, uint64_t total)
{
    struct progress **bar = context;
    if (!*bar)
        *bar = progress_begin("copying", total);
    progress_set(*bar, done);
}

int cmd_backup(struct invocation *inv)
{
    struct error err = {0};
    struct progress *bar = NULL;
    struct store *s = project_open(inv_arg(inv, 0), STORE_OPEN, &err);
    int result = s ? store_backup(s, inv_arg(inv, 1), show, &bar, &err) : -1;
    if (bar)
        progress_end(bar);
    store_close(s);
    return result < 0 ? inv_fail(inv, &err) : EXIT_OK;
}
