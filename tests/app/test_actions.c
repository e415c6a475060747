#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/actions.h"
#include "app/drafts.h"
#include "db/record_store.h"
#include "db/rule_store.h"
#include "tests/app/project.h"
#include "tests/support/suite.h"

static struct error err; /* of the last call */

static const struct rule_typed typed_rule = {{"Dose lost", 9}, {"Keep the dose unit as spoken", 28}};
static const struct rule_typed distilled = {{"Inferred diagnosis from medication", 34},
                                            {"Only include explicitly stated diagnoses", 40}};

static struct stored_record load(struct session *s, int n)
{
    struct stored_record r = {0};
    CU_ASSERT_EQUAL(record_store_load(session_store(s), project_record(s, n), &r, &err), 0);
    return r;
}

static enum record_state state_of(struct session *s, int n)
{
    struct stored_record r = load(s, n);
    enum record_state state = r.state;
    stored_record_free(&r);
    return state;
}

static size_t rules_of(struct session *s, int n)
{
    struct stored_record r = load(s, n);
    size_t count = r.n_rules;
    stored_record_free(&r);
    return count;
}

#define OK(call)                                                                                         \
    do {                                                                                                 \
        error_clear(&err);                                                                               \
        int result_ = call;                                                                              \
        CU_ASSERT_EQUAL(result_, 0);                                                                     \
        if (result_ != 0)                                                                                \
            printf("\n  %s:%d %s\n", __FILE__, __LINE__, err.text);                                      \
    } while (0)

static void test_words_decide_the_verb(void)
{
    struct project p;
    project_make(&p, 4);
    struct session *s = project_open(&p, "alice");
    OK(action_accept(s, project_record(s, 0), NULL, &err));
    CU_ASSERT_EQUAL(state_of(s, 0), STATE_ACCEPTED);
    OK(action_edit(s, project_record(s, 2), typed_rule, NULL, &err));
    CU_ASSERT_EQUAL(state_of(s, 2), STATE_EDITED);
    OK(action_edit(s, project_record(s, 2), distilled, NULL, &err)); /* edited back to the candidate's words */
    CU_ASSERT_EQUAL(state_of(s, 2), STATE_ACCEPTED);
    struct outcome out = {0};
    OK(action_edit(s, project_record(s, 1), typed_rule, &out, &err)); /* no candidate: written */
    CU_ASSERT_EQUAL(state_of(s, 1), STATE_EDITED);
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&out.said), "written"));
    CU_ASSERT_EQUAL(action_accept(s, project_record(s, 1), NULL, &err), -1);
    CU_ASSERT_EQUAL(err.code, ERR_ABSENT);
    struct rule_typed empty = {{"x", 1}, {"  ", 2}};
    CU_ASSERT_EQUAL(action_edit(s, project_record(s, 0), empty, NULL, &err), -1);
    CU_ASSERT_EQUAL(state_of(s, 0), STATE_ACCEPTED);
    outcome_free(&out);
    session_close(s);
    project_remove(&p);
}

static void test_rules_are_shared(void)
{
    struct project p;
    project_make(&p, 5);
    struct session *s = project_open(&p, "alice");
    struct outcome a = {0}, b = {0};
    OK(action_accept(s, project_record(s, 0), &a, &err));
    OK(action_accept(s, project_record(s, 2), &b, &err));
    CU_ASSERT_EQUAL(a.rule, b.rule);
    OK(action_cite(s, project_record(s, 1), a.rule, false, &b, &err));
    CU_ASSERT_EQUAL(state_of(s, 1), STATE_ACCEPTED);
    OK(action_add_rule(s, project_record(s, 0), typed_rule, &b, &err));
    CU_ASSERT_EQUAL(rules_of(s, 0), 2);
    OK(action_undo(s, NULL, &err));
    CU_ASSERT_EQUAL(rules_of(s, 0), 1);
    OK(action_redo(s, NULL, &err));
    OK(action_merge_rules(s, b.rule, a.rule, NULL, &err));
    CU_ASSERT_EQUAL(rules_of(s, 0), 1); /* both are one now */
    OK(action_undo(s, NULL, &err));
    CU_ASSERT_EQUAL(rules_of(s, 0), 2);
    OK(action_edit_rule(s, a.rule, (struct rule_typed){SLICE("m"), SLICE("Everywhere new")}, NULL, &err));
    struct stored_record r = load(s, 2);
    CU_ASSERT_STRING_EQUAL(r.rules[0].guardrail, "Everywhere new");
    stored_record_free(&r);
    CU_ASSERT_EQUAL(action_merge_rules(s, a.rule, a.rule, NULL, &err), -1);
    CU_ASSERT_EQUAL(action_edit_rule(s, a.rule, (struct rule_typed){SLICE(" m "), SLICE("Everywhere new ")}, NULL, &err), -1);
    CU_ASSERT_EQUAL(err.code, ERR_CONFLICT);
    outcome_free(&a);
    outcome_free(&b);
    session_close(s);
    project_remove(&p);
}

