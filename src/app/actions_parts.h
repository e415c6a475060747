/* What the files of actions share. Private to src/app. */
#ifndef APP_ACTIONS_PARTS_H
#define APP_ACTIONS_PARTS_H

#include "app/actions.h"
#include "db/decision_store.h"
#include "db/record_store.h"

int act_may_write(const struct session *s, struct error *err);
/* Opens a transaction in a session that may write; finish closes it: commit when result is 0. */
int act_begin(struct session *s, struct error *err);
int act_finish(struct session *s, int result, struct error *err);
/* Fills in the reviewer and the time worked, and appends. */
int act_decide(struct session *s, struct decision *d, struct error *err);
/* Decides that rule (trimmed, with a guardrail) is the record's. *batch: in 0 or the batch, out the batch. */
int act_set_rule(struct session *s, const struct stored_record *r, struct rule_typed rule, int64_t *batch,
             struct decision *made, struct error *err);
/* The record's newest candidate, 0 when it has none. */
int act_newest_candidate(struct session *s, int64_t record, int64_t *candidate, struct error *err);
/* Fills out and returns its emptied text; NULL when nobody asks. */
struct str *act_say(struct outcome *out, int64_t record, int64_t rule, size_t records);

#endif
