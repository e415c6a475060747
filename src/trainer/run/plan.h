/* What a training will take of memory, before anything of it is there. */
#ifndef TRAINER_RUN_PLAN_H
#define TRAINER_RUN_PLAN_H

#include "base/str.h"
#include "trainer/lora/lora.h"
#include "trainer/model/pass.h"

/* What is asked for. */
struct plan_request {
    const struct model_config *config;
    struct backend *backend;
    int base_bits;            /* 0: the backend's own numbers */
    bool full;                /* all weights train, or */
    struct lora_options lora; /* rank and targets of adapters */
    int rows, kept;           /* tokens computed at once, and layers that keep activations (pass.h) */
};

/* Bytes. */
struct plan {
    double weights;     /* of the model */
    double trained;     /* values, gradients and moments of what trains */
    double activations; /* what the pass keeps and its scratch */
    double head;        /* logits of a chunk of rows, and what belongs to them */
    double program;     /* the program, its libraries and their buffers */
    double scratch;     /* of activations: what one op takes beside its operands */
};

/* Not counted: the examples' ids, a few bytes a token. */
struct plan plan_of(const struct plan_request *r);
double plan_total(const struct plan *p);
/* Bytes that a model's weights take on b, packed as b packs them. */
double plan_weights(const struct model_config *c, struct backend *b);
/* Numbers that train. */
double plan_trained(const struct plan_request *r);
/* Bytes that a training may take on b, what it holds already included; infinite where free memory cannot be told. */
double plan_room(struct backend *b);
/* Layers that should keep their activations: as many as fit with a margin, all else as asked; at least one. */
int plan_choose(const struct plan_request *r);
/* What a person could ask for instead that fits in so many bytes, nearest first, as options; longest is the longest
 * example's tokens. Nothing is appended when nothing does. */
void plan_advise(const struct plan_request *r, int longest, double room, struct str *out);

#endif