static void test_output_and_hinges(void)
{
    struct project p;
    project_make(&p, 1);
    struct session *s = project_open(&p, "alice");
    int64_t id = project_record(s, 0);
    OK(action_edit_output(s, id, SLICE("Diagnoses: none."), NULL, &err));
    struct stored_record r = load(s, 0);
    CU_ASSERT_STRING_EQUAL(stored_y_star(&r)->text, "Diagnoses: none.");
    CU_ASSERT_STRING_EQUAL(stored_y_star(&r)->author, "alice");
    stored_record_free(&r);
    CU_ASSERT_EQUAL(action_edit_output(s, id, SLICE("Diagnoses: none."), NULL, &err), -1);
    CU_ASSERT_EQUAL(action_edit_output(s, id, SLICE(" "), NULL, &err), -1);
    OK(action_undo(s, NULL, &err));
    r = load(s, 0);
    CU_ASSERT_STRING_EQUAL(stored_y_star(&r)->text, "Diagnoses: hypertension. Metformin 0 mg.");
    stored_record_free(&r);
    OK(action_mark_hinge(s, id, false, 11, 19, true, NULL, &err));
    r = load(s, 0);
    CU_ASSERT_EQUAL(r.n_marks, 1);
    stored_record_free(&r);
    OK(action_undo(s, NULL, &err));
    r = load(s, 0);
    CU_ASSERT_EQUAL(r.n_marks, 0);
    stored_record_free(&r);
    session_close(s);
    project_remove(&p);
}

static void test_many_is_one_undo(void)
{
    struct project p;
    project_make(&p, 9);
    struct session *s = project_open(&p, "alice");
    int64_t ids[9];
    for (int i = 0; i < 9; i++)
        ids[i] = project_record(s, i);
    OK(action_skip(s, ids[8], NULL, &err));
    struct outcome out = {0};
    OK(action_many(s, MANY_ACCEPT, ids, 8, SLICE(""), &out, &err));
    CU_ASSERT_EQUAL(out.records, 4); /* four of them have no candidate */
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&out.said), "4 left out"));
    OK(action_many(s, MANY_REJECT, ids, 8, SLICE("vague"), &out, &err));
    for (int i = 0; i < 8; i++)
        CU_ASSERT_EQUAL(state_of(s, i), STATE_REJECTED);
    OK(action_undo(s, &out, &err));
    for (int i = 0; i < 8; i++)
        CU_ASSERT_EQUAL(state_of(s, i), i % 2 ? STATE_UNDECIDED : STATE_ACCEPTED);
    OK(action_undo(s, &out, &err));
    CU_ASSERT_EQUAL(state_of(s, 0), STATE_UNDECIDED);
    CU_ASSERT_EQUAL(state_of(s, 8), STATE_SKIPPED);
    CU_ASSERT_EQUAL(action_many(s, MANY_REJECT, ids, 8, SLICE(""), &out, &err), -1);
    CU_ASSERT_EQUAL(state_of(s, 0), STATE_UNDECIDED);
    outcome_free(&out);
    session_close(s);
    project_remove(&p);
}

