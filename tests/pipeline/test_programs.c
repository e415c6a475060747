#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "pipeline/grader_program.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

/* Runs a shell script as a program grader's program would run, to its end. */
static struct program_end run(const char *script, double seconds, int64_t memory, const char *input)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    struct program what = {.argv = argv, .seconds = seconds, .memory = memory};
    struct programs *p = programs_open(2);
    struct program_end end = {0};
    struct pollfd fds[8];
    programs_start(p, &what, slice_of(input), p);
    programs_step(p);
    while (!programs_next(p, &end)) {
        size_t n = programs_fds(p, fds);
        poll(fds, n, programs_timeout(p));
        programs_step(p);
    }
    CU_ASSERT_PTR_EQUAL(end.owner, p);
    programs_close(p);
    return end;
}

static void fails(const char *script, double seconds, int64_t memory, const char *why)
{
    struct program_end end = run(script, seconds, memory, "{}\n");
    CU_ASSERT_FALSE(end.fine);
    if (!strstr(end.error.text, why))
        printf("\n%s\nexpected: %s\n", end.error.text, why);
    CU_ASSERT_PTR_NOT_NULL(strstr(end.error.text, why));
    program_end_free(&end);
}

static void test_works(void)
{
    struct program_end end = run("cat; echo secret >&2", 10, 0, "{\"a\":1}\n");
    CU_ASSERT_TRUE(end.fine);
    CU_ASSERT_STRING_EQUAL(str_z(&end.output), "{\"a\":1}\n");
    CU_ASSERT_STRING_EQUAL(str_z(&end.said), "secret ");
    program_end_free(&end);
}

/* Input larger than a pipe's buffer, one that reads none of it, and a megabyte back. */
static void test_sizes(void)
{
    struct str big = {0};
    for (int i = 0; i < 300000; i++)
        str_adds(&big, "xyz");
    struct program_end end = run("cat", 20, 0, str_z(&big));
    CU_ASSERT_TRUE(end.fine);
    CU_ASSERT_EQUAL(end.output.len, big.len);
    program_end_free(&end);
    end = run("echo done", 20, 0, str_z(&big));
    CU_ASSERT_TRUE(end.fine);
    program_end_free(&end);
    str_free(&big);
}

static void test_misbehaves(void)
{
    fails("sleep 60", 0.3, 0, "took longer than its 0.3 s");
    fails("trap '' TERM; while :; do :; done", 0.3, 0, "took longer");
    fails("exec >&-; sleep 60", 0.3, 0, "took longer"); /* closes its output and stays */
    fails("yes", 20, 0, "more than 1 MiB");
    fails("kill -SEGV $$", 20, 0, "signal 11");
    fails("exit 3", 20, 0, "status 3");
    /* A memory hog: the shell doubles a string until the limit of 200 MB stops it. */
    fails("x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done", 20, 200 << 20, "program /bin/sh");
}

static void test_noise_on_stderr(void)
{
    struct program_end end = run("i=0; while [ $i -lt 20000 ]; do echo 'name: Andrew' >&2; i=$((i+1)); done; "
                                 "printf '\\033[2J' >&2; echo '{\"score\":1}'", 20, 0, "");
    CU_ASSERT_TRUE(end.fine);
    CU_ASSERT_EQUAL(end.said.len, PROGRAM_SAID_MAX);
    CU_ASSERT_PTR_NULL(strchr(end.said.at, '\n'));
    program_end_free(&end);
}

/* What it leaves running is gone when it ends, also where that holds its output open. */
static void test_forks(void)
{
    char *dir = tmp_make();
    struct str script = {0};
    str_addf(&script, "(sleep 1; echo alive >%s/alive) & (sleep 60) & echo ok", dir);
    int64_t before = clock_mono_ms();
    struct program_end end = run(script.at, 20, 0, "");
    CU_ASSERT_TRUE(end.fine);
    CU_ASSERT_STRING_EQUAL(str_z(&end.output), "ok\n");
    CU_ASSERT_TRUE(clock_mono_ms() - before < 15000);
    usleep(1500 * 1000);
    CU_ASSERT_FALSE(file_exists(tmp_join(dir, "alive")));
    program_end_free(&end);
    str_free(&script);
    tmp_remove(dir);
}

static void test_environment(void)
{
    setenv("OPENAI_API_KEY", "sk-secret", 1);
    struct program_end end = run("env; ls /proc/$$/fd 2>/dev/null | wc -l", 20, 0, "");
    CU_ASSERT_TRUE(end.fine);
    CU_ASSERT_PTR_NULL(strstr(str_z(&end.output), "sk-secret"));
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&end.output), "PATH="));
    program_end_free(&end);
}

static void test_not_there(void)
{
    const char *const argv[] = {"no-such-program-of-hinge", NULL};
    struct program what = {.argv = argv};
    struct programs *p = programs_open(1);
    struct program_end end = {0};
    programs_start(p, &what, SLICE(""), NULL);
    programs_step(p);
    CU_ASSERT_TRUE_FATAL(programs_next(p, &end));
    CU_ASSERT_EQUAL(end.error.code, ERR_ABSENT);
    program_end_free(&end);
    programs_close(p);
}

static struct verdict read_answer(const char *script)
{
    static const char *const argv[] = {"grader", NULL};
    static const struct grader g = {.name = "g", .kind = GRADER_PROGRAM, .scale_min = 1, .scale_max = 5,
                                    .program = argv};
    struct verdict v = {0};
    struct program_end end = run(script, 20, 0, "");
    grader_program_read(&g, &end, SLICE("é wrong"), &v);
    program_end_free(&end);
    return v;
}

static void test_answers(void)
{
    struct verdict v = read_answer("echo '{\"score\":3,\"rationale\":\"why\",\"spans\":[{\"start\":2,\"end\":7}]}'");
    CU_ASSERT_TRUE(v.has_score);
    CU_ASSERT_DOUBLE_EQUAL(v.normalised, 0.5, 1e-9);
    CU_ASSERT_EQUAL(v.n_spans, 1);
    verdict_free(&v);
    static const char *const bad[] = {"echo not json", "echo '{\"score\":9}'", "echo '{\"score\":\"3\"}'", "true",
                                      "printf '\\377\\376'", "echo '{\"score\":3,\"spans\":[{\"start\":0,\"end\":99}]}'",
                                      "echo '[3]'", "echo '{\"score\":3}'; exit 1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        v = read_answer(bad[i]);
        CU_ASSERT_FALSE(v.has_score);
        CU_ASSERT(v.fault.len > 0);
        verdict_free(&v);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"bytes in and out", test_works},
        {"large input, input that is not read", test_sizes},
        {"hangs, floods, crashes, hogs", test_misbehaves},
        {"noise on standard error", test_noise_on_stderr},
        {"what it leaves running", test_forks},
        {"the environment holds no key", test_environment},
        {"a program that is not there", test_not_there},
        {"a grader's answers", test_answers},
        {NULL, NULL},
    };
    return suite_run("programs", tests, argc, argv);
}
