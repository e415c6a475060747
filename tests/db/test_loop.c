/* What the model loop adds to records: what counts, what lists and files show of it, what is left to do. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "db/call_store.h"
#include "db/decision_store.h"
#include "db/loop_store.h"
#include "db/prompt_store.h"
#include "db/queue_store.h"
#include "db/rule_store.h"
#include "tests/db/fixture.h"
#include "tests/support/suite.h"

static const struct provenance from = {.model = "m1", .endpoint = "e1", .prompt_hash = "abc", .parameters = "{}",
                                       .call = "hash", .tokens_in = 5, .tokens_out = 7, .milliseconds = 9};

static int64_t add_output(struct fixture *f, int64_t record, int round, int sample, const char *text)
{
    struct error err = {0};
    int64_t id = 0;
    CU_ASSERT_EQUAL(loop_store_add_output(f->s, record, round ? OUTPUT_ROUND : OUTPUT_Y0, round, sample, slice_of(text),
                                          &from, &id, &err),
                    0);
    return id;
}

static int64_t grade(struct fixture *f, int64_t record, int64_t output, double score, const char *rationale)
{
    struct error err = {0};
    struct record_span span = {0, 2, "bad"};
    int64_t id = 0;
    struct new_verdict v = {.grader = "g", .has_score = true, .score = score, .score_max = 6, .normalised = score / 6,
                            .rationale = rationale, .spans = &span, .n_spans = 1, .samples = 3, .spread = 2};
    CU_ASSERT_EQUAL(loop_store_add_verdict(f->s, record, output, &v, &from, &id, &err), 0);
    return id;
}

static int64_t add_candidate(struct fixture *f, int64_t record, const char *mistake, const char *guardrail)
{
    struct error err = {0};
    int64_t id = 0;
    CU_ASSERT_EQUAL(loop_store_add_candidate(f->s, record, slice_of(mistake), slice_of(guardrail), 0, &from, &id, &err),
                    0);
    return id;
}

static void exports(struct fixture *f, int64_t record, const char *line)
{
    struct record r = {0};
    struct str out = {0};
    struct error err = {0};
    CU_ASSERT_EQUAL(record_store_export(f->s, record, &r, &err), 0);
    record_print(&out, &r);
    CU_ASSERT_STRING_EQUAL(str_z(&out), line);
    if (strcmp(str_z(&out), line) != 0)
        fprintf(stderr, "\n  got  %s\n  want %s\n", str_z(&out), line);
    str_free(&out);
    record_free(&r);
}

static size_t hits(struct fixture *f, const char *word)
{
    struct slice value = slice_of(word);
    struct queue_term term = {.field = QUEUE_TEXT, .values = &value, .n_values = 1};
    struct queue_query q = {.terms = &term, .n_terms = 1};
    struct error err = {0};
    int64_t n = -1;
    CU_ASSERT_EQUAL(queue_store_count(f->s, &q, &n, &err), 0);
    return (size_t)n;
}

/* From a prompt alone to a record that looks as if it had been imported whole. */
static void makes_a_whole_record(void)
{
    struct fixture f;
    struct error err = {0};
    fixture_open(&f);
    int64_t r = fixture_put(&f, "{\"id\":\"p1\",\"task\":\"t\",\"prompt\":\"ask\",\"y0\":null,\"tag\":7}", NULL);
    int64_t y0 = add_output(&f, r, 0, 0, "zeroth");
    add_output(&f, r, 0, 1, "sparetext");
    grade(&f, r, y0, 2, "why zero");
    int64_t y1 = add_output(&f, r, 1, 0, "first");
    grade(&f, r, y1, 6, "now right");
    CU_ASSERT_EQUAL(loop_store_mark_imperfect(f.s, r, &err), 0);
    CU_ASSERT_EQUAL(loop_store_set_y_star(f.s, r, y1, &err), 0);
    add_candidate(&f, r, "wrote zero", "count first");
    exports(&f, r,
            "{\"id\":\"p1\",\"task\":\"t\",\"prompt\":\"ask\",\"y0\":\"zeroth\",\"rounds\":[{\"output\":"
            "\"first\",\"score\":6,\"rationale\":\"now right\"}],\"y_star\":\"first\",\"score\":2,\"score_max\":6,"
            "\"rationale\":\"why zero\",\"spans\":[{\"start\":0,\"end\":2,\"label\":\"bad\"}],\"rule\":{\"mistake\":"
            "\"wrote zero\",\"guardrail\":\"count first\"},\"tag\":7}");
    struct queue_rows rows = {0};
    CU_ASSERT_EQUAL(queue_store_row(f.s, r, &rows, &err), 0);
    CU_ASSERT_STRING_EQUAL(rows.items[0].headline, "count first");
    CU_ASSERT(rows.items[0].has_score && rows.items[0].score == 2 && rows.items[0].n_rounds == 1);
    queue_rows_free(&rows);
    struct stored_record shown = {0};
    CU_ASSERT_EQUAL(record_store_load(f.s, r, &shown, &err), 0);
    CU_ASSERT_EQUAL(shown.n_outputs, 3);
    CU_ASSERT_STRING_EQUAL(stored_y_star(&shown)->author, "m1");
    CU_ASSERT_STRING_EQUAL(stored_y0(&shown)->prompt_hash, "abc");
    CU_ASSERT(stored_y0(&shown)->samples == 3 && stored_y0(&shown)->spread == 2 && !shown.imperfect);
    CU_ASSERT_STRING_EQUAL(shown.candidates[0].author, "m1");
    stored_record_free(&shown);
    CU_ASSERT_EQUAL(hits(&f, "zeroth"), 1);
    CU_ASSERT_EQUAL(hits(&f, "sparetext"), 0);
    CU_ASSERT_EQUAL(fixture_faults(f.s, NULL), 0);
    fixture_close(&f);
}

