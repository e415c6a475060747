/* Prompt templates as they were used, under their hash, and what came of what they made. */
#ifndef DB_PROMPT_STORE_H
#define DB_PROMPT_STORE_H

#include "db/store.h"

/* Keeps a template's text under the SHA-256 of it (hex); known ones are left alone. */
int prompt_store_keep(struct store *s, const char *hash, const char *name, struct slice body, struct error *err);
/* Appends name and text of the version with that hash, or the only one whose hash begins so: 1 found, 0 not, -1 failed
 * or several (ERR_INPUT). */
int prompt_store_body(struct store *s, const char *hash, struct str *name, struct str *body, struct error *err);

/* One distil prompt version with one model on one task: what experts did with its candidates. An edit's size is the
 * share of words changed, 0..1 (the caller computes it from the pairs that prompt_store_edits gives). */
struct prompt_earning {
    const char *prompt_hash, *prompt_name, *model, *task; /* NULL: not known */
    int64_t candidates, undecided, accepted, edited, rejected, other; /* other: skipped, flagged, other rule cited */
};
typedef int prompt_earning_fn(void *context, const struct prompt_earning *e);
int prompt_store_earnings(struct store *s, prompt_earning_fn *each, void *context, struct error *err);
/* The candidates that were edited, with the words they were edited into; and the reasons of those rejected. */
typedef int prompt_edit_fn(void *context, const struct prompt_earning *of, struct slice before, struct slice after);
int prompt_store_edits(struct store *s, prompt_edit_fn *each, void *context, struct error *err);
typedef int prompt_reason_fn(void *context, const struct prompt_earning *of, const char *reason, int64_t times);
int prompt_store_reasons(struct store *s, prompt_reason_fn *each, void *context, struct error *err);

/* A grader beside the experts: on outputs experts judged (accepted or edited a rule, or wrote y*: there was a fault;
 * rejected with "no mistake": there was none), how often the grader's verdict (below the top score: a fault) agrees. */
struct grader_earning {
    const char *grader, *model, *prompt_hash, *task;
    int64_t verdicts, failed, judged, agreed, missed, invented; /* missed: expert saw a fault, grader none */
    double spread; /* mean of the verdicts with several samples; negative: none */
};
typedef int grader_earning_fn(void *context, const struct grader_earning *e);
int prompt_store_graders(struct store *s, grader_earning_fn *each, void *context, struct error *err);

#endif
