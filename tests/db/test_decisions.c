/* The log of decisions and what follows from it, against a model in memory that replays the log in
 * the plainest way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/decision_store.h"
#include "db/draft_store.h"
#include "db/rule_store.h"
#include "db/snapshot_store.h"
#include "tests/db/fixture.h"
#include "tests/support/suite.h"

enum {
    RECORDS = 5,
    RULES = 6,
    REVIEWERS = 2,
    STEPS = 160,
    SEQUENCES = 25,
    BATCH_MAX = 3,
    LOG_MAX = STEPS
};

struct entry { /* one decision of the model */
    enum verb verb;
    int record, rule, other; /* -1: none */
};

struct batch {
    int64_t id;
    int reviewer;
    bool stands;
    int count;
    struct entry entries[BATCH_MAX];
};

struct model {
    struct batch log[LOG_MAX];
    int count;
    int redo[REVIEWERS][LOG_MAX], redos[REVIEWERS]; /* stacks of places in log */
};

/* What the model says now. */
struct view {
    int state[RECORDS];
    int rules[RECORDS][RULES], n_rules[RECORDS];
    int status[RULES], into[RULES], version[RULES];
};

struct world {
    struct fixture f;
    int64_t records[RECORDS], rules[RULES], reviewers[REVIEWERS];
    struct model m;
    unsigned seed;
};

static unsigned roll(struct world *w, unsigned n)
{
    w->seed = w->seed * 1103515245u + 12345u;
    return (w->seed >> 16) % n;
}

static int root_of(const struct view *v, int rule)
{
    for (int i = 0; v->into[rule] >= 0; i++) {
        if (i > RULES)
            return -1; /* a circle */
        rule = v->into[rule];
    }
    return rule;
}

static void view_rules(const struct model *m, struct view *v)
{
    for (int i = 0; i < RULES; i++)
        v->into[i] = v->version[i] = -1;
    for (int b = 0; b < m->count; b++)
        for (int i = 0; m->log[b].stands && i < m->log[b].count; i++) {
            const struct entry *e = &m->log[b].entries[i];
            if (e->verb == VERB_MERGE_RULE || e->verb == VERB_RETIRE_RULE ||
                e->verb == VERB_REVIVE_RULE) {
                v->status[e->rule] =
                    e->verb == VERB_MERGE_RULE ? RULE_MERGED : e->verb == VERB_RETIRE_RULE;
                v->into[e->rule] = e->verb == VERB_MERGE_RULE ? e->other : -1;
            } else if (e->verb == VERB_REWORD_RULE) {
                v->version[e->rule] = e->other;
            }
        }
}

static void view_cite(struct view *v, int record, int rule)
{
    int root = root_of(v, rule);
    for (int i = 0; i < v->n_rules[record]; i++)
        if (v->rules[record][i] == root)
            return;
    v->rules[record][v->n_rules[record]++] = root;
}

static void view_record(const struct model *m, struct view *v, int record)
{
    int deciding = -1;
    for (int b = 0; b < m->count; b++)
        for (int i = 0; m->log[b].stands && i < m->log[b].count; i++) {
            const struct entry *e = &m->log[b].entries[i];
            if (e->record == record && verb_state(e->verb) >= 0) {
                v->state[record] = verb_state(e->verb);
                deciding = e->rule;
            }
        }
    if (v->state[record] != STATE_ACCEPTED && v->state[record] != STATE_EDITED)
        return;
    if (deciding >= 0)
        view_cite(v, record, deciding);
    for (int b = 0; b < m->count; b++)
        for (int i = 0; m->log[b].stands && i < m->log[b].count; i++)
            if (m->log[b].entries[i].record == record && m->log[b].entries[i].verb == VERB_ADD_RULE)
                view_cite(v, record, m->log[b].entries[i].rule);
}

/* false when merges form a circle. */
static bool view_model(const struct model *m, struct view *v)
{
    memset(v, 0, sizeof *v);
    view_rules(m, v);
    for (int i = 0; i < RULES; i++)
        if (root_of(v, i) < 0)
            return false;
    for (int i = 0; i < RECORDS; i++)
        view_record(m, v, i);
    return true;
}

static void compare_record(struct world *w, const struct view *v, int i)
{
    struct error err = {0};
    struct stored_record r = {0};
    CU_ASSERT_EQUAL(record_store_load(w->f.s, w->records[i], &r, &err), 0);
    CU_ASSERT_EQUAL((int)r.state, v->state[i]);
    CU_ASSERT_EQUAL((int)r.n_rules, v->n_rules[i]);
    for (size_t k = 0; k < r.n_rules && (int)k < v->n_rules[i]; k++)
        CU_ASSERT_EQUAL(r.rules[k].id, w->rules[v->rules[i][k]]);
    stored_record_free(&r);
}

