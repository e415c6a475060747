/* What the files of the eval store share. For db/ alone. */
#ifndef DB_EVAL_PARTS_H
#define DB_EVAL_PARTS_H

#include "db/store.h"

/* Standard deviation of a sample from its size, sum and sum of squares; 0 below two. */
double eval_spread(int64_t n, double sum, double squares);
/* Stores a text and gives its number; 0 for NULL. */
int eval_put_text(struct store *s, const char *text, int64_t *id, struct error *err);

#endif
