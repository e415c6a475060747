/* Frozen matrices in 8 or 4 bits: scales first, then the numbers. */
#include "trainer/backend/cuda_parts.h"

enum { GROUP = 64 };

static size_t scales_of(int rows, int cols, int bits)
{
    size_t count = (size_t)rows * (size_t)cols;
    return bits == 8 ? (size_t)rows : (count + GROUP - 1) / GROUP;
}

/* Where the numbers begin. */
static size_t scale_bytes(int rows, int cols, int bits)
{
    return cuda_arena_size(scales_of(rows, cols, bits) * sizeof(float));
}

size_t cuda_packed_bytes(int rows, int cols, int bits)
{
    return scale_bytes(rows, cols, bits) + cuda_packed_numbers(rows, cols, bits);
}

size_t cuda_packed_scales(int rows, int cols, int bits, size_t *numbers)
{
    *numbers = scale_bytes(rows, cols, bits);
    return scales_of(rows, cols, bits) * sizeof(float);
}

size_t cuda_packed_numbers(int rows, int cols, int bits)
{
    size_t count = (size_t)rows * (size_t)cols;
    return bits == 8 ? count : (count + 1) / 2;
}

int cuda_pack(struct backend *b, const real *w, int rows, int cols, struct packed_weights *p, struct error *err)
{
    struct cuda *c = cuda_of(b);
    size_t bytes = cuda_packed_bytes(rows, cols, p->bits), before = scale_bytes(rows, cols, p->bits);
    if (!(p->at = b->ops->alloc_f32(b, (bytes + sizeof(float) - 1) / sizeof(float), err)))
        return -1;
    cuda_begin(c, "packing weights", rows, cols, p->bits);
    if (p->bits == 8)
        kernel_pack8(c->stream, w, rows, cols, p->at, (signed char *)p->at + before);
    else
        kernel_pack4(c->stream, w, (size_t)rows * (size_t)cols, p->at, (unsigned char *)p->at + before);
    cuda_launched(c);
    return 0;
}

void cuda_unpack(struct backend *b, const struct packed_weights *p, int rows, int cols, real *out)
{
    struct cuda *c = cuda_of(b);
    size_t before = scale_bytes(rows, cols, p->bits);
    cuda_begin(c, "unpacking weights", rows, cols, p->bits);
    if (p->bits == 8)
        kernel_unpack8(c->stream, (const signed char *)p->at + before, p->at, rows, cols, out);
    else
        kernel_unpack4(c->stream, (const unsigned char *)p->at + before, p->at, (size_t)rows * (size_t)cols, out);
    cuda_launched(c);
}

void cuda_matmul_packed(struct backend *b, const struct matmul *p, const real *a, const struct packed_weights *w,
                        real *room, void *out)
{
    struct cuda *c = cuda_of(b);
    int rows = p->tb ? p->n : p->k, cols = p->tb ? p->k : p->n;
    if (p->m == 0 || c->fault.code ||
        cuda_few(c, p, a, (const char *)w->at + scale_bytes(rows, cols, w->bits), w->at, w->bits, out))
        return;
    cuda_unpack(b, w, rows, cols, room);
    cuda_matmul(b, p, a, room, out);
}
