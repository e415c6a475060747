/*
 * Products through cuBLASLt. Its matrices are column-major, ours row-major: C' = B' A' is asked for, with what we call
 * B on the left. The library is opened when the first CUDA backend is, so that hinge-train starts without it. Which
 * algorithm a product takes is asked once for each shape, row counts rounded.
 */
#include <cublasLt.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/map.h"
#include "base/mem.h"
#include "trainer/backend/cuda_library.h"
#include "trainer/backend/cuda_parts.h"

static const size_t WORKSPACE = (size_t)32 << 20;

/* The library's functions, in the order of lt_names. */
enum {
    CREATE, DESTROY, DESC_NEW, DESC_FREE, DESC_SET, LAYOUT_NEW, LAYOUT_FREE, PREF_NEW, PREF_FREE, PREF_SET, HEURISTIC,
    CHECK, MATMUL, FUNCTIONS
};

enum {
    BUCKETS = 16, /* row counts of a doubling that algorithms are asked for: at most 6 % are between two */
    OPERANDS = 5  /* A, B, what beta multiplies, C, bias */
};
static const uint64_t NONE = UINT64_MAX; /* there is no algorithm */

static const struct cuda_symbol lt_names[FUNCTIONS] = {
    CUDA_SYMBOL(cublasLtCreate),           CUDA_SYMBOL(cublasLtDestroy),
    CUDA_SYMBOL(cublasLtMatmulDescCreate), CUDA_SYMBOL(cublasLtMatmulDescDestroy),
    CUDA_SYMBOL(cublasLtMatmulDescSetAttribute), CUDA_SYMBOL(cublasLtMatrixLayoutCreate),
    CUDA_SYMBOL(cublasLtMatrixLayoutDestroy), CUDA_SYMBOL(cublasLtMatmulPreferenceCreate),
    CUDA_SYMBOL(cublasLtMatmulPreferenceDestroy), CUDA_SYMBOL(cublasLtMatmulPreferenceSetAttribute),
    CUDA_SYMBOL(cublasLtMatmulAlgoGetHeuristic), CUDA_SYMBOL(cublasLtMatmulAlgoCheck),
    CUDA_SYMBOL(cublasLtMatmul),
};

/* All that an algorithm depends on. */
struct shape {
    int ta, tb, m, n, k, lda, ldb, ldc, wide, adds;
    int align; /* of the worst placed of the matrices */
    int bias;  /* its alignment where it is in the epilogue; 0: there is none */
};

struct cuda_lt {
    struct cuda_library library;
    cublasLtHandle_t handle;
    cublasLtMatmulPreference_t preference;
    void *workspace;
    struct map *index; /* shape's bytes to number, or NONE: as many as row counts met times kinds of products */
    cublasLtMatmulAlgo_t *algos;
    size_t count, cap;
};

#define CALL(lt, place, f) CUDA_CALL(&(lt)->library, place, f)

static int open_library(struct cuda_lt *lt, struct error *err)
{
    char name[32];
    snprintf(name, sizeof name, "libcublasLt.so.%d", CUDART_VERSION / 1000);
    if (cuda_library_open(&lt->library, name, lt_names, FUNCTIONS, err) == 0)
        return 0;
    return error_prefix(err, "products on a GPU need cuBLAS of CUDA %d, --device cpu goes without: ", CUDART_VERSION / 1000);
}

static int lt_open(struct cuda *c, struct cuda_lt *lt, struct error *err)
{
    if (open_library(lt, err) != 0)
        return -1;
    cuda_begin(c, "cuBLASLt's workspace", (long)WORKSPACE, 0, 0);
    if (!cuda_ok(c, cudaMalloc(&lt->workspace, WORKSPACE))) {
        *err = c->fault;
        return -1;
    }
    cuda_owns(c, WORKSPACE);
    uint64_t bytes = WORKSPACE;
    if (CALL(lt, CREATE, cublasLtCreate)(&lt->handle) != CUBLAS_STATUS_SUCCESS ||
        CALL(lt, PREF_NEW, cublasLtMatmulPreferenceCreate)(&lt->preference) != CUBLAS_STATUS_SUCCESS ||
        CALL(lt, PREF_SET, cublasLtMatmulPreferenceSetAttribute)(
            lt->preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &bytes, sizeof bytes) != CUBLAS_STATUS_SUCCESS)
        return error_set(err, ERR_IO, "cuBLASLt does not start");
    return 0;
}

