#include <stdio.h>
#include <string.h>

#include "app/likeness.h"
#include "tests/support/suite.h"

struct verdict {
    double likeness;
    bool contradicts;
};

static struct verdict compare(const char *a, const char *b)
{
    struct rule_words x = {0}, y = {0};
    rule_words_read(&x, SLICE(""), slice_of(a));
    rule_words_read(&y, SLICE(""), slice_of(b));
    struct verdict v = {rule_likeness(&x, &y), rule_contradicts(&x, &y)};
    CU_ASSERT_DOUBLE_EQUAL(v.likeness, rule_likeness(&y, &x), 1e-9);
    CU_ASSERT_EQUAL(v.contradicts, rule_contradicts(&y, &x));
    rule_words_free(&x);
    rule_words_free(&y);
    return v;
}

static void test_alike(void)
{
    struct verdict v = compare("Only include explicitly stated diagnoses", "Include only stated diagnoses.");
    CU_ASSERT(v.likeness > 0.9);
    CU_ASSERT(!v.contradicts);
    CU_ASSERT(compare("Keep the dose unit as spoken", "Write the plan in the order spoken").likeness < 0.4);
    CU_ASSERT(compare("", "Write the plan").likeness == 0);
}

static void test_contradiction(void)
{
    static const char *const opposed[][2] = {
        {"Only include explicitly stated diagnoses", "Do not include stated diagnoses"},
        {"Round doses to whole milligrams", "Never round doses to whole milligrams"},
        {"Include family history", "Omit family history"},
        {"Expand abbreviations", "Abbreviations must not be expanded"},
    };
    for (size_t i = 0; i < sizeof opposed / sizeof *opposed; i++) {
        struct verdict v = compare(opposed[i][0], opposed[i][1]);
        CU_ASSERT(v.contradicts);
        if (!v.contradicts)
            printf("\n  %s / %s: %.2f\n", opposed[i][0], opposed[i][1], v.likeness);
    }
    CU_ASSERT(!compare("Never omit family history", "Include family history").contradicts);
    CU_ASSERT(!compare("Never include inferred diagnoses", "Only include stated diagnoses").contradicts);
    CU_ASSERT(!compare("Never round doses", "Include family history").contradicts);
}

static void test_mistakes_count_too(void)
{
    struct rule_words a = {0}, b = {0}, c = {0};
    rule_words_read(&a, SLICE("Wrong side"), SLICE("Check laterality"));
    rule_words_read(&b, SLICE("Wrong side"), SLICE("Check laterality"));
    rule_words_read(&c, SLICE("Dose lost"), SLICE("Check laterality"));
    CU_ASSERT_DOUBLE_EQUAL(rule_likeness(&a, &b), 1, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(rule_likeness(&a, &c), 0.7, 1e-9);
    rule_words_free(&a);
    rule_words_free(&b);
    rule_words_free(&c);
}

static void test_other_scripts(void)
{
    CU_ASSERT(compare("\xE5\x8F\xAA\xE5\x86\x99\xE8\xAF\x8A\xE6\x96\xAD",
                      "\xE5\x86\x99\xE8\xAF\x8A\xE6\x96\xAD").likeness > 0.5);
    CU_ASSERT(compare("Keine Dosis runden", "keine dosis RUNDEN").likeness > 0.99);
}

static void test_telling_words(void)
{
    struct str out = {0};
    telling_words(&out, SLICE("Only include explicitly stated diagnoses, not the diagnoses of others"), 3);
    CU_ASSERT_STRING_EQUAL(str_z(&out), "explicitly diagnoses include");
    str_clear(&out);
    telling_words(&out, SLICE("the of not"), 3);
    CU_ASSERT_STRING_EQUAL(str_z(&out), "");
    str_free(&out);
}

static const struct test tests[] = {
    {"rules of the same words are alike", test_alike},
    {"opposite rules contradict", test_contradiction},
    {"mistakes count too", test_mistakes_count_too},
    {"other scripts", test_other_scripts},
    {"the words to search for", test_telling_words},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return suite_run("likeness", tests, argc, argv);
}
