/*
 * The log of decisions: append-only, the truth of what people did. A record's state, the rules it
 * cites and the library's state are derived from the effective decisions, in the same transaction
 * that appends. Undo and redo are decisions themselves, so they work across logins, without a
 * limit.
 */
#ifndef DB_DECISION_STORE_H
#define DB_DECISION_STORE_H

#include "db/store.h"
#include "domain/state.h"

struct decision {
    /* The caller gives what fits the verb, 0 or NULL for the rest. */
    enum verb verb;
    int64_t batch; /* 0: its own; else the id of the first decision that one undo takes back with it */
    int64_t reviewer;
    int64_t record;
    int64_t candidate; /* ACCEPT, EDIT, REJECT: what it was about */
    int64_t rule; /* ACCEPT, EDIT, WRITE, CITE, ADD_RULE: cited; the library's verbs: changed */
    int64_t other;     /* MERGE_RULE: the rule it goes into; REWORD_RULE: the new version */
    int64_t output;    /* EDIT_YSTAR */
    bool in_y_star;    /* MARK_HINGE, UNMARK_HINGE: the side, and its bytes */
    int64_t from, to;
    const char *reason, *note; /* REJECT, FLAG */
    double seconds;            /* spent on the record, 0 when not measured */
    /* Filled in. */
    int64_t id, created; /* ms */
    int revision;        /* of the record, seen when it was decided */
};

/* Appends d and derives what follows from it. ERR_ABSENT, ERR_CONFLICT (a merged rule is cited, a
 * merge would make a circle) and the store's own errors change nothing. */
int decision_store_append(struct store *s, struct decision *d, struct error *err);

/* Takes back the reviewer's last batch that stands, or brings back the last one taken back (until
 * something new is done). 1 done, 0 nothing to undo or redo, -1 failed. */
struct undo_result {
    enum verb verb;   /* of the batch */
    int64_t record;   /* its first record, or 0 */
    int64_t rule;     /* its first rule, or 0 */
    int64_t decisions; /* how many the batch holds */
};
int decision_store_undo(struct store *s, int64_t reviewer, struct undo_result *out,
                        struct error *err);
int decision_store_redo(struct store *s, int64_t reviewer, struct undo_result *out,
                        struct error *err);

/* One line of a record's or a rule's history. Strings are borrowed for the call. */
struct decision_row {
    struct decision d;
    bool effective; /* false: taken back */
    const char *reviewer;
    /* The candidate's and the rule's words, NULL where there are none; for REWORD_RULE the words
     * before and after. */
    const char *candidate_mistake, *candidate_guardrail;
    const char *rule_mistake, *rule_guardrail;
    const char *key; /* the record's id in files, or NULL */
    const char *task;
    int64_t target; /* UNDO, REDO: the batch */
};
typedef int decision_each_fn(void *context, const struct decision_row *row);

/* Oldest first. until each returns non-zero, which is returned. */
int decision_store_history(struct store *s, int64_t record, decision_each_fn *each, void *context,
                           struct error *err);
int decision_store_rule_history(struct store *s, int64_t rule, decision_each_fn *each,
                                void *context, struct error *err);
/* Each reviewer's latest effective state-setting decision on each record, ordered by record then
 * reviewer: what agreement and export are made from. since (ms) leaves out older ones; 0 for
 * all. */
int decision_store_current(struct store *s, int64_t since, decision_each_fn *each, void *context,
                           struct error *err);

/* How fast a reviewer is: records decided since day_start (ms), and the mean of the measured
 * seconds per record among them (0 when none was measured). */
struct pace {
    int64_t records_today, records_total;
    double seconds_per_record;
};
int decision_store_pace(struct store *s, int64_t reviewer, int64_t day_start, struct pace *out,
                        struct error *err);

#endif