static void compare(struct world *w)
{
    struct view v;
    struct error err = {0};
    CU_ASSERT(view_model(&w->m, &v));
    for (int i = 0; i < RECORDS; i++)
        compare_record(w, &v, i);
    for (int i = 0; i < RULES; i++) {
        struct rules found = {0};
        char words[64];
        snprintf(words, sizeof words, v.version[i] < 0 ? "guardrail %d" : "guardrail %d version %d",
                 i, v.version[i]);
        CU_ASSERT_EQUAL_FATAL(rule_store_get(w->f.s, w->rules[i], &found, &err), 0);
        CU_ASSERT_EQUAL((int)found.items[0].status, v.status[i]);
        CU_ASSERT_EQUAL(found.items[0].merged_into, v.into[i] < 0 ? 0 : w->rules[v.into[i]]);
        CU_ASSERT_STRING_EQUAL(found.items[0].guardrail, words);
        rules_free(&found);
    }
}

static struct entry random_entry(struct world *w, bool library)
{
    static const enum verb of_record[] = {VERB_ACCEPT, VERB_EDIT,    VERB_WRITE, VERB_CITE,
                                          VERB_CITE,   VERB_REJECT,  VERB_SKIP,  VERB_FLAG,
                                          VERB_UNFLAG, VERB_ADD_RULE};
    static const enum verb of_library[] = {VERB_MERGE_RULE, VERB_MERGE_RULE, VERB_RETIRE_RULE,
                                           VERB_REVIVE_RULE, VERB_REWORD_RULE};
    struct entry e = {.record = -1, .rule = -1, .other = -1};
    e.verb = library ? of_library[roll(w, 5)] : of_record[roll(w, 10)];
    if (!library)
        e.record = (int)roll(w, RECORDS);
    if (library || e.verb <= VERB_CITE || e.verb == VERB_ADD_RULE)
        e.rule = (int)roll(w, RULES);
    if (e.verb == VERB_MERGE_RULE)
        e.other = (int)roll(w, RULES);
    if (e.verb == VERB_REWORD_RULE)
        e.other = (int)roll(w, 1000);
    return e;
}

/* Whether the store must take it, given what stands. */
static bool allowed(const struct view *v, const struct entry *e)
{
    if (e->rule >= 0 && v->into[e->rule] >= 0)
        return false;
    return e->verb != VERB_MERGE_RULE || root_of(v, e->other) != e->rule;
}

static int append(struct world *w, int reviewer, const struct entry *e, int64_t *batch)
{
    struct error err = {0};
    struct decision d = {.verb = e->verb, .batch = *batch, .reviewer = w->reviewers[reviewer],
                         .record = e->record < 0 ? 0 : w->records[e->record],
                         .rule = e->rule < 0 ? 0 : w->rules[e->rule]};
    if (e->verb == VERB_MERGE_RULE) {
        d.other = w->rules[e->other];
    } else if (e->verb == VERB_REWORD_RULE) {
        char words[64];
        snprintf(words, sizeof words, "guardrail %d version %d", e->rule, e->other);
        CU_ASSERT_EQUAL(rule_store_add_version(w->f.s, d.rule, d.reviewer, SLICE("m"),
                                               slice_of(words), &d.other, &err),
                        0);
    }
    int result = decision_store_append(w->f.s, &d, &err);
    *batch = result == 0 ? d.batch : *batch;
    return result;
}

static void act(struct world *w, int reviewer)
{
    struct view v;
    struct error err = {0};
    struct batch b = {.reviewer = reviewer, .stands = true};
    bool library = roll(w, 4) == 0, ok = true;
    int n = library ? 1 : 1 + (int)roll(w, BATCH_MAX);
    CU_ASSERT_EQUAL(store_begin(w->f.s, &err), 0);
    for (int i = 0; i < n && ok; i++) {
        struct entry e = random_entry(w, library);
        view_model(&w->m, &v);
        ok = allowed(&v, &e);
        CU_ASSERT_EQUAL(append(w, reviewer, &e, &b.id), ok ? 0 : -1);
        b.entries[b.count++] = e;
    }
    if (!ok) {
        store_rollback(w->f.s);
        return;
    }
    CU_ASSERT_EQUAL(store_commit(w->f.s, &err), 0);
    w->m.log[w->m.count++] = b;
    w->m.redos[reviewer] = 0;
}

