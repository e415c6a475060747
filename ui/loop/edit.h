/* $EDITOR on a text. */
#ifndef UI_LOOP_EDIT_H
#define UI_LOOP_EDIT_H

#include "base/str.h"
#include "ui/term/term.h"

/* Opens $VISUAL or $EDITOR (vi where neither is set) on text in a private file, and appends what it left to
 * out. The program is run as it is named, with its arguments, by no shell. -1 and err when it could not be
 * run, failed, or left what is no text. */
int edit_text(struct term *t, struct slice text, struct str *out, struct error *err);

#endif
