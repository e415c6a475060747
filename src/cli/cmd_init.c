#include <stdio.h>

#include "app/project.h"
#include "cli/commands.h"

int cmd_init(struct invocation *inv)
{
    struct error err = {0};
    if (project_make(inv_arg(inv, 0), &err) < 0)
        return inv_fail(inv, &err);
    return EXIT_OK;
}
