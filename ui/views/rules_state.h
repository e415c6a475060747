/* The rule library's private state, shared by rules*.c. */
#ifndef UI_VIEWS_RULES_STATE_H
#define UI_VIEWS_RULES_STATE_H

#include "db/rule_store.h"
#include "ui/views/listing.h"
#include "ui/views/rules.h"

#define RULES_REWORD "reword" /* the question asked while the detail shows what would change */

struct rules_view {
    struct desk *desk;
    struct rules rules;
    enum rule_sort sort;
    bool retired; /* shown too */
    struct listing list;
    int64_t merging;    /* the rule to be merged, 0: none */
    struct str records; /* names of the cited rule's records, for the detail */
    int64_t records_of;
    size_t n_records;
    struct str mistake;   /* typed first while a rule is edited */
    struct str guardrail; /* typed next */
    int64_t editing;
};

extern const char *const rules_sort_words[];

/* The rule under the cursor, or NULL. */
const struct rule *rules_here(const struct rules_view *v);
void rules_paint(void *view, const struct paint *p);

#endif