static void newest_verdict_counts(void)
{
    struct fixture f;
    struct error err = {0};
    fixture_open(&f);
    int64_t r = fixture_record(&f, 1), y0 = fixture_number(f.s, "SELECT id FROM output WHERE kind = 0"), id;
    CU_ASSERT_EQUAL(record_store_set_hinges(f.s, r, 4, &err), 0);
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT score FROM record"), 1);
    grade(&f, r, y0, 5, "olderwords");
    struct new_verdict part = {.grader = "h", .has_score = true, .score = 0, .score_max = 6, .part = true,
                               .rationale = "partwords"};
    CU_ASSERT_EQUAL(loop_store_add_verdict(f.s, r, y0, &part, NULL, &id, &err), 0);
    struct new_verdict failed = {.grader = "g", .fault = "score: is missing", .raw = "I think it is fine"};
    CU_ASSERT_EQUAL(loop_store_add_verdict(f.s, r, y0, &failed, &from, &id, &err), 0);
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT score FROM record"), 5);
    CU_ASSERT_EQUAL(hits(&f, "olderwords"), 1);
    CU_ASSERT_EQUAL(fixture_faults(f.s, NULL), 0);
    grade(&f, r, y0, 3, "newerwords");
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT score FROM record"), 3);
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT score_share = 0.5 AND n_hinges IS NULL FROM record"), 1);
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT count(*) FROM verdict"), 5);
    CU_ASSERT_EQUAL(hits(&f, "olderwords"), 0);
    CU_ASSERT_EQUAL(hits(&f, "newerwords"), 1);
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT headline = 'newerwords' FROM record"), 1);
    CU_ASSERT_EQUAL(fixture_faults(f.s, NULL), 0);
    /* a check that sees what is not so */
    struct str report = {0};
    CU_ASSERT_EQUAL(fixture_sql(f.s, "UPDATE record SET score = 4"), 0);
    CU_ASSERT_EQUAL(fixture_faults(f.s, &report), 1);
    CU_ASSERT_EQUAL(fixture_sql(f.s, "UPDATE record SET score = 3; UPDATE verdict SET counts = 0"), 0);
    CU_ASSERT(fixture_faults(f.s, &report) > 1);
    str_free(&report);
    fixture_close(&f);
}

static int keep_failed(void *context, const struct failed_verdict *v)
{
    struct failed_verdict *last = context;
    *last = *v;
    CU_ASSERT_STRING_EQUAL(v->fault, "score: is missing");
    CU_ASSERT(slice_is(v->raw, "I think it is fine"));
    CU_ASSERT_STRING_EQUAL(v->key, "r1");
    return 0;
}

