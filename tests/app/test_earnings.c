/* What prompts and graders earn, from a real project with candidates, verdicts and decisions. */
#include "app/earnings.h"

#include <math.h>
#include <string.h>

#include "db/decision_store.h"
#include "db/loop_store.h"
#include "db/prompt_store.h"
#include "db/rule_store.h"
#include "tests/db/fixture.h"
#include "tests/support/suite.h"

#define NEAR(x, want) CU_ASSERT_TRUE(fabs((x) - (want)) < 1e-9)
#define OLD "aaaa"
#define NEW "bbbb"

static int64_t record(struct fixture *f, int n)
{
    char line[200];
    enum record_put what;
    snprintf(line, sizeof line,
             "{\"id\":\"v%d\",\"task\":\"note\",\"prompt\":\"Doctor: Hello.\",\"y0\":\"Fever since May.\"}", n);
    return fixture_put(f, line, &what);
}

static int64_t candidate(struct fixture *f, int64_t of, const char *prompt, const char *model, struct slice mistake,
                         struct slice guardrail)
{
    struct error err = {0};
    int64_t id = 0;
    struct provenance from = {.model = model, .endpoint = "e", .prompt_hash = prompt};
    CU_ASSERT_EQUAL(loop_store_add_candidate(f->s, of, mistake, guardrail, 0, &from, &id, &err), 0);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    return id;
}

static void decide(struct fixture *f, struct decision d)
{
    struct error err = {0};
    if (!d.reviewer)
        d.reviewer = f->alice;
    CU_ASSERT_EQUAL(decision_store_append(f->s, &d, &err), 0);
    CU_ASSERT_STRING_EQUAL(err.text, "");
}

static int64_t rule(struct fixture *f, struct slice mistake, struct slice guardrail)
{
    struct error err = {0};
    int64_t id = 0;
    CU_ASSERT_EQUAL(rule_store_intern(f->s, f->alice, mistake, guardrail, &id, &err), 0);
    return id;
}

static struct earnings read_earnings(struct fixture *f)
{
    struct error err = {0};
    struct earnings e = {.n_prompts = 0};
    CU_ASSERT_EQUAL(earnings_read(f->s, &e, &err), 0);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    return e;
}

static void test_changed(void)
{
    NEAR(earnings_changed(SLICE("Keep the dose"), SLICE("Keep the dose")), 0);
    NEAR(earnings_changed(SLICE("Keep the dose."), SLICE("Keep  the\n dose")), 0); /* neither blanks nor points */
    NEAR(earnings_changed(SLICE("Keep the dose"), SLICE("Write any number")), 1);
    NEAR(earnings_changed(SLICE("Keep the dose"), SLICE("Keep each dose")), 2.0 / 6);
    NEAR(earnings_changed(SLICE("Keep the dose"), SLICE("Keep the dose as it was said")), 4.0 / 10);
    NEAR(earnings_changed(SLICE(""), SLICE("Keep")), 1);
    NEAR(earnings_changed(SLICE(""), SLICE("")), 0);
}

static void test_nothing(void)
{
    struct fixture f;
    fixture_open(&f);
    struct earnings e = read_earnings(&f);
    CU_ASSERT_EQUAL(e.n_prompts, 0);
    CU_ASSERT_EQUAL(e.n_graders, 0);
    earnings_free(&e);
    fixture_close(&f);
}

static const struct slice mistake = {"Made up a dose", 14}, guardrail = {"Keep every dose", 15};

/* The older prompt: one rejected, twice for the same reason in other words, one undecided. */
static void older(struct fixture *f)
{
    static const char *const why[] = {"vague", "vague: says nothing", "wrong: never"};
    for (int i = 0; i < 3; i++) {
        int64_t r = record(f, 10 + i), c = candidate(f, r, OLD, "small", mistake, guardrail);
        decide(f, (struct decision){.verb = VERB_REJECT, .record = r, .candidate = c, .reason = why[i], .note = why[i]});
    }
    candidate(f, record(f, 13), OLD, "small", mistake, guardrail);
}

