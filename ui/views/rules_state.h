/* The rule library's private state, shared by rules*.c. */
#ifndef UI_VIEWS_RULES_STATE_H
#define UI_VIEWS_RULES_STATE_H

#include "db/eval_store.h"
#include "db/rule_store.h"
#include "ui/views/listing.h"
#include "ui/views/rules.h"

#define RULES_REWORD "reword" /* the question asked while the detail shows what would change */

/* The store's orders (enum rule_sort), then those of what evals say. */
enum rules_sort { RULES_STORED = RULES_BY_TEXT + 1, RULES_BY_WORTH = RULES_STORED, RULES_BY_BROKEN, RULES_SORTS };

struct rules_row {
    const struct rule *rule; /* of rules */
    bool weighed;
    struct rule_worth worth; /* where weighed */
    int64_t broken;          /* records of broken_by with its mistake */
};

struct rules_view {
    struct desk *desk;
    struct rules rules;
    struct rules_row *rows; /* as many, in the order shown */
    int64_t weighing;       /* the eval whose worths are shown; 0: each rule's newest */
    bool any_worth;
    struct evals broken_by; /* the eval that tells what is still broken, or none */
    int sort;               /* enum rule_sort or enum rules_sort */
    bool retired; /* shown too */
    struct listing list;
    int64_t merging;    /* the rule to be merged, 0: none */
    struct str records; /* names of the cited rule's records, for the detail */
    struct str broken_text; /* on how many records it is broken, by run */
    int64_t records_of;
    size_t n_records;
    struct str mistake;   /* typed first while a rule is edited */
    struct str guardrail; /* typed next */
    int64_t editing;
};

extern const char *const rules_sort_words[RULES_SORTS];

/* The rule under the cursor, or NULL. */
const struct rule *rules_here(const struct rules_view *v);
/* The row under the cursor, or NULL. */
const struct rules_row *rules_row_here(const struct rules_view *v);
/* rules_rows.c: reads everything anew; the cursor stays on its rule. */
int rules_rows_load(struct rules_view *v, struct error *err);
void rules_rows_free(struct rules_view *v);
/* "6/200 rgt-1 step 40, 88/200 sft-1 step 40": the newest eval of each run. Appends. */
void rules_broken_by_run(struct rules_view *v, int64_t rule, struct str *out);
void rules_paint(void *view, const struct paint *p);

#endif
