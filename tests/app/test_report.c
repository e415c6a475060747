/* A report on evals whose answers are known (report_project.h). */
#include "app/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/app/report_project.h"
#include "tests/db/fixture.h"
#include "tests/support/suite.h"

struct world {
    struct fixture f;
    struct report_request q;
    struct report r;
};

static void make(struct world *w)
{
    struct error err = {0};
    w->q.resamples = 200;
    w->q.permutations = 2000;
    CU_ASSERT_EQUAL_FATAL(report_make(w->f.s, &w->q, &w->r, &err), 0);
}

static void begin(struct world *w, double noise)
{
    memset(w, 0, sizeof *w);
    fixture_open(&w->f);
    report_project_fill(w->f.s, noise, NULL);
    report_request_defaults(&w->q);
}

static void end(struct world *w)
{
    report_free(&w->r);
    fixture_close(&w->f);
}

static const struct report_score *final_of(const struct report *r, const char *method, const char *task)
{
    for (size_t i = 0; i < r->n_finals; i++) {
        const struct report_score *f = &r->finals[i];
        if (strcmp(r->methods[f->method].name, method) == 0 && (task ? f->task && strcmp(f->task, task) == 0 : !f->task))
            return f;
    }
    return NULL;
}

static bool notes_say(const struct report *r, const char *what)
{
    for (size_t i = 0; i < r->n_notes; i++)
        if (strstr(r->notes[i], what))
            return true;
    return false;
}

