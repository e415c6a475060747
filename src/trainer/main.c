/* hinge-train: the trainer's own program. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
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

static const struct train_command *find(const char *name)
{
    for (const struct train_command *c = train_commands; c->name; c++) {
        if (strcmp(c->name, name) == 0)
            return c;
    }
    return NULL;
}

static bool asks_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* File names and the like reach messages: nothing in them may act on the terminal. Written at once: several processes may
 * have the same standard error. */
static void complain(const char *command, const struct error *err)
{
    struct str line = {0};
    str_addf(&line, "hinge-train%s%s: ", command ? " " : "", command ? command : "");
    for (const char *p = err->text; *p; p++)
        str_addc(&line, (unsigned char)*p < 0x20 || *p == 0x7F ? '?' : *p);
    str_addc(&line, '\n');
    fwrite(line.at, 1, line.len, stderr);
    str_free(&line);
}

static int run(const struct train_command *c, int argc, char **argv)
{
    struct options options;
    struct error err = {0};
    for (int i = 1; i < argc; i++) {
        if (asks_help(argv[i]))
            return command_help(c);
    }
    if (options_parse(c->options, argc, argv, 0, &options, &err) == 0 && c->run(&options, &err) == 0)
        return EXIT_OK;
    complain(c->name, &err);
    return err.code == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

/* Sets a variable where nobody did; whether it has changed. */
static bool set_new(const char *name, const char *value)
{
    return value && !getenv(name) && setenv(name, value, 1) == 0;
}

/* What the BLAS and OpenMP read when they are loaded, so this program starts itself again with it; where that
 * fails it goes on, slower. The BLAS is told what it did not find out by itself. OpenMP's threads soon sleep
 * when they wait: spinning, they would take processors from the BLAS, which has threads of its own, and
 * from other programs, whose turn a spinning thread waits for. */
static void choose_environment(char **argv)
{
#ifdef __linux__
    bool kernels = set_new("OPENBLAS_CORETYPE", cpu_better_kernels());
    bool waiting = !getenv("OMP_WAIT_POLICY") && set_new("GOMP_SPINCOUNT", "2000");
    if (kernels || waiting)
        execv("/proc/self/exe", argv);
#else
    (void)argv;
#endif
}

/* help, help COMMAND, or a command with its options. */
static int dispatch(int argc, char **argv)
{
    bool help_wanted = argc < 2 || asks_help(argv[1]) || strcmp(argv[1], "help") == 0;
    if (help_wanted && argc < 3)
        return help();
    if (strcmp(argv[1], "--version") == 0) {
        puts(PACKAGE_STRING);
        return EXIT_OK;
    }
    const char *name = argv[help_wanted ? 2 : 1];
    const struct train_command *c = find(name);
    if (c)
        return help_wanted ? command_help(c) : run(c, argc - 1, argv + 1);
    struct error err = {0};
    error_set(&err, ERR_USAGE, "there is no such command: '%.40s'; 'hinge-train help' lists them", name);
    complain(NULL, &err);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    signal(SIGXFSZ, SIG_IGN); /* a file over the limit is a write that fails, with a message */
    choose_environment(argv);
    int code = dispatch(argc, argv);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    struct error err = {0};
    error_set(&err, ERR_IO, "standard output took not all that was written to it");
    complain(NULL, &err);
    return code == EXIT_OK ? EXIT_FAILED : code;
}
