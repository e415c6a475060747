/* Failures of a model go back to the experts; from a failure to the decisions that taught it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/actions.h"
#include "app/returns.h"
#include "app/taught.h"
#include "db/eval_store.h"
#include "tests/app/project.h"
#include "tests/support/suite.h"

static int64_t make_eval(struct session *s, const char *folder)
{
    struct error err = {0};
    int64_t id = 0;
    const struct eval e = {.identity = "x", .name = "rgt-1 step 4", .run_uuid = "u", .run_name = "rgt-1", .run_folder = folder,
                           .method = "rgt", .step = 4, .examples = 8, .seed = 1, .base_model = "small",
                           .graders = "[{\"name\":\"note\"}]", .sampling = "{}", .split = "test"};
    CU_ASSERT_EQUAL_FATAL(eval_store_put(session_store(s), &e, &id, NULL, &err), 0);
    return id;
}

static void put_item(struct session *s, int64_t eval, int64_t record, double score, const char *fault)
{
    struct error err = {0};
    const struct eval_item item = {.eval = eval, .record = record, .revision = 1, .has_score = !fault, .score = score,
                                   .score_max = 6, .normalised = score / 6, .fault = fault,
                                   .output = fault ? NULL : "Diagnoses: diabetes.",
                                   .rationale = "Inferred a diagnosis: include only explicitly stated diagnoses."};
    CU_ASSERT_EQUAL_FATAL(eval_store_put_item(session_store(s), &item, &err), 0);
}

static void failures_become_records(void)
{
    struct project p;
    struct outcome out = {0};
    struct error err = {0};
    struct stored_record r = {0};
    struct str origin = {0};
    project_make(&p, 4);
    struct session *s = project_open(&p, "alice");
    int64_t eval = make_eval(s, NULL), from = 0, original = 0;
    int64_t records[4];
    for (int i = 0; i < 4; i++)
        records[i] = project_record(s, i);
    put_item(s, eval, records[0], 3, NULL);
    put_item(s, eval, records[1], 6, NULL);   /* nothing to learn from */
    put_item(s, eval, records[2], 0, "none"); /* no output */
    put_item(s, eval, records[3], 1, NULL);
    CU_ASSERT_EQUAL(returns_send(s, eval, records, 3, &out, &err), 0);
    CU_ASSERT_EQUAL(out.records, 1);
    CU_ASSERT_STRING_EQUAL(str_z(&out.said), "1 record by rgt-1 step 4 in the queue for the experts; 2 without a fault or "
                                             "an output stay");
    CU_ASSERT_EQUAL_FATAL(record_store_load(session_store(s), out.record, &r, &err), 0);
    const struct stored_output *y0 = stored_y0(&r);
    CU_ASSERT_STRING_EQUAL(r.key, "rgt-1-step-4/rec-0");
    CU_ASSERT_STRING_EQUAL(r.task, "ward");
    CU_ASSERT_PTR_NULL(r.split);
    CU_ASSERT_EQUAL(r.state, STATE_UNDECIDED);
    CU_ASSERT_STRING_EQUAL(y0->text, "Diagnoses: diabetes.");
    CU_ASSERT_STRING_EQUAL(y0->author, "rgt-1 step 4");
    CU_ASSERT_DOUBLE_EQUAL(y0->score, 3, 1e-12);
    CU_ASSERT_STRING_EQUAL(y0->rationale, "Inferred a diagnosis: include only explicitly stated diagnoses.");
    CU_ASSERT_STRING_EQUAL(y0->grader, "note");
    CU_ASSERT_STRING_EQUAL(stored_y_star(&r)->text, "Diagnoses: hypertension. Metformin 0 mg.");
    CU_ASSERT_EQUAL(returns_origin(session_store(s), out.record, &origin, &from, &original, &err), 1);
    CU_ASSERT_STRING_EQUAL(str_z(&origin), "rgt-1 step 4 on rec-0");
    CU_ASSERT_EQUAL(original, records[0]);
    CU_ASSERT_EQUAL(returns_origin(session_store(s), records[0], &origin, &from, &original, &err), 0);

    /* The same again goes once; all or nothing of new ones. */
    CU_ASSERT_EQUAL(returns_send(s, eval, records, 1, &out, &err), -1);
    CU_ASSERT_EQUAL(err.code, ERR_ABSENT);
    CU_ASSERT_EQUAL(returns_send(s, eval, records, 4, &out, &err), 0);
    CU_ASSERT_EQUAL(out.records, 1);
    stored_record_free(&r);
    str_free(&origin);
    outcome_free(&out);
    session_close(s);
    project_remove(&p);
}

static void write_training(const struct project *p, const char *ids)
{
    char path[600];
    snprintf(path, sizeof path, "mkdir -p %s/data", p->dir);
    CU_ASSERT_EQUAL_FATAL(system(path), 0);
    snprintf(path, sizeof path, "%s/data/train.jsonl", p->dir);
    FILE *f = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(ids, f);
    fclose(f);
}

static void rules_and_decisions_that_taught(void)
{
    struct project p;
    struct error err = {0};
    struct outcome out = {0};
    struct taught t = {0};
    project_make(&p, 6);
    write_training(&p, "{\"prompt\":[],\"id\":\"rec-2\"}\n{\"id\":\"rec-9\"}\nnot a line\n");
    struct session *s = project_open(&p, "alice");
    int64_t eval = make_eval(s, p.dir), failed = project_record(s, 1);
    CU_ASSERT_EQUAL(action_accept(s, project_record(s, 0), &out, &err), 0);
    int64_t rule = out.rule;
    CU_ASSERT_EQUAL(action_accept(s, project_record(s, 2), &out, &err), 0);
    const struct rule_typed typed = {SLICE("Wrote a dose in grams"), SLICE("Keep every dose in milligrams")};
    CU_ASSERT_EQUAL(action_edit(s, project_record(s, 3), typed, &out, &err), 0);
    int64_t broken = out.rule;
    put_item(s, eval, failed, 3, NULL);
    CU_ASSERT_EQUAL(eval_store_put_broken(session_store(s), eval, &(struct rule_mark){broken, failed, 0.9}, 1, &err), 0);
    CU_ASSERT_EQUAL_FATAL(taught_find(s, eval, failed, &t, &err), 0);
    CU_ASSERT_EQUAL_FATAL(t.n_rules, 2);
    CU_ASSERT_EQUAL(t.rules[0].rule, broken);
    CU_ASSERT_EQUAL(t.rules[0].why, TAUGHT_BROKEN);
    CU_ASSERT_EQUAL(t.rules[1].rule, rule);
    CU_ASSERT_EQUAL(t.rules[1].why, TAUGHT_ALIKE);
    CU_ASSERT_TRUE(t.knows_training);
    CU_ASSERT_EQUAL_FATAL(t.rules[1].count, 2);
    const struct taught_decision *d = &t.decisions[t.rules[1].first];
    CU_ASSERT_STRING_EQUAL(d[0].key, "rec-2"); /* what was trained on first */
    CU_ASSERT_TRUE(d[0].trained);
    CU_ASSERT_STRING_EQUAL(d[1].key, "rec-0");
    CU_ASSERT_FALSE(d[1].trained);
    CU_ASSERT_STRING_EQUAL(d[1].reviewer, "alice");
    CU_ASSERT_STRING_EQUAL(d[1].verb, "accept");
    taught_free(&t);
    outcome_free(&out);
    session_close(s);
    project_remove(&p);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"returns: failures become records", failures_become_records},
        {"taught: rules and decisions", rules_and_decisions_that_taught},
        {NULL, NULL},
    };
    return suite_run("returns", tests, argc, argv);
}