static void final_scores(void)
{
    struct world w;
    begin(&w, 0);
    make(&w);
    const char *const order[] = {"rgt", "isft", "sft", REPORT_HOSTILE_METHOD, "big<model>", "base"};
    CU_ASSERT_EQUAL_FATAL(w.r.n_methods, 6);
    for (size_t i = 0; i < 6; i++)
        CU_ASSERT_STRING_EQUAL(w.r.methods[i].name, order[i]);
    const struct report_score *rgt = final_of(&w.r, "rgt", NULL), *base = final_of(&w.r, "base", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(rgt);
    CU_ASSERT_DOUBLE_EQUAL(rgt->score.estimate, 0.4 + 0.1 * log1p(640.0 / 30), 1e-9);
    CU_ASSERT(rgt->score.low < rgt->score.estimate && rgt->score.high > rgt->score.estimate);
    CU_ASSERT(rgt->n == 40 && rgt->seeds == 3 && rgt->examples == 640);
    CU_ASSERT_DOUBLE_EQUAL(base->score.estimate, 0.4, 1e-9);
    CU_ASSERT(base->seeds == 1 && base->examples == 0);
    /* the records' own share: even numbers are of clinic, 0.01 below the mean */
    CU_ASSERT_EQUAL(w.r.n_tasks, 2);
    CU_ASSERT_DOUBLE_EQUAL(final_of(&w.r, "base", "clinic")->score.estimate, 0.39, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(final_of(&w.r, "base", REPORT_HOSTILE_TASK)->score.estimate, 0.41, 1e-9);
    CU_ASSERT_EQUAL(final_of(&w.r, "base", "clinic")->n, 20);
    CU_ASSERT_DOUBLE_EQUAL(final_of(&w.r, "big<model>", NULL)->score.estimate, 0.65, 1e-9);
    end(&w);
}

static void what_is_left_out_is_said(void)
{
    struct world w;
    begin(&w, 0);
    make(&w);
    CU_ASSERT_EQUAL(w.r.n_used, 2 + 9 * 6 + 6 + 1);
    CU_ASSERT(notes_say(&w.r, "1 eval is not finished"));
    CU_ASSERT(notes_say(&w.r, "1 eval left out: another split"));
    CU_ASSERT(notes_say(&w.r, "evaluated again later"));
    CU_ASSERT(notes_say(&w.r, "has one run"));
    report_free(&w.r);
    w.q.split = "valid";
    make(&w);
    CU_ASSERT_EQUAL(w.r.n_used, 1);
    CU_ASSERT(notes_say(&w.r, "The base model was not evaluated"));
    report_free(&w.r);
    const char *runs[] = {"rgt-?", "uuid-sft-2"};
    w.q.split = NULL;
    w.q.runs = runs;
    w.q.n_runs = 2;
    make(&w);
    CU_ASSERT_EQUAL(w.r.n_methods, 4); /* rgt, sft, the endpoint, the base */
    CU_ASSERT_EQUAL(w.r.methods[1].runs, 1);
    report_free(&w.r);
    w.q.by_name = true;
    w.q.n_runs = 0;
    make(&w);
    CU_ASSERT_STRING_EQUAL(w.r.methods[0].name, "rgt"); /* rgt-1, rgt-2, rgt-3 */
    CU_ASSERT_EQUAL(w.r.methods[0].runs, 3);
    report_free(&w.r);
    w.q.n_runs = 2;
    w.q.split = "train";
    make(&w);
    CU_ASSERT(w.r.n_used == 0 && w.r.n_needs == 0 && notes_say(&w.r, "No finished eval fits"));
    end(&w);
}

static void curves(void)
{
    struct world w;
    begin(&w, 0);
    make(&w);
    CU_ASSERT_EQUAL_FATAL(w.r.n_points, 4 * 7); /* the base is the first point of each */
    CU_ASSERT_EQUAL(w.r.points[0].examples, 0);
    CU_ASSERT_DOUBLE_EQUAL(w.r.points[0].score.estimate, 0.4, 1e-9);
    CU_ASSERT_EQUAL(w.r.points[3].examples, 80);
    CU_ASSERT_DOUBLE_EQUAL(w.r.points[3].score.estimate, 0.4 + 0.1 * log1p(80.0 / 30), 1e-9);
    CU_ASSERT_EQUAL(w.r.points[3].seeds, 3);
    end(&w);
}

static void thinking(void)
{
    struct world w;
    begin(&w, 0);
    make(&w);
    CU_ASSERT_EQUAL_FATAL(w.r.n_thinking, 3); /* rgt, isft, the base */
    CU_ASSERT_DOUBLE_EQUAL(w.r.thinking[0].difference.estimate, 0.01, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(w.r.thinking[0].difference.low, 0.01, 1e-9); /* paired: the records' share falls out */
    CU_ASSERT_EQUAL(w.r.thinking[0].seeds, 3);
    end(&w);
}

static void examples_needed(void)
{
    struct world w;
    begin(&w, 0);
    make(&w);
    double grown = exp(1) - 1; /* 0.1 ln(1 + n/c) = 0.1 */
    CU_ASSERT_DOUBLE_EQUAL(w.r.target, 0.5, 1e-9);
    CU_ASSERT_EQUAL_FATAL(w.r.n_needs, 4);
    const struct needed_answer *rgt = &w.r.needs[0].answer, *isft = &w.r.needs[1].answer, *sft = &w.r.needs[2].answer,
                               *never = &w.r.needs[3].answer;
    if (growth_available()) {
        CU_ASSERT_DOUBLE_EQUAL(rgt->fit.examples, 30 * grown, 0.01);
        CU_ASSERT_DOUBLE_EQUAL(isft->fit_ratio.estimate, 1.6, 1e-3);
        CU_ASSERT_EQUAL(sft->fit.state, NEEDED_BEYOND);
        CU_ASSERT_DOUBLE_EQUAL(sft->fit_ratio.estimate, 20, 0.01);
        CU_ASSERT_EQUAL(never->fit.state, NEEDED_NEVER);
    }
    /* between 40 (0.4847) and 80 (0.5299) */
    double low = 0.4 + 0.1 * log1p(40.0 / 30), high = 0.4 + 0.1 * log1p(80.0 / 30);
    CU_ASSERT_DOUBLE_EQUAL(rgt->lines.examples, 40 + 40 * (0.5 - low) / (high - low), 1e-6);
    CU_ASSERT_EQUAL(sft->lines.state, NEEDED_NEVER);
    CU_ASSERT(never->lines_ratio.estimate == INFINITY);
    report_free(&w.r);
    w.q.target = 0.7;
    make(&w);
    CU_ASSERT_EQUAL(w.r.needs[0].answer.lines.state, NEEDED_REACHED);
    CU_ASSERT(w.r.needs[0].answer.lines.examples > 320);
    end(&w);
}

static void tests_between_methods(void)
{
    struct world w;
    begin(&w, 0.08);
    make(&w);
    CU_ASSERT_EQUAL_FATAL(w.r.n_tests, 15); /* all pairs of six */
    const struct report_test *t = &w.r.tests[4]; /* rgt - base */
    CU_ASSERT_EQUAL(t->a, 0);
    CU_ASSERT(w.r.methods[t->b].base);
    CU_ASSERT(t->difference.low > 0.2 && t->permutation.p < 0.001 && t->wilcoxon_holm < 0.001);
    CU_ASSERT(t->permutation_holm >= t->permutation.p);
    size_t flat = w.r.n_tests - 2; /* the one that never learns - the base */
    CU_ASSERT_EQUAL(w.r.tests[flat].a, 3);
    CU_ASSERT(w.r.tests[flat].difference.low < 0 && w.r.tests[flat].difference.high > 0);
    CU_ASSERT(w.r.tests[flat].permutation_holm > 0.05);
    end(&w);
}

static void same_seed_same_report(void)
{
    struct world w;
    struct str first = {0}, second = {0}, third = {0};
    begin(&w, 0.08);
    struct str *const texts[] = {&first, &second, &third};
    for (int i = 0; i < 3; i++) {
        w.q.seed = i == 2 ? 9 : 1;
        make(&w);
        for (int figure = 1; figure <= 6; figure++)
            report_csv(texts[i], &w.r, figure);
        report_free(&w.r);
    }
    CU_ASSERT_STRING_EQUAL(first.at, second.at);
    CU_ASSERT(strcmp(first.at, third.at) != 0);
    str_free(&first);
    str_free(&second);
    str_free(&third);
    end(&w);
}

/* One more run of rgt that was evaluated on the first 20 records alone. */
static void records_that_not_all_have(void)
{
    struct world w;
    struct error err = {0};
    int64_t id = 0;
    begin(&w, 0);
    struct eval e = {.identity = "few", .name = "few", .run_uuid = "few", .run_name = "rgt-4", .method = "rgt", .step = 160,
                     .examples = 640, .seed = 4, .base_model = "small", .adapter = "adapter", .split = "test",
                     .max_tokens = 64, .graders = "[]"};
    struct evals all = {0};
    CU_ASSERT_EQUAL_FATAL(eval_store_list(w.f.s, &(struct eval_filter){.kind = EVAL_OUTPUTS}, &all, &err), 0);
    e.graders = all.items[0].graders;
    CU_ASSERT_EQUAL_FATAL(eval_store_put(w.f.s, &e, &id, NULL, &err), 0);
    for (int64_t r = 1; r <= 20; r++) {
        struct eval_item item = {.eval = id, .record = r, .revision = 1, .has_score = r > 1, .fault = r > 1 ? NULL : "lost",
                                 .score = 0.7, .score_max = 1, .normalised = 0.7, .output = "said", .parts = "[]"};
        CU_ASSERT_EQUAL_FATAL(eval_store_put_item(w.f.s, &item, &err), 0);
    }
    CU_ASSERT_EQUAL(eval_store_finish(w.f.s, id, &err), 0);
    make(&w);
    CU_ASSERT(notes_say(&w.r, "20 of 40 records are not in every eval"));
    CU_ASSERT_EQUAL(final_of(&w.r, "base", NULL)->n, 20);
    CU_ASSERT_EQUAL(final_of(&w.r, "base", "clinic")->n, 10);
    CU_ASSERT_EQUAL(final_of(&w.r, "rgt", NULL)->seeds, 4);
    CU_ASSERT_EQUAL(final_of(&w.r, "rgt", NULL)->failed, 1);
    CU_ASSERT_EQUAL(w.r.points[0].n, 20);
    CU_ASSERT_EQUAL(w.r.tests[0].n, 20);
    evals_free(&all);
    end(&w);
}

static void an_empty_project(void)
{
    struct world w = {0};
    fixture_open(&w.f);
    report_request_defaults(&w.q);
    make(&w);
    CU_ASSERT(w.r.n_used == 0 && w.r.n_finals == 0 && w.r.n_points == 0 && w.r.n_needs == 0 && w.r.n_tests == 0);
    CU_ASSERT(notes_say(&w.r, "no evals yet"));
    end(&w);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"final scores", final_scores},
        {"what is left out is said", what_is_left_out_is_said},
        {"learning curves", curves},
        {"thinking", thinking},
        {"examples needed", examples_needed},
        {"tests between methods", tests_between_methods},
        {"the same seed gives the same report", same_seed_same_report},
        {"records that not all have", records_that_not_all_have},
        {"an empty project", an_empty_project},
        {NULL, NULL},
    };
    return suite_run("report", tests, argc, argv);
}
