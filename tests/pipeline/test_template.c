#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "pipeline/template.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

static struct template *parse(const char *text)
{
    struct error err = {0};
    struct template *t = template_parse("t", slice_of(text), &err);
    if (!t)
        printf("\n%s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    /* cppcheck-suppress CastIntegerToAddressAtReturn ; it takes "template" for C++ */
    return t;
}

/* Parses, fills the user's part from name and value pairs and compares. */
static void fills(const char *text, const struct template_field *fields, size_t n, const char *expected)
{
    struct error err = {0};
    struct str system = {0}, user = {0};
    struct template *t = parse(text);
    CU_ASSERT_EQUAL(template_fill(t, fields, n, &system, &user, &err), 0);
    if (strcmp(str_z(&user), expected) != 0)
        printf("\n[%s]\nexpected\n[%s]\n", str_z(&user), expected);
    CU_ASSERT_STRING_EQUAL(str_z(&user), expected);
    template_free(t);
    str_free(&system);
    str_free(&user);
}

static void refused(const char *text, const char *why)
{
    struct error err = {0};
    struct template *t = template_parse("t", slice_of(text), &err);
    CU_ASSERT_PTR_NULL(t);
    if (!strstr(err.text, why))
        printf("\n%s\nexpected: %s\n", err.text, why);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, why));
    template_free(t);
}

static void test_fill(void)
{
    const struct template_field f[] = {{"a", SLICE("one")}, {"b", SLICE("")}, {"c", SLICE("{{a}} {{/x}}")}};
    fills("# head\n--- system\nS\n--- user\n\nx {{a}} y\n\n", f, 3, "x one y");
    fills("--- user\n{{c}}|{{ a }}", f, 3, "{{a}} {{/x}}|one"); /* what is put in is never read again */
    fills("--- user\n{{{{a}}", f, 3, "{{a}}");
    fills("--- user\n{{#a}}A{{/a}}{{#b}}B{{/b}}{{^b}}no B{{/b}}{{^a}}no A{{/a}}", f, 3, "Ano B");
    fills("--- user\n1\n{{#a}}\n2 {{a}}\n{{/a}}\n{{#b}}\n3\n{{/b}}\n4", f, 3, "1\n2 one\n4");
    fills("--- user\n{{#a}}{{#b}}x{{/b}}{{^b}}y{{#a}}z{{/a}}{{/b}}{{/a}}", f, 3, "yz");
    fills("--- user\r\nx {{a}}\r\n", f, 3, "x one");
}

static void test_faults(void)
{
    refused("", "no part");
    refused("words\n--- user\n", "line 1");
    refused("--- user\nx\n--- other\n", "line 3");
    refused("--- user\nx\n--- user\ny", "second part");
    refused("--- user\nx\n{{a\n}}", "line 3: {{ has no }}");
    refused("--- system\n\nok\n\n{{#a}}x\n--- user\n{{/a}}", "line 5: {{#a}} is not closed");
    refused("--- user\n{{/a}}", "was not opened");
    refused("--- user\n{{#a}}{{#b}}{{/a}}{{/b}}", "{{/a}} stands where {{/b}}");
    refused("--- user\n{{A b}}", "needs a field's name");
    refused("--- user\n\xff", "no UTF-8");
    refused("--- user\n{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}", "more than 8");
}

static void test_missing_field(void)
{
    struct error err = {0};
    struct str system = {0}, user = {0};
    struct template *t = parse("--- user\n\na\n{{nobody}}");
    CU_ASSERT_EQUAL(template_fill(t, NULL, 0, &system, &user, &err), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "line 4"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "nobody"));
    template_free(t);
    str_free(&system);
    str_free(&user);
}

static void test_check(void)
{
    const struct template_use *use = template_use_find("grade");
    struct str report = {0};
    struct template *t = parse("--- user\n{{prompt}} {{output}} {{rubric}} {{scale_min}} {{colour}}");
    CU_ASSERT_PTR_NOT_NULL_FATAL(use);
    CU_ASSERT_EQUAL(template_check(t, use, &report), 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&report), "no field colour"));
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&report), "scale_max is missing"));
    template_free(t);
    str_clear(&report);
    t = parse("--- system\n{{task}}\n--- user\nx");
    CU_ASSERT_EQUAL(template_check(t, template_use_find("generate"), &report), 1);
    template_free(t);
    str_free(&report);
}

static void test_load(void)
{
    struct error err = {0};
    char *dir = tmp_make();
    CU_ASSERT_EQUAL_FATAL(file_write_atomic(tmp_join(dir, "mine.txt"), 0600, SLICE("--- user\nown"), &err), 0);
    setenv("HINGE_SHARE", "/nowhere", 1);
    struct template *t = template_load("mine", dir, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT_STRING_EQUAL(template_path(t), tmp_join(dir, "mine.txt"));
    CU_ASSERT_EQUAL(strlen(template_hash(t)), SHA256_HEX);
    template_free(t);
    CU_ASSERT_PTR_NULL(template_load("other", dir, &err));
    CU_ASSERT_EQUAL(err.code, ERR_ABSENT);
    CU_ASSERT_PTR_NULL(template_load("../mine", dir, &err));
    CU_ASSERT_EQUAL(err.code, ERR_USAGE);
    unsetenv("HINGE_SHARE");
    tmp_remove(dir);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"fields and sections are filled in", test_fill},
        {"faults name the line", test_faults},
        {"a field that is not there", test_missing_field},
        {"checked against its use", test_check},
        {"the project's own before the installed", test_load},
        {NULL, NULL},
    };
    return suite_run("template", tests, argc, argv);
}
