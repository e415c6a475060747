/* Records, rules, drafts and snapshots: what goes in, what comes out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/decision_store.h"
#include "db/draft_store.h"
#include "db/rule_store.h"
#include "db/snapshot_store.h"
#include "tests/db/fixture.h"
#include "tests/support/suite.h"

/* --- records --- */

static void comes_out_as_it_went_in(void)
{
    static const char *const lines[] = {
        "{\"id\":\"a\",\"prompt\":\"p\"}",
        "{\"id\":\"b\",\"y0\":\"only an output\"}",
        "{\"prompt\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"\"}]"
        ",\"id\":\"c\",\"task\":\"t\"}",
        "{\"id\":\"d\",\"prompt\":\"p\",\"y0\":\"one "
        "two\",\"rounds\":[{\"output\":\"two\",\"score\":1.50,\"rationale\":\"r\"},"
        "{\"output\":\"three\"}],\"y_star\":\"four\",\"score\":4.0,\"score_max\":6,\"rationale\":"
        "\"\",\"spans\":[{\"start\":0,"
        "\"end\":3,\"label\":\"l\"},{\"start\":4,\"end\":7}],\"rule\":{\"mistake\":\"m\","
        "\"guardrail\":\"g\"},\"split\":\"test\","
        "\"meta\":{\"z\":[1,2.50,null]},\"unknown\":{\"deep\":[true]},\"other\":1e400}",
        "{\"id\":\"e\",\"prompt\":\"p\",\"y0\":\"\",\"spans\":[],\"rounds\":[],\"score\":0}",
        "{\"id\":\"f\",\"prompt\":\"'; DROP TABLE record; --\",\"task\":\"x' OR "
        "'1'='1\",\"y0\":\"\\u001b[31m\xe2\x80\xae\"}",
        "{\"id\":\"g\",\"prompt\":\"p\",\"rationale\":\"a verdict without an output\",\"score\":3}",
        "{\"id\":\"h\",\"prompt\":\"p\",\"rule\":{\"guardrail\":\"g\"}}",
    };
    struct fixture f;
    fixture_open(&f);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct error err = {0};
        struct record r = {0};
        struct str out = {0};
        enum record_put what;
        int64_t id = fixture_put(&f, lines[i], &what), again;
        CU_ASSERT_EQUAL(what, RECORD_ADDED);
        CU_ASSERT_EQUAL(record_store_export(f.s, id, &r, &err), 0);
        record_print(&out, &r);
        CU_ASSERT_STRING_EQUAL(str_z(&out), lines[i]);
        if (strcmp(str_z(&out), lines[i]) != 0)
            fprintf(stderr, "%s\n%s\n", lines[i], str_z(&out));
        again = fixture_put(&f, lines[i], &what);
        CU_ASSERT_EQUAL(again, id);
        CU_ASSERT_EQUAL(what, RECORD_UNCHANGED);
        record_free(&r);
        str_free(&out);
    }
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT count(*) FROM record_revision"), 8);
    CU_ASSERT_EQUAL(fixture_faults(f.s, NULL), 0);
    fixture_close(&f);
}

/* A changed record is a new revision; its decisions stay, its old texts are searched for no
 * more. */
