/* What the files of the CPU backend share. */
#ifndef TRAINER_BACKEND_CPU_PARTS_H
#define TRAINER_BACKEND_CPU_PARTS_H

#include "trainer/backend/ops.h"

#ifdef _OPENMP
#define PRAGMA(text) _Pragma(#text)
#define PARALLEL_FOR(count) PRAGMA(omp parallel for schedule(static) num_threads(count))
#define PARALLEL_FOR_ANY_ORDER(count) PRAGMA(omp parallel for schedule(dynamic) num_threads(count))
#else
#define PARALLEL_FOR(count) (void)(count);
#define PARALLEL_FOR_ANY_ORDER(count) (void)(count);
#endif

/* Inner loops are compiled for several kinds of x86 and chosen when the program starts: by what the processor
 * can do, since a compiler knows no names of processors younger than itself. Older GCC has only names. */
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
#if __GNUC__ >= 12
#define HOT                                                                                        \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"), optimize("O3")))
#else
#define HOT                                                                                        \
    __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default"), optimize("O3")))
#endif
#else
#define HOT
#endif

/* Threads worth waking for so many multiplications or the like: few are done by one. */
int cpu_workers(const struct backend *b, double work);

/* Which of them asks, from 0. */
int cpu_thread(void);

/* Whether products may go through AMX's tiles (cpu_amx.h). */
bool cpu_has_tiles(const struct backend *b);

/* Room for count floats, aligned for vectors, that lasts until the next call: scratch of one op. The memory is kept for
 * the next. */
float *cpu_room(struct backend *b, size_t count);

/* exp by range reduction and a polynomial (Cephes expf): within 2 ulp, and it vectorises. */
float fast_exp(float x);
/* x[i] = exp(x[i] - shift); returns the sum. */
float exp_row(float *x, int n, float shift);
float max_row(const float *x, int n);

/* The ops; real is float in all of this backend. */
/* Rows of x lie stride apart. */
void cpu_add_bias(struct backend *b, float *x, const float *bias, int rows, int d, int stride);
void cpu_bias_grad(struct backend *b, const real *dy, int rows, int d, float *dbias);
void cpu_gather(struct backend *b, const real *x, const int *index, int n, int d, real *out);
void cpu_scatter_add(struct backend *b, const real *dout, const int *index, int n, int d, real *x);
void cpu_scatter_add_f32(struct backend *b, const real *dout, const int *index, int n, int d, float *x);
void cpu_rmsnorm(struct backend *b, const real *x, const real *w, int rows, int d, float eps,
                 real *y, float *rstd);
void cpu_rmsnorm_grad(struct backend *b, const real *x, const real *w, const float *rstd,
                      const real *dy, int rows, int d, real *dx, float *dw);
void cpu_rope_table(struct backend *b, const int *positions, const float *freqs, int rows,
                    int head_dim, float *table);
void cpu_norm_rope(struct backend *b, const real *x, const real *w, const float *table, int rows, int heads,
                   int head_dim, float eps, real *y, float *rstd);
void cpu_norm_rope_grad(struct backend *b, const real *x, const real *w, const float *rstd, const float *table,
                        int rows, int heads, int head_dim, real *d, float *dw);
void cpu_swiglu(struct backend *b, const real *gate, const real *up, size_t count, real *out);
void cpu_swiglu_grad(struct backend *b, const real *gate, const real *up, const real *dout,
                     size_t count, real *dgate, real *dup);
void cpu_attention(struct backend *b, const struct attention *a);
void cpu_attention_grad(struct backend *b, const struct attention *a,
                        const struct attention_grads *g);
size_t cpu_attention_grad_bytes(int rows, int q_heads, int head_dim);
void cpu_attention_cached(struct backend *b, const struct cached_attention *a);
void cpu_move_rows(struct backend *b, const struct row_moves *m);
void cpu_sample(struct backend *b, const float *logits, int rows, int vocab, const struct sampling *s,
                const float *uniforms, int *ids);
void cpu_cross_entropy(struct backend *b, const float *logits, const int *targets, const float *weights,
                       int rows, int vocab, const struct loss_out *out, real *d_logits);
void cpu_optimize(struct backend *b, const struct adamw *a, const struct trained *list, size_t count, double *norm);

/* Whether cpu_few_matmul takes a product, and that product. other: there is another way than the BLAS. */
bool cpu_few_rows(const struct matmul *p, bool other);
void cpu_few_matmul(struct backend *b, const struct matmul *p, const float *a, const float *bm, float *c);

/* One thread's product, for small blocks inside a parallel loop. */
void cpu_small_matmul(const struct matmul *p, const float *a, const float *bm, float *c);

/* cpu_available.c */
double cpu_available(struct backend *b);

#endif
