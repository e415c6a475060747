/* A training at work: what fit.c opens, train.c runs and metrics.c reports. */
#ifndef TRAINER_RUN_FIT_H
#define TRAINER_RUN_FIT_H

#include "trainer/optimizer/optimizer.h"
#include "trainer/run/loss.h"
#include "trainer/run/plan.h"
#include "trainer/run/ranks.h"
#include "trainer/run/reduce.h"
#include "trainer/run/run_folder.h"
#include "trainer/run/session.h"

struct fit {
    const struct options *options;
    struct session session;
    struct ranks ranks;
    struct examples data, valid;
    size_t skipped;
    struct lora_options lora;
    bool full;
    struct params params;
    struct optimizer *optimizer;
    struct reduce *reduce;
    struct plan_request asked;   /* of memory */
    struct plan plan;
    struct loss *loss, *measure; /* measure: without gradients, for validation */
    struct run_folder folder;    /* the first rank's; empty in others */
    int epochs, batch, warmup, every, seed, row_tokens, steps_an_epoch, total;
    int every_examples; /* 0: every counts steps */
    bool doubling;      /* checkpoints after once, twice, four times, ... that many */
    double lr, clip, decay;
    enum schedule schedule;
    int *order; /* of the examples in the epoch at hand */
    int order_epoch;
    double examples_seen, tokens_seen;
    double peak;         /* operations a second that the machine could do, all ranks; 0: not known */
    double memory_limit; /* bytes the backend could hold when the training began; 0: not known */
};

/* From the last checkpoint to the last step, or until a signal asks to stop (then a checkpoint is
 * written and 0 returned). */
int fit_train(struct fit *f, struct error *err);
/* From here on SIGTERM and SIGINT end a training after the step at hand. */
void fit_catch_signals(void);

/* Before any weight is read: plans the training, chooses how many layers keep their activations, and takes the memory
 * where it is taken ahead. -1 and err, which says what would fit, when there is too little. */
int fit_plan(struct fit *f, struct error *err);

/* One optimizer step as metrics.jsonl tells it. */
struct step_report {
    int step;
    double lr, norm, seconds;
    const struct loss_sums *sums; /* of all ranks */
};

/* A line of metrics.jsonl and one on standard output. */
int metrics_step(struct fit *f, const struct step_report *r, struct error *err);
/* The line of a validation. */
int metrics_valid(struct fit *f, int step, const struct loss_sums *sums, struct error *err);

/* Floating point operations that the model asks for in one optimizer step, however they are carried out:
 * two a multiplication and addition. Forward and backward through the weights, and a third time for
 * weights that train (adapters, or all); the head at trained tokens only; attention at the pairs that may
 * see each other, twice as much on the way back (Chowdhery et al. 2022, appendix B). Layers computed
 * again for memory's sake are not counted. */
double metrics_flops(const struct model *m, bool full, const struct loss_sums *sums);

#endif
