/* Products of bf16 matrices, summed in fp32: plain loops over what the layouts say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cublasLt.h"
#include "cuda_bf16.h"
#include "stream.h"

struct emulated_desc {
    cublasOperation_t a, b;
};
struct emulated_layout {
    cudaDataType_t type;
    size_t rows, cols, ld;
};
struct emulated_pref {
    uint64_t values[16];
};

cublasStatus_t cublasLtCreate(cublasLtHandle_t *out)
{
    *out = nullptr;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle)
{
    (void)handle;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *out, cublasComputeType_t compute, cudaDataType_t scale)
{
    (void)compute;
    *out = new emulated_desc{CUBLAS_OP_N, CUBLAS_OP_N};
    return scale == CUDA_R_32F ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t desc)
{
    delete desc;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t what,
                                              const void *value, size_t bytes)
{
    cublasOperation_t *to = what == CUBLASLT_MATMUL_DESC_TRANSA ? &desc->a : &desc->b;
    if (bytes != sizeof *to)
        return CUBLAS_STATUS_INVALID_VALUE;
    memcpy(to, value, bytes);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *out, cudaDataType_t type, uint64_t rows, uint64_t cols,
                                          int64_t ld)
{
    *out = new emulated_layout{type, rows, cols, (size_t)ld};
    return (uint64_t)ld >= rows ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout)
{
    delete layout;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *out)
{
    *out = new emulated_pref{};
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t pref)
{
    delete pref;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t pref,
                                                    cublasLtMatmulPreferenceAttributes_t what, const void *value,
                                                    size_t bytes)
{
    memcpy(&pref->values[what], value, bytes);
    return CUBLAS_STATUS_SUCCESS;
}

static bool fit(const emulated_desc *d, const emulated_layout *a, const emulated_layout *b, const emulated_layout *c)
{
    size_t m = d->a == CUBLAS_OP_T ? a->cols : a->rows, k = d->a == CUBLAS_OP_T ? a->rows : a->cols;
    size_t k2 = d->b == CUBLAS_OP_T ? b->cols : b->rows, n = d->b == CUBLAS_OP_T ? b->rows : b->cols;
    return k == k2 && m == c->rows && n == c->cols && a->type == CUDA_R_16BF && b->type == CUDA_R_16BF;
}

/* The algorithm that is found remembers the layouts it was asked for. */
static cublasLtMatmulAlgo_t algo_of(const emulated_desc *d, const emulated_layout *a, const emulated_layout *c)
{
    return cublasLtMatmulAlgo_t{{(uint64_t)d->a * 2 + d->b, a->rows, a->cols, c->rows, c->cols, c->ld, c->type, 1}};
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t pref, int wanted,
                                              cublasLtMatmulHeuristicResult_t results[], int *found)
{
    (void)handle, (void)d;
    *found = 0;
    if (wanted < 1 || !pref->values[CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES] || !fit(desc, a, b, c))
        return CUBLAS_STATUS_NOT_SUPPORTED;
    results[0] = cublasLtMatmulHeuristicResult_t{algo_of(desc, a, c), 0, CUBLAS_STATUS_SUCCESS, 1, {0}};
    *found = 1;
    return CUBLAS_STATUS_SUCCESS;
}

static float number(const void *p, const emulated_layout &l, size_t row, size_t col)
{
    size_t at = col * l.ld + row;
    return l.type == CUDA_R_32F ? ((const float *)p)[at] : __bfloat162float(((const __nv_bfloat16 *)p)[at]);
}

static void multiply(emulated_desc desc, float alpha, const void *a, emulated_layout la, const void *b,
                     emulated_layout lb, float beta, const void *c, emulated_layout lc, void *d, emulated_layout ld)
{
    bool ta = desc.a == CUBLAS_OP_T, tb = desc.b == CUBLAS_OP_T;
    size_t m = lc.rows, n = lc.cols, k = ta ? la.rows : la.cols;
    float *left = new float[m * k], *right = new float[n * k];
    for (size_t i = 0; i < m; i++)
        for (size_t p = 0; p < k; p++)
            left[i * k + p] = ta ? number(a, la, p, i) : number(a, la, i, p);
    for (size_t j = 0; j < n; j++)
        for (size_t p = 0; p < k; p++)
            right[j * k + p] = tb ? number(b, lb, j, p) : number(b, lb, p, j);
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < m; i++) {
            float sum = 0;
            for (size_t p = 0; p < k; p++)
                sum += left[i * k + p] * right[j * k + p];
            sum = alpha * sum + (beta != 0 ? beta * number(c, lc, i, j) : 0);
            if (ld.type == CUDA_R_32F)
                ((float *)d)[j * ld.ld + i] = sum;
            else
                ((__nv_bfloat16 *)d)[j * ld.ld + i] = __float2bfloat16_rn(sum);
        }
    }
    delete[] left;
    delete[] right;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, const void *alpha, const void *a,
                              cublasLtMatrixLayout_t a_layout, const void *b, cublasLtMatrixLayout_t b_layout,
                              const void *beta, const void *c, cublasLtMatrixLayout_t c_layout, void *d,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t *algo, void *workspace,
                              size_t workspace_bytes, cudaStream_t stream)
{
    (void)handle, (void)workspace, (void)workspace_bytes;
    cublasLtMatmulAlgo_t want = algo_of(desc, a_layout, c_layout);
    if (!algo || memcmp(&want, algo, sizeof want) != 0 || !fit(desc, a_layout, b_layout, c_layout))
        return CUBLAS_STATUS_INVALID_VALUE;
    emulated_desc copy = *desc;
    emulated_layout la = *a_layout, lb = *b_layout, lc = *c_layout, ld = *d_layout;
    float by = *(const float *)alpha, keep = *(const float *)beta;
    stream_add(stream, [=] { multiply(copy, by, a, la, b, lb, keep, c, lc, d, ld); });
    return CUBLAS_STATUS_SUCCESS;
}
