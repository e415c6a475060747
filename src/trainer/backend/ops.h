/*
 * The ops table: all arithmetic of the trainer. A backend is one table of functions and its state;
 * nothing above this line touches a number that a backend holds but through these functions, so
 * that a second implementation (CUDA) is a second table.
 *
 * Matrices are row-major. A row is a token; "n rows of d". Functions whose comment says += add to
 * what is there. Pointers come from ops->alloc of the same backend, except where "host" is said.
 */
#ifndef TRAINER_BACKEND_OPS_H
#define TRAINER_BACKEND_OPS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Rows start..start+len of a packed batch: causal among themselves, and each sees all of the rows
 * ctx_start..ctx_start+ctx_len before them (a shared prefix) and nothing else. */
struct segment {
    int start, len;
    int ctx_start, ctx_len;
};

/* q and o are rows of q_heads * head_dim, k and v of kv_heads * head_dim; lse is rows of q_heads:
 * the logarithm of the softmax's denominator, kept for the gradient. */
struct attention {
    int rows, q_heads, kv_heads, head_dim;
    const struct segment *segments; /* host; they cover all rows */
    int segment_count;
    const float *q, *k, *v;
    float *o, *lse;
};

struct attention_grads {
    const float *d_o;
    float *d_q, *d_k, *d_v; /* overwritten */
};

/* One new token for each of several sequences against their cached keys and values. */
struct cached_attention {
    int sequences, q_heads, kv_heads, head_dim;
    const float *q; /* rows: sequences */
    float *o;
    const float *const *k, *const *v; /* host arrays: rows of kv_heads * head_dim each */
    const int *lengths;               /* host */
};

/* What a row of logits says about its target; host arrays of rows, any of which may be NULL. */
struct loss_out {
    float *loss;    /* -log p(target) */
    float *entropy; /* of the whole distribution, nats */
    float *margin;  /* log p(target) - log p(best other) */
    int *rank;      /* tokens more likely than the target */
};

struct adamw {
    float lr, eps, decay;
    double beta1, beta2;
    float scale; /* every gradient is multiplied by it first: clipping */
    int step;    /* from 1 */
};

struct backend;

struct matmul {
    bool ta, tb;    /* transpose A, B */
    int m, n, k;    /* C is m by n */
    float alpha, beta;
    int lda, ldb, ldc;
};

struct ops {
    /* Zeroed memory for count floats; NULL and err when there is none. */
    float *(*alloc)(struct backend *b, size_t count, struct error *err);
    void (*release)(struct backend *b, float *p); /* NULL is fine */
    void (*upload)(struct backend *b, float *to, const float *host, size_t count);
    void (*download)(struct backend *b, float *host, const float *from, size_t count);
    void (*copy)(struct backend *b, float *to, const float *from, size_t count);
    void (*zero)(struct backend *b, float *p, size_t count);
    void (*add)(struct backend *b, float *to, const float *from, size_t count); /* += */

    /* C = alpha A B + beta C */
    void (*matmul)(struct backend *b, const struct matmul *p, const float *a, const float *bm,
                   float *c);
    void (*add_bias)(struct backend *b, float *x, const float *bias, int rows, int d);
    void (*bias_grad)(struct backend *b, const float *dy, int rows, int d, float *dbias); /* += */

    /* Rows by host index: out[i] = x[index[i]]; and its transpose, x[index[i]] += dout[i]. */
    void (*gather)(struct backend *b, const float *x, const int *index, int n, int d, float *out);
    void (*scatter_add)(struct backend *b, const float *dout, const int *index, int n, int d,
                        float *x);

    /* y = x / sqrt(mean(x^2) + eps) * w; rstd (rows) is kept for the gradient. */
    void (*rmsnorm)(struct backend *b, const float *x, const float *w, int rows, int d, float eps,
                    float *y, float *rstd);
    /* dx +=, dw += (dw may be NULL) */
    void (*rmsnorm_grad)(struct backend *b, const float *x, const float *w, const float *rstd,
                         const float *dy, int rows, int d, float *dx, float *dw);

    /* Fills table (rows of head_dim: cosines, then sines) from host positions and frequencies
     * (head_dim / 2); rope turns each head's halves (x1, x2) by it, in place; back turns back, which
     * is also the gradient. */
    void (*rope_table)(struct backend *b, const int *positions, const float *freqs, int rows,
                       int head_dim, float *table);
    void (*rope)(struct backend *b, float *x, const float *table, int rows, int heads, int head_dim,
                 bool back);

    void (*attention)(struct backend *b, const struct attention *a);
    void (*attention_grad)(struct backend *b, const struct attention *a,
                           const struct attention_grads *g);
    void (*attention_cached)(struct backend *b, const struct cached_attention *a);

    /* out = silu(gate) * up; the gradient may overwrite its inputs (dgate == gate, dup == up). */
    void (*swiglu)(struct backend *b, const float *gate, const float *up, size_t count, float *out);
    void (*swiglu_grad)(struct backend *b, const float *gate, const float *up, const float *dout,
                        size_t count, float *dgate, float *dup);

    /* Rows of vocab logits against host targets. With weights (host, rows) the logits are replaced
     * by weights[i] * d(-log p)/d logits. */
    void (*cross_entropy)(struct backend *b, float *logits, const int *targets,
                          const float *weights, int rows, int vocab, const struct loss_out *out);

    double (*sum_squares)(struct backend *b, const float *x, size_t count);
    void (*adamw)(struct backend *b, const struct adamw *a, float *p, const float *grad, float *m,
                  float *v, size_t count);
};

/* Every backend begins with this. */
struct backend {
    const struct ops *ops;
    const char *name;
    int threads;
    size_t bytes, peak; /* allocated now, and at most so far */
};

/* fp32 on the CPU: products through a BLAS, all else here. threads 0 means all cores it may use. Results are
 * the same bits for the same number of threads. The caller frees with cpu_backend_free. */
struct backend *cpu_backend_new(int threads);
void cpu_backend_free(struct backend *b); /* NULL is fine */
/* Floats that the gradient of attention takes beside its operands: for planning. */
size_t cpu_attention_grad_floats(int rows, int q_heads, int head_dim);
/* What OPENBLAS_CORETYPE should be when the BLAS did not know this processor and chose slow kernels; NULL
 * when it chose well. The BLAS reads the variable once, as the program is loaded. */
const char *cpu_better_kernels(void);

#endif
