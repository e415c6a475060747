/* Evals and their results as `hinge eval` prints them. */
#ifndef CLI_EVAL_PRINT_H
#define CLI_EVAL_PRINT_H

#include "app/eval.h"
#include "base/error.h"

struct eval_print {
    struct store *store;
    struct error err;
    bool json;
    size_t limit; /* 0: all */
};

/* Each prints to standard output. -1 and err on failure, else an exit status. */
int eval_print_list(struct eval_print *p, const struct eval_filter *f);
int eval_print_one(struct eval_print *p, int64_t eval);
int eval_print_record(struct eval_print *p, int64_t eval, const char *key);
int eval_print_compare(struct eval_print *p, int64_t a, int64_t b);
int eval_print_refused(struct eval_print *p, int64_t eval);
int eval_print_broken(struct eval_print *p, int64_t eval);
int eval_print_plan(struct eval_print *p, const struct eval_plan *plan);

#endif
