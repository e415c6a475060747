/*
 * Products of few rows with many weights: C (m by n) = alpha A B' + beta C with small m, as decoding asks for. A
 * BLAS copies B into its own order first, which costs as much as the product itself when B is read once. Here A is
 * turned so that 16 rows stand side by side, and each weight is multiplied by all of them as it goes by.
 */
#include <string.h>

#include "trainer/backend/cpu_parts.h"

enum { LANES = 16, OUTS = 8, LINE = 64 / sizeof(float), SECOND_CACHE = 2 };

/* 16 rows of A as columns; missing ones are zero. */
static void turn_rows(const struct matmul *p, const float *a, int first, float *turned)
{
    int rows = p->m - first < LANES ? p->m - first : LANES;
    memset(turned, 0, (size_t)p->k * LANES * sizeof *turned);
    for (int r = 0; r < rows; r++) {
        const float *from = a + (size_t)(first + r) * (size_t)p->lda;
        for (int i = 0; i < p->k; i++)
            turned[(size_t)i * LANES + (size_t)r] = from[i];
    }
}

/* out[u][lane] = the product of weight row u with each lane's row. The rows that come next are fetched meanwhile:
 * memory is what decoding waits for, and rows are too short for the processor to see by itself where they lead. */
HOT static void multiply_lanes(const float *w, size_t ldw, const float *turned, int k, float *out)
{
    typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
    lanes sums[OUTS] = {{0}};
    for (int at = 0; at < k; at += LINE) {
        int end = at + LINE < k ? at + LINE : k;
        for (int u = 0; u < OUTS; u++)
            __builtin_prefetch(w + (size_t)(OUTS + u) * ldw + (size_t)at, 0, SECOND_CACHE);
        for (int i = at; i < end; i++) {
            lanes x;
            memcpy(&x, turned + (size_t)i * LANES, sizeof x);
            for (int u = 0; u < OUTS; u++)
                sums[u] += w[(size_t)u * ldw + (size_t)i] * x;
        }
    }
    memcpy(out, sums, sizeof sums);
}

static void write_outs(const struct matmul *p, const float *sums, int first_row, int out, float *c)
{
    int rows = p->m - first_row < LANES ? p->m - first_row : LANES;
    for (int r = 0; r < rows; r++) {
        float *to = c + (size_t)(first_row + r) * (size_t)p->ldc + out;
        for (int u = 0; u < OUTS; u++) {
            float value = p->alpha * sums[u * LANES + r];
            to[u] = p->beta == 0 ? value : value + p->beta * to[u];
        }
    }
}

bool cpu_few_rows(const struct matmul *p, bool other)
{
    return p->tb && !p->ta && p->m <= (other ? 1 : 2) * LANES && p->n >= 4 * OUTS && p->k >= LANES;
}

void cpu_few_matmul(struct backend *b, const struct matmul *p, const float *a, const float *bm, float *c)
{
    int groups = (p->m + LANES - 1) / LANES, blocks = p->n / OUTS;
    size_t plane = (size_t)p->k * LANES;
    float *turned = cpu_room(b, (size_t)groups * plane);
    for (int g = 0; g < groups; g++)
        turn_rows(p, a, g * LANES, turned + (size_t)g * plane);
    PARALLEL_FOR(cpu_workers(b, (double)p->m * p->n * p->k / 8))
    for (int i = 0; i < blocks; i++) {
        float sums[OUTS * LANES];
        for (int g = 0; g < groups; g++) {
            multiply_lanes(bm + (size_t)i * OUTS * (size_t)p->ldb, (size_t)p->ldb, turned + (size_t)g * plane, p->k,
                           sums);
            write_outs(p, sums, g * LANES, i * OUTS, c);
        }
    }
    struct matmul rest = *p;
    size_t done = (size_t)blocks * OUTS;
    rest.n = p->n - (int)done;
    if (rest.n > 0)
        cpu_small_matmul(&rest, a, bm + done * (size_t)p->ldb, c + done);
}
