/* Which records an export takes, and why it leaves the others out. */
#ifndef PIPELINE_EXPORT_SELECT_H
#define PIPELINE_EXPORT_SELECT_H

#include "db/record_store.h"
#include "pipeline/export.h"

/* What a method needs of a record, added together. */
enum { NEEDS_DECISION = 1, NEEDS_PROMPT = 2, NEEDS_Y0 = 4, NEEDS_Y_STAR = 8 };

struct selection; /* freed with selection_free */

/* Reads the decisions where the options ask for agreement. */
struct selection *selection_make(struct store *s, const struct export_options *o, unsigned needs,
                                 struct error *err);
void selection_free(struct selection *sel);

/* NULL when the record is taken, otherwise the reason, borrowed. */
const char *selection_reason(struct selection *sel, const struct stored_record *r);

#endif
