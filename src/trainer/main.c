/* hinge-train: the trainer's own program. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "config.h"
#include "trainer/backend/ops.h"
#include "trainer/run/commands.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static int help(void)
{
    puts("usage: hinge-train COMMAND [--OPTION VALUE]...\n");
    for (const struct train_command *c = train_commands; c->name; c++)
        printf("  %-10s %s\n", c->name, c->summary);
    puts("\nhinge-train COMMAND --help lists a command's options.");
    return EXIT_OK;
}

static int command_help(const struct train_command *c)
{
    printf("usage: hinge-train %s [--OPTION VALUE]...\n%s\n\n", c->name, c->summary);
    options_help(c->options);
    return EXIT_OK;
}

/* File names and the like reach messages: nothing in them may act on the terminal. */
static void complain(const char *command, const struct error *err)
{
    fprintf(stderr, "hinge-train %s: ", command);
    for (const char *p = err->text; *p; p++)
        fputc((unsigned char)*p < 0x20 || *p == 0x7F ? '?' : *p, stderr);
    fputc('\n', stderr);
}

static int run(const struct train_command *c, int argc, char **argv)
{
    struct options options;
    struct error err = {0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0)
            return command_help(c);
    }
    if (options_parse(c->options, argc, argv, 0, &options, &err) == 0 && c->run(&options, &err) == 0)
        return EXIT_OK;
    complain(c->name, &err);
    return err.code == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

/* Starts this program again with the BLAS told what it did not find out by itself. Where that fails it
 * goes on, slower. */
static void choose_kernels(char **argv)
{
#ifdef __linux__
    static const char name[] = "OPENBLAS_CORETYPE";
    const char *better = getenv(name) ? NULL : cpu_better_kernels();
    if (better && setenv(name, better, 1) == 0)
        execv("/proc/self/exe", argv);
#else
    (void)argv;
#endif
}

int main(int argc, char **argv)
{
    signal(SIGXFSZ, SIG_IGN); /* a file over the limit is a write that fails, with a message */
    choose_kernels(argv);
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return help();
    if (strcmp(argv[1], "--version") == 0) {
        puts(PACKAGE_STRING);
        return EXIT_OK;
    }
    for (const struct train_command *c = train_commands; c->name; c++) {
        if (strcmp(c->name, argv[1]) == 0)
            return run(c, argc - 1, argv + 1);
    }
    fprintf(stderr, "hinge-train: there is no such command; 'hinge-train help' lists them\n");
    return EXIT_USAGE;
}
