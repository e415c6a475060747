/*
 * Checkpoints of a run: RUN/checkpoints/step-N, written under another name, synced and renamed, so
 * that what has the name is whole. An adapter is in PEFT's format, a full model in transformers';
 * trainer_state.safetensors holds the optimizer's moments.
 */
#ifndef TRAINER_RUN_CHECKPOINT_H
#define TRAINER_RUN_CHECKPOINT_H

#include "trainer/lora/lora.h"
#include "trainer/optimizer/optimizer.h"

struct checkpoint {
    const char *run;  /* folder */
    const char *base; /* the model's path, for adapter_config.json */
    struct model *model;
    const struct lora_options *lora; /* NULL: the full model */
    const struct params *params;
    struct optimizer *optimizer;
};

int checkpoint_write(const struct checkpoint *c, int step, struct error *err);
/* The step of the last whole checkpoint of a run's folder; 0 when there is none. */
int checkpoint_last(const char *run);
/* The last whole checkpoint into model and optimizer; *step is its step, 0 when there is none. */
int checkpoint_resume(const struct checkpoint *c, int *step, struct error *err);
/* All of the model's weights as model.safetensors, with what companions.h says from source. */
int checkpoint_write_model(struct model *m, const char *source, const char *folder, struct error *err);

#endif
