/* What the terminal's description says, apart because <term.h> takes many names. Private to term. */
#ifndef UI_TERM_CAPS_H
#define UI_TERM_CAPS_H

#include "base/error.h"
#include "base/str.h"

/* -1 and err when $TERM is unknown or cannot place its cursor. */
int caps_check(struct error *err);
/* Appends a capability's bytes, without padding; nothing when there is none. */
void caps_add(struct str *out, const char *name);
/* How many colours it has; 0 for fewer than eight. */
int caps_colors(void);

/* Shortens what is sent to change attributes: no other set of characters is ever chosen here, so
 * none need be taken back each time. Call it once the screen is set up. */
void caps_shorten(void);

#endif