static void failed_verdicts_are_listed_until_graded(void)
{
    struct fixture f;
    struct error err = {0};
    struct failed_verdict last = {0};
    fixture_open(&f);
    int64_t r = fixture_record(&f, 1), y0 = fixture_number(f.s, "SELECT id FROM output WHERE kind = 0"), id;
    struct new_verdict failed = {.grader = "g", .fault = "score: is missing", .raw = "I think it is fine"};
    CU_ASSERT_EQUAL(loop_store_add_verdict(f.s, r, y0, &failed, &from, &id, &err), 0);
    CU_ASSERT_EQUAL(loop_store_failed_verdicts(f.s, keep_failed, &last, &err), 0);
    CU_ASSERT_EQUAL(last.output, y0);
    grade(&f, r, y0, 3, "because");
    last.output = 0;
    CU_ASSERT_EQUAL(loop_store_failed_verdicts(f.s, keep_failed, &last, &err), 0);
    CU_ASSERT_EQUAL(last.output, 0);
    fixture_close(&f);
}

static void refuses_what_is_there(void)
{
    struct fixture f;
    struct error err = {0};
    int64_t id;
    fixture_open(&f);
    int64_t r = fixture_record(&f, 1), other = fixture_record(&f, 3);
    CU_ASSERT_EQUAL(loop_store_add_output(f.s, r, OUTPUT_Y0, 0, 0, SLICE("x"), NULL, &id, &err), -1);
    CU_ASSERT_EQUAL(err.code, ERR_CONFLICT);
    CU_ASSERT_EQUAL(loop_store_add_output(f.s, 99, OUTPUT_Y0, 0, 0, SLICE("x"), NULL, &id, &err), -1);
    CU_ASSERT_EQUAL(err.code, ERR_ABSENT);
    int64_t y1 = add_output(&f, r, 1, 0, "y1");
    CU_ASSERT_EQUAL(loop_store_add_output(f.s, r, OUTPUT_ROUND, 1, 0, SLICE("x"), NULL, &id, &err), -1);
    CU_ASSERT_EQUAL(err.code, ERR_CONFLICT);
    CU_ASSERT_EQUAL(loop_store_set_y_star(f.s, other, y1, &err), -1);
    CU_ASSERT_EQUAL(err.code, ERR_CONFLICT);
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT count(*) FROM output"), 5);
    CU_ASSERT_EQUAL(fixture_faults(f.s, NULL), 0);
    fixture_close(&f);
}

/* Imported again with other content, a record is another: what models made of the old one is not the new one's. */
static void reimport_starts_again(void)
{
    struct fixture f;
    struct error err = {0};
    int64_t id;
    fixture_open(&f);
    int64_t r = fixture_put(&f, "{\"id\":\"p1\",\"prompt\":\"ask\"}", NULL);
    int64_t y0 = add_output(&f, r, 0, 0, "oldwords");
    grade(&f, r, y0, 1, "bad");
    add_candidate(&f, r, "m", "g");
    enum record_put what;
    fixture_put(&f, "{\"id\":\"p1\",\"prompt\":\"ask\"}", &what);
    CU_ASSERT_EQUAL(what, RECORD_UNCHANGED);
    fixture_put(&f, "{\"id\":\"p1\",\"prompt\":\"ask again\"}", &what);
    CU_ASSERT_EQUAL(what, RECORD_UPDATED);
    exports(&f, r, "{\"id\":\"p1\",\"prompt\":\"ask again\"}");
    CU_ASSERT_EQUAL(hits(&f, "oldwords"), 0);
    struct new_verdict v = {.grader = "g", .has_score = true, .score = 1, .score_max = 6};
    CU_ASSERT_EQUAL(loop_store_add_verdict(f.s, r, y0, &v, NULL, &id, &err), -1);
    CU_ASSERT_EQUAL(err.code, ERR_CONFLICT);
    add_output(&f, r, 0, 0, "new words");
    CU_ASSERT_EQUAL(fixture_faults(f.s, NULL), 0);
    fixture_close(&f);
}

static size_t to_do(struct fixture *f, enum loop_step step, bool again)
{
    struct error err = {0};
    int64_t *ids;
    size_t n = 0, busy;
    CU_ASSERT_EQUAL(loop_store_select(f->s, step, again, NULL, 0, 0, &ids, &n, &busy, &err), 0);
    mem_free(ids);
    return n;
}

