/*
 * Records in, sets out: what `hinge import` and `hinge export` do, with their arguments as people
 * give them, so that a command and the workbench's command line run the same thing.
 */
#ifndef APP_TRANSFER_H
#define APP_TRANSFER_H

#include "pipeline/export.h"
#include "pipeline/import.h"

struct import_request { /* all borrowed */
    const char *project;
    const char *const *files;
    size_t n_files;
    const char *format;  /* "auto" or a format's name */
    const char *rejects; /* NULL: beside each file */
    bool dry_run;
    bool progress; /* a bar on a terminal */
};

/* Imports the files one after the other and stops at the first that cannot be read; sum tells what
 * was done until then. -1 and err on failure. */
int transfer_import(const struct import_request *q, struct import_summary *sum, struct error *err);

struct export_request { /* NULL: not given */
    const char *project, *method, *path;
    const char *split, *reviewer;
    const char *since;         /* "2026-11-24" (its midnight here) or "2026-11-24T08:00:00Z" */
    const char *min_agreement; /* "0.8" */
    const char *format;        /* rules: "json" or "md"; by the file's name otherwise */
    bool with_decisions;
    bool progress;
    bool unlisted; /* a look: no manifest, and the project does not remember the set */
};

/* -1 and err on failure, ERR_USAGE where the request makes no sense; free result in any case. */
int transfer_export(const struct export_request *q, struct export_result *result,
                    struct error *err);

#endif
