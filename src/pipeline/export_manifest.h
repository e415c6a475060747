/* What stands beside a training set: where it comes from, and what it is made of. */
#ifndef PIPELINE_EXPORT_MANIFEST_H
#define PIPELINE_EXPORT_MANIFEST_H

#include "db/record_store.h"
#include "pipeline/export.h"

struct manifest; /* freed with manifest_free */

struct manifest *manifest_new(void);
void manifest_free(struct manifest *m);
/* Counts an example by task, reviewer and rules. */
void manifest_count(struct manifest *m, const struct stored_record *r);
/* Appends the JSON text. method is the name asked for. */
void manifest_print(struct str *out, const struct manifest *m, const char *method,
                    const struct export_options *o, const struct export_result *result);

#endif
