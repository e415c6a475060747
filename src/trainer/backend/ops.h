/*
 * The ops table: all arithmetic of the trainer. A backend is one table of functions and its state;
 * nothing above this line touches a number that a backend holds but through these functions, so
 * that a second implementation (CUDA) is a second table.
 *
 * Matrices are row-major. A row is a token; "n rows of d". Functions whose comment says += add to
 * what is there. Pointers come from ops->alloc of the same backend, except where "host" is said.
 *
 * Two kinds of numbers: `real` is the backend's own type, that of weights and activations (fp32 on
 * the CPU, bf16 on CUDA; backend->real_bytes), and float is fp32 everywhere: what trains, its
 * gradient and moments, and what sums over many rows or whole distributions.
 */
#ifndef TRAINER_BACKEND_OPS_H
#define TRAINER_BACKEND_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "trainer/tensor/dtype.h"

/* A number in the backend's own type. Its size is the backend's affair: real_at counts for others. */
typedef void real;

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
    const struct segment *segments; /* host; they cover all rows; without a gradient contexts may be rows of k and v behind */
    int segment_count;
    const real *q, *k, *v;
    real *o;
    float *lse;
};

struct attention_grads {
    const real *d_o;
    real *d_q, *d_k, *d_v; /* overwritten */
};

/* New tokens, each against the cached keys and values of its sequence. These stand in pages of page_rows rows (a power
 * of two) of kv_heads * head_dim: page p begins with row p * page_rows of k and of v, and sequences may share pages. */
struct cached_attention {
    int rows, q_heads, kv_heads, head_dim;
    const real *q;
    real *o;
    const real *k, *v;
    int page_rows, table_width;
    const int *tables;  /* upload_ints': table_width page numbers a row */
    const int *lengths; /* upload_ints': keys that a row sees; 0: none, and its o is 0 */
    int longest;        /* no length is more */
};

/* Rows of keys and values from one place to another: row from[i] of k and v becomes row to[i] of to_k and to_v, for
 * i < n; a to[i] below 0 is left out. from and to are upload_ints' or NULL: i itself. No row is both read and written,
 * none is written twice. */
struct row_moves {
    int n, d;
    const int *from, *to;
    const real *k, *v;
    real *to_k, *to_v;
};

/* Which next tokens may be drawn. With temperature 0 the likeliest is, of equal ones the first. */
struct sampling {
    double temperature;
    double top_p; /* the fewest likeliest tokens that reach this share, of equal ones the first; 1: all */
    double min_p; /* only tokens at least this share of the likeliest; 0: all */
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
    double clip; /* the norm that all gradients together are scaled down to; 0: not */
    int step;    /* from 1 */
};

/* A tensor that trains: a master, what products read, its gradient and AdamW's moments. */
struct trained {
    float *value;
    real *work;
    const float *grad;
    float *m, *v;
    size_t count;
};

/* A frozen matrix in fewer bits than a real has: 8 (a scale a row) or 4 (NF4, a scale for every 64 numbers). */
struct packed_weights {
    void *at; /* NULL: there is none */
    int bits;
};

/* A matrix divided over processes by rows: rank k holds rows first[k] to first[k + 1]. */
struct divided {
    int rows, cols;
    int bits;         /* that it is packed in; 0: it is of reals */
    const int *first; /* host; one more than there are ranks, the last is rows */
    const void *own;  /* this rank's rows; where packed, as a matrix of their own */
    void *whole;      /* all of them */
};

/* Bytes that name a group of processes, and kinds of exchanges among them that can be waited for apart. */
enum { COMM_ID = 128, COMM_SUMS = 0, COMM_ROWS = 1, COMM_MARKS = 3 };

struct backend;

