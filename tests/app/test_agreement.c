/* Agreement read from a real project: who counts, what is grouped, what a skip and an undo do. */
#include "app/agreement.h"

#include <math.h>
#include <string.h>

#include "db/decision_store.h"
#include "db/rule_store.h"
#include "tests/db/fixture.h"
#include "tests/support/suite.h"

enum { RECORDS = 6 };

struct world {
    struct fixture f;
    int64_t carol, rule;
    int64_t records[RECORDS]; /* of the tasks t0 t1 t2 t0 t1 t2 */
};

static void decide(struct world *w, int64_t reviewer, int record, enum verb verb)
{
    struct error err = {0};
    struct decision d = {.verb = verb, .reviewer = reviewer, .record = w->records[record]};
    if (verb_state(verb) == STATE_ACCEPTED || verb_state(verb) == STATE_EDITED)
        d.rule = w->rule;
    if (verb == VERB_REJECT || verb == VERB_FLAG)
        d.reason = d.note = "why";
    CU_ASSERT_EQUAL(decision_store_append(w->f.s, &d, &err), 0);
    CU_ASSERT_STRING_EQUAL(err.text, "");
}

static void begin(struct world *w)
{
    struct error err = {0};
    fixture_open(&w->f);
    CU_ASSERT_EQUAL(store_reviewer(w->f.s, "carol", &w->carol, &err), 0);
    CU_ASSERT_EQUAL(rule_store_intern(w->f.s, w->f.alice, SLICE("Inferred"), SLICE("State only what was said"),
                                      &w->rule, &err),
                    0);
    for (int i = 0; i < RECORDS; i++)
        w->records[i] = fixture_record(&w->f, i);
}

static struct agreement_report read_report(struct world *w, bool kept)
{
    struct error err = {0};
    struct agreement_report r = {.records = 0};
    CU_ASSERT_EQUAL(agreement_report_read(w->f.s, kept, &r, &err), 0);
    return r;
}

#define NEAR(x, want) CU_ASSERT_TRUE(fabs((x) - (want)) < 1e-6)

static void test_nobody(void)
{
    struct world w;
    begin(&w);
    struct agreement_report r = read_report(&w, false);
    CU_ASSERT_EQUAL(r.reviewers, 0);
    CU_ASSERT_EQUAL(r.records, 0);
    CU_ASSERT_EQUAL(r.n_pairs + r.n_tasks + r.n_rules + r.n_disputes, 0);
    CU_ASSERT_FALSE(r.all.defined);
    agreement_report_free(&r);
    fixture_close(&w.f);
}

/* alice: accept accept reject reject; bob: accept edit reject accept; carol: reject on the last
 * alone. */
static void vote(struct world *w)
{
    static const enum verb alice[] = {VERB_ACCEPT, VERB_CITE, VERB_REJECT, VERB_REJECT};
    static const enum verb bob[] = {VERB_ACCEPT, VERB_EDIT, VERB_REJECT, VERB_ACCEPT};
    for (int i = 0; i < 4; i++) {
        decide(w, w->f.alice, i, alice[i]);
        decide(w, w->f.bob, i, bob[i]);
    }
    decide(w, w->carol, 3, VERB_REJECT);
    decide(w, w->carol, 4, VERB_ACCEPT);
    decide(w, w->carol, 0, VERB_SKIP);
}

static void test_report(void)
{
    struct world w;
    begin(&w);
    vote(&w);
    struct agreement_report r = read_report(&w, false);
    CU_ASSERT_EQUAL(r.reviewers, 3);
    CU_ASSERT_EQUAL(r.records, 5);
    CU_ASSERT_EQUAL(r.all.units, 4); /* carol's own record has one vote, her skip is none */
    NEAR(r.all.raw, (1 + 0 + 1 + 1.0 / 3) / 4);

    CU_ASSERT_EQUAL_FATAL(r.n_pairs, 3);
    CU_ASSERT_STRING_EQUAL(r.pairs[0].first, "alice");
    CU_ASSERT_STRING_EQUAL(r.pairs[0].second, "bob");
    CU_ASSERT_EQUAL(r.pairs[0].kappa.records, 4);
    NEAR(r.pairs[0].kappa.raw, 0.5);
    /* By chance: accepted 2/4 by 2/4, rejected 2/4 by 1/4. */
    NEAR(r.pairs[0].kappa.kappa, (0.5 - 0.375) / (1 - 0.375));
    CU_ASSERT_EQUAL(r.pairs[1].kappa.records, 1);

    CU_ASSERT_EQUAL_FATAL(r.n_disputes, 2);
    CU_ASSERT_STRING_EQUAL(r.disputes[0].key, "r1"); /* one against one before two against one */
    CU_ASSERT_STRING_EQUAL(r.disputes[1].key, "r3");
    CU_ASSERT_EQUAL(r.disputes[1].votes.votes[STATE_REJECTED], 2);
    CU_ASSERT_STRING_EQUAL(r.disputes[1].reviewers[STATE_REJECTED][0], "alice");
    CU_ASSERT_STRING_EQUAL(r.disputes[1].reviewers[STATE_REJECTED][1], "carol");
    CU_ASSERT_STRING_EQUAL(r.disputes[1].reviewers[STATE_ACCEPTED][0], "bob");

    CU_ASSERT_EQUAL_FATAL(r.n_tasks, 3);
    CU_ASSERT_STRING_EQUAL(r.tasks[0].name, "t1"); /* least agreement first */
    CU_ASSERT_EQUAL_FATAL(r.n_rules, 1);
    CU_ASSERT_STRING_EQUAL(r.rules[0].name, "State only what was said");
    CU_ASSERT_EQUAL(r.rules[0].rule, w.rule);
    CU_ASSERT_EQUAL(r.rules[0].alpha.units, 3); /* all but the one that both rejected */
    agreement_report_free(&r);
    fixture_close(&w.f);
}

static void test_kept(void)
{
    struct world w;
    begin(&w);
    vote(&w);
    struct agreement_report r = read_report(&w, true);
    CU_ASSERT_EQUAL_FATAL(r.n_disputes, 1);
    CU_ASSERT_STRING_EQUAL(r.disputes[0].key, "r3");
    NEAR(r.pairs[0].kappa.raw, 0.75);
    agreement_report_free(&r);
    fixture_close(&w.f);
}

/* The last verdict counts, and one taken back does not. */
static void test_changes_of_mind(void)
{
    struct world w;
    struct error err = {0};
    struct undo_result undone;
    begin(&w);
    decide(&w, w.f.alice, 0, VERB_ACCEPT);
    decide(&w, w.f.bob, 0, VERB_REJECT);
    decide(&w, w.f.bob, 0, VERB_ACCEPT);
    struct agreement_report r = read_report(&w, false);
    CU_ASSERT_EQUAL(r.n_disputes, 0);
    NEAR(r.all.raw, 1);
    agreement_report_free(&r);
    CU_ASSERT_EQUAL(decision_store_undo(w.f.s, w.f.bob, &undone, &err), 1);
    r = read_report(&w, false);
    CU_ASSERT_EQUAL(r.n_disputes, 1);
    NEAR(r.all.raw, 0);
    agreement_report_free(&r);
    fixture_close(&w.f);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"nobody voted", test_nobody},
        {"the report", test_report},
        {"kept as one verdict", test_kept},
        {"changes of mind", test_changes_of_mind},
        {NULL, NULL},
    };
    return suite_run("app/agreement", tests, argc, argv);
}
