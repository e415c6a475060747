/* Choosing a next token from logits. */
#ifndef TRAINER_RUN_SAMPLE_H
#define TRAINER_RUN_SAMPLE_H

#include "trainer/tensor/rng.h"

struct sampling {
    double temperature; /* 0: the likeliest */
    double top_p;       /* the fewest likeliest tokens that reach this share; 1: all */
    double min_p;       /* only tokens at least this share of the likeliest; 0: all */
};

/* scratch is room for vocab candidates, from sample_scratch; the caller frees that with mem_free. */
struct candidate_token;
struct candidate_token *sample_scratch(int vocab);
int sample_token(const float *logits, int vocab, const struct sampling *s, struct rng *rng,
                 struct candidate_token *scratch);

#endif
