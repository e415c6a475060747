/* What the files of the twin test share. */
#ifndef TESTS_GPU_TWIN_H
#define TESTS_GPU_TWIN_H

#include "trainer/backend/ops.h"
#include "trainer/tensor/rng.h"

enum { CPU, GPU, SIDES };
enum { OUTS_MAX = 8, REPEATS = 3 };
#define NEAR 1e-2  /* results in bf16 */
#define EXACT 1e-5 /* fp32 all the way */

struct side {
    struct backend *backend;
};

/* The same numbers on both sides. */
struct pair {
    void *at[SIDES];
    size_t count;
    bool f32;
    double least; /* numbers smaller than this, by root mean square, are compared as if they were of this size */
};

struct twin;

bool twin_large(const struct twin *t);
const char *twin_folder(const struct twin *t); /* of golden models; NULL: none */
int twin_device(const struct twin *t);
struct side *twin_side(struct twin *t, int which);
int twin_below(struct twin *t, int n);
/* Normal numbers times scale: rounded to bf16, or fp32 as they are. */
struct pair twin_numbers(struct twin *t, size_t count, double scale);
struct pair twin_floats(struct twin *t, size_t count, double scale);
void twin_release(struct twin *t, const struct pair *pairs, int count);
float *twin_host(struct twin *t, int side, const struct pair *p); /* the caller frees */
double twin_distance(const float *a, const float *b, size_t count, double least);

/* Runs op on both sides, on the GPU several times from the same numbers in outs, and compares outs. */
typedef void twin_op(struct backend *b, int side, const void *ctx);
void twin_run(struct twin *t, twin_op *op, const void *ctx, struct pair *outs, int count, double most,
              const char *format, ...) PRINTF_LIKE(7, 8);
/* The order in which emulated threads run from here on; 0 is the usual one. */
void twin_order(int turn);
/* For results that are on the host: the GPU's, once more, and the CPU's. */
void twin_compare(struct twin *t, const char *name, const float *gpu, const float *again, const float *cpu, size_t count,
                  double most);

void twin_rows(struct twin *t);
void twin_products(struct twin *t);
void twin_attention(struct twin *t);
void twin_losses(struct twin *t);
void twin_models(struct twin *t);
void twin_golden(struct twin *t);
void twin_quant(struct twin *t);
void twin_graphs(struct twin *t);

#endif
