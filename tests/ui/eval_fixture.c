/*
 * eval_fixture PROJECT: gives a project evals as `hinge eval` would leave them, through the same store: a base model, one
 * trained with rgt at two checkpoints (thinking off and on), one with sft. A record whose score is below the top has its
 * y0 as output, else its y*. What rules are worth and where they are broken comes with it, for the rules cited in
 * the project. For tests of screens alone: no model made these.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/eval_store.h"
#include "db/rule_store.h"

enum { RECORDS = 6 };

static const struct fixture_eval {
    struct eval e;
    int scores[RECORDS]; /* of six; -1: failed; -2: not done yet */
} evals[] = {
    {{.name = "small", .base_model = "small", .step = -1, .examples = -1, .seed = -1}, {1, 2, 1, 4, 3, 6}},
    {{.name = "sft-1 step 40", .run_uuid = "5f7", .run_name = "sft-1", .method = "sft", .step = 40, .examples = 320, .seed = 7,
      .base_model = "small"}, {2, 4, 3, 4, 5, 5}},
    {{.name = "rgt-1 step 20", .run_uuid = "a61", .run_name = "rgt-1", .method = "rgt", .step = 20, .examples = 160, .seed = 7,
      .base_model = "small"}, {3, 5, 4, 6, 5, 6}},
    {{.name = "rgt-1 step 40", .run_uuid = "a61", .run_name = "rgt-1", .method = "rgt", .step = 40, .examples = 320, .seed = 7,
      .base_model = "small", .refused = 2}, {6, 6, 2, 6, 6, 4}},
    {{.name = "rgt-1 step 40 think", .run_uuid = "a61", .run_name = "rgt-1", .method = "rgt", .step = 40, .examples = 320,
      .seed = 7, .base_model = "small", .think = true}, {6, 5, 4, 6, -1, -2}},
};
enum { EVALS = sizeof evals / sizeof *evals, NEWEST = 3 };

static void check(int result, const struct error *err)
{
    if (result >= 0)
        return;
    fprintf(stderr, "eval_fixture: %s\n", err->text);
    exit(1);
}

static void put_item(struct store *s, const struct eval *e, int64_t eval, int64_t record, int score)
{
    struct error err = {0};
    struct stored_record r = {0};
    check(record_store_load(s, record, &r, &err), &err);
    const struct stored_output *y0 = stored_y0(&r), *y_star = stored_y_star(&r);
    const struct stored_output *says = score == 6 ? y_star : y0;
    struct eval_item item = {.eval = eval, .record = record, .revision = 1, .has_score = score >= 0, .score = score,
                             .score_max = 6, .normalised = score / 6.0, .fault = score < 0 ? "no answer in 60 s" : NULL,
                             .output = score < 0 ? NULL : says->text, .thought = e->think ? "Keep to what was said." : NULL,
                             .rationale = score < 0 ? NULL : score == 6 ? "Nothing is wrong." : y0->rationale,
                             .tokens_in = 40, .tokens_out = 30, .milliseconds = 500};
    check(eval_store_put_item(s, &item, &err), &err);
    stored_record_free(&r);
}

static int64_t record_at(struct store *s, int i)
{
    char key[16];
    struct error err = {0};
    int64_t id = 0;
    snprintf(key, sizeof key, "ed-%d", 201 + i);
    if (record_store_find(s, key, &id, &err) == 1)
        return id;
    fprintf(stderr, "eval_fixture: the project has no record '%s'\n", key);
    exit(1);
}

static int64_t put_eval(struct store *s, const struct fixture_eval *f)
{
    struct error err = {0};
    struct eval e = f->e;
    int64_t id = 0;
    bool made, all = true;
    e.identity = e.name;
    e.split = "test";
    e.graders = "[{\"name\":\"note\"}]";
    e.max_tokens = 512;
    e.sampling = "{}";
    e.planned = RECORDS;
    check(eval_store_put(s, &e, &id, &made, &err), &err);
    check(eval_store_begin(s, id, 0, RECORDS, &err), &err);
    for (int i = 0; i < RECORDS; i++) {
        all &= f->scores[i] > -2;
        if (f->scores[i] > -2)
            put_item(s, &f->e, id, record_at(s, i), f->scores[i]);
    }
    if (e.refused) {
        const struct eval_refusal seen[] = {{record_at(s, 0), "ed-201", "ed-101", 1}, {record_at(s, 1), "ed-202", "ed-102", 0.9}};
        check(eval_store_put_refused(s, id, seen, 2, &err), &err);
    }
    if (all)
        check(eval_store_finish(s, id, &err), &err);
    return id;
}

/* The first rule helps, the second is worth nothing, the third does harm. */
static void weigh(struct store *s)
{
    static const struct rule_worth worth[] = {
        {.records = 4, .total = 0.41, .at_hinges = 0.33, .elsewhere = 0.08, .spread = 0.09, .low = 0.27, .high = 0.55},
        {.records = 4, .total = 0.003, .at_hinges = -0.01, .elsewhere = 0.013, .spread = 0.09, .low = -0.14, .high = 0.15},
        {.records = 4, .total = -0.27, .at_hinges = -0.2, .elsewhere = -0.07, .spread = 0.05, .low = -0.35, .high = -0.19}};
    struct error err = {0};
    struct rules rules = {0};
    struct rule_worth list[3];
    struct eval e = {.identity = "nats", .name = "rules by rgt-1 step 40", .kind = EVAL_NATS, .run_uuid = "a61",
                     .run_name = "rgt-1", .method = "rgt", .step = 40, .examples = 320, .seed = 7, .base_model = "small",
                     .graders = "[]", .sampling = "{}"};
    int64_t id = 0;
    size_t n = 0;
    check(rule_store_list(s, RULES_BY_AGE, false, &rules, &err), &err);
    for (; n < rules.count && n < 3; n++) {
        list[n] = worth[n];
        list[n].rule = rules.items[n].id;
    }
    rules_free(&rules);
    if (!n)
        return;
    check(eval_store_put(s, &e, &id, NULL, &err), &err);
    check(eval_store_begin(s, id, 0, 4, &err), &err);
    check(eval_store_put_worth(s, id, list, n, &err), &err);
    check(eval_store_finish(s, id, &err), &err);
}

static void mark_broken(struct store *s, int64_t eval)
{
    struct error err = {0};
    struct rules rules = {0};
    check(rule_store_list(s, RULES_BY_AGE, false, &rules, &err), &err);
    if (rules.count) {
        const struct rule_mark marks[] = {{rules.items[0].id, record_at(s, 2), 0.8},
                                          {rules.items[rules.count - 1].id, record_at(s, 5), 0.6}};
        check(eval_store_put_broken(s, eval, marks, 2, &err), &err);
    }
    rules_free(&rules);
}

int main(int argc, char **argv)
{
    struct error err = {0};
    struct store *s = argc == 2 ? store_open(argv[1], STORE_WRITE, &err) : NULL;
    if (!s) {
        fprintf(stderr, "eval_fixture: %s\n", argc == 2 ? err.text : "needs a project");
        return 1;
    }
    weigh(s);
    for (int i = 0; i < EVALS; i++) {
        int64_t id = put_eval(s, &evals[i]);
        if (i == NEWEST)
            mark_broken(s, id);
    }
    store_close(s);
    return 0;
}
