/* The review of a record as one of the workbench's views: what ui/views/review.h wishes, done. */
#ifndef UI_VIEWS_REVIEW_SCREEN_H
#define UI_VIEWS_REVIEW_SCREEN_H

#include "base/json.h"
#include "ui/views/desk.h"

struct review_screen;

extern const struct view_ops review_screen_ops;

struct review_screen *review_screen_new(struct desk *d, bool signs, bool ascii);
int review_screen_open(struct review_screen *v, int64_t record, struct error *err);
/* Reads the record again: another has written. What is typed stays. */
void review_screen_reload(struct review_screen *v);
void review_screen_save(const struct review_screen *v, struct json *out);
void review_screen_restore(struct review_screen *v, const struct json *saved);

#endif