struct matmul {
    bool ta, tb;    /* transpose A, B */
    int m, n, k;    /* C is m by n */
    float alpha, beta;
    int lda, ldb, ldc;
    bool wide;      /* C is fp32 whatever real is */
    const void *from; /* what beta multiplies, laid out as C; NULL: C itself */
    const real *bias; /* n numbers that are added to each row of C; NULL: none, as where C is wide */
};

struct ops {
    /* Zeroed memory for count numbers; NULL and err when there is none. Where real is fp32 the two are one. */
    real *(*alloc)(struct backend *b, size_t count, struct error *err);
    float *(*alloc_f32)(struct backend *b, size_t count, struct error *err);
    void (*release)(struct backend *b, void *p); /* NULL is fine */
    void (*upload)(struct backend *b, real *to, const float *host, size_t count);
    void (*download)(struct backend *b, float *host, const real *from, size_t count);
    /* Numbers of a file, as dtype_read has them. */
    void (*read)(struct backend *b, real *to, enum dtype t, const unsigned char *from, size_t count);
    void (*upload_f32)(struct backend *b, float *to, const float *host, size_t count);
    void (*download_f32)(struct backend *b, float *host, const float *from, size_t count);
    void (*copy)(struct backend *b, real *to, const real *from, size_t count);
    void (*zero)(struct backend *b, real *p, size_t count);
    void (*zero_f32)(struct backend *b, float *p, size_t count);

    /* What trains is kept in fp32, and products read it as real. master gives count floats with the values of
     * work; refresh brings work up to date with its master. Where real is fp32 master is work itself, which
     * is then released once (pair_release). */
    float *(*master)(struct backend *b, real *work, size_t count, struct error *err);
    void (*refresh)(struct backend *b, real *work, const float *master, size_t count);

    /* C = alpha A B + beta from + bias; c is real, or float where p->wide. */
    void (*matmul)(struct backend *b, const struct matmul *p, const real *a, const real *bm, void *c);
    /* Packs rows by cols numbers into p, whose bits are set and whose memory the caller releases; and what products
     * read of it. NULL where a backend has only its own numbers. */
    int (*pack)(struct backend *b, const real *w, int rows, int cols, struct packed_weights *p, struct error *err);
    void (*unpack)(struct backend *b, const struct packed_weights *p, int rows, int cols, real *out);
    /* matmul with B packed, without gaps (ldb); room: numbers for all of it, where a backend may unpack it. */
    void (*matmul_packed)(struct backend *b, const struct matmul *p, const real *a, const struct packed_weights *bm,
                          real *room, void *c);
    size_t (*packed_bytes)(int rows, int cols, int bits);
    void (*bias_grad)(struct backend *b, const real *dy, int rows, int d, float *dbias); /* += */

    /* Rows by host index: out[i] = x[index[i]]; and its transpose, x[index[i]] += dout[i], for activations and
     * for the gradient of an embedding. */
    void (*gather)(struct backend *b, const real *x, const int *index, int n, int d, real *out);
    void (*scatter_add)(struct backend *b, const real *dout, const int *index, int n, int d, real *x);
    void (*scatter_add_f32)(struct backend *b, const real *dout, const int *index, int n, int d, float *x);

    /* y = x / sqrt(mean(x^2) + eps) * w; rstd (rows) is kept for the gradient. */
    void (*rmsnorm)(struct backend *b, const real *x, const real *w, int rows, int d, float eps,
                    real *y, float *rstd);
    /* dx +=, dw += (dw may be NULL) */
    void (*rmsnorm_grad)(struct backend *b, const real *x, const real *w, const float *rstd,
                         const real *dy, int rows, int d, real *dx, float *dw);

