/* What a model still gets wrong goes back to the experts: said and done the same way from every view. */
#ifndef UI_VIEWS_EVAL_BACK_H
#define UI_VIEWS_EVAL_BACK_H

#include "ui/views/desk.h"

/* True when something was sent; what happened is said. A failure sent before is opened in the review instead. */
bool eval_back_one(struct desk *d, int64_t eval, int64_t record);
bool eval_back_many(struct desk *d, int64_t eval, const int64_t *records, size_t n);

#endif