static void a_change_is_a_revision(void)
{
    struct fixture f;
    struct error err = {0};
    struct stored_record r = {0};
    struct undo_result out;
    enum record_put what;
    fixture_open(&f);
    int64_t id = fixture_put(
        &f, "{\"id\":\"a\",\"prompt\":\"aspirin\",\"y0\":\"x\",\"rationale\":\"old\"}", &what);
    struct decision d = {.verb = VERB_FLAG, .reviewer = f.alice, .record = id, .note = "ask"};
    CU_ASSERT_EQUAL(decision_store_append(f.s, &d, &err), 0);
    struct record changed = {0};
    CU_ASSERT_EQUAL(
        record_parse(&changed, SLICE("{\"id\":\"a\",\"prompt\":\"ramipril\"}"), NULL, &err), 0);
    CU_ASSERT_EQUAL(record_store_would_put(f.s, &changed, &what, &err), 0);
    CU_ASSERT_EQUAL(what, RECORD_UPDATED);
    record_free(&changed);
    CU_ASSERT_EQUAL(fixture_put(&f, "{\"id\":\"a\",\"prompt\":\"ramipril\",\"y0\":\"y\"}", &what),
                    id);
    CU_ASSERT_EQUAL(what, RECORD_UPDATED);
    CU_ASSERT_EQUAL(record_store_load(f.s, id, &r, &err), 0);
    CU_ASSERT_EQUAL(r.revision, 2);
    CU_ASSERT_EQUAL(r.state, STATE_FLAGGED);
    CU_ASSERT_STRING_EQUAL(r.note, "ask");
    CU_ASSERT_STRING_EQUAL(r.reviewer_name, "alice");
    CU_ASSERT_STRING_EQUAL(stored_y0(&r)->text, "y");
    stored_record_free(&r);
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT count(*) FROM record_search WHERE record_search "
                                        "MATCH 'ramipril'"),
                    1);
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT count(*) FROM record_search WHERE record_search "
                                        "MATCH 'aspirin'"),
                    0);
    CU_ASSERT_EQUAL(decision_store_undo(f.s, f.alice, &out, &err), 1);
    CU_ASSERT_EQUAL(fixture_faults(f.s, NULL), 0);
    fixture_close(&f);
}

/* y* of an expert counts while its decision stands, hinges by hand likewise. */
static void experts_add_to_a_record(void)
{
    struct fixture f;
    struct error err = {0};
    struct stored_record r = {0};
    struct undo_result out;
    fixture_open(&f);
    int64_t id = fixture_record(&f, 0);
    struct decision d = {.verb = VERB_EDIT_YSTAR, .reviewer = f.bob, .record = id};
    CU_ASSERT_EQUAL(record_store_add_output(f.s, id, f.bob, SLICE("by an expert"), &d.output, &err),
                    0);
    CU_ASSERT_EQUAL(record_store_load(f.s, id, &r, &err), 0);
    CU_ASSERT_STRING_EQUAL(stored_y_star(&r)->text, "last output 0"); /* nothing cites it yet */
    stored_record_free(&r);
    CU_ASSERT_EQUAL(decision_store_append(f.s, &d, &err), 0);
    struct decision mark = {
        .verb = VERB_MARK_HINGE, .reviewer = f.bob, .record = id, .from = 6, .to = 12};
    CU_ASSERT_EQUAL(decision_store_append(f.s, &mark, &err), 0);
    CU_ASSERT_EQUAL(record_store_load(f.s, id, &r, &err), 0);
    CU_ASSERT_STRING_EQUAL(stored_y_star(&r)->text, "by an expert");
    CU_ASSERT_STRING_EQUAL(stored_y_star(&r)->author, "bob");
    CU_ASSERT_EQUAL(r.n_marks, 1);
    CU_ASSERT_EQUAL(r.marks[0].to, 12);
    CU_ASSERT_EQUAL(r.n_candidates, 1);
    CU_ASSERT_EQUAL(r.state, STATE_UNDECIDED);
    stored_record_free(&r);
    CU_ASSERT_EQUAL(decision_store_undo(f.s, f.bob, &out, &err), 1);
    CU_ASSERT_EQUAL(decision_store_undo(f.s, f.bob, &out, &err), 1);
    CU_ASSERT_EQUAL(record_store_load(f.s, id, &r, &err), 0);
    CU_ASSERT_STRING_EQUAL(stored_y_star(&r)->text, "last output 0");
    CU_ASSERT_EQUAL(r.n_marks, 0);
    stored_record_free(&r);
    CU_ASSERT_EQUAL(record_store_add_output(f.s, 999, f.bob, SLICE("x"), &d.output, &err), -1);
    CU_ASSERT_EQUAL(err.code, ERR_ABSENT);
    CU_ASSERT_EQUAL(fixture_faults(f.s, NULL), 0);
    fixture_close(&f);
}

