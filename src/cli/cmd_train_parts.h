/* Between the files of `hinge train`. */
#ifndef CLI_CMD_TRAIN_PARTS_H
#define CLI_CMD_TRAIN_PARTS_H

#include "app/train.h"
#include "cli/command.h"

struct train_call {
    struct invocation *inv;
    const char *project, *name; /* name: of the run; NULL where the verb takes none */
    struct error err;
    bool json;
};

/* Each prints to standard output: 0, or -1 with c->err. */
int train_say_run(struct train_call *c, const struct run *r);
int train_say_comparison(struct train_call *c, const struct run *a, const struct run *b);
/* The request's methods: counts of their data, whether the model fits, and n rendered examples of each. */
int train_say_preview(struct train_call *c, const struct train_request *q, size_t n);
/* The models found, each with what would fit where the request's settings hold. */
int train_say_models(struct train_call *c, const struct train_request *q);

#endif
