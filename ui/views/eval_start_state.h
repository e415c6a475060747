/* The form's private state, shared by eval_start*.c. */
#ifndef UI_VIEWS_EVAL_START_STATE_H
#define UI_VIEWS_EVAL_START_STATE_H

#include "app/config.h"
#include "app/eval.h"
#include "app/train.h"
#include "ui/views/eval_start.h"

enum eval_field {
    EVAL_OF, EVAL_STEP, EVAL_WHAT, EVAL_SPLIT, EVAL_THINK, EVAL_GRADERS, EVAL_WHERE, EVAL_LIMIT, EVAL_TOKENS, EVAL_GO,
    EVAL_FIELDS
};

struct eval_start_view {
    struct desk *desk;
    struct config *config;
    struct runs runs;            /* newest first; then models, then endpoints are chosen from */
    struct train_models models;
    size_t of;                   /* which of all three */
    size_t step;                 /* 0: the last, 1: every one, 2: the base, then the checkpoints */
    bool weigh;                  /* not answers: what rules are worth */
    size_t split, think;         /* of eval_splits, eval_thinks */
    struct str graders, where;
    long limit, tokens;
    int field;
    struct eval_plan plan;
    struct error fault;          /* why there is no plan */
    bool stale;                  /* the plan is of an older form */
};

extern const char *const eval_splits[];
extern const char *const eval_thinks[];

size_t eval_start_choices(const struct eval_start_view *v);
/* The run that is chosen, or NULL; likewise the model and the endpoint's name. */
const struct run *eval_start_run(const struct eval_start_view *v);
const struct train_model *eval_start_model(const struct eval_start_view *v);
const char *eval_start_endpoint(const struct eval_start_view *v);
size_t eval_start_steps(const struct eval_start_view *v);

void eval_start_paint(void *view, const struct paint *p);

#endif
