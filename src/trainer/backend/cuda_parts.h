/* What the host side of the CUDA backend shares. */
#ifndef TRAINER_BACKEND_CUDA_PARTS_H
#define TRAINER_BACKEND_CUDA_PARTS_H

#include "trainer/backend/cuda_arena.h"
#include "trainer/backend/cuda_kernels.h"
#include "trainer/backend/ops.h"

struct cuda_lt;    /* products */
struct cuda_stage; /* small arrays on their way to and from the device */
struct cuda_masks; /* blocks of the segments at hand */
struct cuda_hopper; /* the same for Hopper's attention */
struct cuda_steps; /* pieces of what trains */
struct cuda_comm;  /* the other processes of a training */
struct cuda_graphs; /* sequences of ops that are kept */

enum { CUDA_WIDTHS = 3 }; /* of weights: 16, 8 and 4 bits */

struct cuda {
    struct backend base;
    int device, processors;
    bool hopper; /* compute capability 9.0 */
    int few_rows[CUDA_WIDTHS]; /* products of up to so many rows go through cuda_few.cu */
    size_t total;
    struct cuda_queue queue;
    cuda_stream stream; /* the queue; all work but what cuda_stage.c copies and waits for goes through it */
    struct cuda_arena *arena;
    struct cuda_lt *lt;
    struct cuda_stage *stage;
    struct cuda_masks *masks;
    struct cuda_hopper *own; /* NULL: attention is that of Ampere */
    struct ops ops;          /* base.ops: what this GPU takes */
    struct cuda_steps *steps;
    struct cuda_comm *comm; /* NULL: this process is alone */
    struct cuda_graphs *graphs;
    struct cuda_look *body; /* of ops that are looked at or captured: what they stage and promise is of it; or NULL */
    unsigned turn;          /* counts those bodies: what one of them staged is of no use to the next */
    void *room; /* scratch of one op */
    size_t room_bytes;
    struct error fault; /* the first failure since finish; ops after it do nothing of use */
    const char *last;   /* the op at work, and its shape: a GPU tells of a failure later */
    long shape[3];
};

static inline struct cuda *cuda_of(struct backend *b)
{
    return (struct cuda *)(void *)b;
}

/* Names the op that begins, for what may fail in it. */
void cuda_begin(struct cuda *c, const char *op, long rows, long columns, long inner);
/* Notes a failure under the op's name and shape; whether there was none. */
bool cuda_ok(struct cuda *c, cudaError_t e);
/* Counts memory of the device that is the backend's own. */
void cuda_owns(struct cuda *c, size_t bytes);
/* -1 and err when a failure was noted, which is then forgotten. */
int cuda_check(struct cuda *c, struct error *err);
/* Checks the launches of the op that began. */
void cuda_launched(struct cuda *c);
/* Notes a failure of our own. */
void cuda_fail(struct cuda *c, const char *what);

/* Copies on the device, and zeros. */
void cuda_copy(struct cuda *c, void *to, const void *from, size_t bytes);
void cuda_clear(struct cuda *c, void *to, size_t bytes);

/* Device scratch until the next call: the stream keeps the order. NULL, noted, when memory is short. */
void *cuda_room(struct cuda *c, size_t bytes);

/* cuda_stage.c: a copy of host bytes on the device, for ops put to work before many more are staged; and a place on
 * the device whose bytes come to host with finish. NULL, noted, on failure. */
struct cuda_stage *cuda_stage_new(struct cuda *c, struct error *err);
void cuda_stage_free(struct cuda *c, struct cuda_stage *s); /* NULL is fine */
const void *cuda_stage(struct cuda *c, const void *host, size_t bytes);
/* The same to a place of the caller's, of any size. */
void cuda_send(struct cuda *c, void *to, const void *host, size_t bytes);
void *cuda_result(struct cuda *c, void *host, size_t bytes);
/* Several results in one block of bytes, each at its place in it. */
struct cuda_promise {
    void *host;
    size_t at, bytes;
};
void *cuda_results(struct cuda *c, const struct cuda_promise *list, size_t count, size_t bytes);
bool cuda_results_fit(size_t bytes);
void cuda_stage_finish(struct cuda *c); /* waits for the stream and fills what was promised */
/* Large copies, through pinned memory and by pieces: give writes count numbers from first on as the device has them. */
typedef void cuda_give_fn(const void *from, size_t first, size_t count, void *to);
void cuda_stream_in(struct cuda *c, void *to, size_t each, size_t count, cuda_give_fn *give, const void *from);

/* cuda_matmul.c */
struct cuda_lt *cuda_lt_new(struct cuda *c, struct error *err);
void cuda_lt_free(struct cuda *c, struct cuda_lt *lt); /* NULL is fine */
void cuda_matmul(struct backend *b, const struct matmul *p, const real *a, const real *bm, void *out);

