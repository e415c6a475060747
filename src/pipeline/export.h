/*
 * Writes what a project holds: training sets made of the decisions, the records as they came, the
 * annotation tools' formats, and the rule library. Files appear under their names only when they
 * are whole, and belong to their owner alone (0600).
 */
#ifndef PIPELINE_EXPORT_H
#define PIPELINE_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/map.h"
#include "db/store.h"

struct export_method; /* a row of the table */

/* "sft", "rgt", "records", "argilla", ...; NULL when there is none of that name. */
const struct export_method *export_method_find(const char *name);

struct export_options {
    const struct export_method *method;
    const char *path;     /* "-": standard output, and no manifest */
    const char *split;    /* train, valid, test, none; learn: all but valid and test; NULL: all */
    const char *reviewer; /* records whose decision that counts is this one's; NULL: all */
    int64_t since;        /* ... was made then (ms) or later; 0: all */
    double min_agreement; /* share of the reviewers who decided alike; 0: all */
    bool with_decisions;  /* records: FILE.decisions.jsonl beside it */
    bool markdown;        /* rules: a hand-book instead of JSON */
    bool progress;
    bool unlisted;        /* a look: no manifest, and the project does not remember the set */
};

/* Zero-initialise; free with export_result_free. */
struct export_result {
    char hash[SHA256_HEX + 1]; /* of the file's bytes */
    int64_t records;           /* looked at */
    int64_t written;           /* examples, records or rules */
    int64_t branches_a, branches_b;
    bool snapshot;             /* a manifest was written and the project knows the set */
    struct map *left_out;      /* reason to number, in the order met */
};
void export_result_free(struct export_result *r);
/* "150 undecided, 2 rejected"; "nothing" when nothing was left out. */
void export_left_out_print(struct str *out, const struct export_result *r);

/* An export that would be empty writes nothing, and err says why. -1 on any failure. */
int export_run(struct store *s, const struct export_options *o, struct export_result *result,
               struct error *err);

#endif
