/* Evals: what is stored of a model's results, how two of them compare, what rules are worth. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "db/eval_store.h"
#include "db/job_store.h"
#include "db/queue_store.h"
#include "db/rule_store.h"
#include "tests/db/fixture.h"
#include "tests/support/suite.h"

static int64_t make(struct fixture *f, const char *identity, const char *run, int64_t step)
{
    struct error err = {0};
    int64_t id = 0;
    bool made = false;
    struct eval e = {.identity = identity, .name = identity, .run_uuid = run, .run_name = run ? "rgt-1" : NULL,
                     .base_model = "small", .adapter = run ? "folder" : NULL, .step = step, .examples = -1, .seed = -1,
                     .split = "test", .max_tokens = 9};
    CU_ASSERT_EQUAL(eval_store_put(f->s, &e, &id, &made, &err), 0);
    CU_ASSERT_TRUE(made);
    return id;
}

static void put(struct fixture *f, int64_t eval, int64_t record, double score, const char *fault)
{
    struct error err = {0};
    struct record_span span = {1, 2, "bad"};
    struct eval_item item = {.eval = eval, .record = record, .revision = 1, .has_score = !fault, .score = score,
                             .score_max = 6, .normalised = score / 6, .fault = fault, .output = "said", .thought = "mused",
                             .rationale = "why", .spans = &span, .n_spans = 1, .parts = "[]", .tokens_in = 3,
                             .tokens_out = 4, .milliseconds = 5, .call = "c"};
    CU_ASSERT_EQUAL(eval_store_put_item(f->s, &item, &err), 0);
    if (err.code)
        fprintf(stderr, "\n  %s\n", err.text);
}

static void open_with_records(struct fixture *f)
{
    fixture_open(f);
    for (int n = 1; n <= 6; n++)
        fixture_record(f, n);
}

static struct eval only(struct fixture *f, int64_t id, struct evals *out)
{
    struct error err = {0};
    CU_ASSERT_EQUAL_FATAL(eval_store_get(f->s, id, out, &err), 0);
    return out->items[0];
}

static void results_come_back(void)
{
    struct fixture f;
    struct error err = {0};
    struct evals evals = {0};
    struct eval_items items = {0};
    open_with_records(&f);
    int64_t id = make(&f, "one", "u1", 10), again = 0;
    bool made = true;
    CU_ASSERT_EQUAL(eval_store_put(f.s, &(struct eval){.identity = "one", .name = "other"}, &again, &made, &err), 0);
    CU_ASSERT_EQUAL(again, id);
    CU_ASSERT_FALSE(made);
    put(&f, id, 1, 0, "no answer");
    put(&f, id, 1, 3, NULL); /* replaces, with its texts */
    put(&f, id, 2, 6, NULL);
    put(&f, id, 3, 0, "no answer");
    struct eval e = only(&f, id, &evals);
    CU_ASSERT_EQUAL(e.n, 2);
    CU_ASSERT_EQUAL(e.failed, 1);
    CU_ASSERT_EQUAL(e.perfect, 1);
    CU_ASSERT_DOUBLE_EQUAL(e.mean, 0.75, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(e.spread, sqrt(0.125), 1e-12);
    CU_ASSERT_EQUAL(e.step, 10);
    CU_ASSERT_EQUAL(e.examples, -1);
    CU_ASSERT_EQUAL(e.tokens_out, 12);
    CU_ASSERT_STRING_EQUAL(e.graders, "[]");
    CU_ASSERT_EQUAL(eval_store_item(f.s, id, 1, &items, &err), 0);
    CU_ASSERT_STRING_EQUAL(items.items[0].output, "said");
    CU_ASSERT_STRING_EQUAL(items.items[0].thought, "mused");
    CU_ASSERT_STRING_EQUAL(items.items[0].rationale, "why");
    CU_ASSERT_STRING_EQUAL(items.items[0].spans[0].label, "bad");
    CU_ASSERT_PTR_NULL(items.items[0].fault);
    CU_ASSERT_EQUAL(eval_store_item(f.s, id, 6, &items, &err), -1);
    CU_ASSERT_EQUAL(err.code, ERR_ABSENT);
    int64_t ids[] = {3, 1, 5, 2, 4};
    size_t n = 5;
    CU_ASSERT_EQUAL(eval_store_missing(f.s, id, ids, &n, &err), 0);
    CU_ASSERT_EQUAL(n, 3);
    CU_ASSERT_EQUAL(ids[0], 3);
    CU_ASSERT_EQUAL(ids[1], 5);
    CU_ASSERT_EQUAL(ids[2], 4);
    CU_ASSERT_EQUAL(fixture_faults(f.s, NULL), 0);
    eval_items_free(&items);
    evals_free(&evals);
    fixture_close(&f);
}

