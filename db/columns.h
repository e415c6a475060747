/* The columns by which lists show a record's outputs, verdicts and candidates: score, score_max, score_share,
 * n_rounds, candidate_line, and the headline where no rule is cited. For db/ alone. */
#ifndef DB_COLUMNS_H
#define DB_COLUMNS_H

#include "db/store.h"

/* Computes them again from the rows of the record's current revision, in the transaction that added one. */
int columns_derive(struct store *s, int64_t record, struct error *err);

/* SQL that gives the numbers of records whose columns are not what their rows say. */
extern const char columns_wrong[];

#endif
