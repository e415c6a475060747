/* The decisions beside exported records: one a line, in the order they were made. */
#ifndef PIPELINE_EXPORT_DECISIONS_H
#define PIPELINE_EXPORT_DECISIONS_H

#include "pipeline/export_file.h"
#include "db/store.h"

/* {"id","verb","reviewer","at","revision","effective","mistake","guardrail","reason","note",
 * "y_star","seconds"} and the candidate's words: absent where there is none. */
int export_decisions_of(struct store *s, int64_t record, struct export_file *f, struct error *err);

#endif
