#include <math.h>

#include "app/report.h"

/* Not known: null. Not reached: the text "not reached". */
static void set_number(struct json *j, const char *name, double v)
{
    if (isinf(v))
        json_set_string(j, name, "not reached");
    else
        json_set(j, name, json_new_number(v));
}

static struct json *interval_json(const struct interval *i)
{
    struct json *j = json_new_object();
    set_number(j, "value", i->estimate);
    set_number(j, "low", i->low);
    set_number(j, "high", i->high);
    return j;
}

static void set_interval(struct json *j, const char *name, const struct interval *i)
{
    json_set(j, name, interval_json(i));
}

static struct json *named(const struct report *r, size_t method)
{
    struct json *j = json_new_object();
    json_set_string(j, "method", r->methods[method].name);
    return j;
}

static struct json *asked_json(const struct report *r)
{
    const struct report_request *q = &r->asked;
    struct json *j = json_new_object(), *runs = json_new_array();
    json_set_string(j, "split", q->split);
    json_set_string(j, "base_model", q->base_model);
    for (size_t i = 0; i < q->n_runs; i++)
        json_push(runs, json_new_string(q->runs[i]));
    json_set(j, "runs", runs);
    json_set_string(j, "by", q->by_name ? "name" : "method");
    json_set_string(j, "think", r->think ? "on" : "off");
    json_set_number(j, "threshold", q->gain);
    json_set(j, "target", json_new_number(q->target));
    json_set_number(j, "reach", q->reach);
    json_set_int(j, "resamples", (int64_t)q->resamples);
    json_set_int(j, "permutations", (int64_t)q->permutations);
    json_set_number(j, "level", q->level);
    json_set_int(j, "seed", (int64_t)q->seed);
    return j;
}

static struct json *score_json(const struct report *r, const struct report_score *s, bool final)
{
    struct json *j = named(r, s->method);
    if (final)
        json_set_string(j, "task", s->task);
    set_number(j, "examples", s->examples);
    set_interval(j, "score", &s->score);
    json_set_int(j, "n", (int64_t)s->n);
    json_set_int(j, "seeds", (int64_t)s->seeds);
    if (final)
        json_set_int(j, "failed", (int64_t)s->failed);
    return j;
}

static struct json *scores_json(const struct report *r, const struct report_score *list, size_t n, bool final)
{
    struct json *j = json_new_array();
    for (size_t i = 0; i < n; i++)
        json_push(j, score_json(r, &list[i], final));
    return j;
}

static struct json *thinking_json(const struct report *r)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < r->n_thinking; i++) {
        const struct report_thinking *t = &r->thinking[i];
        struct json *j = named(r, t->method);
        set_interval(j, "off", &t->off);
        set_interval(j, "on", &t->on);
        set_interval(j, "difference", &t->difference);
        json_set_int(j, "n", (int64_t)t->n);
        json_set_int(j, "seeds", (int64_t)t->seeds);
        json_push(list, j);
    }
    return list;
}

static struct json *answer_json(const struct needed *it, const struct interval *examples, const struct interval *ratio)
{
    static const char *const states[] = {"reached", "beyond", "not reached", "unknown"};
    struct json *j = json_new_object();
    json_set_string(j, "state", states[it->state]);
    set_interval(j, "examples", examples);
    set_interval(j, "ratio", ratio);
    return j;
}

static struct json *growth_json(const struct growth *g)
{
    struct json *j = json_new_object();
    json_set_bool(j, "fitted", g->state == GROWTH_FITTED || g->state == GROWTH_FALLING);
    set_number(j, "a", g->a);
    set_number(j, "b", g->b);
    set_number(j, "c", g->c);
    set_number(j, "r2", g->r2);
    json_set_bool(j, "at_bound", g->at_bound);
    json_set_string(j, "says", growth_says(g));
    return j;
}

static struct json *needs_json(const struct report *r)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < r->n_needs; i++) {
        const struct report_need *n = &r->needs[i];
        const struct needed_answer *a = &n->answer;
        struct json *j = named(r, n->method);
        json_set(j, "fit", answer_json(&a->fit, &a->fit_examples, &a->fit_ratio));
        json_set(j, "lines", answer_json(&a->lines, &a->lines_examples, &a->lines_ratio));
        json_set(j, "growth", growth_json(&a->growth));
        json_set_int(j, "points", (int64_t)n->points);
        set_number(j, "last", n->last);
        json_set_int(j, "n", (int64_t)n->n);
        json_set_int(j, "seeds", (int64_t)n->seeds);
        json_push(list, j);
    }
    return list;
}

static struct json *test_json(const struct test_result *t, double corrected)
{
    struct json *j = json_new_object();
    set_number(j, "statistic", t->statistic);
    set_number(j, "p", t->p);
    set_number(j, "p_holm", corrected);
    json_set_bool(j, "exact", t->exact);
    return j;
}

static struct json *tests_json(const struct report *r)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < r->n_tests; i++) {
        const struct report_test *t = &r->tests[i];
        struct json *j = json_new_object();
        json_set_string(j, "a", r->methods[t->a].name);
        json_set_string(j, "b", r->methods[t->b].name);
        json_set_int(j, "n", (int64_t)t->n);
        set_interval(j, "difference", &t->difference);
        json_set(j, "permutation", test_json(&t->permutation, t->permutation_holm));
        json_set(j, "wilcoxon", test_json(&t->wilcoxon, t->wilcoxon_holm));
        json_push(list, j);
    }
    return list;
}

static void set_known(struct json *j, const char *name, int64_t v)
{
    if (v < 0)
        json_set(j, name, json_new_null());
    else
        json_set_int(j, name, v);
}

static struct json *evals_json(const struct report *r)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < r->n_used; i++) {
        const struct eval *e = r->used[i];
        struct json *j = json_new_object();
        json_set_int(j, "eval", e->id);
        json_set_string(j, "name", e->name);
        json_set_string(j, "method", e->method);
        json_set_string(j, "run", e->run_name);
        json_set_string(j, "run_uuid", e->run_uuid);
        set_known(j, "step", e->step);
        set_known(j, "examples", e->examples);
        set_known(j, "seed", e->seed);
        json_set_bool(j, "think", e->think);
        json_set_string(j, "split", e->split);
        json_set_string(j, "base_model", e->base_model);
        json_set_string(j, "endpoint", e->endpoint);
        json_set_string(j, "adapter_hash", e->adapter_hash);
        json_set_string(j, "snapshot", e->snapshot);
        json_set_int(j, "n", e->n);
        json_set_int(j, "failed", e->failed);
        json_set_int(j, "refused", e->refused);
        set_number(j, "score", e->mean);
        json_push(list, j);
    }
    return list;
}

struct json *report_json(const struct report *r)
{
    struct json *root = json_new_object(), *notes = json_new_array();
    json_set_string(root, "project", r->project);
    json_set(root, "asked", asked_json(r));
    json_set(root, "figure1", scores_json(r, r->finals, r->n_finals, true));
    json_set(root, "figure2", scores_json(r, r->points, r->n_points, false));
    json_set(root, "figure3", thinking_json(r));
    json_set(root, "target", json_new_number(r->target));
    json_set(root, "figure4", needs_json(r));
    json_set(root, "tests", tests_json(r));
    json_set(root, "evals", evals_json(r));
    for (size_t i = 0; i < r->n_notes; i++)
        json_push(notes, json_new_string(r->notes[i]));
    json_set(root, "notes", notes);
    return root;
}
