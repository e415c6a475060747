#include <stdio.h>
#include <string.h>

#include "cli/commands.h"

enum {
    HELP_WIDTH = 80,
    HELP_COLUMN = 35, /* where the meaning of an option starts */
    NAME_WIDTH = HELP_COLUMN - 7,
};

static void print_all(void)
{
    puts("usage: hinge [PROJECT.db]           open the workbench\n"
         "       hinge COMMAND [ARGUMENTS]\n");
    for (const struct command *c = commands; c->name; c++)
        if (c->summary[0])
            printf("  %-10s %s\n", c->name, c->summary);
    puts("\n'hinge help COMMAND' shows a command's options.");
}

/* Prints a text as lines of at most HELP_WIDTH columns; those after the first start at indent.
   Options and details are this program's own words: a byte is a column. */
static void print_wrapped(const char *text, size_t column, size_t indent)
{
    for (const char *word = text; *word;) {
        if (*word == '\n') {
            printf("\n%*s", (int)indent, "");
            column = indent;
            word++;
            continue;
        }
        size_t len = strcspn(word, " \n");
        if (column > indent && column + 1 + len > HELP_WIDTH) {
            printf("\n%*s", (int)indent, "");
            column = indent;
        }
        if (column > indent) {
            putchar(' ');
            column++;
        }
        printf("%.*s", (int)len, word);
        column += len;
        word += len;
        word += *word == ' ';
    }
    putchar('\n');
}

/* An option whose argument is a long list of values has its meaning on the next line. */
static void print_options(const struct option_spec *o)
{
    puts("\noptions:");
    for (; o->name; o++) {
        printf("  %c%c%c ", o->letter ? '-' : ' ', o->letter ? o->letter : ' ', o->letter ? ',' : ' ');
        int width = printf("--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
        if (width > NAME_WIDTH)
            printf("\n%*s", HELP_COLUMN, "");
        else
            printf("%*s", HELP_COLUMN - 6 - width, "");
        print_wrapped(o->help, HELP_COLUMN, HELP_COLUMN);
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
    if (c->details[0]) {
        putchar('\n');
        print_wrapped(c->details, 0, 0);
    }
    if (c->options)
        print_options(c->options);
    return EXIT_OK;
}
