/* The files hinge brings along (prompts, rubrics): where they are on this machine. */
#ifndef BASE_SHARE_H
#define BASE_SHARE_H

#include <stdbool.h>

#include "base/str.h"

/* The folder of the running program into out; false where the system does not say. */
bool share_program_folder(struct str *out);
/* Sets out to the path of name ("rubrics/dental-note.txt"): in the folder $HINGE_SHARE where it is set and in no other,
 * else where hinge was installed to, else in share/ beside or above the program itself (a build tree). False when it is
 * in none of these. */
bool share_find(struct str *out, const char *name);

#endif
