/*
 * What an expert does, one function each: a key, a `:` command and a script call the same. An action is stored
 * (committed) when it returns 0 and has changed nothing when it returns -1; err then says why in words for the
 * screen. Acting again on a decided record replaces the decision by a new one; nothing is ever overwritten.
 */
#ifndef APP_ACTIONS_H
#define APP_ACTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/session.h"
#include "base/error.h"
#include "base/str.h"

/* A rule as typed. Both are trimmed; the guardrail may not be empty. */
struct rule_typed {
    struct slice mistake, guardrail;
};

/* What an action did, for the status line and the cursor. Zero-initialise; outcome_free after use. */
struct outcome {
    struct str said; /* "accepted, rule #12" */
    int64_t record;  /* the first record concerned, 0 for none */
    int64_t rule;    /* the rule concerned, 0 for none */
    size_t records;  /* how many records changed */
};
void outcome_free(struct outcome *o);

/* Every action fails with ERR_READONLY in a session that only reads. out may be NULL everywhere. */

/* The candidate of the record becomes its rule, as distilled. ERR_ABSENT when it has none. */
int action_accept(struct session *s, int64_t record, struct outcome *out, struct error *err);
/* The rule as typed becomes the record's. Stored as accept when the texts equal the candidate's, as edit when
 * they do not, as write when the record has no candidate: which of them is found by comparing the texts. A
 * rule with the same texts that exists already is cited, not doubled. */
int action_edit(struct session *s, int64_t record, struct rule_typed rule, struct outcome *out,
                struct error *err);
/* One more rule beside those the record has. */
int action_add_rule(struct session *s, int64_t record, struct rule_typed rule, struct outcome *out,
                    struct error *err);
/* An existing rule becomes the record's (beside: in addition to those it has). */
int action_cite(struct session *s, int64_t record, int64_t rule, bool beside, struct outcome *out,
                struct error *err);
/* reason as app/reasons.h reads it. */
int action_reject(struct session *s, int64_t record, struct slice reason, struct outcome *out,
                  struct error *err);
int action_skip(struct session *s, int64_t record, struct outcome *out, struct error *err);
/* note may be empty. Flagging a flagged record changes its note; unflagging makes it
 * undecided. */
int action_flag(struct session *s, int64_t record, struct slice note, struct outcome *out,
                struct error *err);
int action_unflag(struct session *s, int64_t record, struct outcome *out, struct error *err);
/* y* as the expert writes it, kept as an output by that expert. ERR_CONFLICT when nothing changed. */
int action_edit_output(struct session *s, int64_t record, struct slice text, struct outcome *out,
                       struct error *err);
/* Marks bytes [from,to) of y0 or (in_y_star) y* as a hinge by hand; on false takes a hand's mark away. */
int action_mark_hinge(struct session *s, int64_t record, bool in_y_star, size_t from, size_t to, bool on,
                      struct outcome *out, struct error *err);

/* Many records in one transaction and one undo. what: accept, skip, reject (argument: reason), flag
 * (argument: note), tag and untag (argument: the tag). Records that an action does not fit (accept without
 * a candidate) are left out and counted in what is said. */
enum many { MANY_ACCEPT, MANY_SKIP, MANY_REJECT, MANY_FLAG, MANY_TAG, MANY_UNTAG };
int action_many(struct session *s, enum many what, const int64_t *records, size_t n,
                struct slice argument, struct outcome *out, struct error *err);

/* The rule library. Merging moves every record of one rule to the other and retires the first; editing a rule
 * changes what all its records export. All can be undone. */
int action_merge_rules(struct session *s, int64_t from, int64_t into, struct outcome *out,
                       struct error *err);
int action_retire_rule(struct session *s, int64_t rule, bool retired, struct outcome *out,
                       struct error *err);
int action_edit_rule(struct session *s, int64_t rule, struct rule_typed text, struct outcome *out,
                     struct error *err);

/* Takes back this reviewer's last action that stands, or does again the one last taken back; without a limit
 * and across logins. out->record is where to look. ERR_ABSENT when there is nothing to undo or redo. */
int action_undo(struct session *s, struct outcome *out, struct error *err);
int action_redo(struct session *s, struct outcome *out, struct error *err);

#endif
