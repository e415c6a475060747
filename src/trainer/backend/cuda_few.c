/* When a product has so few rows that its weights are read as they lie (cuda_few.cu). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "trainer/backend/cuda_parts.h"

/*
 * The most rows, for weights in 16, 8 and 4 bits. With few rows a product waits for its weights. Packed ones cost 1 byte
 * a weight here (a half in 4 bits), against 5 (4.5) where they are unpacked before: read, written, and read again. Each
 * block reads all of x, from the second-level cache: at 64 rows twice the bytes of weights in 8 bits, beyond that it
 * decides. bf16 weights are read once by cuBLASLt, too, so they stay there. Counted, not measured: HINGE_FEW_ROWS
 * in the environment (three numbers with commas) is for finding what is true on a GPU.
 */
static const int defaults[CUDA_WIDTHS] = {0, 64, 64};

void cuda_few_open(struct cuda *c)
{
    const char *given = getenv("HINGE_FEW_ROWS");
    int rows[CUDA_WIDTHS];
    bool use = given && sscanf(given, "%d,%d,%d", &rows[0], &rows[1], &rows[2]) == CUDA_WIDTHS;
    for (int i = 0; i < CUDA_WIDTHS; i++)
        c->few_rows[i] = use ? rows[i] : defaults[i];
}

static bool placed(const void *p)
{
    return (uintptr_t)p % 16 == 0;
}

bool cuda_few(struct cuda *c, const struct matmul *p, const real *x, const void *w, const float *scales, int bits,
              void *out)
{
    int most = c->few_rows[bits == 16 ? 0 : bits == 8 ? 1 : 2], row = bits == 16 ? 8 : bits == 8 ? 16 : 64;
    if (p->m > most || p->ta || !p->tb || p->wide || p->ldb != p->k || p->k % row || p->lda % 8 || !placed(x) || !placed(w))
        return false;
    struct cuda_few f = {.m = p->m, .n = p->n, .k = p->k, .bits = bits, .lda = p->lda, .ldc = p->ldc, .x = x, .w = w,
                         .scales = scales, .from = p->beta == 0 ? NULL : p->from ? p->from : out, .bias = p->bias,
                         .out = out};
    cuda_begin(c, "product of few rows", p->m, p->n, p->k);
    size_t room = kernel_few_plan(&f, c->processors);
    if (room && !(f.room = cuda_room(c, room * sizeof(float))))
        return true;
    kernel_few(c->stream, &f, p->alpha, p->beta);
    cuda_launched(c);
    return true;
}
