/*
 * One record with what the experts made of it, and how it is written in each format that export
 * knows: training examples, and the shapes of the annotation tools.
 */
#ifndef PIPELINE_EXAMPLE_H
#define PIPELINE_EXAMPLE_H

#include <stdint.h>

#include "base/json.h"
#include "domain/record.h"

/* All borrowed. */
struct example {
    const struct record *record;
    const char *y_star;            /* the expert's edited one if there is one; NULL: none */
    const struct rule_text *rules; /* what the record stands for now, in order */
    size_t n_rules;
    const char *state;    /* undecided, accepted, edited, rejected, skipped, flagged */
    const char *reviewer; /* who decided; NULL while undecided */
    const char *reason;   /* of a rejection or flag; NULL: none */
    int64_t when_ms;      /* of the decision, since 1970 */
    int64_t number;       /* of the example in this file, from 1 */
};

/* The training shapes (design: sft is prompt to y0; isft prompt to y*; rgt has the branches A, an
 * empty think block and y*, and B, the strategy and y*). The caller frees the tree. */
struct json *example_sft(const struct example *e);
struct json *example_isft(const struct example *e);
struct json *example_rgt(const struct example *e);
struct json *example_messages(const struct example *e);   /* TRL conversation, ends with y* */
struct json *example_completion(const struct example *e); /* TRL prompt and completion, chats */

/* The annotation tools' shapes: Argilla 2.x Record.from_dict, a Label Studio task, a Prodigy task.
 * They read back into hinge as the same record. */
struct json *example_argilla(const struct example *e);
struct json *example_labelstudio(const struct example *e);
struct json *example_prodigy(const struct example *e);

#endif
