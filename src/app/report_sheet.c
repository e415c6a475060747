/* The tables of a report: one row a method (or pair), every number with its interval and its n. */
#include <math.h>
#include <string.h>

#include "app/report.h"

static const char *keep(struct report_sheet *s, struct str *cell)
{
    const char *kept = arena_strndup(&s->arena, str_z(cell), cell->len);
    str_clear(cell);
    return kept;
}

static void begin(struct report_sheet *s, const char *const *heads, size_t columns, size_t rows)
{
    s->columns = columns;
    for (size_t i = 0; i < columns; i++)
        s->heads[i] = heads[i];
    s->cells = arena_zalloc(&s->arena, columns * rows + 1, sizeof *s->cells);
    s->methods = arena_zalloc(&s->arena, rows + 1, sizeof *s->methods);
}

/* The next row's cells, all "" at first. */
static const char **next_row(struct report_sheet *s, size_t method)
{
    const char **row = s->cells + s->rows * s->columns;
    for (size_t i = 0; i < s->columns; i++)
        row[i] = "";
    s->methods[s->rows++] = method;
    return row;
}

static const char *count_cell(struct report_sheet *s, size_t n, size_t seeds, struct str *work)
{
    str_addf(work, "%zu × %zu", n, seeds);
    return keep(s, work);
}

static const char *interval_cell(struct report_sheet *s, const struct interval *i, int digits, struct str *work)
{
    report_interval(work, i, digits);
    return keep(s, work);
}

static void finals(struct report_sheet *s, const struct report *r, struct str *work)
{
    static const char *const heads[] = {"method", "task", "score", "records × runs", "examples", "without score"};
    begin(s, heads, 6, r->n_finals);
    for (size_t i = 0; i < r->n_finals; i++) {
        const struct report_score *f = &r->finals[i];
        const char **row = next_row(s, f->method);
        row[0] = r->methods[f->method].name;
        row[1] = f->task ? f->task : "all";
        row[2] = interval_cell(s, &f->score, 3, work);
        row[3] = count_cell(s, f->n, f->seeds, work);
        str_addf(work, isnan(f->examples) ? "–" : "%.0f", f->examples);
        row[4] = keep(s, work);
        str_addf(work, "%zu", f->failed);
        row[5] = keep(s, work);
    }
    s->about = "Mean normalised score of the last evaluated checkpoint of each run.";
}

static void points(struct report_sheet *s, const struct report *r, struct str *work)
{
    static const char *const heads[] = {"method", "examples", "score", "records × runs"};
    begin(s, heads, 4, r->n_points);
    for (size_t i = 0; i < r->n_points; i++) {
        const struct report_score *p = &r->points[i];
        const char **row = next_row(s, p->method);
        row[0] = r->methods[p->method].name;
        str_addf(work, "%.0f", p->examples);
        row[1] = keep(s, work);
        row[2] = interval_cell(s, &p->score, 3, work);
        row[3] = count_cell(s, p->n, p->seeds, work);
    }
    s->about = "Mean score against the examples seen in training; 0 is the base model.";
}

static void thinking(struct report_sheet *s, const struct report *r, struct str *work)
{
    static const char *const heads[] = {"method", "think off", "think on", "on - off", "records × runs"};
    begin(s, heads, 5, r->n_thinking);
    for (size_t i = 0; i < r->n_thinking; i++) {
        const struct report_thinking *t = &r->thinking[i];
        const char **row = next_row(s, t->method);
        row[0] = r->methods[t->method].name;
        row[1] = interval_cell(s, &t->off, 3, work);
        row[2] = interval_cell(s, &t->on, 3, work);
        row[3] = interval_cell(s, &t->difference, 3, work);
        row[4] = count_cell(s, t->n, t->seeds, work);
    }
    s->about = "The same checkpoints with an empty think block (off) and with one the model writes itself (on).";
}

/* An answer with its interval: "120 (90 to 170)"; past the points "120* (90 to 170)". */
static const char *answer_cell(struct report_sheet *s, const struct needed *it, const struct interval *i,
                               struct str *work)
{
    struct str interval = {0};
    if (it->state == NEEDED_UNKNOWN)
        report_examples(work, it);
    else
        report_interval(&interval, i, 0);
    size_t number = 0;
    while (number < interval.len && interval.at[number] != ' ')
        number++;
    str_add(work, str_z(&interval), number);
    if (it->state == NEEDED_BEYOND)
        str_addc(work, '*');
    str_add(work, str_z(&interval) + number, interval.len - number);
    str_free(&interval);
    return keep(s, work);
}