static void pages(void)
{
    struct fixture f;
    struct error err = {0};
    struct eval_items items = {0};
    int64_t total = 0;
    open_with_records(&f);
    int64_t id = make(&f, "one", "u1", 10);
    for (int n = 1; n <= 6; n++)
        put(&f, id, n, n == 4 ? 0 : 7 - n, n == 4 ? "broken" : NULL);
    struct eval_page page = {.order = EVAL_BY_SCORE, .limit = 2};
    CU_ASSERT_EQUAL(eval_store_items(f.s, id, &page, &items, &total, &err), 0);
    CU_ASSERT_EQUAL(total, 6);
    CU_ASSERT_EQUAL(items.count, 2);
    CU_ASSERT_EQUAL(items.items[0].record, 4);
    CU_ASSERT_EQUAL(items.items[1].record, 6);
    eval_items_free(&items);
    page = (struct eval_page){.order = EVAL_BY_RECORD, .descending = true, .failures = true, .offset = 1, .limit = 2};
    CU_ASSERT_EQUAL(eval_store_items(f.s, id, &page, &items, &total, &err), 0);
    CU_ASSERT_EQUAL(total, 5); /* record 1 has the top score */
    CU_ASSERT_EQUAL(items.items[0].record, 5);
    eval_items_free(&items);
    page = (struct eval_page){.task = "t1"};
    CU_ASSERT_EQUAL(eval_store_items(f.s, id, &page, &items, &total, &err), 0);
    CU_ASSERT_EQUAL(total, 2);
    eval_items_free(&items);
    fixture_close(&f);
}

static int say_mean(void *context, const struct eval_mean *m)
{
    str_addf(context, "%s %lld+%lld %.2f;", m->task ? m->task : "all", (long long)m->n, (long long)m->failed, m->mean);
    return 0;
}

static int say_pair(void *context, const struct eval_pair *p)
{
    str_addf(context, "%s %s %.2f;", eval_change_name(p->change), p->key, p->b - p->a);
    return 0;
}

static void two_compare(void)
{
    struct fixture f;
    struct error err = {0};
    struct str said = {0};
    struct eval_comparison c;
    open_with_records(&f);
    int64_t a = make(&f, "a", "u1", 10), b = make(&f, "b", "u1", 20);
    const double before[] = {3, 3, 3, 3, 3}, after[] = {6, 0, 3, 2, 5};
    for (int n = 1; n <= 5; n++) {
        put(&f, a, n, before[n - 1], NULL);
        if (n < 5)
            put(&f, b, n, after[n - 1], NULL);
    }
    put(&f, b, 5, 0, "no answer");
    put(&f, b, 6, 6, NULL);
    CU_ASSERT_EQUAL(eval_store_pairs(f.s, a, b, 0, say_pair, &said, &err), 0);
    CU_ASSERT_STRING_EQUAL(str_z(&said), "regressed r2 -0.50;regressed r4 -0.17;fixed r1 0.50;same r3 0.00;");
    str_clear(&said);
    CU_ASSERT_EQUAL(eval_store_pairs(f.s, a, b, 1u << EVAL_FIXED, say_pair, &said, &err), 0);
    CU_ASSERT_STRING_EQUAL(str_z(&said), "fixed r1 0.50;");
    CU_ASSERT_EQUAL(eval_store_compare(f.s, a, b, &c, &err), 0);
    CU_ASSERT_EQUAL(c.pairs, 4);
    CU_ASSERT_EQUAL(c.by_change[EVAL_REGRESSED], 2);
    CU_ASSERT_EQUAL(c.by_change[EVAL_FIXED], 1);
    CU_ASSERT_EQUAL(c.only_a, 1);
    CU_ASSERT_EQUAL(c.only_b, 1);
    CU_ASSERT_DOUBLE_EQUAL(c.difference, (0.5 - 0.5 - 1 / 6.0) / 4, 1e-12);
    str_clear(&said);
    CU_ASSERT_EQUAL(eval_store_means(f.s, b, say_mean, &said, &err), 0);
    CU_ASSERT_STRING_EQUAL(str_z(&said), "all 5+1 0.57;t0 2+0 0.75;t1 2+0 0.67;t2 1+1 0.00;");
    int64_t *ids, *tasks;
    double *scores;
    size_t n;
    CU_ASSERT_EQUAL(eval_store_scores(f.s, b, &ids, &scores, &tasks, &n, &err), 0);
    CU_ASSERT_EQUAL(n, 5);
    CU_ASSERT_EQUAL(ids[4], 6);
    CU_ASSERT_DOUBLE_EQUAL(scores[3], 2 / 6.0, 1e-12);
    mem_free(ids);
    mem_free(scores);
    mem_free(tasks);
    str_free(&said);
    fixture_close(&f);
}

