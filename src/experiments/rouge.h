/*
 * ROUGE-L (Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries"): the longest common subsequence of words of a
 * text and its reference, as F1. Words as Google's rouge-score has them without stemming: runs of a-z and 0-9 in lower case;
 * everything else parts words.
 */
#ifndef EXPERIMENTS_ROUGE_H
#define EXPERIMENTS_ROUGE_H

#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

struct rouge {
    size_t words, reference_words, common; /* common: of the longest common subsequence */
    double f1;                             /* 0 where either has no word */
};
struct rouge rouge_l(struct slice text, struct slice reference);

/* The grader as a program of hinge-config(5): question {"output", "meta": {"reference"}}; appends {"score": F1 from 0 to 1,
 * "rationale"}. ERR_INPUT names the field that is wrong. */
int rouge_answer(struct str *out, struct slice question, struct error *err);

#endif
