/* Finding in a text what somebody quotes from it. */
#ifndef PIPELINE_QUOTES_H
#define PIPELINE_QUOTES_H

#include <stdbool.h>

#include "base/str.h"

/* First place of the quote: as it is, else with case, blanks and the shape of quotation marks and dashes ignored.
 * Quotation marks around the quote are no part of it. False when it does not stand in the text, or is empty. */
bool quote_find(struct slice text, struct slice quote, size_t *from, size_t *to);

/* The same for each piece of a quote that leaves words out ("the dose ... was doubled"): calls found for each piece
 * that stands in the text. */
typedef void quote_found_fn(void *context, size_t from, size_t to);
void quote_find_pieces(struct slice text, struct slice quote, quote_found_fn *found, void *context);

#endif