/* The newer one: one accepted, one edited (one word of seven on each side), one passed over for another rule. */
static void newer(struct fixture *f)
{
    int64_t r = record(f, 20), c = candidate(f, r, NEW, "small", mistake, guardrail);
    int64_t kept = rule(f, mistake, guardrail), edited = rule(f, mistake, SLICE("Keep each dose"));
    decide(f, (struct decision){.verb = VERB_ACCEPT, .record = r, .candidate = c, .rule = kept});
    r = record(f, 21);
    c = candidate(f, r, NEW, "small", mistake, guardrail);
    decide(f, (struct decision){.verb = VERB_EDIT, .record = r, .candidate = c, .rule = edited});
    r = record(f, 22);
    candidate(f, r, NEW, "small", mistake, guardrail);
    decide(f, (struct decision){.verb = VERB_CITE, .record = r, .rule = kept});
}

static void test_prompts(void)
{
    struct fixture f;
    struct error err = {0};
    fixture_open(&f);
    CU_ASSERT_EQUAL(prompt_store_keep(f.s, NEW, "distill", SLICE("text"), &err), 0);
    older(&f);
    newer(&f);
    candidate(&f, record(&f, 30), NEW, "large", mistake, guardrail);
    struct earnings e = read_earnings(&f);
    CU_ASSERT_EQUAL_FATAL(e.n_prompts, 3);
    const struct earning_prompt *p = &e.prompts[0];
    CU_ASSERT_STRING_EQUAL(p->hash, NEW);
    CU_ASSERT_STRING_EQUAL(p->name, "distill");
    CU_ASSERT_STRING_EQUAL(p->model, "small");
    CU_ASSERT_STRING_EQUAL(p->task, "note");
    CU_ASSERT_EQUAL(p->candidates, 3);
    CU_ASSERT_EQUAL(p->accepted, 1);
    CU_ASSERT_EQUAL(p->edited, 1);
    CU_ASSERT_EQUAL(p->rejected, 0);
    CU_ASSERT_EQUAL(p->other, 1);
    CU_ASSERT_EQUAL(p->undecided, 0);
    NEAR(p->kept, 1);
    NEAR(p->changed, 2.0 / 14);
    NEAR(p->earns, (1 + (1 - 2.0 / 14)) / 2);
    CU_ASSERT_EQUAL(p->n_reasons, 0);

    p = &e.prompts[1]; /* all rejected is still more than not known */
    CU_ASSERT_STRING_EQUAL(p->hash, OLD);
    CU_ASSERT_STRING_EQUAL(p->name, "");
    CU_ASSERT_EQUAL(p->candidates, 4);
    CU_ASSERT_EQUAL(p->undecided, 1);
    CU_ASSERT_EQUAL(p->rejected, 3);
    NEAR(p->earns, 0);
    CU_ASSERT_TRUE(p->changed < 0);
    CU_ASSERT_EQUAL_FATAL(p->n_reasons, 2);
    CU_ASSERT_STRING_EQUAL(p->reasons[0].word, "vague");
    CU_ASSERT_EQUAL(p->reasons[0].times, 2);
    CU_ASSERT_STRING_EQUAL(p->reasons[1].word, "wrong");

    p = &e.prompts[2];
    CU_ASSERT_STRING_EQUAL(p->model, "large");
    CU_ASSERT_TRUE(p->earns < 0 && p->kept < 0);
    earnings_free(&e);
    fixture_close(&f);
}

