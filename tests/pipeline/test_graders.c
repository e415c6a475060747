#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "pipeline/grader_llm.h"
#include "pipeline/grader_patterns.h"
#include "pipeline/leak.h"
#include "pipeline/quotes.h"
#include "tests/support/suite.h"

static const struct grader scale = {.name = "p", .kind = GRADER_PATTERNS, .scale_min = 0, .scale_max = 6,
                                    .weight = 1, .patterns_path = "f"};

/* --- patterns --- */

static struct verdict graded(const char *file, const char *prompt, const char *output)
{
    struct error err = {0};
    struct verdict v = {0};
    struct patterns *p = patterns_parse("f", slice_of(file), &err);
    if (!p)
        printf("\n%s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    patterns_grade(p, &scale, slice_of(prompt), slice_of(output), &v);
    patterns_free(p);
    return v;
}

static void test_patterns(void)
{
    static const char file[] = "# demands\n"
                               "must 2 /plan:/i \"No plan is given.\"\n"
                               "must-not 1.5 /\\bdenies\\b/i when /silent/ Denial invented.\n"
                               "must-match-prompt 3 /(\\d+(?:\\.\\d+)?) ?mg/ Dose not in the prompt.\n";
    struct verdict v = graded(file, "silent, takes 5 mg", "Plan: 5mg");
    CU_ASSERT_TRUE(v.has_score && verdict_perfect(v.normalised));
    CU_ASSERT_EQUAL(v.rationale.len, 0);
    verdict_free(&v);

    v = graded(file, "silent, takes 15 mg and 2.5 mg", "é denies pain, takes 5 mg, 2.5  mg");
    CU_ASSERT_DOUBLE_EQUAL(v.score, 0, 1e-9); /* 6 - 2 - 1.5 - 3, not below the bottom */
    CU_ASSERT_STRING_EQUAL(str_z(&v.rationale), "No plan is given.\nDenial invented.\nDose not in the prompt.");
    CU_ASSERT_EQUAL_FATAL(v.n_spans, 2);
    CU_ASSERT_EQUAL(v.spans[0].start, 2); /* code points */
    CU_ASSERT_EQUAL(v.spans[0].end, 8);
    CU_ASSERT_EQUAL(v.spans[1].end - v.spans[1].start, 1); /* the group: "5" is not in "15" */
    verdict_free(&v);

    v = graded(file, "awake", "plan: denies pain"); /* "when" does not hold */
    CU_ASSERT_DOUBLE_EQUAL(v.score, 6, 1e-9);
    verdict_free(&v);
}

static void faulty(const char *file, const char *why)
{
    struct error err = {0};
    CU_ASSERT_PTR_NULL(patterns_parse("f.patterns", slice_of(file), &err));
    if (!strstr(err.text, why))
        printf("\n%s\nexpected: %s\n", err.text, why);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, why));
}

static void test_pattern_faults(void)
{
    faulty("# nothing\n", "holds no pattern");
    faulty("should /x/ y\n", "f.patterns, line 1: a line starts with");
    faulty("must /x/ ok\n\nmust -1 /x/ y\n", "line 3: the weight");
    faulty("must /x", "no slash at its end");
    faulty("must /(/ y", "line 1: the pattern is faulty");
    faulty("must /x/g y", "flag is i or w");
    faulty("must /x/", "message is missing");
    faulty("bad\nmust /(/ y", "line 2"); /* reads on */
}

static void test_patterns_too_much(void)
{
    struct str output = {0};
    for (int i = 0; i < 5000; i++)
        str_addc(&output, 'a');
    str_addc(&output, '!');
    struct verdict v = graded("must-not /(a+)+(b|$)\\d/ never\n", "", str_z(&output));
    CU_ASSERT_FALSE(v.has_score);
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&v.fault), "line 1"));
    verdict_free(&v);
    str_free(&output);
}

/* --- quotes --- */

static void finds(const char *text, const char *quote, const char *expected)
{
    size_t from = 0, to = 0;
    bool found = quote_find(slice_of(text), slice_of(quote), &from, &to);
    CU_ASSERT_EQUAL(found, expected != NULL);
    if (found && expected)
        CU_ASSERT_TRUE(slice_is(slice_sub(slice_of(text), from, to), expected));
}

static void test_quotes(void)
{
    finds("The Dose was 5 mg.", "dose was", "Dose was");
    finds("a\n  b c", "A b", "a\n  b");
    finds("it’s “so”", "it's \"so\"", "it’s “so”");
    finds("x y", "\"y\"", "y");
    finds("x y", "'", NULL);
    finds("x y", "", NULL);
    finds("\xff\xfe y", "Y", "y");
    finds("x", "not there", NULL);
}

/* --- a model's verdict --- */

