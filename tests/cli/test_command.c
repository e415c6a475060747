#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "tests/support/suite.h"

/* What the last run of the command under test saw. */
static struct {
    int runs, count;
    const char *first, *format;
    bool json;
    long limit;
} saw;

static int see(struct invocation *inv)
{
    bool ok = true;
    saw.runs++;
    saw.count = inv_count(inv);
    saw.first = inv_arg(inv, 0);
    saw.format = inv_option(inv, "format", "human");
    saw.json = inv_flag(inv, "json");
    saw.limit = inv_number(inv, "limit", 7, 1, 100, &ok);
    return ok ? EXIT_OK : EXIT_USAGE;
}

static const struct option_spec options[] = {
    {"format", 'f', "human|json", "how to print"},
    {"json", 0, NULL, "the same as --format json"},
    {"limit", 'n', "N", "at most N"},
    {.name = NULL},
};
static const struct command probe = {.name = "probe",
                                     .args = "DB [FILE]",
                                     .summary = "see",
                                     .details = "",
                                     .options = options,
                                     .min_args = 1,
                                     .max_args = 2,
                                     .run = see};

/* Runs the probe with the words given (ended by NULL) and keeps what it says on standard error. */
static char said[4096];

static int run(const char *const *words)
{
    char *argv[16] = {"probe"};
    int argc = 1;
    while (*words)
        argv[argc++] = (char *)*words++;
    memset(&saw, 0, sizeof saw);
    FILE *to = tmpfile();
    int was = dup(STDERR_FILENO);
    dup2(fileno(to), STDERR_FILENO);
    int code = command_run(&probe, argc, argv);
    fflush(stderr);
    dup2(was, STDERR_FILENO);
    close(was);
    rewind(to);
    said[fread(said, 1, sizeof said - 1, to)] = '\0';
    fclose(to);
    return code;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static void options_stand_anywhere(void)
{
    CU_ASSERT_EQUAL(RUN("x.db", "--format", "json", "file", "--json", "-n", "5"), EXIT_OK);
    CU_ASSERT_EQUAL(saw.count, 2);
    CU_ASSERT_STRING_EQUAL(saw.first, "x.db");
    CU_ASSERT_STRING_EQUAL(saw.format, "json");
    CU_ASSERT(saw.json);
    CU_ASSERT_EQUAL(saw.limit, 5);
    CU_ASSERT_EQUAL(RUN("--limit=9", "--", "--json"), EXIT_OK);
    CU_ASSERT_STRING_EQUAL(saw.first, "--json");
    CU_ASSERT_FALSE(saw.json);
    CU_ASSERT_EQUAL(saw.limit, 9);
    CU_ASSERT_EQUAL(RUN("-"), EXIT_OK); /* a lone dash is a file name */
}

static void mistakes_are_named(void)
{
    static const struct {
        const char *const words[6];
        const char *says;
    } cases[] = {
        {{"x", "--formt", "json"}, "no option --formt"},
        {{"x", "--format", "xml"}, "human|json, not 'xml'"},
        {{"x", "--format"}, "needs a value"},
        {{"x", "--json=1"}, "takes no value"},
        {{"x", "--limit", "0"}, "from 1 to 100, not '0'"},
        {{"x", "--limit", "5x"}, "not '5x'"},
        {{NULL}, "needs DB [FILE]"},
        {{"a", "b", "c"}, "'c' is one argument too many"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CU_ASSERT_EQUAL(run(cases[i].words), EXIT_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(said, cases[i].says));
        CU_ASSERT_PTR_NOT_NULL(strstr(said, "hinge help probe"));
    }
}

static void an_argument_cannot_drive_the_terminal(void)
{
    CU_ASSERT_EQUAL(RUN("x", "--\033]0;owned\a"), EXIT_USAGE);
    CU_ASSERT_PTR_NULL(strchr(said, '\033'));
    CU_ASSERT_PTR_NULL(strchr(said, '\a'));
}

static void the_table_is_whole(void)
{
    for (const struct command *c = commands; c->name; c++) {
        CU_ASSERT_PTR_NOT_NULL(c->run);
        CU_ASSERT(c->args && c->summary && c->details);
        CU_ASSERT_PTR_EQUAL(command_find(c->name), c);
        CU_ASSERT(c->max_args == -1 || c->max_args >= c->min_args);
        for (const struct option_spec *o = c->options; o && o->name; o++)
            CU_ASSERT(o->help && o->help[0]);
    }
    CU_ASSERT_PTR_NULL(command_find("nonesuch"));
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"options stand anywhere before --", options_stand_anywhere},
        {"mistakes are named and exit 2", mistakes_are_named},
        {"an argument cannot drive the terminal", an_argument_cannot_drive_the_terminal},
        {"the table is whole", the_table_is_whole},
        {NULL, NULL},
    };
    return suite_run("command line", tests, argc, argv);
}
