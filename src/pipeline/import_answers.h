/* What people had decided in another tool, as decisions of this project. */
#ifndef PIPELINE_IMPORT_ANSWERS_H
#define PIPELINE_IMPORT_ANSWERS_H

#include <stdint.h>

#include "db/record_store.h"
#include "pipeline/format.h"

/* Appends a decision for each answer on a record just put, and adds their number to *decisions.
 * Answers on a record that is not new to the project count only for people who have decided
 * nothing on it here. */
int import_answers(struct store *s, int64_t record, enum record_put what,
                   const struct answers *answers, int64_t *decisions, struct error *err);

#endif
