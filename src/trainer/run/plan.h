/* What a training will take of memory, before it starts. */
#ifndef TRAINER_RUN_PLAN_H
#define TRAINER_RUN_PLAN_H

#include "trainer/lora/lora.h"
#include "trainer/model/pass.h"
#include "trainer/run/options.h"

/* Bytes. */
struct plan {
    double weights;     /* of the model */
    double trained;     /* values, gradients and moments of what trains */
    double activations; /* what the pass keeps and its scratch */
    double head;        /* logits of a chunk of rows, and what belongs to them */
    double program;     /* the program, its libraries and their buffers */
};

/* For a model whose adapters are attached. Not counted: the examples' ids, a few bytes a token. */
struct plan plan_of(const struct model *m, const struct params *params, bool lora, int max_rows,
                    enum pass_kind kind);
double plan_total(const struct plan *p);

#endif
