/*
 * Drawing next tokens. What top-p keeps ends at one logit, which is found digit by digit of its bits from sums of
 * probabilities: nothing is sorted. cuda_sample.cu does the same with smaller digits.
 */
#include <float.h>
#include <stdint.h>
#include <string.h>

#include "trainer/backend/cpu_parts.h"

enum { DIGIT_BITS = 8, DIGITS = 1 << DIGIT_BITS };

/* What may be drawn: tokens over least, and those at least up to the id last; and not below floor by probability. */
struct kept {
    uint32_t least;
    int last;
    float floor;
};

/* Greater logits have greater keys. */
static uint32_t key_of(float logit)
{
    uint32_t bits;
    memcpy(&bits, &logit, sizeof bits);
    return bits >> 31 ? ~bits : bits | 0x80000000U;
}

static int likeliest(const float *logits, int vocab)
{
    int best = 0;
    for (int i = 1; i < vocab; i++)
        best = logits[i] > logits[best] ? i : best;
    return best;
}

/* p[i] = exp((logits[i] - top) / temperature) */
HOT static void scale_row(const float *logits, int vocab, float top, float temperature, float *p)
{
    for (int i = 0; i < vocab; i++)
        p[i] = (logits[i] - top) / temperature;
    exp_row(p, vocab, 0);
}

/* The digit at which the sum from the greatest down reaches goal; reached grows by what is over it. */
static unsigned next_digit(const float *logits, const float *p, int vocab, uint32_t prefix, int shift, double goal,
                           double *reached)
{
    double sums[DIGITS] = {0};
    int above = shift + DIGIT_BITS;
    for (int i = 0; i < vocab; i++) {
        uint32_t key = key_of(logits[i]);
        if (above < 32 && key >> above != prefix >> above)
            continue;
        unsigned digit = key >> shift & (DIGITS - 1);
        sums[digit] += p[i]; /* never 0 */
    }
    unsigned chosen = 0;
    double before = *reached;
    for (unsigned d = DIGITS; d-- > 0;) {
        if (sums[d] <= 0)
            continue;
        chosen = d;
        *reached = before;
        before += sums[d];
        if (before >= goal)
            break;
    }
    return chosen;
}

/* Of equal logits as many of the first as are needed. */
static struct kept top_share(const float *logits, const float *p, int vocab, double goal)
{
    struct kept k = {0};
    double reached = 0;
    for (int shift = 32 - DIGIT_BITS; shift >= 0; shift -= DIGIT_BITS)
        k.least |= next_digit(logits, p, vocab, k.least, shift, goal, &reached) << shift;
    for (int i = 0; i < vocab; i++) {
        if (key_of(logits[i]) != k.least)
            continue;
        k.last = i;
        reached += p[i];
        if (reached >= goal)
            break;
    }
    return k;
}

static bool is_kept(const struct kept *k, float logit, float p, int id)
{
    uint32_t key = key_of(logit);
    return p >= k->floor && (key > k->least || (key == k->least && id <= k->last));
}

static int draw(const float *logits, const float *p, int vocab, const struct kept *k, double uniform, int best)
{
    double sum = 0, so_far = 0;
    int chosen = best;
    for (int i = 0; i < vocab; i++)
        sum += is_kept(k, logits[i], p[i], i) ? p[i] : 0.0F;
    for (int i = 0; i < vocab && so_far <= uniform * sum; i++) {
        if (!is_kept(k, logits[i], p[i], i))
            continue;
        so_far += p[i];
        chosen = i;
    }
    return chosen;
}

static int sample_row(const float *logits, int vocab, const struct sampling *s, double uniform, float *p)
{
    int best = likeliest(logits, vocab);
    if ((float)s->temperature < FLT_MIN)
        return best;
    struct kept k = {.floor = (float)s->min_p};
    double all = 0;
    scale_row(logits, vocab, logits[best], (float)s->temperature, p);
    for (int i = 0; i < vocab; i++)
        all += p[i];
    if (s->top_p < 1) {
        k = top_share(logits, p, vocab, s->top_p * all);
        k.floor = (float)s->min_p;
    }
    return draw(logits, p, vocab, &k, uniform, best);
}

void cpu_sample(struct backend *b, const float *logits, int rows, int vocab, const struct sampling *s,
                const float *uniforms, int *ids)
{
    float *room = cpu_room(b, (size_t)b->threads * (size_t)vocab);
    PARALLEL_FOR(cpu_workers(b, 4.0 * rows * vocab))
    for (int i = 0; i < rows; i++)
        ids[i] = sample_row(logits + (size_t)i * (size_t)vocab, vocab, s, uniforms[i],
                            room + (size_t)cpu_thread() * (size_t)vocab);
}
