/* The hinges of a stored record: the store's texts put into the form that text/hinge.h reads, the
 * marks that experts made by hand added, and the number for the queue kept with the record. */
#ifndef APP_HINGE_FIND_H
#define APP_HINGE_FIND_H

#include "app/session.h"
#include "db/record_store.h"
#include "text/hinge.h"

/* The hinges between y0 and the y* that counts; empty when one of them is missing. The rationale
 * and spans are y0's. Never fails; the caller frees with hinges_free. */
struct hinges *record_hinges(const struct stored_record *r);

/* The same for a record as it stands in a file. */
struct hinges *file_record_hinges(const struct record *r);

/* Counts the hinges of a record and keeps the number with it (in a session that may write).
 * Returns the number, or -1 and err. */
int hinge_count(struct session *s, int64_t record, struct error *err);

#endif
