/*
 * What taught a model how it treats a record: the rules it breaks there, and the experts' decisions by which those
 * rules came into the examples it was trained on.
 */
#ifndef APP_TAUGHT_H
#define APP_TAUGHT_H

#include "app/session.h"
#include "base/arena.h"
#include "db/eval_store.h"

enum taught_why {
    TAUGHT_BROKEN = 1, /* the eval found the rule's mistake in the output */
    TAUGHT_OWN = 2,    /* the record cites the rule itself */
    TAUGHT_ALIKE = 4   /* the grader's words are like the rule's */
};

struct taught_rule {
    int64_t rule, uses;
    unsigned why;        /* bits of enum taught_why */
    bool retired;
    const char *mistake, *guardrail;
    bool weighed;        /* worth is known */
    struct rule_worth worth;
    size_t first, count; /* of decisions; at most 200 are looked at */
};

struct taught_decision { /* the one that counts for a record that cites the rule */
    int64_t record, when; /* when: ms */
    const char *key, *reviewer, *verb; /* reviewer and verb may be "" */
    bool trained;        /* the record is in the training set of the eval's model */
};

struct taught {
    struct taught_rule *rules;         /* broken ones first, then its own, then those alike */
    size_t n_rules, cap_rules;
    struct taught_decision *decisions; /* those in the training set first */
    size_t n_decisions, cap_decisions;
    bool knows_training;               /* the training set was found: trained says something */
    struct arena arena;
};
void taught_free(struct taught *t);

/* out is zero-initialised. A record without a rule to blame has none: no failure. */
int taught_find(struct session *s, int64_t eval, int64_t record, struct taught *out, struct error *err);

#endif
