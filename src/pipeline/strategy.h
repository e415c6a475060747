/*
 * The strategy of a training example: what the model is taught to think before it answers, made
 * from the record's rules. The wording is part of the format (hinge-records(5)): a model trained on
 * one wording does not know another.
 *
 *     Mistakes to avoid:
 *     - Inferred diagnosis from medication
 *     Guardrails:
 *     - Only include explicitly stated diagnoses
 *
 * One line each, in the order of the rules, without repetition. A part without lines is left out.
 */
#ifndef PIPELINE_STRATEGY_H
#define PIPELINE_STRATEGY_H

#include "domain/record.h"

/* Appends the strategy; nothing when no rule has a text. Line ends inside a text become blanks and
 * think tags vanish: a rule must not be able to close the block it stands in. */
void strategy_print(struct str *out, const struct rule_text *rules, size_t count);

#endif
