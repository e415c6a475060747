/* The loss of a set of examples: packed into rows, summed, and its gradient. */
#ifndef TRAINER_RUN_LOSS_H
#define TRAINER_RUN_LOSS_H

#include "trainer/data/pack.h"
#include "trainer/model/head.h"

enum { KIND_A, KIND_B, KINDS };

/* Sums over trained tokens (nats and counts), apart and together. */
struct loss_sums {
    double weighted; /* the objective: each token's loss by its weight */
    double all, branch[KINDS], strategy, answer;
    size_t all_count, branch_count[KINDS], strategy_count, answer_count;
    size_t rows, plain_rows; /* tokens computed, and what plain sequences would have been */
};

struct loss {
    struct model *model;
    struct pass *pass;
    struct head *head;
    struct pack pack;
    float *losses;
    size_t losses_cap;
    int max_rows;
    bool share, grads;
    bool by_branch; /* every branch weighs the same, instead of every trained token */
};

/* Rows of at most max_rows tokens; larger examples must not come. NULL and err when memory is short. */
struct loss *loss_new(struct model *m, int max_rows, enum pass_kind kind, struct error *err);
void loss_free(struct loss *l); /* NULL is fine */
/* Adds to sums the losses of examples order[0..count), to the model's gradients those of the objective,
 * which is normalised over all of them however they are packed. */
void loss_run(struct loss *l, const struct examples *list, const int *order, size_t count,
              struct loss_sums *sums);

#endif
