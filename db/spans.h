/* Spans of a verdict as the column holds them: [[start,end,label],...]. For db/ alone. */
#ifndef DB_SPANS_H
#define DB_SPANS_H

#include "domain/record.h"

/* Appends; a NULL label is null. */
void spans_print(struct str *out, const struct record_span *spans, size_t n);
/* Into the arena; what is not a span of numbers becomes zeros. Never NULL. */
struct record_span *spans_read(struct arena *a, struct slice text, size_t *count);

#endif
