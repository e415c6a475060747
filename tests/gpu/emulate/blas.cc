/*
 * Products of bf16 matrices, summed in fp32: plain loops over what the layouts say. Refused is what cublasLt.h forbids:
 * an algorithm with other types, operations or epilogue than it was found for, pointers less aligned than was said when
 * it was asked for (or than the bias was then), less workspace than it needs. There are three algorithms: one for any
 * product, one that takes columns in fours alone, and one that splits k in halves and needs workspace.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cublasLt.h"
#include "cuda_bf16.h"
#include "stream.h"

struct emulated_desc {
    cublasOperation_t a, b;
    uint32_t epilogue;
    const void *bias;
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
    *out = new emulated_desc{CUBLAS_OP_N, CUBLAS_OP_N, CUBLASLT_EPILOGUE_DEFAULT, nullptr};
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
    struct {
        void *at;
        size_t bytes;
    } to = what == CUBLASLT_MATMUL_DESC_TRANSA     ? decltype(to){&desc->a, sizeof desc->a}
           : what == CUBLASLT_MATMUL_DESC_TRANSB   ? decltype(to){&desc->b, sizeof desc->b}
           : what == CUBLASLT_MATMUL_DESC_EPILOGUE ? decltype(to){&desc->epilogue, sizeof desc->epilogue}
                                                   : decltype(to){&desc->bias, sizeof desc->bias};
    if (bytes != to.bytes)
        return CUBLAS_STATUS_INVALID_VALUE;
    memcpy(to.at, value, bytes);
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

/* What an algorithm remembers. */
enum { ANY, FOURS, SPLIT };
enum { KIND, OPS, TYPES, ALIGN, BIAS_ALIGN };
static const size_t SPLIT_FROM = 256; /* k */

static cublasLtMatmulAlgo_t algo_of(const emulated_desc *d, const emulated_layout *a, const emulated_layout *b,
                                    const emulated_layout *c, uint64_t kind)
{
    cublasLtMatmulAlgo_t algo = {};
    algo.data[KIND] = kind;
    algo.data[OPS] = (uint64_t)d->epilogue * 4 + (uint64_t)d->a * 2 + d->b;
    algo.data[TYPES] = ((uint64_t)a->type * 256 + b->type) * 256 + c->type;
    return algo;
}

static uint64_t aligned(const void *p)
{
    uintptr_t at = (uintptr_t)p | 256;
    return (uint64_t)(at & (~at + 1));
}

static size_t workspace_of(const emulated_layout *c, uint64_t kind)
{
    return kind == SPLIT ? c->rows * c->cols * sizeof(float) * 2 : 0;
}

static size_t inner(const emulated_desc *d, const emulated_layout *a)
{
    return d->a == CUBLAS_OP_T ? a->rows : a->cols;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t pref, int wanted,
                                              cublasLtMatmulHeuristicResult_t results[], int *found)
{
    (void)handle, (void)d;
    *found = 0;
    bool bias = desc->epilogue == CUBLASLT_EPILOGUE_BIAS;
    if (wanted < 1 || !pref->values[CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES] || !fit(desc, a, b, c) ||
        (bias && (!desc->bias || aligned(desc->bias) < 16 || c->rows % 8 || c->type != CUDA_R_16BF)))
        return CUBLAS_STATUS_NOT_SUPPORTED;
    bool split = inner(desc, a) >= SPLIT_FROM &&
                 workspace_of(c, SPLIT) <= pref->values[CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES];
    uint64_t kind = split ? SPLIT : c->cols % 4 == 0 ? FOURS : ANY;
    cublasLtMatmulAlgo_t algo = algo_of(desc, a, b, c, kind);
    algo.data[ALIGN] = pref->values[CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES];
    algo.data[BIAS_ALIGN] = bias ? aligned(desc->bias) : 1;
    results[0] = cublasLtMatmulHeuristicResult_t{algo, workspace_of(c, kind), CUBLAS_STATUS_SUCCESS, 1, {0}};
    *found = 1;
    return CUBLAS_STATUS_SUCCESS;
}

/* Does not look at pointers. */
cublasStatus_t cublasLtMatmulAlgoCheck(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a,
                                       cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                       const cublasLtMatmulAlgo_t *algo, cublasLtMatmulHeuristicResult_t *result)
{
    (void)handle, (void)d;
    uint64_t kind = algo->data[KIND];
    cublasLtMatmulAlgo_t want = algo_of(desc, a, b, c, kind);
    want.data[ALIGN] = algo->data[ALIGN];
    want.data[BIAS_ALIGN] = algo->data[BIAS_ALIGN];
    if (memcmp(&want, algo, sizeof want) != 0 || !fit(desc, a, b, c))
        return CUBLAS_STATUS_INVALID_VALUE;
    if ((kind == FOURS && c->cols % 4) || (kind == SPLIT && inner(desc, a) < 2))
        return CUBLAS_STATUS_NOT_SUPPORTED;
    *result = cublasLtMatmulHeuristicResult_t{*algo, workspace_of(c, kind), CUBLAS_STATUS_SUCCESS, 1, {0}};
    return CUBLAS_STATUS_SUCCESS;
}

static float number(const void *p, const emulated_layout &l, size_t row, size_t col)
{
    size_t at = col * l.ld + row;
    return l.type == CUDA_R_32F ? ((const float *)p)[at] : __bfloat162float(((const __nv_bfloat16 *)p)[at]);
}

static void multiply(emulated_desc desc, bool split, float alpha, const void *a, emulated_layout la, const void *b,
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
            float sum = 0, rest = 0;
            for (size_t p = 0; p < k; p++)
                (split && p >= k / 2 ? rest : sum) += left[i * k + p] * right[j * k + p];
            sum = alpha * (sum + rest) + (beta != 0 ? beta * number(c, lc, i, j) : 0);
            if (desc.epilogue == CUBLASLT_EPILOGUE_BIAS)
                sum += __bfloat162float(((const __nv_bfloat16 *)desc.bias)[i]);
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
    cublasLtMatmulHeuristicResult_t result;
    if (!algo ||
        cublasLtMatmulAlgoCheck(handle, desc, a_layout, b_layout, c_layout, d_layout, algo, &result) !=
            CUBLAS_STATUS_SUCCESS ||
        workspace_bytes < result.workspaceSize || (result.workspaceSize && !workspace) ||
        (desc->epilogue == CUBLASLT_EPILOGUE_BIAS && aligned(desc->bias) < algo->data[BIAS_ALIGN]))
        return CUBLAS_STATUS_INVALID_VALUE;
    const void *all[] = {a, b, c, d};
    for (const void *p : all) {
        if (aligned(p) < algo->data[ALIGN])
            return CUBLAS_STATUS_INVALID_VALUE;
    }
    bool split = algo->data[KIND] == SPLIT;
    emulated_desc copy = *desc;
    emulated_layout la = *a_layout, lb = *b_layout, lc = *c_layout, ld = *d_layout;
    float by = *(const float *)alpha, keep = *(const float *)beta;
    stream_add(stream, [=] { multiply(copy, split, by, a, la, b, lb, keep, c, lc, d, ld); });
    return emulate_state() == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}
