/* RESULTS.md: what an experiment found, whatever it is, beside what the method's authors say. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/experiment_parts.h"
#include "app/project.h"
#include "app/report.h"
#include "app/report_files.h"
#include "base/clock.h"
#include "base/file.h"

static void head(struct str *out, const struct experiment *x, const struct report *r)
{
    size_t records = r->n_finals ? r->finals[0].n : 0;
    str_addf(out, "# The scribe, size %s: what was found\n\n", x->size->name);
    str_addf(out, "Written by `hinge experiment scribe`. %zu held-out visits (drugs, names and phrasings that training never "
             "saw), %d trainings of each method, rank %d, alpha %s, rate %s, %d examples a step, one pass. Scores are shares of "
             "the grader's %d points; intervals are 95%% (bootstrap over records and trainings).\n\n", records, x->seeds,
             x->size->rank, x->size->alpha, x->size->lr, x->size->batch, SCORE_TOP);
}

static void finals(struct str *out, const struct report *r)
{
    str_adds(out, "## Figure 1: the score after the last checkpoint\n\n| method | examples | score | n | trainings |\n| --- | --- | "
                  "--- | --- | --- |\n");
    for (size_t i = 0; i < r->n_finals; i++) {
        const struct report_score *s = &r->finals[i];
        if (s->task)
            continue;
        str_addf(out, "| %s | %.0f | ", r->methods[s->method].name, s->examples);
        report_interval(out, &s->score, 3);
        str_addf(out, " | %zu | %zu |\n", s->n, s->seeds);
    }
}

static void curves(struct str *out, const struct report *r)
{
    str_adds(out, "\n## Figure 2: score against examples seen\n\n| method | examples | score |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < r->n_points; i++) {
        const struct report_score *s = &r->points[i];
        if (s->task)
            continue;
        str_addf(out, "| %s | %.0f | ", r->methods[s->method].name, s->examples);
        report_interval(out, &s->score, 3);
        str_adds(out, " |\n");
    }
}

static void thinking(struct str *out, const struct report *r)
{
    str_adds(out, "\n## Figure 3: thinking on against off\n\nOff: the empty think block is given. On: nothing is given, and the "
                  "model may write its own; for sft and isft, which never saw a block, that is the form they were trained "
                  "in.\n\n| method | off | on | on less off |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < r->n_thinking; i++) {
        const struct report_thinking *t = &r->thinking[i];
        str_addf(out, "| %s | ", r->methods[t->method].name);
        report_interval(out, &t->off, 3);
        str_adds(out, " | ");
        report_interval(out, &t->on, 3);
        str_adds(out, " | ");
        report_interval(out, &t->difference, 3);
        str_adds(out, " |\n");
    }
}

static void ratio(struct str *out, const struct interval *i)
{
    if (isnan(i->estimate))
        str_adds(out, "-");
    else
        report_interval(out, i, 2);
}

static void needs(struct str *out, const struct report *r)
{
    str_addf(out, "\n## Figure 4: examples needed for a gain of a quarter over the base (score %.3f)\n\n| method | on the fit | on "
             "the lines | relative to %s (fit) | relative (lines) |\n| --- | --- | --- | --- | --- |\n", r->target,
             r->n_needs ? r->methods[r->needs[r->reference].method].name : "rgt");
    for (size_t i = 0; i < r->n_needs; i++) {
        const struct report_need *n = &r->needs[i];
        str_addf(out, "| %s | ", r->methods[n->method].name);
        report_examples(out, &n->answer.fit);
        str_adds(out, " | ");
        report_examples(out, &n->answer.lines);
        str_adds(out, " | ");
        ratio(out, &n->answer.fit_ratio);
        str_adds(out, " | ");
        ratio(out, &n->answer.lines_ratio);
        str_adds(out, " |\n");
    }
}

static void tests(struct str *out, const struct report *r)
{
    str_adds(out, "\n## Paired tests on the final scores\n\n| pair | difference | p (signs permuted, Holm) | p (Wilcoxon, Holm) "
                  "|\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < r->n_tests; i++) {
        const struct report_test *t = &r->tests[i];
        str_addf(out, "| %s - %s | ", r->methods[t->a].name, r->methods[t->b].name);
        report_interval(out, &t->difference, 3);
        str_adds(out, " | ");
        report_p(out, t->permutation_holm);
        str_adds(out, " | ");
        report_p(out, t->wilcoxon_holm);
        str_adds(out, " |\n");
    }
}

/* The final score of a method over all tasks, or NULL. */
static const struct report_score *final_of(const struct report *r, const char *name)
{
    for (size_t i = 0; i < r->n_finals; i++) {
        if (!r->finals[i].task && strcmp(r->methods[r->finals[i].method].name, name) == 0)
            return &r->finals[i];
    }
    return NULL;
}

