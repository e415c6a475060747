#include "trainer/run/sample.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

struct candidate_token {
    double p;
    int id;
};

struct candidate_token *sample_scratch(int vocab)
{
    return mem_zalloc((size_t)vocab, sizeof(struct candidate_token));
}

static int likeliest(const float *logits, int vocab)
{
    int best = 0;
    for (int i = 1; i < vocab; i++)
        best = logits[i] > logits[best] ? i : best;
    return best;
}

static int by_share(const void *a, const void *b)
{
    const struct candidate_token *x = a, *y = b;
    if (x->p != y->p)
        return x->p > y->p ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

int sample_token(const float *logits, int vocab, const struct sampling *s, struct rng *rng,
                 struct candidate_token *c)
{
    int best = likeliest(logits, vocab), kept = 0;
    if (s->temperature <= 0)
        return best;
    double sum = 0, all = 0;
    for (int i = 0; i < vocab; i++) {
        double p = exp(((double)logits[i] - logits[best]) / s->temperature); /* the likeliest is 1 */
        all += p;
        if (p >= s->min_p)
            c[kept++] = (struct candidate_token){p, i};
    }
    if (s->top_p < 1) {
        qsort(c, (size_t)kept, sizeof *c, by_share);
        int n = 0;
        for (double reached = 0; n < kept && reached < s->top_p * all; n++)
            reached += c[n].p;
        kept = n > 0 ? n : 1;
    }
    for (int i = 0; i < kept; i++)
        sum += c[i].p;
    double at = rng_unit(rng) * sum;
    for (int i = 0; i < kept; i++) {
        at -= c[i].p;
        if (at < 0)
            return c[i].id;
    }
    return c[kept - 1].id;
}
