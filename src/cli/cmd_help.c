#include <stdio.h>

#include "cli/commands.h"

static void print_all(void)
{
    puts("usage: hinge [PROJECT.db]           open the workbench\n"
         "       hinge COMMAND [ARGUMENTS]\n");
    for (const struct command *c = commands; c->name; c++)
        printf("  %-10s %s\n", c->name, c->summary);
    puts("\n'hinge help COMMAND' shows a command's options.");
}

static void print_options(const struct option_spec *o)
{
    puts("\noptions:");
    for (; o->name; o++) {
        char name[64], letter[8] = "    ";
        snprintf(name, sizeof name, "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
        if (o->letter)
            snprintf(letter, sizeof letter, "-%c, ", o->letter);
        printf("  %s%-28s %s\n", letter, name, o->help);
    }
}

int cmd_help(struct invocation *inv)
{
    const char *name = inv_arg(inv, 0);
    if (!name) {
        print_all();
        return EXIT_OK;
    }
    const struct command *c = command_find(name);
    if (!c)
        return inv_usage(inv, "there is no command '%s'", name);
    printf("usage: hinge %s %s\n\n%s.\n", c->name, c->args, c->summary);
    if (c->details[0])
        printf("\n%s\n", c->details);
    if (c->options)
        print_options(c->options);
    return EXIT_OK;
}
