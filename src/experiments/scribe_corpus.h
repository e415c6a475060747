/*
 * What the small model is pre-trained on, and the records of the experiment.
 *
 * The corpus: visits of the training forms, each with a note as a hurried writer leaves it (WRITER_CORPUS), once without
 * thinking and once after the empty think block, and in half of them a third after a strategy of one to three rules, which that
 * note keeps. So the model can copy and knows the form of a note, breaks rules unless told, and knows what the words
 * of a rule mean when told: as a language model does that was never told the rules of this house.
 */
#ifndef EXPERIMENTS_SCRIBE_CORPUS_H
#define EXPERIMENTS_SCRIBE_CORPUS_H

#include "experiments/scribe.h"

/*
 * One line of the corpus (a snapshot's line with three or two branches), with its line end; appended. kind:
 *
 *     corpus   as it is
 *     drill    half of the words of open kinds (heads of drugs, allergens, findings, procedures ...) are invented, so that they
 *              must be copied: a language model copies words it never saw, and a small one learns it only where
 *              guessing does not help
 *     noise    drill, and a fifth of the words around the facts are lost, replaced or joined by others, so that it does not
 *              hold on to one word of a phrasing
 *     wide     noise, and phrasings that are in no other split: what a language model has from reading widely
 */
int corpus_line(struct str *out, const struct forms *f, uint64_t seed, const char *kind, uint64_t index, struct error *err);

/* The strategy of rules in the order of the table, in random wordings; appended. */
void corpus_strategy(struct str *out, rule_set rules, struct draw *d);

#endif