static void test_llm_verdict(void)
{
    struct error err = {0};
    struct verdict v = {0};
    struct json *j = json_parse(SLICE("{\"score\":4,\"rationale\":\" wrong \",\"quotes\":[\"DENIES\",\"nowhere\","
                                      "\"pain ... mg\"]}"), NULL, &err);
    CU_ASSERT_EQUAL(grader_llm_check(&scale, j, &err), 0);
    grader_llm_read(&scale, j, SLICE("he denies pain, 5 mg"), &v);
    CU_ASSERT_DOUBLE_EQUAL(v.normalised, 4.0 / 6, 1e-9);
    CU_ASSERT_STRING_EQUAL(str_z(&v.rationale), "wrong");
    CU_ASSERT_EQUAL(v.n_spans, 2); /* "mg" is too short for a piece */
    verdict_free(&v);
    json_free(j);
    j = json_parse(SLICE("{\"score\":7,\"rationale\":\"\",\"quotes\":[]}"), NULL, &err);
    CU_ASSERT_EQUAL(grader_llm_check(&scale, j, &err), -1);
    json_free(j);
    j = json_parse(SLICE("{\"score\":5,\"rationale\":\" \",\"quotes\":[]}"), NULL, &err);
    CU_ASSERT_EQUAL(grader_llm_check(&scale, j, &err), -1);
    json_free(j);
}

static void test_median(void)
{
    struct verdict a[4] = {{0}}, m = {0};
    const double scores[] = {5, 0, 2, 3};
    for (int i = 0; i < 4; i++) {
        if (i != 1)
            verdict_score(&a[i], &scale, scores[i]);
        else
            verdict_fault(&a[i], "no JSON", SLICE("raw"));
        str_addf(&a[i].rationale, "r%d", i);
    }
    CU_ASSERT_EQUAL(verdict_median(&m, a, 4), 3);
    CU_ASSERT_DOUBLE_EQUAL(m.score, 3, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(m.spread, 3, 1e-9);
    CU_ASSERT_EQUAL(m.samples, 3);
    CU_ASSERT_STRING_EQUAL(str_z(&m.rationale), "r3");
    verdict_free(&m);
    verdict_median(&m, a + 1, 1);
    CU_ASSERT_FALSE(m.has_score);
    CU_ASSERT_STRING_EQUAL(str_z(&m.raw), "raw");
    verdict_free(&m);
    for (int i = 0; i < 4; i++)
        verdict_free(&a[i]);
}

static double combined(enum combine how, double first, double second)
{
    static const struct grader tens = {.name = "q", .scale_min = 0, .scale_max = 10, .weight = 3};
    const struct grader *list[] = {&scale, &tens};
    struct task_graders t = {.graders = list, .n = 2, .combine = how};
    struct verdict parts[2] = {{0}}, total = {0};
    verdict_score(&parts[0], &scale, first);
    verdict_score(&parts[1], &tens, second);
    verdict_combine(&total, &t, parts, 2);
    double score = total.score;
    verdict_free(&total);
    return score;
}

static void test_combine(void)
{
    CU_ASSERT_DOUBLE_EQUAL(combined(COMBINE_MEAN, 6, 5), 6 * (1 + 3 * 0.5) / 4, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(combined(COMBINE_MIN, 3, 9), 3, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(combined(COMBINE_FIRST, 6, 9), 6 * 0.9, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(combined(COMBINE_FIRST, 5, 1), 5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(combined(COMBINE_FIRST, 6, 10), 6, 1e-9);
}

/* --- leaks --- */

static const char visit[] = "[doctor] Hi, Andrew, how are you? Dr. Okafor saw you in March.\n"
                            "[patient] My metoprolol was raised to 12.5 mg and then I felt very dizzy.\n"
                            "Assessment: Type II diabetes. The Patient has COPD, Diabetes and a cough.\n";

static void leaks(const char *text, enum leak expected)
{
    struct str what = {0};
    struct leak_prompt *p = leak_prompt_new(slice_of(visit));
    enum leak kind = leak_find(p, slice_of(text), &what);
    if (kind != expected)
        printf("\n%s: %s (%s)\n", text, leak_name(kind), str_z(&what));
    CU_ASSERT_EQUAL(kind, expected);
    leak_prompt_free(p);
    str_free(&what);
}

static void test_leaks(void)
{
    leaks("Only state diagnoses that were named", LEAK_NONE);
    leaks("Andrew's dose was invented", LEAK_NAME);
    leaks("Left out what okafor said", LEAK_NAME);
    leaks("Dated the visit to March", LEAK_DATE);
    leaks("Write march as a movement", LEAK_NONE);
    leaks("Doubled 12.5 mg", LEAK_NUMBER);
    leaks("Keep doses of 25 mg", LEAK_NONE);
    leaks("Wrote that then I felt very dizzy", LEAK_RUN);
    leaks("Felt very dizzy then", LEAK_NONE);
    leaks("Patient history and Diabetes or COPD taken for granted", LEAK_NONE);
    leaks("Doctor's words, how a visit starts, so", LEAK_NONE);
    leaks("", LEAK_NONE);
    leaks("\xff\xfe", LEAK_NONE);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"patterns give score, rationale and spans", test_patterns},
        {"faults of a patterns file", test_pattern_faults},
        {"a pattern that is too much work", test_patterns_too_much},
        {"quotes are found", test_quotes},
        {"a model's verdict is read", test_llm_verdict},
        {"the median of several answers", test_median},
        {"several graders become one", test_combine},
        {"what a candidate may not copy", test_leaks},
        {NULL, NULL},
    };
    return suite_run("graders", tests, argc, argv);
}