struct cuda_lt *cuda_lt_new(struct cuda *c, struct error *err)
{
    struct cuda_lt *lt = mem_zalloc(1, sizeof *lt);
    if (lt_open(c, lt, err) == 0)
        return lt;
    cuda_lt_free(c, lt);
    return NULL;
}

void cuda_lt_free(struct cuda *c, struct cuda_lt *lt)
{
    (void)c;
    if (!lt)
        return;
    if (lt->preference)
        CALL(lt, PREF_FREE, cublasLtMatmulPreferenceDestroy)(lt->preference);
    if (lt->handle)
        CALL(lt, DESTROY, cublasLtDestroy)(lt->handle);
    cudaFree(lt->workspace);
    cuda_library_close(&lt->library);
    map_free(lt->index);
    mem_free(lt->algos);
    mem_free(lt);
}

/* One product as the library sees it. */
struct product {
    cublasLtMatmulDesc_t desc;
    cublasLtMatrixLayout_t left, right, out;
};

static void product_free(struct cuda_lt *lt, struct product *p)
{
    if (p->desc)
        CALL(lt, DESC_FREE, cublasLtMatmulDescDestroy)(p->desc);
    cublasLtMatrixLayout_t all[] = {p->left, p->right, p->out};
    for (int i = 0; i < 3; i++) {
        if (all[i])
            CALL(lt, LAYOUT_FREE, cublasLtMatrixLayoutDestroy)(all[i]);
    }
}

static bool set_op(struct cuda_lt *lt, cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t which, bool turned)
{
    cublasOperation_t op = turned ? CUBLAS_OP_T : CUBLAS_OP_N;
    return CALL(lt, DESC_SET, cublasLtMatmulDescSetAttribute)(desc, which, &op, sizeof op) == CUBLAS_STATUS_SUCCESS;
}

/* rows and cols of the row-major matrix: the other way round for the library. */
static bool set_layout(struct cuda_lt *lt, cublasLtMatrixLayout_t *out, cudaDataType_t type, int rows, int cols, int ld)
{
    return CALL(lt, LAYOUT_NEW, cublasLtMatrixLayoutCreate)(out, type, (uint64_t)cols, (uint64_t)rows, ld) ==
           CUBLAS_STATUS_SUCCESS;
}

/* C' has a feature a row, which is what the epilogue adds its bias to. The pointer is set before anyone is asked: its
 * alignment counts. */
static bool set_bias(struct cuda_lt *lt, cublasLtMatmulDesc_t desc, const real *bias)
{
    uint32_t epilogue = CUBLASLT_EPILOGUE_BIAS;
    return !bias || (CALL(lt, DESC_SET, cublasLtMatmulDescSetAttribute)(desc, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue,
                                                                       sizeof epilogue) == CUBLAS_STATUS_SUCCESS &&
                     CALL(lt, DESC_SET, cublasLtMatmulDescSetAttribute)(desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias,
                                                                       sizeof bias) == CUBLAS_STATUS_SUCCESS);
}

