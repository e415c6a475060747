/* What the two ways through attention share: its blocks, and the scores of one. */
#ifndef TRAINER_BACKEND_CPU_ATTENTION_PARTS_H
#define TRAINER_BACKEND_CPU_ATTENTION_PARTS_H

#include "trainer/backend/cpu_factor.h"

enum { QUERIES = 64, KEYS = 256 };

/* Some queries of one segment, and one of the key blocks they see. */
struct block {
    int q_start, q_len;
    int k_start, k_len;
    bool causal; /* query row i sees key row j only when j <= i */
};

/* Queries of one segment. */
struct span {
    const struct segment *segment;
    int q_start, q_len;
};

/* Next key block for the queries of w; *at counts keys done. False at the end. */
bool attention_next_keys(const struct span *w, int *at, struct block *b);

/* What some of b's queries see of its keys: k_len may be 0. */
struct block attention_seen(const struct block *b, int q_start, int q_len);

/* Scaled scores q k' of a block into s (rows of KEYS), masked ones as -inf. */
void attention_scores(const struct factor *q, const struct factor *k, const struct block *b, int dim, float *s);

double attention_work(const struct attention *a);
const float *head_at(const real *x, int row, int heads, int head, int dim);
float *head_of(real *x, int row, int heads, int head, int dim);

#endif
