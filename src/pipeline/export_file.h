/* The file an export writes: hashed as it goes, in place only when it is whole. */
#ifndef PIPELINE_EXPORT_FILE_H
#define PIPELINE_EXPORT_FILE_H

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"

struct export_file; /* freed with export_file_end or export_file_abort */

/* path "-" is standard output. list: the items are one JSON list instead of lines. */
struct export_file *export_file_begin(const char *path, bool list, struct error *err);
void export_file_add(struct export_file *f, struct slice item);
/* Takes over the tree. */
void export_file_add_json(struct export_file *f, struct json *item);
/* Puts the file in place; hash may be NULL. */
int export_file_end(struct export_file *f, char hash[SHA256_HEX + 1], struct error *err);
void export_file_abort(struct export_file *f); /* NULL is fine */

#endif