    /* Fills table (rows of head_dim: cosines, then sines) from host positions and frequencies (head_dim / 2).
     * norm_rope takes each head's norm (w NULL: not, and rstd is not written) and turns its halves (x1, x2) by the
     * table; y may be x. Its gradient stands in d's place; dw += (may be NULL), with w NULL it turns back alone. */
    void (*rope_table)(struct backend *b, const int *positions, const float *freqs, int rows,
                       int head_dim, float *table);
    void (*norm_rope)(struct backend *b, const real *x, const real *w, const float *table, int rows, int heads,
                      int head_dim, float eps, real *y, float *rstd);
    void (*norm_rope_grad)(struct backend *b, const real *x, const real *w, const float *rstd, const float *table,
                           int rows, int heads, int head_dim, real *d, float *dw);

    void (*attention)(struct backend *b, const struct attention *a);
    void (*attention_grad)(struct backend *b, const struct attention *a,
                           const struct attention_grads *g);
    /* Bytes that the gradient takes beside its operands: for planning. */
    size_t (*attention_grad_bytes)(int rows, int q_heads, int head_dim);
    /* Host integers to a place of alloc_f32's: what the two below and kernels that repeat read. */
    void (*upload_ints)(struct backend *b, int *to, const int *host, size_t count);
    void (*attention_cached)(struct backend *b, const struct cached_attention *a);
    void (*move_rows)(struct backend *b, const struct row_moves *m);

    /* out = silu(gate) * up; the gradient may overwrite its inputs (dgate == gate, dup == up). */
    void (*swiglu)(struct backend *b, const real *gate, const real *up, size_t count, real *out);
    void (*swiglu_grad)(struct backend *b, const real *gate, const real *up, const real *dout,
                        size_t count, real *dgate, real *dup);

    /* Rows of vocab logits against host targets. With weights (host, rows) d_logits becomes
     * weights[i] * d(-log p)/d logits; where real is fp32 it may be the logits themselves. */
    void (*cross_entropy)(struct backend *b, const float *logits, const int *targets, const float *weights,
                          int rows, int vocab, const struct loss_out *out, real *d_logits);

    /* A next token for each row of vocab logits: ids (host, there after finish). A row's draw is at the share uniforms[i]
     * (host, in [0, 1)) of the probabilities of what may be drawn, added up in the order of ids. */
    void (*sample)(struct backend *b, const float *logits, int rows, int vocab, const struct sampling *s,
                   const float *uniforms, int *ids);

    /* One step over all tensors. The norm of all gradients goes to *norm (host), which is there after finish; when it
     * is no finite number nothing else changes. */
    void (*optimize)(struct backend *b, const struct adamw *a, const struct trained *list, size_t count, double *norm);

    /* Carries out body, which asks for ops on memory that is there: none of alloc, release, uploads, downloads, pack,
     * exchanges with other processes and finish. Calls that ask for the same ops with the same arguments, but for what
     * host arrays hold (ids, positions, pages, lengths, weights), may be kept and repeated as one (a CUDA graph). body
     * may be called more than once for one call and must ask for the same each time; like all results, loss_out is
     * filled by finish. like is a number that such calls have in common, made of their counts: one that did not come
     * lately costs nothing beside body. */
    void (*repeat)(struct backend *b, uint64_t like, void (*body)(void *ctx), void *ctx);

    /* Processes that compute together, each with a backend of its own. The first makes an id (id NULL: it only says
     * whether it could), all are handed that and join; comm_open returns when all have. NULL where a backend knows no
     * such thing: then the processes exchange what they have through the host.
     * Exchanges are put to work by all ranks in the same order. They go on beside other ops: one begins when what
     * was put to work before it is done, and what is put to work after comm_wait begins when the last exchange with
     * that mark (below COMM_MARKS) is done. When a rank is gone finish fails on the others. */
    int (*comm_id)(struct backend *b, unsigned char id[COMM_ID], struct error *err);
    int (*comm_open)(struct backend *b, const unsigned char id[COMM_ID], int rank, int count, struct error *err);
    /* The counts[i] floats at list[i] become their sums over all ranks, the same bits on each. */
    void (*all_reduce)(struct backend *b, float *const *list, const size_t *counts, size_t n, int mark);
    void (*gather_rows)(struct backend *b, const struct divided *list, size_t n, int mark);
    void (*comm_wait)(struct backend *b, int mark);

