/* The loss of a set of examples: packed into rows, summed, and its gradient. */
#ifndef TRAINER_RUN_LOSS_H
#define TRAINER_RUN_LOSS_H

#include "trainer/data/pack.h"
#include "trainer/model/head.h"
#include "trainer/run/reduce.h"

enum { KIND_A, KIND_B, KINDS };

/* Sums over trained tokens (nats and counts), apart and together. */
struct loss_sums {
    double weighted; /* the objective: each token's loss by its weight */
    double all, branch[KINDS], strategy, answer;
    size_t all_count, branch_count[KINDS], strategy_count, answer_count;
    size_t rows, plain_rows; /* tokens computed, and what plain sequences would have been */
    double pairs;            /* of computed tokens that may attend one to the other */
};

struct loss {
    struct model *model;
    struct pass *pass;
    struct head *head;
    struct pack pack;
    struct told *told; /* of each target since loss_finish: whose it is, and what it weighs */
    float *losses;     /* what the model says of it, once the backend has finished */
    size_t told_count, told_cap, losses_cap;
    int max_rows;
    bool share, grads;
    bool borrowed; /* pass and head are another's */
    bool by_branch; /* every branch weighs the same, instead of every trained token */
    struct reduce *reduce; /* told of the layers of a call's last row; NULL: nobody is */
    struct ranks ranks; /* this process computes every ranks.count-th example; loss_new: all */
};

/* Rows of at most max_rows tokens; larger examples must not come; kept: pass.h. NULL and err when memory is short. */
struct loss *loss_new(struct model *m, int max_rows, int kept, struct error *err);
/* The same without gradients, in the memory of l: never put to work between l's loss_run and loss_finish. */
struct loss *loss_without_grads(const struct loss *l);
void loss_free(struct loss *l); /* NULL is fine */
/* Puts this rank's share of examples order[0..count) to work: adds to the model's gradients those of the objective,
 * which is normalised over all of them however they are packed and divided, and to sums what is known of them before
 * they are computed. Others may be put to work after it, the optimizer too; then loss_finish adds the losses, or
 * returns -1 with err when the backend failed. */
void loss_run(struct loss *l, const struct examples *list, const int *order, size_t count,
              struct loss_sums *sums);
int loss_finish(struct loss *l, struct loss_sums *sums, struct error *err);

#endif