static void counts_to_do(struct fixture *f, size_t generate, size_t grades, size_t refine, size_t distill)
{
    CU_ASSERT_EQUAL(to_do(f, LOOP_GENERATE, false), generate);
    CU_ASSERT_EQUAL(to_do(f, LOOP_GRADE, false), grades);
    CU_ASSERT_EQUAL(to_do(f, LOOP_REFINE, false), refine);
    CU_ASSERT_EQUAL(to_do(f, LOOP_DISTILL, false), distill);
}

static void expert_writes(struct fixture *f, int64_t r)
{
    struct error err = {0};
    struct decision d = {.verb = VERB_EDIT_YSTAR, .reviewer = f->alice, .record = r};
    CU_ASSERT_EQUAL(record_store_add_output(f->s, r, f->alice, SLICE("by hand"), &d.output, &err), 0);
    CU_ASSERT_EQUAL(decision_store_append(f->s, &d, &err), 0);
}

static void steps_find_their_work(void)
{
    struct fixture f;
    struct error err = {0};
    fixture_open(&f);
    int64_t r = fixture_put(&f, "{\"id\":\"p1\",\"prompt\":\"ask\"}", NULL);
    counts_to_do(&f, 1, 0, 0, 0);
    int64_t y0 = add_output(&f, r, 0, 0, "zero");
    counts_to_do(&f, 0, 1, 0, 0);
    grade(&f, r, y0, 2, "bad");
    counts_to_do(&f, 0, 0, 1, 0);
    CU_ASSERT_EQUAL(loop_store_mark_imperfect(f.s, r, &err), 0);
    counts_to_do(&f, 0, 0, 0, 1);
    add_candidate(&f, r, "m", "g");
    counts_to_do(&f, 0, 0, 0, 0);
    CU_ASSERT_EQUAL(to_do(&f, LOOP_DISTILL, true), 1);
    CU_ASSERT_EQUAL(to_do(&f, LOOP_GENERATE, true), 1);
    /* perfect at once: no rationale to distil from */
    r = fixture_put(&f, "{\"id\":\"p2\",\"prompt\":\"ask\",\"y0\":\"x\"}", NULL);
    grade(&f, r, fixture_number(f.s, "SELECT max(id) FROM output"), 6, "well done");
    counts_to_do(&f, 0, 0, 1, 0);
    expert_writes(&f, r);
    counts_to_do(&f, 0, 0, 0, 0);
    /* within a choice, and up to a limit */
    for (int i = 0; i < 5; i++) {
        char line[64];
        snprintf(line, sizeof line, "{\"id\":\"q%d\",\"prompt\":\"ask\"}", i);
        fixture_put(&f, line, NULL);
    }
    int64_t *ids, within[] = {7, 4, 4, 1, 99};
    size_t n;
    CU_ASSERT_EQUAL(loop_store_select(f.s, LOOP_GENERATE, false, within, 5, 0, &ids, &n, NULL, &err), 0);
    CU_ASSERT(n == 2 && ids[0] == 4 && ids[1] == 7);
    mem_free(ids);
    CU_ASSERT_EQUAL(loop_store_select(f.s, LOOP_GENERATE, false, NULL, 0, 3, &ids, &n, NULL, &err), 0);
    CU_ASSERT(n == 3 && ids[0] == 3);
    mem_free(ids);
    fixture_close(&f);
}

