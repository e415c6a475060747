#include "cli/commands.h"

#include <string.h>

const struct command commands[] = {
    {.name = "help",
     .args = "[COMMAND]",
     .summary = "show the commands, or one command's options",
     .details = "",
     .max_args = 1,
     .run = cmd_help},
    {.name = NULL},
};

const struct command *command_find(const char *name)
{
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}
