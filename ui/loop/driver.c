#include "ui/loop/driver.h"

#include <stdio.h>
#include <string.h>

static const char *find(const struct driver *d, const char *key)
{
    return keymap_find(d->keys, workbench_mode(d->workbench), workbench_typing(d->workbench), key);
}

/* The second key of two: together they do something or nothing; the second alone does nothing then. */
static void finish_pair(struct driver *d, const char *name)
{
    char both[sizeof d->pending * 2];
    snprintf(both, sizeof both, "%s %.30s", d->pending, name);
    d->pending[0] = '\0';
    const char *command = find(d, both);
    if (command)
        workbench_command(d->workbench, command);
}

void driver_key(struct driver *d, const char *name, struct slice text)
{
    if (d->pending[0]) {
        finish_pair(d, name);
        return;
    }
    const char *command = find(d, name);
    if (command)
        workbench_command(d->workbench, command);
    else if (keymap_starts(d->keys, workbench_mode(d->workbench), workbench_typing(d->workbench), name))
        snprintf(d->pending, sizeof d->pending, "%s", name);
    else if (text.len && workbench_typing(d->workbench))
        workbench_type(d->workbench, text);
}

void driver_paste(struct driver *d, struct slice text)
{
    d->pending[0] = '\0';
    if (workbench_typing(d->workbench))
        workbench_type(d->workbench, text);
}
