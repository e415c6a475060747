/*
 * The model loop's steps as a table: generate, grade, refine, distill. A step takes records one by one and has many
 * of them in hand at once; each is a small state machine that asks (calls.h: the database first, then the endpoint)
 * and goes on when the answer is there. What an answer leads to is stored before the next question is asked.
 */
#ifndef PIPELINE_STEP_H
#define PIPELINE_STEP_H

#include "db/call_store.h"
#include "db/loop_store.h"
#include "llm/llm.h"
#include "pipeline/grader.h"
#include "pipeline/template.h"

struct step_settings { /* borrowed; what the configuration and the form say */
    const struct endpoint *model;      /* that writes: generate's, refine's, distil's; NULL for grade */
    const struct task_graders *tasks;  /* which graders a task has, and how they combine */
    size_t n_tasks;
    const char *prompts_dir;           /* the project's own templates, or NULL */
    int samples;                       /* generate: outputs a record */
    int rounds;                        /* refine: at most */
    bool has_temperature;
    double temperature;
    bool again;
    double budget_money;               /* 0: none */
    int64_t budget_tokens;
    int64_t eval;                      /* step_eval: whose results are stored (db/eval_store.h) */
};

/* What a step says and asks while it works; the job that runs it answers. */
struct step_host {
    void *context;
    int (*take)(void *context, size_t max, int64_t *records, size_t *n, struct error *err);
    int (*done)(void *context, int64_t record, struct error *err);
    int (*failed)(void *context, int64_t record, const struct error *why, struct error *err);
    void (*count)(void *context, const struct stored_call *call, bool cached); /* one call was answered */
    bool (*go_on)(void *context);                                              /* false: stop cleanly */
    int64_t job;
};

struct step {
    const char *name;          /* "distill" */
    enum loop_step which;
    const char *does;          /* "distils rationales into rules": for forms and help */
};
extern const struct step steps[]; /* ends with a NULL name */
/* Not one of the loop's: the model's answers to records' prompts are graded, and both kept in an eval, not in records.
 * A record without a result is failed, and its item says why. */
extern const struct step step_eval;
const struct step *step_find(const char *name); /* "distil" is distill too; NULL when there is none */

/* What it would take for those records: nothing is asked or stored. Tokens are estimated from the prompts as they
 * would be sent (UTF-8 bytes / 4) and the mean answers so far. Of more than a thousand records, a thousand spread
 * evenly are looked at and stand for all. Repairs and candidates refused come on top. */
struct step_plan {
    int64_t records, calls, tokens_in, tokens_out;
    double money;     /* negative: a price is not known */
    int64_t cached;   /* calls whose answer is in the project already: they cost nothing */
    bool upper_bound; /* refine: at most this much */
};
int step_plan(struct store *s, const struct step *step, const struct step_settings *o, const int64_t *records,
              size_t n, struct step_plan *out, struct error *err);

enum step_end {
    STEP_FINISHED, /* nothing waits any more */
    STEP_STOPPED,  /* go_on said so */
    STEP_PAUSED,   /* an endpoint paused or the budget is spent: said has it in words */
};
/* -1 and err only where nothing can go on (a template is broken, the database failed). */
int step_run(struct store *s, const struct step *step, const struct step_settings *o, const struct step_host *host,
             struct str *said, struct error *err);

#endif