static void curve_begins_at_the_base(void)
{
    struct fixture f;
    struct error err = {0};
    struct evals evals = {0};
    open_with_records(&f);
    int64_t late = make(&f, "late", "u1", 20), early = make(&f, "early", "u1", 10), base = make(&f, "base", NULL, -1);
    int64_t other = make(&f, "other", "u2", 5);
    make(&f, "empty", "u1", 30);
    put(&f, late, 1, 6, NULL);
    put(&f, early, 1, 3, NULL);
    put(&f, base, 1, 1, NULL);
    put(&f, other, 1, 1, NULL);
    CU_ASSERT_EQUAL(eval_store_curve(f.s, "u1", &evals, &err), 0);
    CU_ASSERT_EQUAL_FATAL(evals.count, 3);
    CU_ASSERT_EQUAL(evals.items[0].id, base);
    CU_ASSERT_EQUAL(evals.items[1].id, early);
    CU_ASSERT_EQUAL(evals.items[2].id, late);
    evals_free(&evals);
    CU_ASSERT_EQUAL(eval_store_list(f.s, &(struct eval_filter){.run_uuid = "u1"}, &evals, &err), 0);
    CU_ASSERT_EQUAL(evals.count, 3);
    evals_free(&evals);
    fixture_close(&f);
}

static enum eval_state state(struct fixture *f, int64_t eval)
{
    struct evals evals = {0};
    enum eval_state got = only(f, eval, &evals).state;
    evals_free(&evals);
    return got;
}

/* How an eval stands is told by its job; and two jobs may hold the same records. */
static void stands_as_its_job_does(void)
{
    struct fixture f;
    struct error err = {0};
    int64_t records[] = {1, 2}, job = 0, second = 0, taken[4];
    size_t busy = 9, n = 0;
    open_with_records(&f);
    int64_t id = make(&f, "one", "u1", 10);
    CU_ASSERT_EQUAL(state(&f, id), EVAL_WAITING);
    CU_ASSERT_EQUAL(job_store_add(f.s, "eval", "{}", f.alice, records, 2, &job, NULL, &err), 0);
    CU_ASSERT_EQUAL(eval_store_begin(f.s, id, job, 2, &err), 0);
    CU_ASSERT_EQUAL(state(&f, id), EVAL_WAITING);
    CU_ASSERT_EQUAL(job_store_lease(f.s, job, "here", 1, 30, &err), 1);
    CU_ASSERT_EQUAL(state(&f, id), EVAL_RUNNING);
    CU_ASSERT_EQUAL(eval_store_delete(f.s, id, &err), -1);
    CU_ASSERT_EQUAL(err.code, ERR_CONFLICT);
    CU_ASSERT_EQUAL(job_store_add(f.s, "eval", "{}", f.alice, records, 2, &second, &busy, &err), 0);
    CU_ASSERT_EQUAL(busy, 0);
    CU_ASSERT_EQUAL(job_store_take(f.s, job, 4, taken, &n, &err), 0);
    CU_ASSERT_EQUAL(n, 2);
    CU_ASSERT_EQUAL(job_store_lease(f.s, second, "here", 2, 30, &err), 1);
    CU_ASSERT_EQUAL(job_store_take(f.s, second, 4, taken, &n, &err), 0);
    CU_ASSERT_EQUAL(n, 2);
    CU_ASSERT_EQUAL(fixture_faults(f.s, NULL), 0);
    CU_ASSERT_EQUAL(job_store_end(f.s, job, JOB_PAUSED, "stopped", &err), 0);
    CU_ASSERT_EQUAL(state(&f, id), EVAL_STOPPED);
    CU_ASSERT_EQUAL(eval_store_finish(f.s, id, &err), 0);
    CU_ASSERT_EQUAL(state(&f, id), EVAL_DONE);
    fixture_close(&f);
}

