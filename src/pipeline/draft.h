/*
 * A record being put together from another tool's item. Names are matched to hinge's fields by what
 * people call them ("reference" is y_star); what has no field goes to meta. Printing gives one
 * hinge JSONL line, which record_parse then judges like any other.
 */
#ifndef PIPELINE_DRAFT_H
#define PIPELINE_DRAFT_H

#include <stdbool.h>

#include "base/str.h"

enum draft_field {
    DRAFT_ID,
    DRAFT_TASK,
    DRAFT_PROMPT,
    DRAFT_Y0,
    DRAFT_ROUNDS,
    DRAFT_Y_STAR,
    DRAFT_SCORE,
    DRAFT_SCORE_MAX,
    DRAFT_RATIONALE,
    DRAFT_SPANS,
    DRAFT_MISTAKE,
    DRAFT_GUARDRAIL,
    DRAFT_SPLIT,
    DRAFT_FIELDS
};

/* Zero-initialise; free with draft_free. Values are JSON text, empty when not given. */
struct draft {
    struct str value[DRAFT_FIELDS];
    struct str meta; /* members, separated by commas */
};

void draft_clear(struct draft *d);
void draft_free(struct draft *d);

bool draft_has(const struct draft *d, enum draft_field field);
/* Sets a field to a piece of JSON, or to a text; the first one set stays. */
void draft_set(struct draft *d, enum draft_field field, struct slice json);
void draft_set_text(struct draft *d, enum draft_field field, struct slice text);

/* The field that people mean by name, or DRAFT_FIELDS. */
enum draft_field draft_field_of(struct slice name);
/* Takes a value for the field its name stands for: false, and nothing taken, when the name says
 * nothing, the field has a value, or the value cannot be one (an object for a text). Empty texts
 * and nulls are taken and forgotten. Scores may be texts ("4", "4/6"). */
bool draft_offer(struct draft *d, struct slice name, struct slice json);
/* Adds a member to meta; key has its quotes. */
void draft_meta(struct draft *d, struct slice key, struct slice json);
/* The same for an object given by its members without brackets; nothing when there are none. */
void draft_meta_object(struct draft *d, const char *name, struct slice members);
/* draft_offer by a member's key (with quotes), and meta when it is not taken; the members of an
 * object named meta go to meta one by one. */
void draft_take(struct draft *d, struct slice key, struct slice json);

/* Appends the record. Without an id it gets one made of prefix and the hash of its content, so that
 * the same item gets the same id each time. */
void draft_print(struct str *out, struct draft *d, const char *prefix);

#endif