/* cuda_few.c: carries a product out where the rule wants it; false: it is for others. scales: of packed weights. */
void cuda_few_open(struct cuda *c);
bool cuda_few(struct cuda *c, const struct matmul *p, const real *x, const void *w, const float *scales, int bits,
              void *out);

/* cuda_masks.c */
void cuda_masks_free(struct cuda *c, struct cuda_masks *m); /* NULL is fine */
void cuda_attention(struct backend *b, const struct attention *a);
void cuda_attention_grad(struct backend *b, const struct attention *a, const struct attention_grads *g);
size_t cuda_attention_grad_bytes(int rows, int q_heads, int head_dim);
bool cuda_heads_fit(int head_dim); /* whether attention has a kernel for such heads */
extern const char cuda_heads_refused[];

/* cuda_decode.c */
void cuda_upload_ints(struct backend *b, int *to, const int *host, size_t count);
void cuda_attention_cached(struct backend *b, const struct cached_attention *a);
void cuda_move_rows(struct backend *b, const struct row_moves *m);
void cuda_sample(struct backend *b, const float *logits, int rows, int vocab, const struct sampling *s,
                 const float *uniforms, int *ids);

/* cuda_nccl.c */
void cuda_comm_free(struct cuda *c, struct cuda_comm *m); /* NULL is fine */
int cuda_comm_id(struct backend *b, unsigned char id[COMM_ID], struct error *err);
int cuda_comm_open(struct backend *b, const unsigned char id[COMM_ID], int rank, int count, struct error *err);
void cuda_all_reduce(struct backend *b, float *const *list, const size_t *counts, size_t n, int mark);
void cuda_gather_rows(struct backend *b, const struct divided *list, size_t n, int mark);
void cuda_comm_wait(struct backend *b, int mark);
/* Waits for the stream, and no longer than the other processes live. */
void cuda_settle(struct cuda *c);

/* cuda_hopper.c: NULL where the GPU is another, its driver has no tensor maps, or HINGE_ATTENTION is "ampere". */
struct cuda_hopper *cuda_hopper_new(const struct cuda *c);
void cuda_hopper_free(struct cuda *c, struct cuda_hopper *h); /* NULL is fine */
/* The ops that began; their heads fit. */
void cuda_hopper_attention(struct cuda *c, const struct attention *a);
void cuda_hopper_attention_grad(struct cuda *c, const struct attention *a, const struct attention_grads *g);
size_t cuda_hopper_grad_bytes(int rows, int q_heads, int head_dim); /* for planning */

/* cuda_quant.c */
int cuda_pack(struct backend *b, const real *w, int rows, int cols, struct packed_weights *p, struct error *err);
void cuda_unpack(struct backend *b, const struct packed_weights *p, int rows, int cols, real *out);
void cuda_matmul_packed(struct backend *b, const struct matmul *p, const real *a, const struct packed_weights *w,
                        real *room, void *out);
size_t cuda_packed_bytes(int rows, int cols, int bits);
/* What rows are made of, packed: bytes of scales from the beginning on, and of numbers from *numbers on. */
size_t cuda_packed_scales(int rows, int cols, int bits, size_t *numbers);
size_t cuda_packed_numbers(int rows, int cols, int bits);

/* cuda_graph.c: with HINGE_GRAPHS=off in the environment nothing is kept; with =must a body that cannot be is a
 * failure. */
struct cuda_graphs *cuda_graphs_new(void);
void cuda_graphs_free(struct cuda *c);
void cuda_graphs_drop(struct cuda *c);   /* keeps none of those there are: memory goes back to the driver */
void cuda_graphs_settle(struct cuda *c); /* all is done: what is not kept any more is freed */
void cuda_repeat(struct backend *b, uint64_t like, void (*body)(void *ctx), void *ctx);
/* For ops that no body may hold (they wait, or change what later ops read on the host): false, noted, inside one. */
bool cuda_outside(struct cuda *c);
/* The stream itself, for ops that no graph may hold. False while a body is only looked at: the op does nothing then, and
 * the body is carried out op by op. */
bool cuda_direct(struct cuda *c, cudaStream_t *out);
/* What cuda_stage, cuda_result and cuda_room do in a body. */
const void *cuda_look_stage(struct cuda_look *look, const void *host, size_t bytes);
void *cuda_look_result(struct cuda_look *look, void *host, size_t bytes);
void *cuda_look_room(struct cuda_look *look, size_t bytes);

/* cuda_train.c */
void cuda_steps_free(struct cuda *c, struct cuda_steps *s); /* NULL is fine */
void cuda_cross_entropy(struct backend *b, const float *logits, const int *targets, const float *weights, int rows,
                        int vocab, const struct loss_out *out, real *d_logits);
void cuda_optimize(struct backend *b, const struct adamw *a, const struct trained *list, size_t count, double *norm);
void cuda_scatter_add(struct backend *b, const real *dout, const int *index, int n, int d, real *x);
void cuda_scatter_add_f32(struct backend *b, const real *dout, const int *index, int n, int d, float *x);

#endif