static void steps_load_a_record(void)
{
    struct fixture f;
    struct error err = {0};
    fixture_open(&f);
    int64_t r = fixture_put(&f, "{\"id\":\"p1\",\"task\":\"t\",\"split\":\"train\",\"prompt\":[{\"role\":\"system\",\"content\":"
                                "\"s\"},{\"role\":\"user\",\"content\":\"u\"}],\"meta\":{\"a\":1}}", NULL);
    int64_t y0 = add_output(&f, r, 0, 0, "zero");
    add_output(&f, r, 1, 0, "one");
    add_output(&f, r, 0, 1, "spare");
    grade(&f, r, y0, 3, "why");
    CU_ASSERT_EQUAL(loop_store_set_y_star(f.s, r, y0, &err), 0);
    expert_writes(&f, r);
    struct loop_record l = {0};
    CU_ASSERT_EQUAL(loop_store_load(f.s, r, &l, &err), 0);
    CU_ASSERT(l.prompt.chat && l.prompt.count == 2 && !l.has_candidate && l.revision == 1);
    CU_ASSERT_STRING_EQUAL(l.task, "t");
    CU_ASSERT_STRING_EQUAL(l.meta, "{\"a\":1}");
    CU_ASSERT_EQUAL_FATAL(l.n_outputs, 4);
    CU_ASSERT(l.outputs[0].graded && l.outputs[0].normalised == 0.5 && l.outputs[0].n_spans == 1);
    CU_ASSERT_STRING_EQUAL(l.outputs[1].text, "spare");
    CU_ASSERT(l.outputs[2].kind == OUTPUT_ROUND && !l.outputs[2].graded);
    CU_ASSERT(l.outputs[3].kind == OUTPUT_Y_STAR);
    CU_ASSERT_STRING_EQUAL(l.outputs[3].text, "by hand");
    loop_record_free(&l);
    CU_ASSERT_EQUAL(loop_store_load(f.s, 99, &l, &err), -1);
    CU_ASSERT_EQUAL(err.code, ERR_ABSENT);
    loop_record_free(&l);
    fixture_close(&f);
}

static void replies_are_kept(void)
{
    struct fixture f;
    struct error err = {0};
    struct arena a = {0};
    struct stored_call found, call = {.hash = "h1", .endpoint = "e", .model = "m", .step = "grade", .text = "reply",
                                      .finish = "stop", .tokens_in = 10, .tokens_out = 4, .tokens_cached = -1,
                                      .cost = 0.5, .milliseconds = 3, .job = 0, .record = 0, .attempts = 2};
    fixture_open(&f);
    CU_ASSERT_EQUAL(call_store_find(f.s, "h1", &found, &a, &err), 0);
    CU_ASSERT_EQUAL(call_store_put(f.s, &call, &err), 0);
    call.text = "another";
    CU_ASSERT_EQUAL(call_store_put(f.s, &call, &err), 0);
    CU_ASSERT_EQUAL(call_store_find(f.s, "h1", &found, &a, &err), 1);
    CU_ASSERT_STRING_EQUAL(found.text, "reply");
    CU_ASSERT(found.tokens_cached == -1 && found.cost == 0.5 && found.attempts == 2 && found.created > 0);
    call.hash = "h2";
    call.cost = -1;
    call.tokens_in = 20;
    CU_ASSERT_EQUAL(call_store_put(f.s, &call, &err), 0);
    struct call_sum sum;
    CU_ASSERT_EQUAL(call_store_sum(f.s, 0, &sum, &err), 0);
    CU_ASSERT(sum.calls == 2 && sum.tokens_in == 30 && sum.cost == 0.5 && sum.without_price == 1);
    CU_ASSERT_EQUAL(call_store_mean(f.s, "grade", "e", &sum, &err), 0);
    CU_ASSERT(sum.calls == 2 && sum.tokens_in == 15 && sum.tokens_out == 4);
    CU_ASSERT_EQUAL(call_store_mean(f.s, "refine", "e", &sum, &err), 0);
    CU_ASSERT_EQUAL(sum.calls, 0);
    CU_ASSERT_EQUAL(fixture_faults(f.s, NULL), 0);
    arena_free(&a);
    fixture_close(&f);
}

/* --- which prompt earns its keep --- */

static void decide(struct fixture *f, enum verb verb, int64_t record, int64_t candidate, int64_t rule, const char *reason)
{
    struct error err = {0};
    struct decision d = {.verb = verb, .reviewer = f->alice, .record = record, .candidate = candidate, .rule = rule,
                         .reason = reason};
    CU_ASSERT_EQUAL(decision_store_append(f->s, &d, &err), 0);
    if (err.code)
        fprintf(stderr, "%s\n", err.text);
}

static int keep_earning(void *context, const struct prompt_earning *e)
{
    if (e->model && strcmp(e->model, "m1") == 0)
        *(struct prompt_earning *)context = *e;
    return 0;
}

static int check_edit(void *context, const struct prompt_earning *of, struct slice before, struct slice after)
{
    CU_ASSERT_STRING_EQUAL(of->prompt_hash, "abc");
    CU_ASSERT(slice_is(before, "m\ng") && slice_is(after, "m2\ng2"));
    ++*(int *)context;
    return 0;
}

