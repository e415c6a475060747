/*
 * The blast radius of a rule before it is stored: rules that say nearly the same, rules that contradict it, and
 * how many undecided records it may fit. Bounded work, meant to run while the expert types.
 */
#ifndef APP_ALIKE_H
#define APP_ALIKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/actions.h"
#include "app/session.h"
#include "base/error.h"

enum { ALIKE_MAX = 8 };

struct alike_rule {
    int64_t rule;
    double likeness; /* in [0,1] */
    bool contradicts;
    int64_t uses;
    char *mistake, *guardrail;
};

/* Zero-initialise; freed with alike_free. */
struct alike {
    struct alike_rule rules[ALIKE_MAX]; /* contradicting ones first, then the most alike */
    size_t count;
    size_t fits;    /* undecided records other than this one that it may fit */
    bool fits_more; /* there are more than were looked at: fits is a lower bound */
};

/* Fills out for the rule as it stands, dropping what out held. record is the one on screen (0: none). */
int alike_find(struct session *s, struct rule_typed rule, int64_t record, struct alike *out,
               struct error *err);
void alike_free(struct alike *a);

#endif
