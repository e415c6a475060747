/* What lives on exponentials: softmax rows, cross entropy, SwiGLU. Kept in one file so that the
 * compiler sees exp_one and can vectorise the loops around it. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "trainer/backend/cpu_parts.h"

enum { CHUNK = 1 << 14 };

static inline float exp_one(float x)
{
    x = x < -87.3F ? -87.3F : x; /* one choice a statement: the compiler makes masks of them */
    x = x > 88.0F ? 88.0F : x;
    float shifted = x * 1.44269504F + 12582912.0F; /* 1.5 * 2^23 has no fraction: rounded to the nearest */
    float n = shifted - 12582912.0F;
    float r = x - n * 0.693359375F + n * 2.12194440e-4F; /* ln 2 in two parts */
    float p = 1.9875691500e-4F;
    p = p * r + 1.3981999507e-3F;
    p = p * r + 8.3334519073e-3F;
    p = p * r + 4.1665795894e-2F;
    p = p * r + 1.6666665459e-1F;
    p = p * r + 5.0000001201e-1F;
    p = p * r * r + r + 1.0F;
    uint32_t bits; /* n stands in the low bits of shifted; unsigned, so that a NaN is harmless and stays one */
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits - 0x4B400000U + 127U) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

float fast_exp(float x)
{
    return exp_one(x);
}

HOT float exp_row(float *x, int n, float shift)
{
    float lane[16] = {0}, sum = 0;
    int i = 0;
    for (int j = 0; j < n; j++) /* a loop of its own: it vectorises */
        x[j] = exp_one(x[j] - shift);
    for (; i + 16 <= n; i += 16) {
        for (int j = 0; j < 16; j++)
            lane[j] += x[i + j];
    }
    for (; i < n; i++)
        sum += x[i];
    for (int j = 0; j < 16; j++)
        sum += lane[j];
    return sum;
}

HOT float max_row(const float *x, int n)
{
    float lane[16], top = x[0];
    int i = 0;
    for (int j = 0; j < 16; j++)
        lane[j] = x[0];
    for (; i + 16 <= n; i += 16) {
        for (int j = 0; j < 16; j++)
            lane[j] = x[i + j] > lane[j] ? x[i + j] : lane[j];
    }
    for (; i < n; i++)
        top = x[i] > top ? x[i] : top;
    for (int j = 0; j < 16; j++)
        top = lane[j] > top ? lane[j] : top;
    return top;
}

/* Entropy, rank and margin, from the raw logits. */
static void describe(const float *x, int n, int target, float lse, const struct loss_out *out,
                     int row)
{
    double entropy = 0;
    float other = -INFINITY;
    int rank = 0;
    for (int i = 0; i < n; i++) {
        double logp = (double)x[i] - lse;
        entropy -= exp(logp) * logp;
        rank += x[i] > x[target];
        if (i != target && x[i] > other)
            other = x[i];
    }
    if (out->entropy)
        out->entropy[row] = (float)entropy;
    if (out->rank)
        out->rank[row] = rank;
    if (out->margin)
        out->margin[row] = x[target] - other;
}

HOT static void scale_row(float *x, int n, float by)
{
    for (int i = 0; i < n; i++)
        x[i] *= by;
}

static float exp_sum(const float *x, int n, float top, float *scratch)
{
    double sum = 0;
    for (int at = 0; at < n; at += CHUNK) {
        int len = n - at < CHUNK ? n - at : CHUNK;
        memcpy(scratch, x + at, (size_t)len * sizeof *x);
        sum += exp_row(scratch, len, top);
    }
    return (float)sum;
}

/* d: the logits again, where their gradient is to stand (with a weight); it may be x itself. */
static void entropy_row(const float *x, float *d, int target, const float *weight, int vocab,
                        const struct loss_out *out, int row)
{
    float top = max_row(x, vocab), logit = x[target], sum;
    if (weight && !out->entropy && !out->rank && !out->margin) {
        sum = exp_row(d, vocab, top);
    } else {
        float scratch[CHUNK];
        sum = exp_sum(x, vocab, top, scratch);
        describe(x, vocab, target, top + logf(sum), out, row);
        if (weight)
            exp_row(d, vocab, top);
    }
    if (out->loss)
        out->loss[row] = top + logf(sum) - logit;
    if (weight) {
        scale_row(d, vocab, *weight / sum);
        d[target] -= *weight;
    }
}

void cpu_cross_entropy(struct backend *b, const float *logits, const int *targets, const float *weights,
                       int rows, int vocab, const struct loss_out *out, real *d_logits)
{
    float *to = d_logits;
    PARALLEL_FOR(cpu_workers(b, 4.0 * rows * vocab))
    for (int r = 0; r < rows; r++) {
        size_t at = (size_t)r * (size_t)vocab;
        if (weights && to != logits)
            memcpy(to + at, logits + at, (size_t)vocab * sizeof *to);
        entropy_row(logits + at, weights ? to + at : NULL, targets[r], weights ? &weights[r] : NULL, vocab, out, r);
    }
}

HOT static void swiglu_some(const float *gate, const float *up, int n, float *out)
{
    for (int i = 0; i < n; i++)
        out[i] = gate[i] / (1.0F + exp_one(-gate[i])) * up[i];
}

HOT static void swiglu_grad_some(const float *gate, const float *up, const float *dout, int n,
                                 float *dgate, float *dup)
{
    for (int i = 0; i < n; i++) {
        float g = gate[i], s = 1.0F / (1.0F + exp_one(-g)), u = up[i], d = dout[i];
        dup[i] = d * g * s;
        dgate[i] = d * u * s * (1.0F + g * (1.0F - s));
    }
}

static int chunk_len(size_t count, size_t at)
{
    return (int)(count - at < CHUNK ? count - at : CHUNK);
}

void cpu_swiglu(struct backend *b, const real *gate, const real *up, size_t count, real *out)
{
    const float *g = gate, *u = up;
    float *to = out;
    PARALLEL_FOR(cpu_workers(b, 4.0 * (double)count))
    for (size_t at = 0; at < count; at += CHUNK)
        swiglu_some(g + at, u + at, chunk_len(count, at), to + at);
}

void cpu_swiglu_grad(struct backend *b, const real *gate, const real *up, const real *dout,
                     size_t count, real *dgate, real *dup)
{
    const float *g = gate, *u = up, *d = dout;
    float *to_gate = dgate, *to_up = dup;
    PARALLEL_FOR(cpu_workers(b, 4.0 * (double)count))
    for (size_t at = 0; at < count; at += CHUNK)
        swiglu_grad_some(g + at, u + at, d + at, chunk_len(count, at), to_gate + at, to_up + at);
}