static bool product_new(struct cuda_lt *lt, const struct matmul *m, const real *bias, struct product *p)
{
    *p = (struct product){0};
    return CALL(lt, DESC_NEW, cublasLtMatmulDescCreate)(&p->desc, CUBLAS_COMPUTE_32F, CUDA_R_32F) ==
               CUBLAS_STATUS_SUCCESS &&
           set_op(lt, p->desc, CUBLASLT_MATMUL_DESC_TRANSA, m->tb) &&
           set_op(lt, p->desc, CUBLASLT_MATMUL_DESC_TRANSB, m->ta) && set_bias(lt, p->desc, bias) &&
           set_layout(lt, &p->left, CUDA_R_16BF, m->tb ? m->n : m->k, m->tb ? m->k : m->n, m->ldb) &&
           set_layout(lt, &p->right, CUDA_R_16BF, m->ta ? m->k : m->m, m->ta ? m->m : m->k, m->lda) &&
           set_layout(lt, &p->out, m->wide ? CUDA_R_32F : CUDA_R_16BF, m->m, m->n, m->ldc);
}

/* The largest power of 2 up to 256 that an address is a multiple of. */
static int alignment(const void *p)
{
    uintptr_t at = (uintptr_t)p | 256;
    return (int)(at & (~at + 1));
}

static int worst_alignment(const void *const *pointers, int count)
{
    int worst = 256;
    for (int i = 0; i < count; i++) {
        int at = alignment(pointers[i]);
        worst = at < worst ? at : worst;
    }
    return worst;
}

/* Asks for the algorithm of a shape; false when there is none. */
static bool choose(struct cuda_lt *lt, const struct product *p, const struct shape *s, cublasLtMatmulAlgo_t *out)
{
    static const cublasLtMatmulPreferenceAttributes_t which[] = {
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES};
    uint32_t align = (uint32_t)s->align;
    cublasLtMatmulHeuristicResult_t result;
    int found = 0;
    for (size_t i = 0; i < sizeof which / sizeof *which; i++)
        CALL(lt, PREF_SET, cublasLtMatmulPreferenceSetAttribute)(lt->preference, which[i], &align, sizeof align);
    if (CALL(lt, HEURISTIC, cublasLtMatmulAlgoGetHeuristic)(lt->handle, p->desc, p->left, p->right, p->out, p->out,
                                                            lt->preference, 1, &result, &found) !=
            CUBLAS_STATUS_SUCCESS ||
        found < 1)
        return false;
    *out = result.algo;
    return true;
}

/* The number of a shape's algorithm, which is asked for once; NONE when there is none. p NULL: m's product is made for
 * that. */
static uint64_t asked(struct cuda_lt *lt, const struct matmul *m, const real *bias, const struct product *p,
                      const struct shape *s)
{
    struct slice key = {(const char *)s, sizeof *s};
    struct product made = {0};
    cublasLtMatmulAlgo_t algo;
    uint64_t at = NONE;
    if (map_get(lt->index, key, &at))
        return at;
    if ((p || product_new(lt, m, bias, &made)) && choose(lt, p ? p : &made, s, &algo)) {
        lt->algos = array_reserve(lt->algos, &lt->cap, lt->count + 1, sizeof *lt->algos);
        at = lt->count;
        lt->algos[lt->count++] = algo;
    }
    product_free(lt, &made);
    map_put(lt->index, key, at);
    return at;
}

/* Whether an algorithm takes a product other than the one it was asked for. */
static bool takes(struct cuda_lt *lt, const struct product *p, const cublasLtMatmulAlgo_t *algo)
{
    cublasLtMatmulHeuristicResult_t result;
    return CALL(lt, CHECK, cublasLtMatmulAlgoCheck)(lt->handle, p->desc, p->left, p->right, p->out, p->out, algo,
                                                    &result) == CUBLAS_STATUS_SUCCESS &&
           result.workspaceSize <= WORKSPACE;
}

/* The next of the row counts that algorithms are asked for, BUCKETS to each doubling. */
static int rounded(int rows)
{
    int step = 1;
    while (rows / step >= 2 * BUCKETS)
        step *= 2;
    return rows > INT_MAX - step ? rows : (rows + step - 1) / step * step;
}

