/* A project as a file, for commands: made, opened without a reviewer, closed with store_close. */
#ifndef APP_PROJECT_H
#define APP_PROJECT_H

#include "db/store.h"

/* Makes an empty project; an existing file is left alone (ERR_CONFLICT). */
int project_make(const char *path, struct error *err);

/* Opens a project that is there. A missing one is ERR_ABSENT and the message says how one is
 * made. */
struct store *project_open(const char *path, enum store_mode mode, struct error *err);

#endif
