/* The grader as a program of hinge-config(5): one JSON object in, one out. */
#ifndef EXPERIMENTS_SCRIBE_ANSWER_H
#define EXPERIMENTS_SCRIBE_ANSWER_H

#include "experiments/scribe.h"

/* question: {"output", "meta": {"facts": {...}}, ...}. Appends {"score", "rationale", "spans", "rules"}: spans in code
 * points of the output, rules the names of those broken. ERR_INPUT names the field that is wrong. */
int grade_answer(struct str *out, struct slice question, struct error *err);

#endif
