/* What follows from the log: states of records, the rules they cite, the state of the library.
 * Called in the transaction that appended to the log. */
#ifndef DB_DERIVE_H
#define DB_DERIVE_H

#include "db/store.h"

/* SQL list of the verbs that set a record's state. */
#define STATE_VERBS "('accept','edit','write','cite','reject','skip','flag','unflag')"

int derive_record(struct store *s, int64_t record, struct error *err);
/* The rule alone: its words, status and counts. */
int derive_rule_row(struct store *s, int64_t rule, struct error *err);
/* The rule itself, and every record that cites it or a rule merged into it. */
int derive_rule(struct store *s, int64_t rule, struct error *err);
/* Follows merges to the rule that stands for this one now. ERR_CONFLICT when they lead back to
 * it. */
int derive_rule_root(struct store *s, int64_t rule, int64_t *root, struct error *err);

/* The columns derived for a record or rule against what is stored: 1 the same, 0 different, -1
 * failed. Nothing is changed. */
int derive_check_record(struct store *s, int64_t record, struct error *err);
int derive_check_rule(struct store *s, int64_t rule, struct error *err);

#endif
