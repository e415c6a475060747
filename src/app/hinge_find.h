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

/* Gives a finder what a model was surprised by in y0, where one scored this text (weigh.h); the arrays are in arena. */
void hinge_surprisal(struct hinge_input *in, const struct stored_output *y0, struct arena *arena);

/* The same for a record as it stands in a file. */
struct hinges *file_record_hinges(const struct record *r);

struct hinge_number {
    int64_t record;
    int hinges;
};

/* Counts the hinges of a record for the queue; writes nothing. */
int hinge_count(struct session *s, int64_t record, struct hinge_number *out, struct error *err);
/* Keeps numbers with their records, in one transaction: a write may wait for another writer, so it is done
 * once for a screen and not for each row. Does nothing in a session that only reads. */
int hinge_keep_numbers(struct session *s, const struct hinge_number *numbers, size_t n, struct error *err);

#endif