static int collect(void *context, int64_t id)
{
    int64_t *sum = context;
    *sum += id;
    return id == 5 ? 42 : 0;
}

static void records_are_found_and_walked(void)
{
    struct fixture f;
    struct error err = {0};
    struct record r = {0};
    int64_t id, sum = 0;
    fixture_open(&f);
    for (int i = 0; i < 9; i++)
        fixture_record(&f, i);
    CU_ASSERT_EQUAL(record_store_find(f.s, "r3", &id, &err), 1);
    CU_ASSERT_EQUAL(id, 4);
    CU_ASSERT_EQUAL(record_store_find(f.s, "nobody", &id, &err), 0);
    CU_ASSERT_EQUAL(record_store_each(f.s, collect, &sum, &err), 42);
    CU_ASSERT_EQUAL(sum, 15);
    CU_ASSERT_EQUAL(record_store_export(f.s, 999, &r, &err), -1);
    CU_ASSERT_EQUAL(err.code, ERR_ABSENT);
    record_free(&r);
    fixture_close(&f);
}

/* --- rules --- */

static int64_t rule(struct fixture *f, const char *mistake, const char *guardrail)
{
    struct error err = {0};
    int64_t id = 0;
    CU_ASSERT_EQUAL(
        rule_store_intern(f->s, f->alice, slice_of(mistake), slice_of(guardrail), &id, &err), 0);
    return id;
}

static void rules_are_kept_once(void)
{
    struct fixture f;
    struct error err = {0};
    struct rules list = {0};
    fixture_open(&f);
    int64_t a = rule(&f, "Inferred a diagnosis", "Only include explicitly stated diagnoses");
    int64_t b = rule(&f, "Inferred a diagnosis", "Never infer a diagnosis from a drug");
    CU_ASSERT_NOT_EQUAL(a, b);
    CU_ASSERT_EQUAL(rule(&f, "Inferred a diagnosis", "Only include explicitly stated diagnoses"),
                    a);
    struct decision merge = {.verb = VERB_MERGE_RULE, .reviewer = f.alice, .rule = a, .other = b};
    CU_ASSERT_EQUAL(decision_store_append(f.s, &merge, &err), 0);
    CU_ASSERT_EQUAL(rule(&f, "Inferred a diagnosis", "Only include explicitly stated diagnoses"),
                    b);
    CU_ASSERT_EQUAL(rule_store_list(f.s, RULES_BY_USES, true, &list, &err), 0);
    CU_ASSERT_EQUAL(list.count, 1);
    CU_ASSERT_EQUAL(list.items[0].id, b);
    CU_ASSERT_STRING_EQUAL(list.items[0].author, "alice");
    rules_free(&list);
    CU_ASSERT_EQUAL(rule_store_get(f.s, a, &list, &err), 0);
    CU_ASSERT_EQUAL(list.items[0].merged_into, b);
    rules_free(&list);
    CU_ASSERT_EQUAL(rule_store_get(f.s, 999, &list, &err), -1);
    CU_ASSERT_EQUAL(err.code, ERR_ABSENT);
    rules_free(&list);
    fixture_close(&f);
}

static size_t alike(struct fixture *f, const char *text, int64_t *first)
{
    struct error err = {0};
    struct rules list = {0};
    CU_ASSERT_EQUAL(rule_store_alike(f->s, slice_of(text), 8, &list, &err), 0);
    size_t n = list.count;
    *first = n ? list.items[0].id : 0;
    rules_free(&list);
    return n;
}

