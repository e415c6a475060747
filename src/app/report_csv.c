/*
 * The numbers of the figures as CSV (RFC 4180, a head line, UTF-8), for gnuplot and for everybody else. What is not known
 * is empty; what was not reached is "inf". A text that a spreadsheet would take for a formula gets a leading quote.
 */
#include <math.h>
#include <string.h>

#include "app/report.h"

const char *report_csv_name(int figure)
{
    static const char *const names[] = {"figure1.csv", "figure2.csv", "figure3.csv",
                                        "figure4.csv", "tests.csv",   "evals.csv"};
    return names[figure - 1];
}

static void add_text(struct str *out, const char *text)
{
    str_addc(out, '"');
    if (text && *text && strchr("=+-@\t\r", *text))
        str_addc(out, '\'');
    for (const char *c = text ? text : ""; *c; c++)
        str_adds(out, *c == '"' ? "\"\"" : (char[]){*c, 0});
    str_addc(out, '"');
}

/* Numbers follow a comma. */
static void add_number(struct str *out, double v)
{
    str_addc(out, ',');
    if (isinf(v))
        str_adds(out, v > 0 ? "inf" : "-inf");
    else if (!isnan(v))
        str_addf(out, "%.10g", v);
}

static void add_interval(struct str *out, const struct interval *i)
{
    add_number(out, i->estimate);
    add_number(out, i->low);
    add_number(out, i->high);
}

static void finals(struct str *out, const struct report *r)
{
    str_adds(out, "method,task,examples,score,low,high,n,seeds,failed\n");
    for (size_t i = 0; i < r->n_finals; i++) {
        const struct report_score *f = &r->finals[i];
        add_text(out, r->methods[f->method].name);
        str_addc(out, ',');
        add_text(out, f->task ? f->task : "all");
        add_number(out, f->examples);
        add_interval(out, &f->score);
        str_addf(out, ",%zu,%zu,%zu\n", f->n, f->seeds, f->failed);
    }
}

static void points(struct str *out, const struct report *r)
{
    str_adds(out, "method,examples,score,low,high,n,seeds\n");
    for (size_t i = 0; i < r->n_points; i++) {
        const struct report_score *p = &r->points[i];
        add_text(out, r->methods[p->method].name);
        add_number(out, p->examples);
        add_interval(out, &p->score);
        str_addf(out, ",%zu,%zu\n", p->n, p->seeds);
    }
}

static void thinking(struct str *out, const struct report *r)
{
    str_adds(out, "method,off,off_low,off_high,on,on_low,on_high,difference,difference_low,difference_high,n,seeds\n");
    for (size_t i = 0; i < r->n_thinking; i++) {
        const struct report_thinking *t = &r->thinking[i];
        add_text(out, r->methods[t->method].name);
        add_interval(out, &t->off);
        add_interval(out, &t->on);
        add_interval(out, &t->difference);
        str_addf(out, ",%zu,%zu\n", t->n, t->seeds);
    }
}

static const char *state_name(enum needed_state s)
{
    switch (s) {
    case NEEDED_REACHED: return "reached";
    case NEEDED_BEYOND: return "beyond";
    case NEEDED_NEVER: return "not reached";
    case NEEDED_UNKNOWN: return "unknown";
    }
    return "";
}

static void needs(struct str *out, const struct report *r)
{
    str_adds(out, "method,target,fit,fit_state,fit_low,fit_high,fit_ratio,fit_ratio_low,fit_ratio_high,lines,lines_state,"
                  "lines_low,lines_high,lines_ratio,lines_ratio_low,lines_ratio_high,a,b,c,r2,fit_note,points,last,n,"
                  "seeds\n");
    for (size_t i = 0; i < r->n_needs; i++) {
        const struct report_need *n = &r->needs[i];
        const struct needed_answer *a = &n->answer;
        add_text(out, r->methods[n->method].name);
        add_number(out, r->target);
        add_number(out, a->fit.examples);
        str_addf(out, ",\"%s\"", state_name(a->fit.state));
        add_number(out, a->fit_examples.low);
        add_number(out, a->fit_examples.high);
        add_interval(out, &a->fit_ratio);
        add_number(out, a->lines.examples);
        str_addf(out, ",\"%s\"", state_name(a->lines.state));
        add_number(out, a->lines_examples.low);
        add_number(out, a->lines_examples.high);
        add_interval(out, &a->lines_ratio);
        add_number(out, a->growth.a);
        add_number(out, a->growth.b);
        add_number(out, a->growth.c);
        add_number(out, a->growth.r2);
        str_addf(out, ",\"%s\",%zu", growth_says(&a->growth), n->points);
        add_number(out, n->last);
        str_addf(out, ",%zu,%zu\n", n->n, n->seeds);
    }
}

static void tests(struct str *out, const struct report *r)
{
    str_adds(out, "a,b,n,difference,low,high,permutation_p,permutation_p_holm,wilcoxon_w,wilcoxon_p,wilcoxon_p_holm\n");
    for (size_t i = 0; i < r->n_tests; i++) {
        const struct report_test *t = &r->tests[i];
        add_text(out, r->methods[t->a].name);
        str_addc(out, ',');
        add_text(out, r->methods[t->b].name);
        str_addf(out, ",%zu", t->n);
        add_interval(out, &t->difference);
        add_number(out, t->permutation.p);
        add_number(out, t->permutation_holm);
        add_number(out, t->wilcoxon.statistic);
        add_number(out, t->wilcoxon.p);
        add_number(out, t->wilcoxon_holm);
        str_addc(out, '\n');
    }
}

static void evals(struct str *out, const struct report *r)
{
    str_adds(out, "eval,name,method,run,run_uuid,step,examples,seed,think,split,base_model,endpoint,adapter_hash,snapshot,"
                  "n,failed,refused,score\n");
    for (size_t i = 0; i < r->n_used; i++) {
        const struct eval *e = r->used[i];
        const char *const before[] = {e->name, e->method, e->run_name, e->run_uuid};
        const char *const after[] = {e->split, e->base_model, e->endpoint, e->adapter_hash, e->snapshot};
        str_addf(out, "%lld", (long long)e->id);
        for (size_t k = 0; k < sizeof before / sizeof *before; k++) {
            str_addc(out, ',');
            add_text(out, before[k]);
        }
        add_number(out, e->step < 0 ? NAN : (double)e->step);
        add_number(out, e->examples < 0 ? NAN : (double)e->examples);
        add_number(out, e->seed < 0 ? NAN : (double)e->seed);
        str_addf(out, ",%s", e->think ? "on" : "off");
        for (size_t k = 0; k < sizeof after / sizeof *after; k++) {
            str_addc(out, ',');
            add_text(out, after[k]);
        }
        str_addf(out, ",%lld,%lld,%lld", (long long)e->n, (long long)e->failed, (long long)e->refused);
        add_number(out, e->mean);
        str_addc(out, '\n');
    }
}

void report_csv(struct str *out, const struct report *r, int figure)
{
    static void (*const writers[])(struct str *, const struct report *) = {finals, points, thinking,
                                                                           needs,  tests,  evals};
    writers[figure - 1](out, r);
}