static int say_worth(void *context, const struct rule_worth *w)
{
    str_addf(context, "%lld %s %.1f/%.1f;", (long long)w->rule, worth_verdict_name(w->verdict), w->total, w->at_hinges);
    return 0;
}

static int say_saved(void *context, const struct nats_saved *n)
{
    str_addf(context, "%lld %lld %.1f %.1f;", (long long)n->rule, (long long)n->record, n->total, n->at_hinges);
    return 0;
}

static void rules_have_a_worth(void)
{
    struct fixture f;
    struct error err = {0};
    struct str said = {0};
    open_with_records(&f);
    int64_t id = make(&f, "one", NULL, -1), r1 = 0, r2 = 0;
    CU_ASSERT_EQUAL(rule_store_intern(f.s, f.alice, SLICE("m1"), SLICE("g1"), &r1, &err), 0);
    CU_ASSERT_EQUAL(rule_store_intern(f.s, f.alice, SLICE("m2"), SLICE("g2"), &r2, &err), 0);
    CU_ASSERT_EQUAL(fixture_sql(f.s, "UPDATE eval SET kind = 1"), 0);
    struct eval_nats nats[] = {{id, 1, 0, 10, 2, 20, 8, 1.5, "[[0,2,1,0.5]]"}, {id, 1, r1, 10, 2, 15, 5, 1.2, NULL}};
    CU_ASSERT_EQUAL(eval_store_put_nats(f.s, nats, 2, &err), 0);
    CU_ASSERT_EQUAL(eval_store_put_nats(f.s, nats, 2, &err), 0); /* the same again */
    CU_ASSERT_EQUAL(eval_store_saved(f.s, id, say_saved, &said, &err), 0);
    char want[64];
    snprintf(want, sizeof want, "%lld 1 5.0 3.0;", (long long)r1);
    CU_ASSERT_STRING_EQUAL(str_z(&said), want);
    str_clear(&said);
    CU_ASSERT_EQUAL(eval_store_detail(f.s, 1, NATS_PLAIN, &said, &err), 1);
    CU_ASSERT_STRING_EQUAL(str_z(&said), "[[0,2,1,0.5]]");
    CU_ASSERT_EQUAL(eval_store_detail(f.s, 2, NATS_PLAIN, &said, &err), 0);
    int64_t ids[] = {1, 2};
    size_t n_ids = 2;
    CU_ASSERT_EQUAL(eval_store_unscored(f.s, id, ids, &n_ids, &err), 0);
    CU_ASSERT_EQUAL(n_ids, 1);
    CU_ASSERT_EQUAL(ids[0], 2);
    struct rule_worth worth[] = {
        {.rule = r1, .records = 5, .total = -2, .at_hinges = -1, .elsewhere = -1, .low = -3, .high = -1},
        {.rule = r2, .records = 5, .total = 4, .at_hinges = 3, .elsewhere = 1, .low = -1, .high = 9}};
    CU_ASSERT_EQUAL(eval_store_put_worth(f.s, id, worth, 2, &err), 0);
    str_clear(&said);
    CU_ASSERT_EQUAL(eval_store_worth(f.s, 0, say_worth, &said, &err), 0);
    snprintf(want, sizeof want, "%lld worthless 4.0/3.0;%lld harmful -2.0/-1.0;", (long long)r2, (long long)r1);
    CU_ASSERT_STRING_EQUAL(str_z(&said), want);
    struct rule_worth one;
    CU_ASSERT_EQUAL(eval_store_worth_of(f.s, r1, &one, &err), 1);
    CU_ASSERT_EQUAL(one.verdict, WORTH_HARMS);
    CU_ASSERT_EQUAL(eval_store_worth_of(f.s, 99, &one, &err), 0);
    CU_ASSERT_EQUAL(fixture_faults(f.s, NULL), 0);
    str_free(&said);
    fixture_close(&f);
}

