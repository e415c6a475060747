/* Figures 2 and 4: the learning curves, and the examples they say are needed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/report_parts.h"
#include "base/mem.h"

/* A method's curve: point 0 is the base where there is one. */
struct method_curve {
    size_t method, points;
    bool from_base; /* point 0 is the base's one evaluation, in every row */
    double *n;
    struct scores *scores;
};

struct wanted_point {
    bool think;
    double examples;
};

static bool is_at(const struct report_gathering *g, const struct report_source *s, const void *context)
{
    const struct wanted_point *w = context;
    (void)g;
    return s->eval->think == w->think && s->examples == w->examples;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The counts of examples at which the method was evaluated, each once, rising; the caller frees. */
static double *counts_of(const struct report *r, const struct report_gathering *g, size_t method, size_t *count)
{
    double *n = mem_zalloc(g->count + 2, sizeof *n);
    size_t all = 0;
    *count = 0;
    for (size_t i = 0; i < g->count; i++)
        if (g->sources[i].method == method && g->sources[i].eval->think == r->think && g->sources[i].examples >= 0)
            n[all++] = g->sources[i].examples;
    qsort(n, all, sizeof *n, by_size);
    for (size_t i = 0; i < all; i++)
        if (*count == 0 || n[i] > n[*count - 1])
            n[(*count)++] = n[i];
    return n;
}

/* The base's scores for each of the method's runs: what all of them were before their first step. */
static struct scores base_rows(const struct scores *base, size_t seeds)
{
    double *at = mem_zalloc(seeds * base->records + 1, sizeof *at);
    for (size_t i = 0; i < seeds; i++)
        memcpy(at + i * base->records, base->at, base->records * sizeof *at);
    return (struct scores){at, seeds, base->records};
}

static struct method_curve curve_of(const struct report *r, const struct report_gathering *g, size_t method,
                                    const struct scores *base)
{
    struct method_curve c = {.method = method};
    size_t seen = 0, at = 0;
    double *n = counts_of(r, g, method, &seen);
    bool starts = base->at && (seen == 0 || n[0] > 0);
    c.points = seen == 0 ? 0 : seen + starts;
    c.from_base = starts;
    c.n = mem_zalloc(c.points + 1, sizeof *c.n);
    c.scores = mem_zalloc(c.points + 1, sizeof *c.scores);
    if (c.points && starts)
        c.scores[at++] = base_rows(base, r->methods[method].runs);
    for (size_t i = 0; i < seen; i++, at++) {
        struct wanted_point w = {r->think, n[i]};
        c.n[at] = n[i];
        c.scores[at] = report_table(r, g, method, 0, is_at, &w);
    }
    mem_free(n);
    return c;
}

static void curve_free(struct method_curve *c)
{
    for (size_t i = 0; i < c->points; i++)
        report_table_free(&c->scores[i]);
    mem_free(c->scores);
    mem_free(c->n);
}

static size_t rows_with_scores(const struct scores *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->seeds; i++)
        n += !isnan(mean_of(t->at + i * t->records, t->records));
    return n;
}

/* Takes empty rows out of the curve's tables. */
static void add_points(struct report *r, struct method_curve *c)
{
    struct bootstrap how = report_bootstrap(r);
    for (size_t i = 0; i < c->points; i++) {
        struct report_score *p = &r->points[r->n_points++];
        report_drop_empty_rows(&c->scores[i]);
        *p = (struct report_score){.method = c->method, .examples = c->n[i], .n = scores_measured(&c->scores[i]),
                                   .seeds = i == 0 && c->from_base ? 1 : c->scores[i].seeds};
        p->score = scores_interval(&c->scores[i], &how);
    }
}

static size_t base_method(const struct report *r)
{
    for (size_t m = 0; m < r->n_methods; m++)
        if (r->methods[m].base)
            return m;
    return r->n_methods;
}

static struct scores base_table(const struct report *r, const struct report_gathering *g)
{
    const struct wanted_point w = {r->think, 0};
    size_t base = base_method(r);
    struct scores t = {0};
    if (base < r->n_methods)
        t = report_table(r, g, base, 0, is_at, &w);
    if (t.at && !scores_measured(&t))
        report_table_free(&t);
    return t;
}

static void ask_needed(struct report *r, const struct method_curve *curves, size_t count, const struct scores *base)
{
    const struct report_request *q = &r->asked;
    struct curve *asked = mem_zalloc(count + 1, sizeof *asked);
    struct needed_answer *answers = mem_zalloc(count + 1, sizeof *answers);
    struct needed_question question = {.base = *base, .gain = q->gain, .target = q->target, .reach = q->reach,
                                       .resamples = q->resamples, .level = q->level, .seed = q->seed};
    for (size_t i = 0; i < count; i++)
        asked[i] = (struct curve){curves[i].points, curves[i].n, curves[i].scores};
    needed_ask(&question, asked, count, answers);
    r->target = needed_target(&question);
    r->needs = arena_zalloc(&r->arena, count + 1, sizeof *r->needs);
    r->n_needs = count;
    for (size_t i = 0; i < count; i++) {
        const struct method_curve *c = &curves[i];
        const struct scores *last = &c->scores[c->points - 1];
        r->needs[i] = (struct report_need){c->method, answers[i], c->points, rows_with_scores(last),
                                           scores_measured(last), c->n[c->points - 1]};
    }
    mem_free(asked);
    mem_free(answers);
}

static void say_target(struct report *r, const struct scores *base)
{
    double start = base->at ? scores_mean(base, NULL, NULL) : NAN;
    if (r->n_needs == 0)
        return;
    if (!base->at)
        report_note(r, "The base model was not evaluated under this setting: %s.",
                    isnan(r->asked.target) ? "there is no gain over it, so figure 4 has no target" : "curves begin at their first checkpoint");
    else if (isnan(r->target))
        report_note(r, "The base model scores 0, so a gain over it in per cent means nothing: give a target score.");
    else if (r->target > 1)
        report_note(r, "The target of figure 4 (%.3f, from a base of %.3f) is above the top score: it cannot be reached.",
                    r->target, start);
    if (!growth_available())
        report_note(r, "This hinge was built without GSL: no growth curve is fitted, figure 4 interpolates between points.");
}

void report_curves(struct report *r, const struct report_gathering *g)
{
    struct scores base = base_table(r, g);
    struct method_curve *curves = mem_zalloc(r->n_methods + 1, sizeof *curves);
    size_t count = 0, points = 0;
    for (size_t m = 0; m < r->n_methods; m++) {
        if (r->methods[m].base || r->methods[m].endpoint)
            continue;
        curves[count] = curve_of(r, g, m, &base);
        points += curves[count].points;
        if (curves[count].points)
            count++;
        else
            curve_free(&curves[count]);
    }
    r->points = arena_zalloc(&r->arena, points + 1, sizeof *r->points);
    if (count) /* before empty rows are gone: the tables of a curve have the same rows */
        ask_needed(r, curves, count, &base);
    for (size_t i = 0; i < count; i++)
        add_points(r, &curves[i]);
    say_target(r, &base);
    for (size_t i = 0; i < count; i++)
        curve_free(&curves[i]);
    mem_free(curves);
    report_table_free(&base);
}
