/*
 * The experiment's records, and a recording (hinge-config(5), RECORDINGS) in which a teacher writes y0, a refiner mends it
 * and a distiller words the rule, so that the whole model loop runs without a key. The teacher breaks rules at its rates;
 * the refiner writes the perfect note; the distiller words the first broken rule.
 */
#ifndef EXPERIMENTS_SCRIBE_RECORDS_H
#define EXPERIMENTS_SCRIBE_RECORDS_H

#include "experiments/scribe.h"

#define SCRIBE_TASK "scribe-note"

/* One visit of a split as a hinge record with its line end: id, task, prompt, split, meta.facts; valid and test have
 * the perfect note as y_star. Appended. */
int scribe_record(struct str *out, const struct forms *f, uint64_t seed, const char *split, uint64_t index,
                  struct error *err);
/* The recorded answers for that visit, a line each; appended. */
int scribe_replies(struct str *out, const struct forms *f, uint64_t seed, const char *split, uint64_t index,
                   struct error *err);
/* The rules that y0 of a visit with these facts breaks: for an expert who adds what the distiller left out. */
rule_set scribe_broken(const struct visit *v, const char *note);

#endif