static void undo(struct world *w, int reviewer)
{
    struct undo_result out;
    struct error err = {0};
    struct view v;
    int at = w->m.count - 1;
    while (at >= 0 && !(w->m.log[at].stands && w->m.log[at].reviewer == reviewer))
        at--;
    int expected = at >= 0;
    if (at >= 0) {
        w->m.log[at].stands = false;
        if (!view_model(&w->m, &v)) {
            w->m.log[at].stands = true;
            expected = -1;
        }
    }
    int got = decision_store_undo(w->f.s, w->reviewers[reviewer], &out, &err);
    CU_ASSERT_EQUAL(got, expected);
    if (expected != 1)
        return;
    CU_ASSERT_EQUAL(out.decisions, w->m.log[at].count);
    CU_ASSERT_EQUAL((int)out.verb, (int)w->m.log[at].entries[0].verb);
    w->m.redo[reviewer][w->m.redos[reviewer]++] = at;
}

static void redo(struct world *w, int reviewer)
{
    struct undo_result out;
    struct error err = {0};
    struct view v;
    int expected = w->m.redos[reviewer] > 0;
    int at = expected ? w->m.redo[reviewer][w->m.redos[reviewer] - 1] : -1;
    if (expected) {
        w->m.log[at].stands = true;
        if (!view_model(&w->m, &v)) {
            w->m.log[at].stands = false;
            expected = -1;
        }
    }
    CU_ASSERT_EQUAL(decision_store_redo(w->f.s, w->reviewers[reviewer], &out, &err), expected);
    if (expected == 1)
        w->m.redos[reviewer]--;
}

static void world_open(struct world *w, unsigned seed)
{
    struct error err = {0};
    memset(w, 0, sizeof *w);
    w->seed = seed;
    fixture_open(&w->f);
    w->reviewers[0] = w->f.alice;
    w->reviewers[1] = w->f.bob;
    for (int i = 0; i < RECORDS; i++)
        w->records[i] = fixture_record(&w->f, i);
    for (int i = 0; i < RULES; i++) {
        char words[32];
        snprintf(words, sizeof words, "guardrail %d", i);
        CU_ASSERT_EQUAL(
            rule_store_intern(w->f.s, w->f.alice, SLICE("m"), slice_of(words), &w->rules[i], &err),
            0);
    }
}

/* The log lives in the file: another login goes on where this one stopped. */
static void log_in_again(struct world *w)
{
    struct error err = {0};
    store_close(w->f.s);
    w->f.s = store_open(w->f.path, STORE_WRITE, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w->f.s);
}

static void undo_and_redo_agree_with_the_model(void)
{
    static struct world w;
    const char *given = getenv("HINGE_SEED");
    for (unsigned n = 0; n < SEQUENCES; n++) {
        world_open(&w, given ? (unsigned)atoi(given) : n + 1);
        unsigned failed = CU_get_number_of_failures(), steps = 1 + roll(&w, STEPS - 1);
        for (unsigned i = 0; i < steps; i++) {
            unsigned what = roll(&w, 10);
            int reviewer = (int)roll(&w, REVIEWERS);
            (what < 5 ? act : what < 8 ? undo : redo)(&w, reviewer);
            if (roll(&w, 20) == 0)
                log_in_again(&w);
            if (roll(&w, 4) == 0)
                compare(&w);
        }
        compare(&w);
        struct str report = {0};
        CU_ASSERT_EQUAL(fixture_faults(w.f.s, &report), 0);
        if (CU_get_number_of_failures() != failed)
            fprintf(stderr, "sequence %u, %u steps: %s\n", n + 1, steps, str_z(&report));
        str_free(&report);
        fixture_close(&w.f);
        if (CU_get_number_of_failures() != failed)
            return;
    }
}

/* Everything undone, nothing is left of it; everything redone, all is back. */
static void all_the_way_back_and_forth(void)
{
    static struct world w;
    struct undo_result out;
    struct error err = {0};
    world_open(&w, 77);
    for (int i = 0; i < 60; i++)
        act(&w, 0);
    struct view before, after;
    view_model(&w.m, &before);
    for (int i = 0; i < 100; i++)
        undo(&w, 0);
    CU_ASSERT_EQUAL(decision_store_undo(w.f.s, w.f.alice, &out, &err), 0);
    CU_ASSERT_EQUAL(fixture_number(w.f.s, "SELECT count(*) FROM record WHERE state = 0 AND rule IS "
                                          "NULL"),
                    RECORDS);
    CU_ASSERT_EQUAL(fixture_number(w.f.s, "SELECT sum(uses) FROM rule"), 0);
    for (int i = 0; i < 100; i++)
        redo(&w, 0);
    view_model(&w.m, &after);
    CU_ASSERT_EQUAL(memcmp(&before, &after, sizeof before), 0);
    compare(&w);
    fixture_close(&w.f);
}

