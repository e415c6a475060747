/* What a training will take of memory, before it starts. */
#ifndef TRAINER_RUN_PLAN_H
#define TRAINER_RUN_PLAN_H

#include "trainer/lora/lora.h"
#include "trainer/model/pass.h"
#include "trainer/run/options.h"

/* Bytes. */
struct plan {
    double weights, trained, activations, head;
};

/* For a model whose adapters are attached; trained counts value (LoRA), gradient and moments. */
struct plan plan_of(const struct model *m, const struct params *params, bool lora, int max_rows,
                    enum pass_kind kind);
double plan_total(const struct plan *p);
/* Bytes free for programs on this machine now; 0 when that cannot be told. */
double plan_available(void);

#endif