static void test_nothing_is_stored_read_only(void)
{
    struct project p;
    project_make(&p, 2);
    session_close(project_open(&p, "alice"));
    struct session_options options = {.project = p.path, .reviewer = "alice", .read_only = true};
    struct session *s = session_open(&options, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT(session_read_only(s));
    CU_ASSERT_EQUAL(action_accept(s, project_record(s, 0), NULL, &err), -1);
    CU_ASSERT_EQUAL(err.code, ERR_READONLY);
    CU_ASSERT_EQUAL(action_undo(s, NULL, &err), -1);
    CU_ASSERT_EQUAL(err.code, ERR_READONLY);
    draft_note(s, 1, "rule", SLICE("typed"));
    CU_ASSERT(!draft_pending(s));
    session_close(s);
    options.project = "/nonexistent/x.db";
    CU_ASSERT_PTR_NULL(session_open(&options, &err));
    CU_ASSERT_EQUAL(err.code, ERR_ABSENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "hinge init"));
    project_remove(&p);
}

static void test_drafts(void)
{
    struct project p;
    project_make(&p, 1);
    struct session *s = project_open(&p, "alice");
    struct str out = {0};
    CU_ASSERT_EQUAL(draft_wait_ms(s), -1);
    draft_note(s, 1, "rule", SLICE("half ty"));
    CU_ASSERT(draft_pending(s));
    CU_ASSERT(draft_wait_ms(s) <= DRAFT_IDLE_MS);
    draft_note(s, 0, "place", SLICE("{}"));
    CU_ASSERT(draft_recall(s, 1, "rule", &out)); /* noted, not stored */
    CU_ASSERT_STRING_EQUAL(str_z(&out), "half ty");
    OK(draft_store(s, &err));
    CU_ASSERT(!draft_pending(s));
    draft_note(s, 1, "rule", SLICE("half ty")); /* the same again is no change */
    CU_ASSERT(!draft_pending(s));
    session_close(s);
    s = project_open(&p, "bob");
    CU_ASSERT(!draft_recall(s, 1, "rule", &out)); /* another's drafts are not mine */
    session_close(s);
    s = project_open(&p, "alice");
    str_clear(&out);
    CU_ASSERT(draft_recall(s, 1, "rule", &out));
    CU_ASSERT_STRING_EQUAL(str_z(&out), "half ty");
    draft_note(s, 1, "rule", SLICE(""));
    OK(draft_store(s, &err));
    str_clear(&out);
    CU_ASSERT(!draft_recall(s, 1, "rule", &out));
    str_free(&out);
    session_close(s);
    project_remove(&p);
}

/*
 * Random sequences against a model: two experts, ten records, every kind of decision, undo and redo, and the
 * project closed and opened again in between. The model is a plain list: a batch of decisions stands or is taken
 * back; a record's state is that of the last standing decision about it.
 */
enum { RECORDS = 10, MOST = 400, EXPERTS = 2 };

struct model {
    struct step {
        int expert, batch;
        int record;
        enum record_state state;
    } steps[MOST * RECORDS];
    int n_steps;
    struct {
        int expert;
        bool stands;
    } batches[MOST];
    int n_batches;
    int redo[EXPERTS][MOST], n_redo[EXPERTS]; /* taken back, the latest last */
};

static void model_do(struct model *m, int expert, int from, int to, enum record_state state, bool candidates_only)
{
    m->batches[m->n_batches].expert = expert;
    m->batches[m->n_batches].stands = true;
    for (int i = from; i < to; i++)
        if (!candidates_only || i % 2 == 0)
            m->steps[m->n_steps++] = (struct step){expert, m->n_batches, i, state};
    m->n_batches++;
    m->n_redo[expert] = 0;
}

static bool model_undo(struct model *m, int expert)
{
    for (int i = m->n_batches - 1; i >= 0; i--) {
        if (m->batches[i].expert != expert || !m->batches[i].stands)
            continue;
        m->batches[i].stands = false;
        m->redo[expert][m->n_redo[expert]++] = i;
        return true;
    }
    return false;
}

static bool model_redo(struct model *m, int expert)
{
    if (m->n_redo[expert] == 0)
        return false;
    m->batches[m->redo[expert][--m->n_redo[expert]]].stands = true;
    return true;
}

static enum record_state model_state(const struct model *m, int record)
{
    for (int i = m->n_steps - 1; i >= 0; i--)
        if (m->steps[i].record == record && m->batches[m->steps[i].batch].stands)
            return m->steps[i].state;
    return STATE_UNDECIDED;
}

