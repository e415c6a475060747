/*
 * How far reviewers agree, from their current verdicts on the same records: nominal, so that only
 * equal or not equal counts. Pure arithmetic; app/agreement.h reads the votes.
 */
#ifndef DOMAIN_AGREEMENT_H
#define DOMAIN_AGREEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "domain/state.h"

/* A vote is the state a reviewer's decision gives. A skip, or a flag taken back, is no vote. True
 * when the state is one. */
bool agreement_is_vote(enum record_state state);

/* The verdict on a rule alone: edited counts as accepted, the rest as it is. */
enum record_state agreement_kept(enum record_state state);

/* One record: how many reviewers gave it each state. */
struct agreement_unit {
    unsigned votes[RECORD_STATES];
};

/* Share of a record's votes that are for state; 0 when it has none. */
double agreement_share(const struct agreement_unit *u, enum record_state state);
/* True when not all votes of the record are for one state. */
bool agreement_disputed(const struct agreement_unit *u);
unsigned agreement_votes(const struct agreement_unit *u);

/*
 * Krippendorff's alpha for nominal data with missing votes, over the records with two votes or
 * more (Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011): 1 when all agree, 0
 * when as by chance, below 0 when worse. The interval is a percentile bootstrap over records with
 * a fixed seed, so that the same votes give the same figures: 1,000 draws, fewer (at least 100)
 * above 50,000 records.
 */
struct agreement_alpha {
    size_t units;   /* records with two votes or more */
    double raw;     /* mean share of reviewer pairs that agree on a record */
    bool defined;   /* false: too few, or no vote differs from another, so that chance says nothing */
    double alpha;
    bool interval;  /* false: fewer than two records */
    double low, high; /* of the 95% interval */
};
struct agreement_alpha agreement_alpha(const struct agreement_unit *units, size_t n);

/* Two reviewers on the records both voted on: votes[x][y] of them got x from the first, y from the
 * second. Kappa is Cohen's (1960). */
struct agreement_table {
    unsigned votes[RECORD_STATES][RECORD_STATES];
};
struct agreement_kappa {
    unsigned records;
    double raw;    /* share of equal votes; 0 without records */
    bool defined;  /* false: no record, or both gave one and the same state throughout */
    double kappa;
};
struct agreement_kappa agreement_kappa(const struct agreement_table *t);

#endif
