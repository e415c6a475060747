#include <stdlib.h>
#include <string.h>

#include "app/reasons.h"
#include "app/reviewer.h"
#include "tests/support/suite.h"

static void reads(const char *typed, const char *stored)
{
    struct str out = {0};
    struct error err = {0};
    CU_ASSERT_EQUAL(reason_read(&out, slice_of(typed), &err), stored ? 0 : -1);
    CU_ASSERT_STRING_EQUAL(str_z(&out), stored ? stored : "");
    str_free(&out);
}

static void test_reasons(void)
{
    reads("v", "vague");
    reads("vague", "vague");
    reads("vague: says nothing ", "vague: says nothing");
    reads("v: rare", "vague: rare");
    reads("grader the lab value was right", "grader: the lab value was right");
    reads("I see no such thing", "other: I see no such thing");
    reads("v rare case", "other: v rare case");
    reads("other: mine", "other: mine");
    reads("  ", NULL);
    reads("", NULL);
}

static void test_first_letters_choose(void)
{
    char seen[256] = {0};
    for (const struct reason *r = reject_reasons; r->word; r++)
        CU_ASSERT_EQUAL(seen[(unsigned char)r->word[0]]++, 0);
}

static int name_of(const char *option, const char *variable, const char *expected)
{
    struct str out = {0};
    struct error err = {0};
    if (variable)
        setenv("HINGE_REVIEWER", variable, 1);
    else
        unsetenv("HINGE_REVIEWER");
    int result = reviewer_name(&out, option, &err);
    if (expected)
        CU_ASSERT_STRING_EQUAL(str_z(&out), expected);
    str_free(&out);
    return result;
}

static void test_reviewer(void)
{
    CU_ASSERT_EQUAL(name_of("bob", "alice", "bob"), 0);
    CU_ASSERT_EQUAL(name_of(NULL, " alice ", "alice"), 0);
    CU_ASSERT_EQUAL(name_of(NULL, NULL, NULL), 0);
    CU_ASSERT_EQUAL(name_of(NULL, "", NULL), 0); /* the login name */
    CU_ASSERT_EQUAL(name_of("", NULL, ""), -1);
    CU_ASSERT_EQUAL(name_of("a\033[2Jb", NULL, ""), -1);
    CU_ASSERT_EQUAL(name_of("a\xff", NULL, ""), -1);
    char longer[REVIEWER_MAX + 2];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    CU_ASSERT_EQUAL(name_of(longer, NULL, ""), -1);
}

static const struct test tests[] = {
    {"reasons are read", test_reasons},
    {"a first letter chooses one reason", test_first_letters_choose},
    {"who the reviewer is", test_reviewer},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return suite_run("words", tests, argc, argv);
}
