/* Who is at the keyboard. */
#ifndef APP_REVIEWER_H
#define APP_REVIEWER_H

#include "base/error.h"
#include "base/str.h"

enum { REVIEWER_MAX = 64 }; /* bytes */

/* Appends the reviewer's name: option (--reviewer) if given, else $HINGE_REVIEWER, else the login name. -1
 * when the name is empty, too long, not UTF-8 or holds control characters. */
int reviewer_name(struct str *out, const char *option, struct error *err);

#endif
