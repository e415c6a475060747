/* One run watched, apart from its painting. Private to training_watch*.c. */
#ifndef UI_VIEWS_TRAINING_WATCH_H
#define UI_VIEWS_TRAINING_WATCH_H

#include "db/eval_store.h"
#include "ui/views/training.h"
#include "ui/views/training_curves.h"

enum { RUN_OTHERS = 23 };

struct run_view {
    struct desk *desk;
    struct run run;
    struct run others[RUN_OTHERS]; /* laid over it */
    size_t n_others;
    size_t checkpoint; /* the one chosen; n_checkpoints: the last, whichever that is */
    double *places;    /* of checkpoints on the axis */
    size_t n_places, cap_places;
    struct evals evals; /* of this run */
    struct str log;
    struct curve_shelf shelf;
    struct curve_look look;
    struct run_hand hand;
};


/* The checkpoint chosen, else the last; NULL: there is none. */
const struct run_checkpoint *run_view_checkpoint(const struct run_view *v);
void run_view_paint(void *view, const struct paint *p);

#endif
