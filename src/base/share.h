/* The files hinge brings along (prompts, rubrics): where they are on this machine. */
#ifndef BASE_SHARE_H
#define BASE_SHARE_H

#include <stdbool.h>

#include "base/str.h"

/* Sets out to the path of name ("rubrics/dental-note.txt"): where hinge was installed to, else share/ beside or above
 * the program itself (a build tree). False when it is in none of these. */
bool share_find(struct str *out, const char *name);

#endif
