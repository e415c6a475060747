/* What one grader says of one output, and how several become one. */
#ifndef PIPELINE_VERDICT_H
#define PIPELINE_VERDICT_H

#include <stdbool.h>

#include "base/str.h"
#include "pipeline/grader.h"

struct verdict { /* zero-initialise; verdict_free */
    bool has_score;
    double score, normalised; /* raw, on the grader's scale; 0..1 */
    double scale_max;
    struct str rationale;
    struct record_span *spans; /* code points of the output; labels NULL */
    size_t n_spans, cap_spans;
    int samples;               /* answers the score is the median of */
    double spread;             /* highest less lowest of them */
    struct str fault, raw;     /* without a score: why, and what was there instead */
};
void verdict_free(struct verdict *v);

/* Sets the score, within the grader's scale, and what follows from it. */
void verdict_score(struct verdict *v, const struct grader *g, double score);
bool verdict_perfect(double normalised);
/* A span by bytes of the output. */
void verdict_add_span(struct verdict *v, struct slice output, size_t from, size_t to);
/* Orders the spans and joins those that touch. */
void verdict_settle(struct verdict *v);
/* Without a score from here on; the first fault stays. */
void verdict_fault(struct verdict *v, const char *why, struct slice raw);

/* Of the answers that have a score the median one's score (the lower of the two in the middle), rationale and spans,
 * with their spread; returns the median one's index. Faulty when all are. */
size_t verdict_median(struct verdict *out, const struct verdict *answers, size_t n);

/* One of several by the rule; the n parts are those of the first graders and all have a score. (By "first", graders
 * after the one that found fault are not asked.) */
void verdict_combine(struct verdict *out, const struct task_graders *t, const struct verdict *parts, size_t n);
const char *combine_name(enum combine c); /* "mean", "min", "first" */

#endif
