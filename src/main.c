#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/commands.h"
#include "config.h"
#include "text/visible.h"

static int usage(const char *word)
{
    struct str shown = {0};
    visible_text(&shown, slice_of(word));
    fprintf(stderr, "hinge: '%.200s' is neither a command nor a project; 'hinge help' lists the commands, "
                    "'hinge init FILE.db' makes a project\n", str_z(&shown));
    str_free(&shown);
    return EXIT_USAGE;
}

/* Words that can only mean a project or its options: `hinge notes.db`, `hinge --reviewer ann notes.db`. */
static bool opens(const char *word)
{
    return word[0] == '-' || strchr(word, '/') || strchr(word, '.') || file_exists(word);
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
    if (c)
        return command_run(c, argc - 1, argv + 1);
    return opens(argv[1]) ? command_run(command_find("open"), argc, argv) : usage(argv[1]);
}
