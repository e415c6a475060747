/* From gathered scores to the numbers of figures 1 to 3 and the tests. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/report_parts.h"
#include "base/mem.h"

struct bootstrap report_bootstrap(const struct report *r)
{
    return (struct bootstrap){r->asked.resamples, r->asked.level, r->asked.seed};
}

struct scores report_table(const struct report *r, const struct report_gathering *g, size_t method, size_t task,
                           report_wanted_fn *wanted, const void *context)
{
    size_t seeds = r->methods[method].runs;
    double *at = mem_zalloc(seeds * g->records + 1, sizeof *at);
    for (size_t i = 0; i < seeds * g->records; i++)
        at[i] = NAN;
    for (size_t i = 0; i < g->count; i++) {
        const struct report_source *s = &g->sources[i];
        if (s->method != method || !wanted(g, s, context))
            continue;
        for (size_t k = 0; k < g->records; k++)
            if (g->kept[k] && (task == 0 || g->task_of[k] == task))
                at[s->run * g->records + k] = s->scores[k];
    }
    return (struct scores){at, seeds, g->records};
}

void report_table_free(struct scores *t)
{
    mem_free((double *)(size_t)t->at);
    *t = (struct scores){0};
}

void report_drop_empty_rows(struct scores *t)
{
    double *at = (double *)(size_t)t->at;
    size_t kept = 0;
    for (size_t i = 0; i < t->seeds; i++) {
        if (isnan(mean_of(at + i * t->records, t->records)))
            continue;
        memmove(at + kept++ * t->records, at + i * t->records, t->records * sizeof *at);
    }
    t->seeds = kept;
}

/* ---- Figure 1 ------------------------------------------------------------------------------------- */

/* The last evaluated checkpoint of its run under that think setting. */
static bool is_last(const struct report_gathering *g, const struct report_source *s, const void *context)
{
    const bool *think = context;
    if (s->eval->think != *think)
        return false;
    for (size_t i = 0; i < g->count; i++) {
        const struct report_source *o = &g->sources[i];
        if (o->method == s->method && o->run == s->run && o->eval->think == *think && o->eval->step > s->eval->step)
            return false;
    }
    return true;
}

static void describe(const struct report *r, const struct report_gathering *g, size_t task, bool think,
                     struct report_score *out)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < g->count; i++) {
        const struct report_source *s = &g->sources[i];
        if (s->method != out->method || !is_last(g, s, &think))
            continue;
        sum += s->examples;
        n++;
        for (size_t k = 0; k < g->records; k++)
            out->failed += s->failed[k] && g->kept[k] && (task == 0 || g->task_of[k] == task);
    }
    out->examples = n && sum >= 0 && !r->methods[out->method].endpoint ? sum / (double)n : NAN;
}

static void add_final(struct report *r, const struct report_gathering *g, size_t method, size_t task, const char *name)
{
    struct bootstrap how = report_bootstrap(r);
    struct scores t = report_table(r, g, method, task, is_last, &r->think);
    struct report_score out = {.method = method, .task = name, .n = scores_measured(&t)};
    report_drop_empty_rows(&t);
    out.seeds = t.seeds;
    describe(r, g, task, r->think, &out);
    out.score = scores_interval(&t, &how);
    if (out.n || task == 0)
        r->finals[r->n_finals++] = out;
    report_table_free(&t);
}

struct named_task {
    const char *name;
    size_t number;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct named_task *)a)->name, ((const struct named_task *)b)->name);
}

/* Tasks by name; a single one is the same as all together. */
static struct named_task *sorted_tasks(struct report *r, const struct report_gathering *g)
{
    size_t n = map_count(g->tasks);
    struct named_task *tasks = mem_zalloc(n + 1, sizeof *tasks);
    for (size_t i = 0; i < n; i++) {
        struct slice name = map_key(g->tasks, i);
        tasks[i] = (struct named_task){arena_strndup(&r->arena, name.at, name.len), i + 1};
    }
    qsort(tasks, n, sizeof *tasks, by_name);
    r->n_tasks = n > 1 ? n : 0;
    r->tasks = arena_zalloc(&r->arena, n + 1, sizeof *r->tasks);
    for (size_t i = 0; i < r->n_tasks; i++)
        r->tasks[i] = tasks[i].name;
    return tasks;
}

