/* The blast radius of a rule, and limits as the store answers them. */
#include <stdio.h>
#include <string.h>

#include "app/alike.h"
#include "app/limit_plan.h"
#include "tests/app/project.h"
#include "tests/support/suite.h"

static struct error err; /* of the last call */

static int64_t make_rule(struct session *s, int record, const char *mistake, const char *guardrail)
{
    struct outcome out = {0};
    struct rule_typed rule = {slice_of(mistake), slice_of(guardrail)};
    CU_ASSERT_EQUAL(action_edit(s, project_record(s, record), rule, &out, &err), 0);
    int64_t id = out.rule;
    outcome_free(&out);
    return id;
}

static void test_alike_and_contradicting(void)
{
    struct project p;
    project_make(&p, 40);
    struct session *s = project_open(&p, "alice");
    int64_t stated = make_rule(s, 0, "Inferred diagnosis", "Only include explicitly stated diagnoses");
    make_rule(s, 1, "Wrong unit", "Keep the dose unit as spoken");
    int64_t against = make_rule(s, 2, "Left out", "Do not include stated diagnoses");
    CU_ASSERT_EQUAL(action_cite(s, project_record(s, 3), stated, false, NULL, &err), 0);
    struct alike a = {0};
    struct rule_typed typed = {SLICE("Inferred a diagnosis"), SLICE("Include only stated diagnoses")};
    CU_ASSERT_EQUAL(alike_find(s, typed, 0, &a, &err), 0);
    CU_ASSERT_EQUAL_FATAL(a.count, 2);
    CU_ASSERT_EQUAL(a.rules[0].rule, against); /* what contradicts comes first */
    CU_ASSERT(a.rules[0].contradicts);
    CU_ASSERT_EQUAL(a.rules[1].rule, stated);
    CU_ASSERT(!a.rules[1].contradicts);
    CU_ASSERT(a.rules[1].likeness > 0.8);
    CU_ASSERT_EQUAL(a.rules[1].uses, 2);
    /* Undecided records whose candidate says the same: the even ones but 0 and 2. */
    CU_ASSERT_EQUAL(a.fits, 18);
    size_t all = a.fits;
    CU_ASSERT_EQUAL(alike_find(s, typed, project_record(s, 4), &a, &err), 0);
    CU_ASSERT_EQUAL(a.fits, all - 1); /* the others, not itself */
    typed.guardrail = SLICE("of the");
    typed.mistake = SLICE("");
    CU_ASSERT_EQUAL(alike_find(s, typed, 0, &a, &err), 0);
    CU_ASSERT_EQUAL(a.count, 0);
    CU_ASSERT_EQUAL(a.fits, 0);
    alike_free(&a);
    session_close(s);
    project_remove(&p);
}

/* How many records a limit lets through, once its patterns are looked for. */
static int64_t lets_through(struct session *s, const char *text)
{
    struct limit_plan *plan = limit_plan_new(s, slice_of(text), SORT_IMPORT, false, NULL, &err);
    int64_t count = -1;
    bool grew;
    if (!plan)
        return -1;
    while (limit_plan_searching(plan))
        if (limit_plan_step(plan, 7, &grew, &err) != 0)
            break;
    CU_ASSERT_EQUAL(queue_store_count(session_store(s), limit_plan_query(plan), &count, &err), 0);
    limit_plan_free(plan);
    return count;
}

static void test_limits(void)
{
    struct project p;
    project_make(&p, 40);
    struct session *s = project_open(&p, "alice");
    CU_ASSERT_EQUAL(action_skip(s, project_record(s, 1), NULL, &err), 0);
    CU_ASSERT_EQUAL(action_accept(s, project_record(s, 2), NULL, &err), 0);
    static const struct {
        const char *limit;
        int64_t count;
    } cases[] = {
        {"", 40},
        {"state:undecided", 38},
        {"state:decided", 2},
        {"!state:decided", 38},
        {"state:decided,undecided", 40},
        {"state:skipped,accepted", 2},
        {"reviewer:me", 2},
        {"reviewer:bob", 0},
        {"task:ward", 14},
        {"!task:ward", 26},
        {"score<2 task:ward", 7},
        {"rule:any", 1},
        {"rule:1", 1},
        {"rule:none", 39},
        {"/metformin [12]\\d mg/", 20},
        {"/METFORMIN [12]\\d mg/", 0},
        {"/METFORMIN [12]\\d mg/i", 20},
        {"!/metformin 1\\d mg/", 30},
        {"/metformin [12]\\d mg/ /[05] mg/ task:ward", 1},
        {"\"diabetic hypertension\"", 40},
        {"diabetic !hypertension", 0},
        {"id:rec-3", 11},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t count = lets_through(s, cases[i].limit);
        CU_ASSERT_EQUAL(count, cases[i].count);
        if (count != cases[i].count)
            printf("\n  %s: %lld, not %lld\n", cases[i].limit, (long long)count, (long long)cases[i].count);
    }
    size_t at = 0;
    CU_ASSERT_PTR_NULL(limit_plan_new(s, SLICE("task:x /a(b/"), SORT_IMPORT, false, &at, &err));
    CU_ASSERT(at >= 8 && at <= 12); /* where the pattern is wrong */
    CU_ASSERT(err.text[0]);
    session_close(s);
    project_remove(&p);
}

static void test_a_pattern_gives_up(void)
{
    struct project p;
    project_make(&p, 3);
    struct session *s = project_open(&p, "alice");
    struct str long_text = {0};
    for (int i = 0; i < 5000; i++)
        str_adds(&long_text, "aaaaaaaaaa");
    CU_ASSERT_EQUAL(action_edit_output(s, project_record(s, 0), str_slice(&long_text), NULL, &err), 0);
    struct limit_plan *plan = limit_plan_new(s, SLICE("/(a+a+)+[0-9]/"), SORT_IMPORT, false, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    bool grew;
    while (limit_plan_searching(plan))
        CU_ASSERT_EQUAL_FATAL(limit_plan_step(plan, 8, &grew, &err), 0);
    CU_ASSERT_EQUAL(limit_plan_progress(plan).gave_up, 1); /* and is said, not hidden */
    CU_ASSERT_EQUAL(limit_plan_progress(plan).looked_at, 3);
    limit_plan_free(plan);
    str_free(&long_text);
    session_close(s);
    project_remove(&p);
}

static const struct test tests[] = {
    {"rules alike, contradicting ones, and what a rule fits", test_alike_and_contradicting},
    {"limits let through what they say", test_limits},
    {"a pattern that is too much says so", test_a_pattern_gives_up},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return suite_run("alike", tests, argc, argv);
}
