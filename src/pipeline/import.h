/*
 * Brings the records of a file into a project. What cannot be used is refused, line by line, and
 * the rest lands, in batches of one transaction each: whatever kills an import, the next run of
 * the same file finishes it, and nothing is lost or there twice.
 */
#ifndef PIPELINE_IMPORT_H
#define PIPELINE_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "db/store.h"
#include "pipeline/format.h"

struct import_options {
    const struct format *format; /* NULL: found out */
    bool dry_run;                /* say what would happen, and change nothing */
    const char *rejects;         /* where refused items go; NULL: FILE.rejects.jsonl */
    bool progress;               /* a bar on a terminal */
    size_t batch;                /* records in one transaction at most; 0: chosen here */
};

struct import_summary {
    int64_t added, updated, unchanged, refused;
    int64_t repaired;  /* characters */
    int64_t decisions; /* made of what people had answered in another tool */
    const char *format; /* of the last file; borrowed, NULL when it was empty */
    char first_refusal[512]; /* "line 3: score: must be a number, not text"; "" for none */
};

/* Adds to *sum. path "-" is standard input (then options->rejects names the file for what is
 * refused, or it is only counted). -1 when reading or storing failed; what was committed before
 * stays. */
int import_file(struct store *s, const char *path, const struct import_options *options,
                struct import_summary *sum, struct error *err);

#endif
