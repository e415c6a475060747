/*
 * What the model loop adds to records, each piece with where it came from. Every call is one transaction and keeps
 * the record's columns (score, rounds, headline, search) true. Nothing is ever overwritten: a new verdict on an
 * output counts instead of the older one, which stays.
 */
#ifndef DB_LOOP_STORE_H
#define DB_LOOP_STORE_H

#include "db/record_store.h"

struct provenance { /* NULL and 0: not known */
    const char *model, *endpoint, *prompt_hash, *parameters /* JSON */, *call /* hash of the call */;
    int64_t tokens_in, tokens_out, milliseconds, job;
};

/* kind OUTPUT_Y0 (round 0, sample 0, 1, ...: sample 0 is the one that is reviewed) or OUTPUT_ROUND (round 1, 2, ...).
 * ERR_CONFLICT when that record (at its current revision) already has that one. */
int loop_store_add_output(struct store *s, int64_t record, enum output_kind kind, int round, int sample,
                          struct slice text, const struct provenance *from, int64_t *output, struct error *err);

struct new_verdict {
    const char *grader;      /* its name in the configuration; the combined one's is the rule's name: "mean" */
    bool has_score;
    double score, score_max; /* raw */
    double normalised;       /* 0..1 */
    const char *rationale;   /* NULL: none */
    const struct record_span *spans; /* code points of the output */
    size_t n_spans;
    int samples;             /* answers the score is the median of; 1 otherwise */
    double spread;           /* highest less lowest of them, raw */
    bool part;               /* one of several graders': the combined verdict that follows counts */
    const char *fault;       /* a failed verdict: why it could not be read ... */
    const char *raw;         /* ... and what was there instead */
};
/* A failed or part verdict is kept and listed and does not count. */
int loop_store_add_verdict(struct store *s, int64_t record, int64_t output, const struct new_verdict *v,
                           const struct provenance *from, int64_t *verdict, struct error *err);

/* That output's text becomes y* (imported or made; experts' y* still go before). Takes the mark "imperfect" away. */
int loop_store_set_y_star(struct store *s, int64_t record, int64_t output, struct error *err);
/* Refinement ended short of the top score: the tag "imperfect", by which the queue finds it; it has no y*, so no
 * training set takes it before an expert writes one. */
int loop_store_mark_imperfect(struct store *s, int64_t record, struct error *err);

/* A distilled rule. rule is the library's that the model cited, 0 when it wrote its own words. */
int loop_store_add_candidate(struct store *s, int64_t record, struct slice mistake, struct slice guardrail,
                             int64_t rule, const struct provenance *from, int64_t *candidate, struct error *err);

/* The record as the steps see it: every sample and round with the verdict that counts, failed verdicts apart. */
struct loop_output {
    int64_t id;
    enum output_kind kind;
    int round, sample;
    char *text;
    bool graded;             /* has a verdict that counts */
    double score, score_max, normalised;
    char *rationale;
    struct record_span *spans;
    size_t n_spans;
};
struct loop_record {
    struct arena arena;
    int64_t id;
    int revision;
    char *key, *task, *split, *meta;
    enum record_state state;
    struct prompt prompt;
    struct loop_output *outputs; /* y0 samples, rounds in order, last the y* that counts, also an expert's */
    size_t n_outputs;
    bool has_candidate;
};
/* out is zero-initialised; loop_record_free frees. */
int loop_store_load(struct store *s, int64_t record, struct loop_record *out, struct error *err);
void loop_record_free(struct loop_record *r);

/* Which records a step has something to do for (ids in order of import), as db/README.md lists: generate: no y0;
 * grade: a y0 without a verdict that counts; refine: a graded y0, no y*, not marked imperfect; distill: a rationale
 * below the top score, a y* or imperfect, no candidate, undecided. again: those that have it already too. Records
 * waiting or running in another unfinished job of that step are left out and counted in *busy (may be NULL).
 * within: ids to choose from, NULL for all; limit 0: no limit. The caller frees *ids with mem_free. */
enum loop_step { LOOP_GENERATE, LOOP_GRADE, LOOP_REFINE, LOOP_DISTILL, LOOP_STEPS };
const char *loop_step_name(enum loop_step step); /* "generate", ... */
int loop_store_select(struct store *s, enum loop_step step, bool again, const int64_t *within, size_t n_within,
                      size_t limit, int64_t **ids, size_t *n, size_t *busy, struct error *err);

/* Verdicts that could not be read, newest first, for the list and for retrying: those of outputs that are still there
 * and that their grader has not graded since. Strings are borrowed for the call. */
struct failed_verdict {
    int64_t id, record, output, created;
    const char *key, *grader, *model, *fault;
    struct slice raw;
};
typedef int failed_verdict_fn(void *context, const struct failed_verdict *v); /* non-zero stops */
int loop_store_failed_verdicts(struct store *s, failed_verdict_fn *each, void *context, struct error *err);

#endif
