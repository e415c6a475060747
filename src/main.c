#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "config.h"

static int usage(const char *word)
{
    fprintf(stderr, "hinge: '%.100s' is neither a command nor a project; 'hinge help' lists both\n",
            word);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C"); /* numbers in files have a point, wherever the user lives */
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return command_run(command_find("help"), 1, argv);
    if (strcmp(argv[1], "--version") == 0) {
        puts(PACKAGE_STRING);
        return EXIT_OK;
    }
    const struct command *c = command_find(argv[1]);
    return c ? command_run(c, argc - 1, argv + 1) : usage(argv[1]);
}