static unsigned dice(unsigned *seed, unsigned sides)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % sides;
}

/* One random thing done in both worlds. */
static void do_something(struct session *s, struct model *m, int expert, const int64_t *ids, unsigned *seed)
{
    int n = (int)dice(seed, RECORDS), to = n + 1 + (int)dice(seed, (unsigned)(RECORDS - n));
    switch (dice(seed, 12)) {
    case 0:
    case 1:
        if (action_accept(s, ids[n], NULL, &err) == 0)
            model_do(m, expert, n, n + 1, STATE_ACCEPTED, false);
        else
            CU_ASSERT_EQUAL(n % 2, 1);
        break;
    case 2:
        OK(action_edit(s, ids[n], typed_rule, NULL, &err));
        model_do(m, expert, n, n + 1, STATE_EDITED, false);
        break;
    case 3:
        OK(action_reject(s, ids[n], SLICE("broad: not always"), NULL, &err));
        model_do(m, expert, n, n + 1, STATE_REJECTED, false);
        break;
    case 4:
        OK(action_flag(s, ids[n], SLICE("ask bob"), NULL, &err));
        model_do(m, expert, n, n + 1, STATE_FLAGGED, false);
        break;
    case 5:
        OK(action_many(s, MANY_SKIP, ids + n, (size_t)(to - n), SLICE(""), NULL, &err));
        model_do(m, expert, n, to, STATE_SKIPPED, false);
        break;
    case 6:
        if (action_many(s, MANY_ACCEPT, ids + n, (size_t)(to - n), SLICE(""), NULL, &err) == 0)
            model_do(m, expert, n, to, STATE_ACCEPTED, true);
        else
            CU_ASSERT(to == n + 1 && n % 2 == 1);
        break;
    case 7:
        CU_ASSERT_EQUAL(action_redo(s, NULL, &err) == 0, model_redo(m, expert));
        break;
    default:
        CU_ASSERT_EQUAL(action_undo(s, NULL, &err) == 0, model_undo(m, expert));
        break;
    }
}

static bool agrees(struct session *s, const struct model *m)
{
    bool same = true;
    for (int i = 0; i < RECORDS; i++)
        same = same && state_of(s, i) == model_state(m, i);
    return same;
}

static void test_random_sequences(void)
{
    static const char *const names[EXPERTS] = {"alice", "bob"};
    for (unsigned round = 0; round < 4; round++) {
        static struct model m;
        memset(&m, 0, sizeof m);
        struct project p;
        project_make(&p, RECORDS);
        unsigned seed = 77 + round;
        int expert = 0;
        struct session *s = project_open(&p, names[expert]);
        int64_t ids[RECORDS];
        for (int i = 0; i < RECORDS; i++)
            ids[i] = project_record(s, i);
        bool ok = true;
        for (int i = 0; i < MOST / 2 && ok; i++) {
            if (dice(&seed, 8) == 0) {
                session_close(s);
                expert = (int)dice(&seed, EXPERTS);
                s = project_open(&p, names[expert]);
            }
            do_something(s, &m, expert, ids, &seed);
            ok = agrees(s, &m);
        }
        CU_ASSERT(ok);
        while (model_undo(&m, expert)) { /* all the way back */
            OK(action_undo(s, NULL, &err));
        }
        CU_ASSERT(agrees(s, &m));
        struct str report = {0};
        size_t faults = 1;
        OK(store_check(session_store(s), &report, &faults, &err));
        CU_ASSERT_EQUAL(faults, 0);
        str_free(&report);
        session_close(s);
        project_remove(&p);
    }
}

static const struct test tests[] = {
    {"the words decide between accept, edit and write", test_words_decide_the_verb},
    {"rules are shared, cited, merged and reworded", test_rules_are_shared},
    {"y* by an expert and hinges by hand", test_output_and_hinges},
    {"many records are one undo", test_many_is_one_undo},
    {"reading only stores nothing; a missing project says how to make one", test_nothing_is_stored_read_only},
    {"drafts", test_drafts},
    {"random sequences agree with a model", test_random_sequences},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return suite_run("actions", tests, argc, argv);
}
