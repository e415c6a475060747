/* The list of evals' private state, shared by evals*.c. */
#ifndef UI_VIEWS_EVALS_STATE_H
#define UI_VIEWS_EVALS_STATE_H

#include "ui/views/eval_text.h"
#include "ui/views/evals.h"
#include "ui/views/jobs.h"
#include "ui/views/listing.h"

enum evals_order { EVALS_BY_RUN, EVALS_BY_TIME, EVALS_BY_SCORE, EVALS_ORDERS };
extern const char *const evals_order_words[EVALS_ORDERS];

struct evals_view {
    struct desk *desk;
    struct evals all;
    struct eval **shown; /* those that the limit lets through, in order */
    size_t count;
    char *run;           /* uuid, or NULL */
    struct str limit;    /* words */
    enum evals_order order;
    struct listing list;
    struct job_hand hand;
    int64_t marked;      /* to be compared with the next, 0: none */
    int64_t doomed;      /* asked whether it is to be deleted */
};

/* The eval under the cursor, or NULL. */
const struct eval *evals_here(const struct evals_view *v);
/* What all evals of one run (or base model, or endpoint) have in common. */
const char *evals_group(const struct eval *e);
void evals_paint(void *view, const struct paint *p);

#endif
