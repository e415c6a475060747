/*
 * Launchers of the CUDA backend's kernels: what its host code (C) calls and its kernels (CUDA C++) define. All
 * pointers are on the device; real is bf16 here. Nothing waits: work is put into the stream. Every kernel gives the
 * same bits for the same input: sums are taken in one order, there are no atomics on numbers.
 */
#ifndef TRAINER_BACKEND_CUDA_KERNELS_H
#define TRAINER_BACKEND_CUDA_KERNELS_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stddef.h>

#include "trainer/backend/cuda_queue.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cuda_rows.cu. d, head_dim and counts may be any number; multiples of 8 are read 16 bytes at a time. */
void kernel_to_float(cuda_stream s, const void *x, float *out, size_t count);
void kernel_to_real(cuda_stream s, const float *x, void *out, size_t count);
/* Rows of x lie stride apart. */
void kernel_add_bias(cuda_stream s, void *x, const void *bias, int rows, int d, int stride);
void kernel_bias_grad(cuda_stream s, const void *dy, int rows, int d, float *dbias); /* += */
void kernel_gather(cuda_stream s, const void *x, const int *index, int n, int d, void *out);
/* Row rows[i] of x gets the sum of rows order[starts[i] .. starts[i + 1]) of dout, for i < n, if these are any. x is
 * float or real. */
void kernel_scatter_add(cuda_stream s, const void *dout, const int *rows, const int *starts, const int *order, int n,
                        int d, void *x, bool wide);
void kernel_rmsnorm(cuda_stream s, const void *x, const void *w, int rows, int d, float eps, void *y, float *rstd);
void kernel_rmsnorm_grad(cuda_stream s, const void *x, const void *w, const float *rstd, const void *dy, int rows,
                         int d, void *dx); /* += */
void kernel_norm_weight_grad(cuda_stream s, const void *x, const float *rstd, const void *dy, int rows, int d,
                             float *dw); /* += */
void kernel_swiglu(cuda_stream s, const void *gate, const void *up, size_t count, void *out);
void kernel_swiglu_grad(cuda_stream s, const void *gate, const void *up, const void *dout, size_t count, void *dgate,
                        void *dup);

/* cuda_heads.cu: heads of at most 256 numbers. table: rows of head_dim, cosines then sines. */
void kernel_rope_table(cuda_stream s, const int *positions, const float *freqs, int rows, int head_dim, float *table);
/* y = turned norm of x; w NULL: no norm, and rstd is not written; back turns back. y may be x. */
void kernel_norm_rope(cuda_stream s, const void *x, const void *w, const float *table, int rows, int heads,
                      int head_dim, float eps, bool back, void *y, float *rstd);
/* The gradient, in place in d; table NULL: d is turned back already. */
void kernel_norm_rope_grad(cuda_stream s, const void *x, const void *w, const float *rstd, const float *table,
                           int rows, int heads, int head_dim, void *d);

/* cuda_quant.cu: rows by cols numbers in 8 bits (a scale a row) or 4 (NF4 of Dettmers et al. 2023, a scale for every 64
 * numbers, counted over the whole matrix). */
void kernel_pack8(cuda_stream s, const void *w, int rows, int cols, float *scales, signed char *out);
void kernel_unpack8(cuda_stream s, const signed char *w, const float *scales, int rows, int cols, void *out);
void kernel_pack4(cuda_stream s, const void *w, size_t count, float *scales, unsigned char *out);
void kernel_unpack4(cuda_stream s, const unsigned char *w, const float *scales, size_t count, void *out);

/* cuda_few.cu: out (m by n) = alpha x W' + beta from + bias, W (n by k) in 16 bits, in 8 or 4 as cuda_quant.cu packs it.
 * x and W begin at a multiple of 16 bytes, lda is a multiple of 8, a row of W of 16 bytes, and in 4 bits k of 64. from and
 * bias may be NULL, from may be out. kernel_few_plan fills steps and splits and gives the floats that room must hold. */