/* What is taken back was never earned. */
static void test_undo(void)
{
    struct fixture f;
    struct error err = {0};
    struct undo_result undone;
    fixture_open(&f);
    int64_t r = record(&f, 1), c = candidate(&f, r, NEW, "small", mistake, guardrail);
    decide(&f, (struct decision){.verb = VERB_ACCEPT, .record = r, .candidate = c, .rule = rule(&f, mistake, guardrail)});
    struct earnings e = read_earnings(&f);
    CU_ASSERT_EQUAL_FATAL(e.n_prompts, 1);
    CU_ASSERT_EQUAL(e.prompts[0].accepted, 1);
    earnings_free(&e);
    CU_ASSERT_EQUAL(decision_store_undo(f.s, f.alice, &undone, &err), 1);
    e = read_earnings(&f);
    CU_ASSERT_EQUAL(e.prompts[0].accepted, 0);
    CU_ASSERT_EQUAL(e.prompts[0].undecided, 1);
    CU_ASSERT_TRUE(e.prompts[0].earns < 0);
    earnings_free(&e);
    fixture_close(&f);
}

static void judge(struct fixture *f, int64_t of, const char *grader, double score, const char *fault)
{
    struct error err = {0};
    struct loop_record l = {.id = 0};
    int64_t id;
    CU_ASSERT_EQUAL_FATAL(loop_store_load(f->s, of, &l, &err), 0);
    struct new_verdict v = {.grader = grader, .has_score = !fault, .score = score, .score_max = 6, .normalised = score / 6,
                            .rationale = score < 6 ? "A fault." : NULL, .samples = 3, .spread = 6 - score, .fault = fault,
                            .raw = fault ? "{" : NULL};
    struct provenance from = {.model = "large", .endpoint = "e", .prompt_hash = NEW};
    CU_ASSERT_EQUAL(loop_store_add_verdict(f->s, of, l.outputs[0].id, &v, &from, &id, &err), 0);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    loop_record_free(&l);
}

/* Experts saw a fault in v1 and v2 and none in v3; nobody decided v4. */
static void test_graders(void)
{
    struct fixture f;
    fixture_open(&f);
    int64_t r[5];
    for (int i = 1; i < 5; i++)
        r[i] = record(&f, i);
    judge(&f, r[1], "strict", 4, NULL);
    judge(&f, r[2], "strict", 6, NULL);
    judge(&f, r[3], "strict", 2, NULL);
    judge(&f, r[4], "strict", 1, NULL);
    judge(&f, r[4], "strict", 0, "no JSON");
    int64_t good = rule(&f, mistake, guardrail);
    for (int i = 1; i < 4; i++) {
        int64_t c = candidate(&f, r[i], NEW, "small", mistake, guardrail);
        decide(&f, i < 3 ? (struct decision){.verb = VERB_ACCEPT, .record = r[i], .candidate = c, .rule = good}
                         : (struct decision){.verb = VERB_REJECT, .record = r[i], .candidate = c,
                                             .reason = "grader: y0 was right", .note = "grader"});
    }
    struct earnings e = read_earnings(&f);
    CU_ASSERT_EQUAL_FATAL(e.n_graders, 1);
    const struct earning_grader *g = &e.graders[0];
    CU_ASSERT_STRING_EQUAL(g->grader, "strict");
    CU_ASSERT_STRING_EQUAL(g->model, "large");
    CU_ASSERT_STRING_EQUAL(g->hash, NEW);
    CU_ASSERT_STRING_EQUAL(g->task, "note");
    CU_ASSERT_EQUAL(g->verdicts, 4);
    CU_ASSERT_EQUAL(g->failed, 1);
    CU_ASSERT_EQUAL(g->judged, 3);
    CU_ASSERT_EQUAL(g->agreed, 1);
    CU_ASSERT_EQUAL(g->missed, 1);
    CU_ASSERT_EQUAL(g->invented, 1);
    NEAR(g->agreement, 1.0 / 3);
    CU_ASSERT_TRUE(g->spread >= 0);
    earnings_free(&e);
    fixture_close(&f);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"the share of words changed", test_changed},
        {"nothing made yet", test_nothing},
        {"prompts", test_prompts},
        {"a decision taken back", test_undo},
        {"graders beside experts", test_graders},
        {NULL, NULL},
    };
    return suite_run("app/earnings", tests, argc, argv);
}