static int check_reason(void *context, const struct prompt_earning *of, const char *reason, int64_t times)
{
    CU_ASSERT_STRING_EQUAL(of->prompt_name, "distill");
    CU_ASSERT_STRING_EQUAL(reason, "grader: y0 is fine");
    *(int *)context += (int)times;
    return 0;
}

static int keep_grader(void *context, const struct grader_earning *e)
{
    if (e->grader)
        *(struct grader_earning *)context = *e;
    return 0;
}

static void knows_what_prompts_earn(void)
{
    struct fixture f;
    struct error err = {0};
    int64_t r[5], c[5], rule, edited;
    fixture_open(&f);
    CU_ASSERT_EQUAL(prompt_store_keep(f.s, "abc", "distill", SLICE("--- user\nhi"), &err), 0);
    CU_ASSERT_EQUAL(prompt_store_keep(f.s, "abc", "distill", SLICE("other"), &err), 0);
    for (int i = 0; i < 5; i++) {
        char line[96];
        snprintf(line, sizeof line, "{\"id\":\"p%d\",\"task\":\"t\",\"prompt\":\"ask\",\"y0\":\"x\"}", i);
        r[i] = fixture_put(&f, line, NULL);
        grade(&f, r[i], fixture_number(f.s, "SELECT max(id) FROM output"), i == 1 ? 6 : 2, "why");
        c[i] = add_candidate(&f, r[i], "m", "g");
    }
    CU_ASSERT_EQUAL(rule_store_intern(f.s, f.alice, SLICE("m"), SLICE("g"), &rule, &err), 0);
    CU_ASSERT_EQUAL(rule_store_intern(f.s, f.alice, SLICE("m2"), SLICE("g2"), &edited, &err), 0);
    decide(&f, VERB_ACCEPT, r[0], c[0], rule, NULL);
    decide(&f, VERB_EDIT, r[1], c[1], edited, NULL);
    decide(&f, VERB_REJECT, r[2], c[2], 0, "grader: y0 is fine");
    decide(&f, VERB_CITE, r[3], 0, rule, NULL);
    struct prompt_earning e = {0};
    CU_ASSERT_EQUAL(prompt_store_earnings(f.s, keep_earning, &e, &err), 0);
    CU_ASSERT(e.candidates == 5 && e.accepted == 1 && e.edited == 1 && e.rejected == 1 && e.other == 1 &&
              e.undecided == 1);
    int edits = 0, reasons = 0;
    CU_ASSERT_EQUAL(prompt_store_edits(f.s, check_edit, &edits, &err), 0);
    CU_ASSERT_EQUAL(edits, 1);
    CU_ASSERT_EQUAL(prompt_store_reasons(f.s, check_reason, &reasons, &err), 0);
    CU_ASSERT_EQUAL(reasons, 1);
    struct grader_earning g = {0};
    CU_ASSERT_EQUAL(prompt_store_graders(f.s, keep_grader, &g, &err), 0);
    CU_ASSERT(g.verdicts == 5 && g.failed == 0 && g.judged == 4 && g.agreed == 2 && g.missed == 1 && g.invented == 1);
    CU_ASSERT_EQUAL(g.spread, 2);
    struct str name = {0}, body = {0};
    CU_ASSERT_EQUAL(prompt_store_body(f.s, "abc", &name, &body, &err), 1);
    CU_ASSERT_STRING_EQUAL(str_z(&body), "--- user\nhi");
    CU_ASSERT_EQUAL(prompt_store_body(f.s, "no", &name, &body, &err), 0);
    str_free(&name);
    str_free(&body);
    fixture_close(&f);
}

static const struct test tests[] = {
    {"from a prompt to a whole record", makes_a_whole_record},
    {"the newest verdict counts", newest_verdict_counts},
    {"failed verdicts are listed until graded", failed_verdicts_are_listed_until_graded},
    {"what is there is not made twice", refuses_what_is_there},
    {"a record imported again starts again", reimport_starts_again},
    {"steps find their work", steps_find_their_work},
    {"steps load a record", steps_load_a_record},
    {"replies are kept", replies_are_kept},
    {"what prompts and graders earn", knows_what_prompts_earn},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return suite_run("loop", tests, argc, argv);
}
