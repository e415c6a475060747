/* The rule library. */
#ifndef DB_RULE_STORE_H
#define DB_RULE_STORE_H

#include "db/store.h"

enum rule_status { RULE_ACTIVE, RULE_RETIRED, RULE_MERGED };

struct rule {
    int64_t id;
    char *mistake, *guardrail;
    enum rule_status status;
    int64_t merged_into; /* 0 unless merged */
    char *author;        /* who made it */
    int64_t created;
    int64_t uses;  /* records that cite it now, its merged ones included */
    int64_t edits; /* times an expert reworded a candidate into it, and its own new versions */
};

struct rules {
    struct rule *items;
    size_t count;
    void *arena; /* private */
};
void rules_free(struct rules *r);

/* The rule with exactly these words, made when new. A rule merged into another gives the other. */
int rule_store_intern(struct store *s, int64_t reviewer, struct slice mistake,
                      struct slice guardrail, int64_t *id, struct error *err);
/* A new version of a rule's words, effective once a VERB_REWORD_RULE decision names it as other. */
int rule_store_add_version(struct store *s, int64_t rule, int64_t reviewer, struct slice mistake,
                           struct slice guardrail, int64_t *version, struct error *err);

/* out is zero-initialised in all of these; rules_free frees. ERR_ABSENT when there is no such
 * rule. */
int rule_store_get(struct store *s, int64_t id, struct rules *out, struct error *err);
enum rule_sort { RULES_BY_USES, RULES_BY_EDITS, RULES_BY_AGE, RULES_BY_TEXT };
/* All but merged ones; retired ones too when asked for. */
int rule_store_list(struct store *s, enum rule_sort sort, bool retired, struct rules *out,
                    struct error *err);
/* Active rules that share words with text (FTS5, best first), at most limit: candidates for
 * likeness, which the caller weighs. */
int rule_store_alike(struct store *s, struct slice text, size_t limit, struct rules *out,
                     struct error *err);
/* How many undecided records have a rationale or candidate that shares enough words with text;
 * stops counting at bound. */
int rule_store_fits(struct store *s, struct slice text, int64_t bound, int64_t *records,
                    struct error *err);
/* The records that cite a rule now, until each returns non-zero. */
typedef int rule_record_fn(void *context, int64_t record, const char *key);
int rule_store_records(struct store *s, int64_t rule, rule_record_fn *each, void *context,
                       struct error *err);

#endif