static int64_t limited(struct fixture *f, const char *value)
{
    struct slice one = slice_of(value);
    struct queue_term term = {.field = QUEUE_EVAL, .values = &one, .n_values = 1};
    struct queue_query q = {.terms = &term, .n_terms = 1};
    struct error err = {0};
    int64_t n = -1;
    CU_ASSERT_EQUAL(queue_store_count(f->s, &q, &n, &err), 0);
    return n;
}

static int say_broken(void *context, const struct rule_broken *b)
{
    str_addf(context, "%lld in %s %lld/%lld;", (long long)b->rule, b->name, (long long)b->broken, (long long)b->of);
    return 0;
}

static void broken_and_returned(void)
{
    struct fixture f;
    struct error err = {0};
    struct str said = {0};
    int64_t n = 0, decided = 9, eval = 0, record = 0, r1 = 0;
    open_with_records(&f);
    int64_t a = make(&f, "a", "u1", 10), b = make(&f, "b", "u1", 20);
    CU_ASSERT_EQUAL(rule_store_intern(f.s, f.alice, SLICE("m1"), SLICE("g1"), &r1, &err), 0);
    CU_ASSERT_EQUAL(r1, 1);
    put(&f, a, 1, 3, NULL);
    put(&f, a, 2, 3, NULL);
    put(&f, b, 1, 6, NULL);
    CU_ASSERT_EQUAL(eval_store_put_broken(f.s, a, (struct rule_mark[]){{1, 1, 0.5}, {1, 2, 0.9}}, 2, &err), 0);
    CU_ASSERT_EQUAL(eval_store_put_broken(f.s, b, NULL, 0, &err), 0);
    CU_ASSERT_EQUAL(eval_store_broken(f.s, 1, 0, say_broken, &said, &err), 0);
    CU_ASSERT_STRING_EQUAL(str_z(&said), "1 in b 0/1;1 in a 2/2;");
    str_clear(&said);
    CU_ASSERT_EQUAL(eval_store_broken(f.s, 0, 0, say_broken, &said, &err), 0);
    CU_ASSERT_STRING_EQUAL(str_z(&said), "1 in a 2/2;");
    CU_ASSERT_EQUAL(eval_store_put_return(f.s, a, 1, 6, &err), 0);
    CU_ASSERT_EQUAL(eval_store_put_return(f.s, a, 1, 5, &err), -1);
    CU_ASSERT_EQUAL(err.code, ERR_CONFLICT);
    CU_ASSERT_EQUAL(eval_store_returned(f.s, a, 1, &n, &err), 1);
    CU_ASSERT_EQUAL(n, 6);
    CU_ASSERT_EQUAL(eval_store_origin(f.s, 6, &eval, &record, &err), 1);
    CU_ASSERT_EQUAL(eval, a);
    CU_ASSERT_EQUAL(eval_store_returns(f.s, a, &n, &decided, &err), 0);
    CU_ASSERT_EQUAL(n, 1);
    CU_ASSERT_EQUAL(decided, 0);
    CU_ASSERT_EQUAL(limited(&f, "1"), 1);
    CU_ASSERT_EQUAL(limited(&f, "2"), 0);
    CU_ASSERT_EQUAL(limited(&f, "any"), 1);
    CU_ASSERT_EQUAL(limited(&f, "none"), 5);
    struct eval_refusal refused = {.record = 3, .twin = "t9", .likeness = 0.9};
    CU_ASSERT_EQUAL(eval_store_put_refused(f.s, a, &refused, 1, &err), 0);
    CU_ASSERT_EQUAL(fixture_faults(f.s, NULL), 0);
    CU_ASSERT_EQUAL(eval_store_delete(f.s, a, &err), 0);
    CU_ASSERT_EQUAL(fixture_faults(f.s, NULL), 0);
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT count(*) FROM eval_item"), 1);
    str_free(&said);
    fixture_close(&f);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"results come back", results_come_back},
        {"pages", pages},
        {"two compare", two_compare},
        {"a curve begins at the base", curve_begins_at_the_base},
        {"stands as its job does", stands_as_its_job_does},
        {"rules have a worth", rules_have_a_worth},
        {"broken and returned", broken_and_returned},
        {NULL, NULL},
    };
    return suite_run("evals", tests, argc, argv);
}
