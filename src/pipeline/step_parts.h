/*
 * What the parts of the steps share. Private to src/pipeline.
 *
 * A flow is one record in hand. Whatever it waits for (inquiries, programs) is counted in `waiting`; it ends once, by
 * flow_done, flow_failed or flow_drop, and is freed when it has ended and nothing is waited for any more. Functions
 * that return int give -1 only where the whole step cannot go on.
 */
#ifndef PIPELINE_STEP_PARTS_H
#define PIPELINE_STEP_PARTS_H

#include "pipeline/calls.h"
#include "pipeline/grader_patterns.h"
#include "pipeline/programs.h"
#include "pipeline/step.h"

struct flow;

/* The templates a run may need; NULL where it does not. */
struct prompts {
    struct template *generate, *grade, *refine, *distill;
};

struct loaded_patterns {
    const struct grader *grader;
    struct patterns *patterns;
};

struct run {
    struct store *store;
    const struct step *step;
    const struct step_settings *settings;
    const struct step_host *host;
    struct calls *calls;
    struct programs *programs;
    struct prompts prompts;
    struct loaded_patterns *patterns;
    size_t n_patterns, cap_patterns;
    struct flow **flows;
    size_t n_flows, cap_flows;
};

/* Loads and checks the templates that the step and its graders need; keep: they are kept in the project. */
int prompts_open(struct prompts *p, struct store *s, enum loop_step which, const struct step_settings *o, bool keep,
                 struct error *err);
void prompts_close(struct prompts *p);
/* The patterns of a grader, read on first use. */
const struct patterns *run_patterns(struct run *run, const struct grader *g, struct error *err);

struct flow {
    struct run *run;
    struct loop_record record;
    int waiting;
    bool over;
    void *state;             /* the step's own, freed by free_state */
    void (*free_state)(struct flow *f);
};

int flow_done(struct flow *f, struct error *err);
int flow_failed(struct flow *f, const struct error *why, struct error *err);
/* Gives it back undone: a later run takes it up. */
void flow_drop(struct flow *f);

/* The first move for a record, by step. */
int generate_begin(struct flow *f, struct error *err);
int grade_begin(struct flow *f, struct error *err);
int refine_begin(struct flow *f, struct error *err);
int distill_begin(struct flow *f, struct error *err);
int eval_begin(struct flow *f, struct error *err);

/* "y0", "y0.1" (its second sample), "y2", "y*": an output's name in labels and prompts. */
enum { OUTPUT_NAME_MAX = 24 };
const char *output_name(const struct loop_output *o, char out[OUTPUT_NAME_MAX]);

#endif