struct cuda_few {
    int m, n, k, bits;
    int lda, ldc, steps, splits;
    const void *x, *w;
    const float *scales;
    const void *from, *bias;
    void *out;
    float *room;
};
size_t kernel_few_plan(struct cuda_few *f, int processors);
void kernel_few(cuda_stream s, const struct cuda_few *f, float alpha, float beta);

/* cuda_loss.cu: see ops->cross_entropy; all of out may be NULL, so may d_logits with weights NULL. */
struct cuda_loss {
    float *loss, *entropy, *margin;
    int *rank;
};
void kernel_cross_entropy(cuda_stream s, const float *logits, const int *targets, const float *weights, int rows,
                          int vocab, const struct cuda_loss *out, void *d_logits);

/* cuda_optim.cu: all tensors that train at once, in pieces of at most CUDA_PIECE numbers. */
enum { CUDA_PIECE = 8192 };
struct cuda_piece {
    float *p;
    void *work;
    float *grad, *m, *v;
    int count;
};
/* What a step found, on the device. */
struct cuda_norm {
    double norm; /* of all gradients */
    float scale; /* by which they are multiplied; 0 and nothing is changed when the norm is no finite number */
};
struct cuda_adamw {
    float keep, step, root, new1, keep2, new2, eps;
};
void kernel_grad_norm(cuda_stream s, const struct cuda_piece *pieces, int count, double *partial, float clip,
                      struct cuda_norm *out);
void kernel_adamw(cuda_stream s, const struct cuda_piece *pieces, int count, const struct cuda_adamw *a,
                  const struct cuda_norm *norm);

/* cuda_attention.cu and cuda_attention_grad.cu: head_dim a multiple of 8, at most 128. Queries come in blocks of at
 * most CUDA_BLOCK rows of one segment, keys for their gradients in blocks of at most CUDA_BLOCK rows that the same
 * queries see; a block that the mask empties is in no list. */
enum { CUDA_BLOCK = 64 };
struct cuda_queries {
    int start, len;
    int ctx_start, ctx_len; /* keys that all of them see */
    int own_start;          /* and from here on those up to themselves */
};
struct cuda_keys {
    int start, len;
    int first_span, spans;
};
struct cuda_span {
    int start, len; /* queries */
    int causal;     /* they see only keys up to themselves */
};
struct cuda_attention {
    int rows, q_heads, kv_heads, head_dim;
    int query_blocks, key_blocks;
    const struct cuda_queries *queries;
    const struct cuda_keys *keys;
    const struct cuda_span *spans;
    const void *q, *k, *v;
    void *o;
    float *lse;
};
/* 0, or -1 when no kernel takes such heads. */
int kernel_attention(cuda_stream s, const struct cuda_attention *a);
/* delta: room for rows * q_heads floats. */
int kernel_attention_grad(cuda_stream s, const struct cuda_attention *a, const void *d_o, float *delta, void *d_q,
                          void *d_k, void *d_v);

/* cuda_decode.cu: one query a row against its cached keys, in parts of the keys that are then put together. Keys stand
 * in pages of 1 << page_shift rows; a row's table has pages numbers of them. head_dim as above. */
struct cuda_cached {
    int rows, q_heads, kv_heads, head_dim;
    int parts, pages;
    size_t page_shift;
    const void *q, *k, *v;
    void *o;
    const int *tables, *lengths;
    float *room; /* rows * q_heads * parts * (head_dim + 2) floats; NULL with one part */
};
int kernel_attention_cached(cuda_stream s, const struct cuda_cached *a);
/* See ops->move_rows. */
struct cuda_moves {
    int n, d;
    const int *from, *to;
    const void *k, *v;
    void *to_k, *to_v;
};
void kernel_move_rows(cuda_stream s, const struct cuda_moves *m);

/* cuda_sample.cu: see ops->sample. */
void kernel_sample(cuda_stream s, const float *logits, int rows, int vocab, float temperature, float top_p, float min_p,
                   const float *uniforms, int *ids);

#ifdef __cplusplus
}
#endif
#endif
