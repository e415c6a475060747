/*
 * How far the reviewers of a project agree: their current verdicts read from the log of decisions,
 * counted by pair, task and rule. The arithmetic is domain/agreement.h's.
 */
#ifndef APP_AGREEMENT_H
#define APP_AGREEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/store.h"
#include "domain/agreement.h"

struct agreement_pair {
    const char *first, *second; /* reviewers, by name */
    struct agreement_kappa kappa;
};

struct agreement_group {
    const char *name; /* a task ("" for none), or a rule's guardrail */
    int64_t rule;     /* 0 for a task */
    struct agreement_alpha alpha; /* over the group's records with two votes or more */
};

struct agreement_dispute { /* a record judged in two ways or more */
    const char *key;
    struct agreement_unit votes;
    double share; /* of the most frequent verdict */
    const char **reviewers[RECORD_STATES]; /* who gave it each, votes.votes[state] of them */
};

struct agreement_report {
    struct arena arena; /* holds what follows */
    size_t reviewers, records; /* that voted, that were voted on */
    struct agreement_alpha all;
    struct agreement_pair *pairs; /* with a record in common; most records first */
    size_t n_pairs;
    struct agreement_group *tasks, *rules; /* with a shared record; least agreement first */
    size_t n_tasks, n_rules;
    struct agreement_dispute *disputes; /* most disputed first */
    size_t n_disputes;
};

/* Reads and counts. kept: a rule accepted and a rule edited are one verdict. out is
 * zero-initialised and freed with agreement_report_free in any case. A rule's records are those on
 * which a reviewer cites it now. */
int agreement_report_read(struct store *s, bool kept, struct agreement_report *out,
                          struct error *err);
void agreement_report_free(struct agreement_report *r);

#endif