static void rules_alike_are_found(void)
{
    struct fixture f;
    struct error err = {0};
    int64_t first, version;
    fixture_open(&f);
    int64_t a = rule(&f, "Inferred a diagnosis", "Only include explicitly stated diagnoses");
    int64_t b = rule(&f, "Changed a dose", "Keep the dose unit as spoken");
    CU_ASSERT(alike(&f, "keep units of the dose", &first) >= 1);
    CU_ASSERT_EQUAL(first, b);
    CU_ASSERT(alike(&f, "STATED diagnoses, explicitly", &first) >= 1);
    CU_ASSERT_EQUAL(first, a);
    CU_ASSERT_EQUAL(alike(&f, "\"' OR * NEAR( ) :^", &first), 0);
    CU_ASSERT_EQUAL(alike(&f, "", &first), 0);
    struct decision d = {.verb = VERB_REWORD_RULE, .reviewer = f.alice, .rule = b};
    CU_ASSERT_EQUAL(rule_store_add_version(f.s, b, f.alice, SLICE("Wrong side"),
                                           SLICE("Mind laterality"), &version, &err),
                    0);
    d.other = version;
    CU_ASSERT_EQUAL(decision_store_append(f.s, &d, &err), 0);
    CU_ASSERT_EQUAL(alike(&f, "laterality", &first), 1);
    CU_ASSERT_EQUAL(alike(&f, "spoken", &first), 0);
    struct decision retire = {.verb = VERB_RETIRE_RULE, .reviewer = f.alice, .rule = b};
    CU_ASSERT_EQUAL(decision_store_append(f.s, &retire, &err), 0);
    CU_ASSERT_EQUAL(alike(&f, "laterality", &first), 0);
    fixture_close(&f);
}

static void a_rule_fits_records_that_share_enough(void)
{
    struct fixture f;
    struct error err = {0};
    int64_t n = 0;
    fixture_open(&f);
    fixture_put(&f,
                "{\"id\":\"a\",\"prompt\":\"p\",\"y0\":\"y\",\"rationale\":\"Added a diagnosis "
                "nobody stated\"}",
                NULL);
    fixture_put(&f,
                "{\"id\":\"b\",\"prompt\":\"stated "
                "diagnosis\",\"y0\":\"y\",\"rationale\":\"Fine\"}",
                NULL);
    int64_t c = fixture_put(&f,
                            "{\"id\":\"c\",\"prompt\":\"p\",\"y0\":\"y\",\"rule\":{\"guardrail\":"
                            "\"Stated diagnosis only\"}}",
                            NULL);
    CU_ASSERT_EQUAL(rule_store_fits(f.s, SLICE("Only the stated diagnosis"), 100, &n, &err), 0);
    CU_ASSERT_EQUAL(n, 2);
    CU_ASSERT_EQUAL(rule_store_fits(f.s, SLICE("Only the stated diagnosis"), 1, &n, &err), 0);
    CU_ASSERT_EQUAL(n, 1);
    struct decision d = {.verb = VERB_SKIP, .reviewer = f.alice, .record = c};
    CU_ASSERT_EQUAL(decision_store_append(f.s, &d, &err), 0);
    CU_ASSERT_EQUAL(rule_store_fits(f.s, SLICE("Only the stated diagnosis"), 100, &n, &err), 0);
    CU_ASSERT_EQUAL(n, 1);
    CU_ASSERT_EQUAL(rule_store_fits(f.s, SLICE("with that from"), 100, &n, &err), 0);
    CU_ASSERT_EQUAL(n, 0);
    fixture_close(&f);
}

/* --- drafts and snapshots --- */

static int count_draft(void *context, int64_t record, const char *field, int64_t created)
{
    (void)record, (void)field, (void)created;
    ++*(int *)context;
    return 0;
}

