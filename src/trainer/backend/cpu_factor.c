#include "trainer/backend/cpu_factor.h"

#include "trainer/backend/cpu_amx.h"
#include "trainer/backend/cpu_parts.h"

static int steps_of(int k)
{
    return (k + STEP - 1) / STEP;
}

static size_t packed_size(int count, int k)
{
    return (size_t)((count + 2 * SIDE - 1) / (2 * SIDE)) * 2 * (size_t)steps_of(k) * PANEL_STEP;
}

size_t factor_room(int count, int k)
{
    return packed_size(count, k) * sizeof(uint16_t) / sizeof(float);
}

struct factor factor_new(bool is_b, bool k_fast, int count, int k, float **room)
{
    struct factor f = {.o = {.k_fast = k_fast, .is_b = is_b}, .packed = (uint16_t *)(void *)*room};
    if (*room)
        *room += factor_room(count, k);
    return f;
}

void factor_take(struct factor *f, const float *x, int ld, int count, int k)
{
    f->o.x = x;
    f->o.ld = ld;
    f->o.count = count;
    f->k = k;
    f->top = f->packed ? amx_pack(&f->o, k, f->packed) : 0;
}

void factor_multiply(const struct factor *a, const struct factor *b, const struct matmul *p, float *c)
{
    struct matmul whole = *p;
    if (a->packed && amx_can(a->top, b->top)) {
        amx_multiply(p, a->packed, steps_of(a->k), b->packed, steps_of(b->k), c);
        return;
    }
    whole.ta = !a->o.k_fast;
    whole.tb = b->o.k_fast;
    whole.lda = a->o.ld;
    whole.ldb = b->o.ld;
    cpu_small_matmul(&whole, a->o.x, b->o.x, c);
}

void factors_begin(bool tiles)
{
    if (tiles)
        amx_begin();
}

void factors_end(bool tiles)
{
    if (tiles)
        amx_end();
}