/* --- history, pace, current --- */

struct seen {
    char text[2048];
    int rows;
};

static int see(void *context, const struct decision_row *row)
{
    struct seen *s = context;
    size_t len = strlen(s->text);
    snprintf(s->text + len, sizeof s->text - len, "%s:%s%s%s ", row->reviewer,
             verb_name(row->d.verb), row->effective ? "" : "-", row->rule_guardrail ? "!" : "");
    s->rows++;
    return 0;
}

static void history_tells_who_did_what(void)
{
    static struct world w;
    struct error err = {0};
    struct undo_result out;
    world_open(&w, 1);
    struct decision d[] = {
        {.verb = VERB_ACCEPT,
         .reviewer = w.f.alice,
         .record = w.records[0],
         .rule = w.rules[0],
         .seconds = 10},
        {.verb = VERB_REJECT,
         .reviewer = w.f.bob,
         .record = w.records[0],
         .reason = "unsupported",
         .seconds = 30},
        {.verb = VERB_FLAG,
         .reviewer = w.f.bob,
         .record = w.records[1],
         .note = "ask",
         .seconds = 50},
    };
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(decision_store_append(w.f.s, &d[i], &err), 0);
    CU_ASSERT_EQUAL(decision_store_undo(w.f.s, w.f.bob, &out, &err), 1);
    CU_ASSERT_EQUAL(decision_store_undo(w.f.s, w.f.bob, &out, &err), 1);
    CU_ASSERT_EQUAL(out.record, w.records[0]);
    struct seen s = {0};
    CU_ASSERT_EQUAL(decision_store_history(w.f.s, w.records[0], see, &s, &err), 0);
    CU_ASSERT_STRING_EQUAL(s.text, "alice:accept! bob:reject- bob:undo- ");
    struct pace p;
    CU_ASSERT_EQUAL(decision_store_pace(w.f.s, w.f.alice, 0, &p, &err), 0);
    CU_ASSERT_EQUAL(p.records_today, 1);
    CU_ASSERT_DOUBLE_EQUAL(p.seconds_per_record, 10, 0.01);
    CU_ASSERT_EQUAL(decision_store_pace(w.f.s, w.f.bob, 0, &p, &err), 0);
    CU_ASSERT_EQUAL(p.records_today, 0);
    CU_ASSERT_EQUAL(decision_store_redo(w.f.s, w.f.bob, &out, &err), 1);
    memset(&s, 0, sizeof s);
    CU_ASSERT_EQUAL(decision_store_current(w.f.s, 0, see, &s, &err), 0);
    CU_ASSERT_STRING_EQUAL(s.text, "alice:accept! bob:reject ");
    CU_ASSERT_EQUAL(decision_store_current(w.f.s, d[2].created + 1000000, see, &s, &err), 0);
    CU_ASSERT_EQUAL(s.rows, 2);
    fixture_close(&w.f);
}

static void refuses_what_cannot_be(void)
{
    static struct world w;
    struct error err = {0};
    world_open(&w, 1);
    struct decision bad[] = {
        {.verb = VERB_SKIP, .reviewer = w.f.alice, .record = 999},
        {.verb = VERB_CITE, .reviewer = w.f.alice, .record = w.records[0], .rule = 999},
        {.verb = VERB_MERGE_RULE, .reviewer = w.f.alice, .rule = w.rules[0], .other = 999},
        {.verb = VERB_MERGE_RULE, .reviewer = w.f.alice, .rule = w.rules[0], .other = w.rules[0]},
    };
    static const enum error_code codes[] = {ERR_ABSENT, ERR_ABSENT, ERR_ABSENT, ERR_CONFLICT};
    for (int i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(decision_store_append(w.f.s, &bad[i], &err), -1);
        CU_ASSERT_EQUAL(err.code, codes[i]);
    }
    CU_ASSERT_EQUAL(fixture_number(w.f.s, "SELECT count(*) FROM decision"), 0);
    fixture_close(&w.f);
}

static const struct test tests[] = {
    {"undo and redo agree with the model", undo_and_redo_agree_with_the_model},
    {"all the way back and forth", all_the_way_back_and_forth},
    {"history tells who did what", history_tells_who_did_what},
    {"refuses what cannot be", refuses_what_cannot_be},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return suite_run("decisions", tests, argc, argv);
}
