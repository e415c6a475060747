/* What a rule is worth, in the words and signs that every view uses. */
#ifndef UI_VIEWS_RULE_WORTH_H
#define UI_VIEWS_RULE_WORTH_H

#include "db/eval_store.h"
#include "ui/theme/look.h"

/* "+0.41": nats a record, "-" where w is NULL. Appends; returns how it looks. */
enum look rule_worth_nats(struct str *out, const struct rule_worth *w);
/* "⚠ worth nothing", "⚠ harmful", "few records"; nothing for one that helps. Appends; returns how it looks. */
enum look rule_worth_sign(struct str *out, const struct rule_worth *w, bool ascii);
/* "+0.41 nats", "-0.02 nats ⚠ worth nothing". Appends; returns how it looks. */
enum look rule_worth_say(struct str *out, const struct rule_worth *w, bool ascii);

#endif