static const struct report_need *need_of(const struct report *r, const char *name)
{
    for (size_t i = 0; i < r->n_needs; i++) {
        if (strcmp(r->methods[r->needs[i].method].name, name) == 0)
            return &r->needs[i];
    }
    return NULL;
}

static void claim_needed(struct str *out, const struct report *r, const char *method, const char *said)
{
    const struct report_need *n = need_of(r, method);
    str_addf(out, "| examples that %s needs, relative to rgt | %s | ", method, said);
    if (n) {
        ratio(out, &n->answer.lines_ratio);
        str_adds(out, " on the lines, ");
        ratio(out, &n->answer.fit_ratio);
        str_adds(out, " on the fit");
    } else {
        str_adds(out, "not measured");
    }
    str_adds(out, " |\n");
}

static void claims(struct str *out, const struct report *r)
{
    const struct report_score *rgt = final_of(r, "rgt"), *isft = final_of(r, "isft");
    str_adds(out, "\n## Beside what the method's authors say\n\n| | they say | here |\n| --- | --- | --- |\n");
    claim_needed(out, r, "isft", "1.5 to 1.7");
    claim_needed(out, r, "sft", "10 and more");
    for (size_t i = 0; i < r->n_thinking; i++) {
        const struct report_thinking *t = &r->thinking[i];
        if (strcmp(r->methods[t->method].name, "rgt") != 0)
            continue;
        str_adds(out, "| rgt, thinking on less off | within 0.01 to 0.02 | ");
        report_interval(out, &t->difference, 3);
        str_adds(out, " |\n");
    }
    if (rgt && isft)
        str_addf(out, "| final score, rgt less isft | above 0 | %+.3f |\n", rgt->score.estimate - isft->score.estimate);
}

static void notes(struct str *out, const struct experiment *x, const struct report *r)
{
    str_addf(out, "\nMade in %.1f minutes by this call (what an earlier one had done is not counted).\n",
             (double)(clock_mono_ms() - x->started) / 60000);
    for (size_t i = 0; i < r->n_notes; i++)
        str_addf(out, "\n- %s", r->notes[i]);
    str_adds(out, r->n_notes ? "\n" : "");
}

static int write_results(const struct experiment *x, const struct report *r, struct error *err)
{
    struct str out = {0}, path = {0};
    head(&out, x, r);
    claims(&out, r);
    str_addc(&out, '\n');
    finals(&out, r);
    curves(&out, r);
    thinking(&out, r);
    needs(&out, r);
    tests(&out, r);
    notes(&out, x, r);
    int result = file_write_atomic(experiment_path(x, &path, "RESULTS.md"), 0600, str_slice(&out), err);
    str_free(&out);
    str_free(&path);
    return result;
}

int experiment_report(struct experiment *x, struct error *err)
{
    struct report r = {0};
    struct report_request q;
    struct report_written written = {0};
    struct str folder = {0};
    struct store *s = project_open(x->project.at, STORE_OPEN, err);
    experiment_tell(x, "report", -1, -1, "figures and intervals");
    report_request_defaults(&q);
    int result = s ? report_make(s, &q, &r, err) : -1;
    if (result == 0)
        result = report_write(s, &r, experiment_path(x, &folder, "report"), &written, err);
    if (result == 0)
        result = write_results(x, &r, err);
    report_written_free(&written);
    report_free(&r);
    str_free(&folder);
    store_close(s);
    return result;
}