/*
 * The algorithm of a shape; NULL when there is none. Batches are packed, so each has another number of rows, and asking
 * takes longer than putting a small product to work: the algorithm of a rounded row count is taken where it takes this
 * one, too. It is asked for the rounded count itself, never for the first count that was met: what a product computes must
 * not hang on what came before it, or a resumed run would compute other bits.
 */
static const cublasLtMatmulAlgo_t *algorithm(struct cuda_lt *lt, const struct matmul *m, const real *bias,
                                             const struct product *p, const struct shape *s)
{
    struct slice key = {(const char *)s, sizeof *s};
    struct matmul round = *m;
    struct shape near = *s;
    uint64_t at;
    if (!lt->index)
        lt->index = map_new();
    if (map_get(lt->index, key, &at))
        return at == NONE ? NULL : &lt->algos[at];
    *(m->ta ? &round.k : &round.m) = rounded(m->ta ? m->k : m->m); /* rows are what a gradient sums over */
    near.m = round.m;
    near.k = round.k;
    at = asked(lt, &round, bias, NULL, &near);
    if (memcmp(&near, s, sizeof near) != 0) {
        if (at == NONE || !takes(lt, p, &lt->algos[at]))
            at = asked(lt, m, bias, p, s);
        else
            map_put(lt->index, key, at);
    }
    return at == NONE ? NULL : &lt->algos[at];
}

/* All that one product differs by from another: the shape has no padding, struct matmul has. */
static void note_product(struct cuda_look *look, const struct matmul *m, const struct shape *s,
                         const void *const pointers[OPERANDS])
{
    float factors[] = {m->alpha, m->beta};
    cuda_note(look, s, sizeof *s);
    cuda_note(look, pointers, OPERANDS * sizeof *pointers);
    cuda_note(look, factors, sizeof factors);
}

/* With the bias in the product's epilogue, or without one. False: there is no algorithm for it. */
static bool multiply(struct cuda *c, const struct matmul *m, const void *const at[OPERANDS], const real *bias, void *out)
{
    struct cuda_lt *lt = c->lt;
    struct product p;
    struct shape s = {m->ta, m->tb, m->m, m->n, m->k, m->lda, m->ldb, m->ldc, m->wide, m->beta != 0,
                      worst_alignment(at, 4), bias ? alignment(bias) : 0};
    if (c->queue.look) {
        note_product(c->queue.look, m, &s, at);
        return true;
    }
    const cublasLtMatmulAlgo_t *algo = product_new(lt, m, bias, &p) ? algorithm(lt, m, bias, &p, &s) : NULL;
    if (algo && CALL(lt, MATMUL, cublasLtMatmul)(lt->handle, p.desc, &m->alpha, at[1], p.left, at[0], p.right, &m->beta,
                                                 at[2], p.out, out, p.out, algo, lt->workspace, WORKSPACE,
                                                 c->queue.stream) != CUBLAS_STATUS_SUCCESS)
        cuda_fail(c, "cuBLASLt refuses it");
    product_free(lt, &p);
    return algo != NULL;
}

void cuda_matmul(struct backend *b, const struct matmul *m, const real *a, const real *bm, void *out)
{
    struct cuda *c = cuda_of(b);
    cuda_begin(c, "product", m->m, m->n, m->k);
    if (m->m == 0 || m->n == 0 || c->fault.code || cuda_few(c, m, a, bm, NULL, 16, out))
        return;
    const void *at[OPERANDS] = {a, bm, m->from && m->beta != 0 ? m->from : out, out, m->bias};
    if (m->bias && multiply(c, m, at, m->bias, out))
        return;
    if (!multiply(c, m, at, NULL, out)) {
        cuda_fail(c, "cuBLASLt has no algorithm for it");
    } else if (m->bias) { /* none adds such a bias itself */
        kernel_add_bias(c->stream, out, m->bias, m->m, m->n, m->ldc);
        cuda_launched(c);
    }
}
