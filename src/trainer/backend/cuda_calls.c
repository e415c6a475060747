/* Calls of the runtime: checked, and named by the op that makes them. */
#include "trainer/backend/cuda_parts.h"

void cuda_begin(struct cuda *c, const char *op, long rows, long columns, long inner)
{
    c->last = op;
    c->shape[0] = rows;
    c->shape[1] = columns;
    c->shape[2] = inner;
}

void cuda_fail(struct cuda *c, const char *what)
{
    if (c->fault.code == ERR_NONE)
        error_set(&c->fault, ERR_IO, "GPU %d, %s (%ld, %ld, %ld): %s", c->device, c->last, c->shape[0], c->shape[1],
                  c->shape[2], what);
}

bool cuda_ok(struct cuda *c, cudaError_t e)
{
    if (e == cudaSuccess)
        return true;
    cuda_fail(c, cudaGetErrorString(e));
    if (e == cudaErrorMemoryAllocation && c->fault.code == ERR_IO)
        c->fault.code = ERR_LIMIT;
    return false;
}

void cuda_owns(struct cuda *c, size_t bytes)
{
    struct backend *b = &c->base;
    b->program += (double)bytes;
    b->bytes += bytes;
    b->peak = b->bytes > b->peak ? b->bytes : b->peak;
}

int cuda_check(struct cuda *c, struct error *err)
{
    if (c->fault.code == ERR_NONE)
        return 0;
    *err = c->fault;
    error_clear(&c->fault);
    return -1;
}

void cuda_launched(struct cuda *c)
{
    cuda_ok(c, cudaGetLastError());
}

/* Notes a piece of work that is no kernel, where work is only looked at. */
static bool noted(struct cuda *c, const char *kind, const void *to, const void *from, size_t bytes)
{
    const void *work[] = {kind, to, from};
    if (!c->queue.look)
        return false;
    cuda_note(c->queue.look, work, sizeof work);
    cuda_note(c->queue.look, &bytes, sizeof bytes);
    return true;
}

void cuda_copy(struct cuda *c, void *to, const void *from, size_t bytes)
{
    if (!noted(c, "copy", to, from, bytes))
        cuda_ok(c, cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, c->queue.stream));
}

void cuda_clear(struct cuda *c, void *to, size_t bytes)
{
    if (!noted(c, "clear", to, NULL, bytes))
        cuda_ok(c, cudaMemsetAsync(to, 0, bytes, c->queue.stream));
}
