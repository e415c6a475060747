/* A project in a folder of its own, and what the pipeline's tests do with it. */
#ifndef TESTS_PIPELINE_PROJECT_H
#define TESTS_PIPELINE_PROJECT_H

#include "base/str.h"
#include "db/store.h"
#include "pipeline/export.h"
#include "pipeline/import.h"

struct project {
    char *dir;
    struct store *store;
};

struct project project_make(void);
void project_remove(struct project *p);

/* "FOLDER/name"; good until the eighth call after. */
const char *project_path(const struct project *p, const char *name);
void project_write(const struct project *p, const char *name, const char *text);
/* Appends the file's bytes; the test fails when it cannot be read. */
void project_read(const struct project *p, const char *name, struct str *out);

/* Imports FOLDER/name or, with a slash in it, that path. -1 and err as import_file. */
int project_import(struct project *p, const char *name, struct import_summary *sum,
                   struct error *err);
/* Exports to FOLDER/name; the test fails when that fails. */
void project_export(struct project *p, const char *method, const char *name);

/* Path of a file in the source tree. */
const char *source_path(const char *name);

#endif
