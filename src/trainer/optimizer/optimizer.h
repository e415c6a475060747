/* AdamW over a list of parameters, clipping by the whole gradient's norm, and schedules. */
#ifndef TRAINER_OPTIMIZER_OPTIMIZER_H
#define TRAINER_OPTIMIZER_OPTIMIZER_H

#include "trainer/model/model.h"

struct optimizer {
    struct backend *backend;
    const struct params *params; /* borrowed */
    float **m, **v;              /* moments, by parameter */
    struct trained *list;
};

/* NULL and err when memory is short. */
struct optimizer *optimizer_new(struct backend *b, const struct params *params, struct error *err);
void optimizer_free(struct optimizer *o); /* NULL is fine */
void optimizer_zero_grads(struct optimizer *o);
/* One AdamW step (0.9, 0.999, 1e-8); gradients are scaled down to norm clip together (0: not). step from 1. Their norm
 * is in *norm once the backend has finished; when it is no finite number nothing was changed. */
void optimizer_step(struct optimizer *o, double lr, double decay, double clip, int step, double *norm);

enum schedule { SCHEDULE_CONSTANT, SCHEDULE_LINEAR, SCHEDULE_COSINE };

/* The rate of step (from 1) of total: rises linearly over warmup steps, then constant, or down to 0. */
double schedule_rate(enum schedule s, double lr, int warmup, int step, int total);

#endif