    /* Ops may be on their way when they return: host arrays they read may change at once, those they write (loss_out,
     * norm, ids; download's are there) are filled when finish returns. -1 and err when an op since the last failed. */
    int (*finish)(struct backend *b, struct error *err);
    /* Takes so many bytes for what alloc will give, and scratch of one op among them, at once; -1 and err when they are
     * not there. NULL where memory is not taken ahead. */
    int (*reserve)(struct backend *b, double bytes, double scratch, struct error *err);
    /* Bytes that alloc may still give; 0 when that cannot be told. */
    double (*available)(struct backend *b);
    void (*close)(struct backend *b); /* frees it; what it allocated is gone */
};

/* Every backend begins with this. */
struct backend {
    const struct ops *ops;
    const char *name;
    int threads;
    size_t real_bytes;  /* of one real: 4 or 2 */
    double program;     /* bytes of the program and its libraries, beside what alloc gives */
    int base_bits;      /* that frozen matrices are packed in as a model is loaded; 0: not packed */
    bool keeps;         /* repeat keeps sequences of ops: equal counts are worth padding for */
    int shards, shard;  /* processes that the layers' maps are divided over as a model is loaded (0: not), and this one */
    bool merges;        /* linear maps may add an adapter to their weights: no rounding is lost by it */
    size_t bytes, peak; /* allocated now, and at most so far */
    int processes;      /* that comm_open joined; 0: none */
    char place[32];     /* tells its device from others of the host; empty where processes may share it */
};

/* The number at an offset. */
static inline real *real_at(const struct backend *b, real *p, size_t offset)
{
    return (char *)p + offset * b->real_bytes;
}

static inline const real *real_from(const struct backend *b, const real *p, size_t offset)
{
    return (const char *)p + offset * b->real_bytes;
}

/* What ops->alloc and ops->master gave, as one: new values, values from first on, and no more of it. master is NULL
 * where nothing trains; for a tensor that is fp32 alone work is. */
static inline void pair_upload(struct backend *b, real *work, float *master, const float *host, size_t count)
{
    if (master)
        b->ops->upload_f32(b, master, host, count);
    if (work && master)
        b->ops->refresh(b, work, master, count);
    else if (work)
        b->ops->upload(b, work, host, count);
}

static inline void pair_download(struct backend *b, float *host, const real *work, const float *master, size_t first,
                                 size_t count)
{
    if (master)
        b->ops->download_f32(b, host, master + first, count);
    else
        b->ops->download(b, host, real_from(b, work, first), count);
}

static inline void pair_release(struct backend *b, real *work, float *master)
{
    if (master != work)
        b->ops->release(b, master);
    b->ops->release(b, work);
}

/* fp32 on the CPU: products through a BLAS, all else here. threads 0 means all cores it may use. Results are
 * the same bits for the same number of threads. The caller frees with cpu_backend_free. */
struct backend *cpu_backend_new(int threads);
void cpu_backend_free(struct backend *b); /* NULL is fine */
/* bf16 on GPU number device, from compute capability 8.0; NULL and err when there is none to be had. The same bits
 * every time. */
struct backend *cuda_backend_new(int device, struct error *err);
bool cuda_built(void);
int cuda_device_count(void); /* 0 without a driver, too */

/* By a device's name: cpu, cuda, cuda:N, or auto: the first GPU, or the CPU where none can be used. threads are the
 * CPU's. */
struct backend *backend_new(const char *device, int threads, struct error *err);
void backend_free(struct backend *b); /* NULL is fine */
/* What OPENBLAS_CORETYPE should be when the BLAS did not know this processor and chose slow kernels; NULL
 * when it chose well. The BLAS reads the variable once, as the program is loaded. */
const char *cpu_better_kernels(void);

#endif
