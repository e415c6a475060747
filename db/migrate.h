/* Brings a project to this program's schema. */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include "db/store.h"

enum { PROJECT_APPLICATION_ID = 0x48494e47 }; /* "HING" */

/* Migration N of the files db/migrations/NNNN_name.sql is element N - 1, its lines ended by NULL;
 * the list ends with NULL too. */
extern const char *const *const migrations[];

/* Looks at the file's marks: ERR_FOREIGN for another program's database, ERR_NEWER for a later
 * version. *version is the schema's. */
int migrate_inspect(struct store *s, int *version, struct error *err);
/* Runs what is missing, each migration in a transaction of its own. */
int migrate_run(struct store *s, int from, struct error *err);

#endif
