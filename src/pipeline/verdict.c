#include "pipeline/verdict.h"

#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/mem.h"
#include "base/utf8.h"

void verdict_free(struct verdict *v)
{
    str_free(&v->rationale);
    str_free(&v->fault);
    str_free(&v->raw);
    mem_free(v->spans);
    *v = (struct verdict){0};
}

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

void verdict_score(struct verdict *v, const struct grader *g, double score)
{
    double width = g->scale_max - g->scale_min;
    v->has_score = true;
    v->score = clamp(score, g->scale_min, g->scale_max);
    v->scale_max = g->scale_max;
    v->normalised = width > 0 ? (v->score - g->scale_min) / width : 1;
    v->samples = 1;
}

bool verdict_perfect(double normalised)
{
    return normalised >= 1 - 1e-9;
}

static void add_span(struct verdict *v, size_t start, size_t end)
{
    v->spans = array_reserve(v->spans, &v->cap_spans, v->n_spans + 1, sizeof *v->spans);
    v->spans[v->n_spans++] = (struct record_span){.start = start, .end = end};
}

void verdict_add_span(struct verdict *v, struct slice output, size_t from, size_t to)
{
    size_t start = utf8_count(slice_sub(output, 0, from));
    size_t count = utf8_count(slice_sub(output, from, to));
    if (count)
        add_span(v, start, start + count);
}

static int by_start(const void *a, const void *b)
{
    const struct record_span *x = a, *y = b;
    return x->start != y->start ? (x->start < y->start ? -1 : 1) : (x->end > y->end) - (x->end < y->end);
}

void verdict_settle(struct verdict *v)
{
    size_t kept = 0;
    if (v->n_spans == 0)
        return;
    qsort(v->spans, v->n_spans, sizeof *v->spans, by_start);
    for (size_t i = 1; i < v->n_spans; i++) {
        if (v->spans[i].start > v->spans[kept].end)
            v->spans[++kept] = v->spans[i];
        else if (v->spans[i].end > v->spans[kept].end)
            v->spans[kept].end = v->spans[i].end;
    }
    v->n_spans = kept + 1;
}

void verdict_fault(struct verdict *v, const char *why, struct slice raw)
{
    v->has_score = false;
    if (v->fault.len)
        return;
    str_adds(&v->fault, why);
    str_add_slice(&v->raw, raw);
}

static void copy_words(struct verdict *out, const struct verdict *from)
{
    str_add_slice(&out->rationale, str_slice(&from->rationale));
    for (size_t i = 0; i < from->n_spans; i++)
        add_span(out, from->spans[i].start, from->spans[i].end);
}

size_t verdict_median(struct verdict *out, const struct verdict *answers, size_t n)
{
    const struct verdict **scored = mem_zalloc(n + 1, sizeof *scored);
    size_t count = 0, median = 0;
    for (size_t i = 0; i < n; i++)
        if (answers[i].has_score)
            scored[count++] = &answers[i];
    if (count) {
        /* Ties in score go to the answer that came first, so that the same answers give the same rationale. */
        for (size_t i = 1; i < count; i++)
            for (size_t j = i; j > 0 && scored[j - 1]->score > scored[j]->score; j--) {
                const struct verdict *low = scored[j];
                scored[j] = scored[j - 1];
                scored[j - 1] = low;
            }
        const struct verdict *middle = scored[(count - 1) / 2];
        out->has_score = true;
        out->score = middle->score;
        out->normalised = middle->normalised;
        out->scale_max = middle->scale_max;
        out->samples = (int)count;
        out->spread = scored[count - 1]->score - scored[0]->score;
        median = (size_t)(middle - answers);
        copy_words(out, middle);
    } else if (n) {
        verdict_fault(out, str_z(&answers[0].fault), str_slice(&answers[0].raw));
    }
    mem_free(scored);
    return median;
}

/* The share of the scale that the rule gives. */
static double combined_share(const struct task_graders *t, const struct verdict *parts, size_t n)
{
    double sum = 0, weights = 0, lowest = 1;
    for (size_t i = 0; i < n; i++) {
        sum += t->graders[i]->weight * parts[i].normalised;
        weights += t->graders[i]->weight;
        lowest = fmin(lowest, parts[i].normalised);
        if (t->combine == COMBINE_FIRST && !verdict_perfect(parts[i].normalised))
            return parts[i].normalised;
    }
    if (t->combine == COMBINE_MEAN && weights > 0)
        return sum / weights;
    return lowest;
}

void verdict_combine(struct verdict *out, const struct task_graders *t, const struct verdict *parts, size_t n)
{
    const struct grader *scale = t->graders[0];
    double share = combined_share(t, parts, n);
    verdict_score(out, scale, scale->scale_min + share * (scale->scale_max - scale->scale_min));
    out->normalised = share;
    for (size_t i = 0; i < n; i++) {
        if (parts[i].rationale.len && out->rationale.len)
            str_addc(&out->rationale, '\n');
        copy_words(out, &parts[i]);
    }
    verdict_settle(out);
}

const char *combine_name(enum combine c)
{
    static const char *const names[] = {"mean", "min", "first"};
    return names[c];
}
