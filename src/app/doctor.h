/* Is this machine fit for the workbench? Each check is a row of a table; none changes anything. */
#ifndef APP_DOCTOR_H
#define APP_DOCTOR_H

#include <stdbool.h>

#include "base/str.h"

enum finding { FINDING_OK, FINDING_WARNING, FINDING_FAULT };

struct check {
    const char *name;     /* "terminal" */
    enum finding finding; /* a fault: the workbench will not work here */
    struct str text;      /* what was found and, unless it is fine, what to do */
};

struct checks {
    struct check *items;
    size_t count;
};

/* Runs all checks; project may be NULL (its checks are then left out). Zero-initialise out; the caller
 * frees with doctor_free. Returns the worst finding. */
enum finding doctor_examine(struct checks *out, const char *project);
void doctor_free(struct checks *c);

const char *finding_word(enum finding f); /* "ok", "warning", "fault" */

/* Appends the path of an executable of that name: beside this program, then along $PATH. False when there
 * is none. */
bool program_find(struct str *out, const char *name);

#endif