static void drafts_keep_the_newest(void)
{
    struct fixture f;
    struct error err = {0};
    struct str text = {0};
    int64_t id, created, dropped;
    int waiting = 0;
    fixture_open(&f);
    id = fixture_record(&f, 1);
    CU_ASSERT_EQUAL(draft_store_save(f.s, f.alice, id, "rule", SLICE("hal"), &err), 0);
    CU_ASSERT_EQUAL(draft_store_save(f.s, f.alice, id, "rule", SLICE("half typed"), &err), 0);
    CU_ASSERT_EQUAL(draft_store_save(f.s, f.alice, 0, "state", SLICE(""), &err), 0);
    CU_ASSERT_EQUAL(draft_store_save(f.s, f.bob, id, "rule", SLICE("bob's"), &err), 0);
    CU_ASSERT_EQUAL(draft_store_load(f.s, f.alice, id, "rule", &text, &created, &err), 1);
    CU_ASSERT_STRING_EQUAL(str_z(&text), "half typed");
    CU_ASSERT(created > 0);
    CU_ASSERT_EQUAL(draft_store_load(f.s, f.alice, 0, "state", &text, NULL, &err),
                    1); /* empty, yet there */
    CU_ASSERT_EQUAL(draft_store_each(f.s, f.alice, count_draft, &waiting, &err), 0);
    CU_ASSERT_EQUAL(waiting, 2);
    CU_ASSERT_EQUAL(draft_store_save(f.s, f.bob, id, "rule", (struct slice){NULL, 0}, &err), 0);
    CU_ASSERT_EQUAL(draft_store_load(f.s, f.bob, id, "rule", &text, NULL, &err), 0);
    CU_ASSERT_EQUAL(draft_store_prune(f.s, &dropped, &err), 0);
    CU_ASSERT_EQUAL(dropped, 3);
    CU_ASSERT_NOT_EQUAL(fixture_sql(f.s, "DELETE FROM draft"), 0); /* the door is shut again */
    str_clear(&text);
    CU_ASSERT_EQUAL(draft_store_load(f.s, f.alice, id, "rule", &text, NULL, &err), 1);
    CU_ASSERT_STRING_EQUAL(str_z(&text), "half typed");
    str_free(&text);
    fixture_close(&f);
}

static int see_snapshot(void *context, const struct snapshot_row *row)
{
    str_addf(context, "%s:%s:%lld ", row->hash, row->method, (long long)row->examples);
    return 0;
}

static void snapshots_are_kept_once(void)
{
    struct fixture f;
    struct error err = {0};
    struct str seen = {0};
    struct store_counts counts;
    fixture_open(&f);
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(snapshot_store_put(f.s, "aa", "rgt", "x.jsonl", 7, SLICE("{}"), &err), 0);
    CU_ASSERT_EQUAL(snapshot_store_put(f.s, "bb", "sft", "y.jsonl", 1, SLICE("{}"), &err), 0);
    CU_ASSERT_EQUAL(snapshot_store_each(f.s, see_snapshot, &seen, &err), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&seen), "aa:rgt:7 "));
    CU_ASSERT_EQUAL(seen.len, strlen("aa:rgt:7 bb:sft:1 "));
    CU_ASSERT_EQUAL(store_counts(f.s, &counts, &err), 0);
    CU_ASSERT_EQUAL(counts.snapshots, 2);
    str_free(&seen);
    fixture_close(&f);
}

static const struct test tests[] = {
    {"comes out as it went in", comes_out_as_it_went_in},
    {"a change is a revision", a_change_is_a_revision},
    {"experts add to a record", experts_add_to_a_record},
    {"records are found and walked", records_are_found_and_walked},
    {"rules are kept once", rules_are_kept_once},
    {"rules alike are found", rules_alike_are_found},
    {"a rule fits records that share enough", a_rule_fits_records_that_share_enough},
    {"drafts keep the newest", drafts_keep_the_newest},
    {"snapshots are kept once", snapshots_are_kept_once},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return suite_run("stores", tests, argc, argv);
}
