/* The host side of ops that speak with the host: loss, optimizer, and sums by index. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "trainer/backend/cuda_parts.h"

void cuda_cross_entropy(struct backend *b, const float *logits, const int *targets, const float *weights, int rows,
                        int vocab, const struct loss_out *out, real *d_logits)
{
    struct cuda *c = cuda_of(b);
    size_t n = (size_t)rows;
    cuda_begin(c, "cross entropy", rows, vocab, 0);
    struct cuda_loss to = {
        .loss = out->loss ? cuda_result(c, out->loss, n * sizeof *out->loss) : NULL,
        .entropy = out->entropy ? cuda_result(c, out->entropy, n * sizeof *out->entropy) : NULL,
        .margin = out->margin ? cuda_result(c, out->margin, n * sizeof *out->margin) : NULL,
        .rank = out->rank ? cuda_result(c, out->rank, n * sizeof *out->rank) : NULL,
    };
    const int *t = cuda_stage(c, targets, n * sizeof *targets);
    const float *w = weights ? cuda_stage(c, weights, n * sizeof *weights) : NULL;
    if (c->fault.code || rows == 0)
        return;
    kernel_cross_entropy(c->stream, logits, t, w, rows, vocab, &to, d_logits);
    cuda_launched(c);
}

/* What trains, in pieces; the list on the device is kept while the same tensors come. */
struct cuda_steps {
    struct trained *list;
    size_t count, cap;
    struct cuda_piece *pieces;
    size_t piece_count, piece_cap;
    struct cuda_piece *device;
    double *partial;
};

static void steps_release(struct cuda *c, struct cuda_steps *s)
{
    cuda_arena_give(c->arena, s->device);
    cuda_arena_give(c->arena, s->partial);
    s->device = NULL;
    s->partial = NULL;
}

void cuda_steps_free(struct cuda *c, struct cuda_steps *s)
{
    if (!s)
        return;
    steps_release(c, s);
    mem_free(s->list);
    mem_free(s->pieces);
    mem_free(s);
}

static bool same_tensors(const struct cuda_steps *s, const struct trained *list, size_t count)
{
    for (size_t i = 0; s->count == count && i < count; i++) {
        const struct trained *x = &s->list[i], *y = &list[i];
        if (x->value != y->value || x->work != y->work || x->grad != y->grad || x->m != y->m || x->v != y->v ||
            x->count != y->count)
            return false;
    }
    return s->count == count;
}

static void cut_tensor(struct cuda_steps *s, const struct trained *t)
{
    for (size_t at = 0; at < t->count; at += CUDA_PIECE) {
        size_t n = t->count - at < CUDA_PIECE ? t->count - at : CUDA_PIECE;
        s->pieces = array_reserve(s->pieces, &s->piece_cap, s->piece_count + 1, sizeof *s->pieces);
        s->pieces[s->piece_count++] = (struct cuda_piece){
            t->value + at, (char *)t->work + 2 * at, (float *)(uintptr_t)t->grad + at, t->m + at, t->v + at, (int)n};
    }
}

static bool prepare(struct cuda *c, struct cuda_steps *s, const struct trained *list, size_t count)
{
    if (same_tensors(s, list, count))
        return true;
    s->list = array_reserve(s->list, &s->cap, count + 1, sizeof *s->list);
    memcpy(s->list, list, count * sizeof *list);
    s->count = count;
    s->piece_count = 0;
    for (size_t i = 0; i < count; i++)
        cut_tensor(s, &list[i]);
    steps_release(c, s);
    s->device = cuda_arena_take(c->arena, s->piece_count * sizeof *s->pieces);
    s->partial = cuda_arena_take(c->arena, s->piece_count * sizeof *s->partial);
    if (!s->device || !s->partial) {
        s->count = 0;
        cuda_fail(c, "no memory is left for its list of tensors");
        return false;
    }
    cuda_send(c, s->device, s->pieces, s->piece_count * sizeof *s->pieces);
    return true;
}

void cuda_optimize(struct backend *b, const struct adamw *a, const struct trained *list, size_t count, double *norm)
{
    struct cuda *c = cuda_of(b);
    if (!c->steps)
        c->steps = mem_zalloc(1, sizeof *c->steps);
    struct cuda_steps *s = c->steps;
    cuda_begin(c, "optimizer step", (long)count, a->step, 0);
    if (!cuda_outside(c))
        return;
    /* the norm stands first in what the kernel writes */
    struct cuda_norm *found = cuda_room(c, sizeof *found);
    double *to = cuda_result(c, norm, sizeof *norm);
    if (!prepare(c, s, list, count) || !found || !to || c->fault.code)
        return;
    struct cuda_adamw values = {
        .keep = 1.0F - a->lr * a->decay, .step = (float)(a->lr / (1.0 - pow(a->beta1, a->step))),
        .root = (float)sqrt(1.0 - pow(a->beta2, a->step)), .new1 = (float)(1 - a->beta1), .keep2 = (float)a->beta2,
        .new2 = (float)(1 - a->beta2), .eps = a->eps,
    };
    kernel_grad_norm(c->stream, s->device, (int)s->piece_count, s->partial, (float)a->clip, found);
    cuda_launched(c);
    cuda_copy(c, to, found, sizeof *norm);
    kernel_adamw(c->stream, s->device, (int)s->piece_count, &values, found);
    cuda_launched(c);
}

struct sum {
    int row, from;
};

static int by_row(const void *a, const void *b)
{
    const struct sum *x = a, *y = b;
    return x->row != y->row ? (x->row < y->row ? -1 : 1) : x->from < y->from ? -1 : x->from > y->from;
}

/* Rows that get something, and from which rows in which order: an index may come twice, and no two blocks of threads
 * may add to one row. The lists are n long whatever repeats, so that a graph holds them: those left over get nothing. */
static void sort_sums(const int *index, int n, int *rows, int *starts, int *order)
{
    struct sum *sums = mem_alloc(((size_t)n + 1) * sizeof *sums);
    for (int i = 0; i < n; i++)
        sums[i] = (struct sum){index[i], i};
    qsort(sums, (size_t)n, sizeof *sums, by_row);
    int count = 0;
    for (int i = 0; i < n; i++) {
        if (i == 0 || sums[i].row != sums[i - 1].row) {
            rows[count] = sums[i].row;
            starts[count++] = i;
        }
        order[i] = sums[i].from;
    }
    for (int i = count; i <= n; i++) {
        rows[i] = 0;
        starts[i] = n;
    }
    order[n] = 0;
    mem_free(sums);
}

static void scatter(struct backend *b, const real *dout, const int *index, int n, int d, void *x, bool wide)
{
    struct cuda *c = cuda_of(b);
    size_t room = (size_t)n + 1;
    int *all = mem_alloc(3 * room * sizeof *all), *rows = all, *starts = all + room, *order = all + 2 * room;
    cuda_begin(c, "sum by index", n, d, 0);
    sort_sums(index, n, rows, starts, order);
    const int *at = cuda_stage(c, all, 3 * room * sizeof *all);
    mem_free(all);
    if (n == 0 || !at || c->fault.code)
        return;
    kernel_scatter_add(c->stream, dout, at, at + room, at + 2 * room, n, d, x, wide);
    cuda_launched(c);
}

void cuda_scatter_add(struct backend *b, const real *dout, const int *index, int n, int d, real *x)
{
    scatter(b, dout, index, n, d, x, false);
}

void cuda_scatter_add_f32(struct backend *b, const real *dout, const int *index, int n, int d, float *x)
{
    scatter(b, dout, index, n, d, x, true);
}