static const char *ratio_cell(struct report_sheet *s, const struct interval *ratio, bool reference, struct str *work)
{
    if (reference && !isnan(ratio->estimate))
        str_addc(work, '1');
    else
        report_interval(work, ratio, 2);
    return keep(s, work);
}

static void needs(struct report_sheet *s, const struct report *r, struct str *work)
{
    static const char *const heads[] = {"method",   "on the fit", "relative",      "between points",
                                        "relative", "R²",         "points × runs", "fit"};
    begin(s, heads, 8, r->n_needs);
    for (size_t i = 0; i < r->n_needs; i++) {
        const struct report_need *n = &r->needs[i];
        const struct needed_answer *a = &n->answer;
        const char **row = next_row(s, n->method);
        row[0] = r->methods[n->method].name;
        row[1] = answer_cell(s, &a->fit, &a->fit_examples, work);
        row[2] = ratio_cell(s, &a->fit_ratio, i == r->reference, work);
        row[3] = answer_cell(s, &a->lines, &a->lines_examples, work);
        row[4] = ratio_cell(s, &a->lines_ratio, i == r->reference, work);
        str_addf(work, isnan(a->growth.r2) ? "–" : "%.3f", a->growth.r2);
        row[5] = keep(s, work);
        row[6] = count_cell(s, n->points, n->seeds, work);
        row[7] = growth_says(&a->growth);
    }
    if (isnan(r->target))
        str_adds(work, "There is no target score to reach (see the notes).");
    else if (isnan(r->asked.target))
        str_addf(work, "Examples seen until the score is %.3f, %.0f%% over the base.", r->target, 100 * r->asked.gain);
    else
        str_addf(work, "Examples seen until the score is %.3f.", r->target);
    if (r->n_needs)
        str_addf(work, " Relative to %s.", r->methods[r->needs[r->reference].method].name);
    for (size_t i = 0; i < r->n_needs; i++)
        if (r->needs[i].answer.fit.state == NEEDED_BEYOND) {
            str_adds(work, " *: beyond the points.");
            break;
        }
    s->about = keep(s, work);
}

static const char *p_cell(struct report_sheet *s, double p, struct str *work)
{
    report_p(work, p);
    return keep(s, work);
}

static void tests(struct report_sheet *s, const struct report *r, struct str *work)
{
    static const char *const heads[] = {"pair",      "difference", "permutation p", "Holm",
                                        "Wilcoxon p", "Holm",       "records"};
    begin(s, heads, 7, r->n_tests);
    for (size_t i = 0; i < r->n_tests; i++) {
        const struct report_test *t = &r->tests[i];
        const char **row = next_row(s, t->a);
        str_addf(work, "%s - %s", r->methods[t->a].name, r->methods[t->b].name);
        row[0] = keep(s, work);
        row[1] = interval_cell(s, &t->difference, 3, work);
        row[2] = p_cell(s, t->permutation.p, work);
        row[3] = p_cell(s, t->permutation_holm, work);
        row[4] = p_cell(s, t->wilcoxon.p, work);
        row[5] = p_cell(s, t->wilcoxon_holm, work);
        str_addf(work, "%zu", t->n);
        row[6] = keep(s, work);
    }
    s->about = "Differences of final scores on the same records (mean over runs); two-sided, corrected for all pairs (Holm).";
}

void report_sheet(struct report_sheet *out, const struct report *r, int figure)
{
    static void (*const writers[])(struct report_sheet *, const struct report *, struct str *) = {
        finals, points, thinking, needs, tests};
    struct str work = {0};
    if (figure <= REPORT_FIGURES)
        report_title_of(&work, r, figure);
    else
        str_adds(&work, "Paired tests between methods");
    out->title = keep(out, &work);
    writers[figure - 1](out, r, &work);
    str_free(&work);
}

void report_sheet_free(struct report_sheet *s)
{
    arena_free(&s->arena);
    *s = (struct report_sheet){0};
}