void report_finals(struct report *r, const struct report_gathering *g)
{
    struct named_task *tasks = sorted_tasks(r, g);
    r->finals = arena_zalloc(&r->arena, r->n_methods * (r->n_tasks + 1) + 1, sizeof *r->finals);
    for (size_t m = 0; m < r->n_methods; m++) {
        add_final(r, g, m, 0, NULL);
        for (size_t t = 0; t < r->n_tasks; t++)
            add_final(r, g, m, tasks[t].number, tasks[t].name);
    }
    mem_free(tasks);
}

/* ---- Figure 3 ------------------------------------------------------------------------------------- */

/* Runs that have a last checkpoint under both settings, and that checkpoint is the same one. */
static bool has_both(const struct report_gathering *g, const struct report_source *s, const void *context)
{
    const bool *think = context, other = !*think;
    if (!is_last(g, s, think))
        return false;
    for (size_t i = 0; i < g->count; i++) {
        const struct report_source *o = &g->sources[i];
        if (o->method == s->method && o->run == s->run && o->eval->step == s->eval->step && is_last(g, o, &other))
            return true;
    }
    return false;
}

void report_think_pairs(struct report *r, const struct report_gathering *g)
{
    struct bootstrap how = report_bootstrap(r);
    const bool off = false, on = true;
    r->thinking = arena_zalloc(&r->arena, r->n_methods + 1, sizeof *r->thinking);
    for (size_t m = 0; m < r->n_methods; m++) {
        struct scores without = report_table(r, g, m, 0, has_both, &off), with = report_table(r, g, m, 0, has_both, &on);
        report_drop_empty_rows(&without);
        report_drop_empty_rows(&with);
        struct report_thinking out = {.method = m, .seeds = without.seeds, .n = scores_measured(&without)};
        if (out.seeds && without.seeds == with.seeds) {
            out.off = scores_interval(&without, &how);
            out.on = scores_interval(&with, &how);
            out.difference = scores_difference(&with, &without, true, &how);
            r->thinking[r->n_thinking++] = out;
        }
        report_table_free(&without);
        report_table_free(&with);
    }
}

/* ---- paired tests ----------------------------------------------------------------------------------- */

static void add_pair(struct report *r, const struct report_gathering *g, size_t a, size_t b)
{
    struct bootstrap how = report_bootstrap(r);
    struct scores x = report_table(r, g, a, 0, is_last, &r->think), y = report_table(r, g, b, 0, is_last, &r->think);
    report_drop_empty_rows(&x);
    report_drop_empty_rows(&y);
    if (x.seeds && y.seeds) {
        double *d = mem_zalloc(g->records + 1, sizeof *d), *of_b = mem_zalloc(g->records + 1, sizeof *of_b);
        scores_by_record(&x, d);
        scores_by_record(&y, of_b);
        for (size_t k = 0; k < g->records; k++)
            d[k] -= of_b[k];
        struct report_test out = {.a = a, .b = b, .difference = scores_difference(&x, &y, false, &how)};
        out.permutation = permutation_test(d, g->records, r->asked.permutations, r->asked.seed);
        out.wilcoxon = wilcoxon_test(d, g->records);
        out.n = out.permutation.n;
        r->tests[r->n_tests++] = out;
        mem_free(d);
        mem_free(of_b);
    }
    report_table_free(&x);
    report_table_free(&y);
}

static void correct_pairs(struct report *r)
{
    double *p = mem_zalloc(2 * r->n_tests + 1, sizeof *p), *corrected = p + r->n_tests;
    for (size_t i = 0; i < r->n_tests; i++)
        p[i] = r->tests[i].permutation.p;
    holm_adjust(p, r->n_tests, corrected);
    for (size_t i = 0; i < r->n_tests; i++) {
        r->tests[i].permutation_holm = corrected[i];
        p[i] = r->tests[i].wilcoxon.p;
    }
    holm_adjust(p, r->n_tests, corrected);
    for (size_t i = 0; i < r->n_tests; i++)
        r->tests[i].wilcoxon_holm = corrected[i];
    mem_free(p);
}

void report_pairs(struct report *r, const struct report_gathering *g)
{
    r->tests = arena_zalloc(&r->arena, r->n_methods * r->n_methods + 1, sizeof *r->tests);
    for (size_t a = 0; a < r->n_methods; a++)
        for (size_t b = a + 1; b < r->n_methods; b++)
            add_pair(r, g, a, b);
    correct_pairs(r);
}
