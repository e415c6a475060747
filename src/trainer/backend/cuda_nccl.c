/*
 * Exchanges with the other processes of a training, through NCCL: on a stream of their own, tied to ours by events, so
 * that they go on while we compute. The library is opened when the first group is. It gives all ranks the bits that one
 * of them added up; which ring or tree it takes follows from sizes, ranks and machines, so a run that is repeated on
 * the same ones adds in the same order.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "trainer/backend/cuda_library.h"
#include "trainer/backend/cuda_parts.h"

#if defined(HAVE_NCCL) || defined(CUDA_EMULATED)
#include <nccl.h>

/* The library's functions, in the order of nccl_names. */
enum {
    UNIQUE_ID, INIT, ABORT, DESTROY, ASYNC_ERROR, ERROR_STRING, LAST_ERROR, GROUP_START, GROUP_END, ALL_REDUCE,
    ALL_GATHER, BROADCAST, FUNCTIONS
};

static const struct cuda_symbol nccl_names[FUNCTIONS] = {
    CUDA_SYMBOL(ncclGetUniqueId),  CUDA_SYMBOL(ncclCommInitRank),      CUDA_SYMBOL(ncclCommAbort),
    CUDA_SYMBOL(ncclCommDestroy),  CUDA_SYMBOL(ncclCommGetAsyncError), CUDA_SYMBOL(ncclGetErrorString),
    CUDA_SYMBOL(ncclGetLastError), CUDA_SYMBOL(ncclGroupStart),        CUDA_SYMBOL(ncclGroupEnd),
    CUDA_SYMBOL(ncclAllReduce),    CUDA_SYMBOL(ncclAllGather),         CUDA_SYMBOL(ncclBroadcast),
};

struct cuda_comm {
    struct cuda_library nccl;
    ncclComm_t group; /* NULL: not joined, or left for a failure */
    int rank, count;
    cudaStream_t stream;
    cudaEvent_t before;            /* what an exchange waits for */
    cudaEvent_t marks[COMM_MARKS]; /* the end of each mark's last exchange */
    const char *op;                /* the last that was put to work */
};

#define CALL CUDA_CALL

static int open_library(struct cuda_library *n, struct error *err)
{
    return cuda_library_open(n, "libnccl.so.2", nccl_names, FUNCTIONS, err);
}

static bool comm_ok(struct cuda *c, struct cuda_comm *m, ncclResult_t e)
{
    char text[200];
    if (e == ncclSuccess || e == ncclInProgress)
        return true;
    const char *more = CALL(&m->nccl, LAST_ERROR, ncclGetLastError)(NULL);
    snprintf(text, sizeof text, "rank %d of %d, NCCL: %s%s%.120s", m->rank, m->count,
             CALL(&m->nccl, ERROR_STRING, ncclGetErrorString)(e), more && *more ? ": " : "", more ? more : "");
    cuda_fail(c, text);
    return false;
}

int cuda_comm_id(struct backend *b, unsigned char id[COMM_ID], struct error *err)
{
    _Static_assert(COMM_ID == sizeof(ncclUniqueId), "an id is NCCL's");
    struct cuda_library opened = {0}, *n = &opened;
    ncclUniqueId made;
    (void)b;
    int result = open_library(n, err);
    if (result == 0 && id) {
        ncclResult_t e = CALL(n, UNIQUE_ID, ncclGetUniqueId)(&made);
        if (e == ncclSuccess)
            memcpy(id, &made, sizeof made);
        else
            result = error_set(err, ERR_IO, "NCCL does not start: %s", CALL(n, ERROR_STRING, ncclGetErrorString)(e));
    }
    if (result == 0) /* it stays loaded: whoever made an id listens for the others */
        return 0;
    cuda_library_close(n);
    return -1;
}

static bool open_streams(struct cuda *c, struct cuda_comm *m)
{
    int least = 0, most = 0;
    bool ok = cuda_ok(c, cudaDeviceGetStreamPriorityRange(&least, &most)) &&
              cuda_ok(c, cudaStreamCreateWithPriority(&m->stream, cudaStreamNonBlocking, most)) &&
              cuda_ok(c, cudaEventCreateWithFlags(&m->before, cudaEventDisableTiming));
    for (int i = 0; i < COMM_MARKS && ok; i++)
        ok = cuda_ok(c, cudaEventCreateWithFlags(&m->marks[i], cudaEventDisableTiming)) &&
             cuda_ok(c, cudaEventRecord(m->marks[i], m->stream));
    return ok;
}

int cuda_comm_open(struct backend *b, const unsigned char id[COMM_ID], int rank, int count, struct error *err)
{
    struct cuda *c = cuda_of(b);
    struct cuda_comm *m = mem_zalloc(1, sizeof *m);
    ncclUniqueId name;
    memcpy(&name, id, sizeof name);
    m->rank = rank;
    m->count = count;
    cuda_begin(c, "joining the other processes", rank, count, 0);
    if (open_library(&m->nccl, err) == 0 && open_streams(c, m) &&
        comm_ok(c, m, CALL(&m->nccl, INIT, ncclCommInitRank)(&m->group, count, name, rank))) {
        c->comm = m;
        b->processes = count;
        return 0;
    }
    if (c->fault.code != ERR_NONE)
        *err = c->fault;
    error_clear(&c->fault);
    cuda_comm_free(c, m);
    return -1;
}

void cuda_comm_free(struct cuda *c, struct cuda_comm *m)
{
    if (!m)
        return;
    if (m->group && c->fault.code == ERR_NONE) {
        cudaStreamSynchronize(m->stream);
        CALL(&m->nccl, DESTROY, ncclCommDestroy)(m->group);
    } else if (m->group) {
        CALL(&m->nccl, ABORT, ncclCommAbort)(m->group);
    }
    for (int i = 0; i < COMM_MARKS; i++) {
        if (m->marks[i])
            cudaEventDestroy(m->marks[i]);
    }
    if (m->before)
        cudaEventDestroy(m->before);
    if (m->stream)
        cudaStreamDestroy(m->stream);
    mem_free(m); /* the library stays: threads of its own may still be ending */
    c->comm = NULL;
}

/* What was put to work so far comes before the exchange. NULL when there is no group any more. */
static struct cuda_comm *begin(struct cuda *c, const char *op, size_t n, size_t total)
{
    struct cuda_comm *m = c->comm;
    cuda_begin(c, op, (long)n, (long)total, m ? m->count : 0);
    if (!m || !m->group || !cuda_outside(c))
        return NULL;
    m->op = op;
    bool ok = cuda_ok(c, cudaEventRecord(m->before, c->queue.stream)) &&
              cuda_ok(c, cudaStreamWaitEvent(m->stream, m->before, 0)) &&
              comm_ok(c, m, CALL(&m->nccl, GROUP_START, ncclGroupStart)());
    return ok ? m : NULL;
}

static void end(struct cuda *c, struct cuda_comm *m, int mark)
{
    comm_ok(c, m, CALL(&m->nccl, GROUP_END, ncclGroupEnd)());
    cuda_ok(c, cudaEventRecord(m->marks[mark], m->stream));
}

void cuda_all_reduce(struct backend *b, float *const *list, const size_t *counts, size_t n, int mark)
{
    struct cuda *c = cuda_of(b);
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += counts[i];
    struct cuda_comm *m = n ? begin(c, "sum over processes", n, total) : NULL;
    if (!m)
        return;
    for (size_t i = 0; i < n; i++)
        comm_ok(c, m, CALL(&m->nccl, ALL_REDUCE, ncclAllReduce)(list[i], list[i], counts[i], ncclFloat, ncclSum, m->group,
                                                                m->stream));
    end(c, m, mark);
}

/* Bytes that each rank has of something, and where: first[k] to first[k + 1] of whole are rank k's. */
struct piece {
    const char *own;
    char *whole;
    size_t *first;
};

/* One call where all have as much; where they have not, each rank in turn gives its part to all. */
static void gather_piece(struct cuda *c, struct cuda_comm *m, const struct piece *p)
{
    size_t each = p->first[1] - p->first[0];
    bool even = true;
    for (int k = 0; k < m->count; k++)
        even = even && p->first[k + 1] - p->first[k] == each;
    if (even) {
        comm_ok(c, m, CALL(&m->nccl, ALL_GATHER, ncclAllGather)(p->own, p->whole + p->first[0], each, ncclInt8, m->group,
                                                                m->stream));
        return;
    }
    for (int k = 0; k < m->count; k++) {
        size_t bytes = p->first[k + 1] - p->first[k];
        char *to = p->whole + p->first[k];
        if (bytes)
            comm_ok(c, m, CALL(&m->nccl, BROADCAST, ncclBroadcast)(k == m->rank ? p->own : to, to, bytes, ncclInt8, k,
                                                                   m->group, m->stream));
    }
}

static void gather_one(struct cuda *c, struct cuda_comm *m, const struct divided *d, size_t *first)
{
    size_t wide = (size_t)d->cols * c->base.real_bytes, from = 0, to = 0;
    if (!d->bits) {
        for (int k = 0; k <= m->count; k++)
            first[k] = (size_t)d->first[k] * wide;
        gather_piece(c, m, &(struct piece){d->own, d->whole, first});
        return;
    }
    int own = d->first[m->rank + 1] - d->first[m->rank];
    cuda_packed_scales(own, d->cols, d->bits, &from);
    cuda_packed_scales(d->rows, d->cols, d->bits, &to);
    size_t unused;
    for (int k = 0; k <= m->count; k++)
        first[k] = cuda_packed_scales(d->first[k], d->cols, d->bits, &unused);
    gather_piece(c, m, &(struct piece){d->own, d->whole, first});
    for (int k = 0; k <= m->count; k++)
        first[k] = cuda_packed_numbers(d->first[k], d->cols, d->bits);
    gather_piece(c, m, &(struct piece){(const char *)d->own + from, (char *)d->whole + to, first});
}

void cuda_gather_rows(struct backend *b, const struct divided *list, size_t n, int mark)
{
    struct cuda *c = cuda_of(b);
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += (size_t)list[i].rows * (size_t)list[i].cols;
    struct cuda_comm *m = n ? begin(c, "gathering a layer", n, total) : NULL;
    if (!m)
        return;
    size_t *first = mem_alloc(((size_t)m->count + 1) * sizeof *first);
    for (size_t i = 0; i < n; i++)
        gather_one(c, m, &list[i], first);
    mem_free(first);
    end(c, m, mark);
}

void cuda_comm_wait(struct backend *b, int mark)
{
    struct cuda *c = cuda_of(b);
    struct cuda_comm *m = c->comm;
    cuda_begin(c, "waiting for other processes", mark, 0, 0);
    if (m && m->group && cuda_outside(c))
        cuda_ok(c, cudaStreamWaitEvent(c->queue.stream, m->marks[mark], 0));
}

/* Whether the other processes are there; when not the group is left, so that what waits for them ends. */
static bool together(struct cuda *c, struct cuda_comm *m)
{
    ncclResult_t state = ncclSuccess;
    if (!m->group)
        return true;
    cuda_begin(c, m->op ? m->op : "joining the other processes", m->rank, m->count, 0);
    if (comm_ok(c, m, CALL(&m->nccl, ASYNC_ERROR, ncclCommGetAsyncError)(m->group, &state)) && comm_ok(c, m, state))
        return true;
    CALL(&m->nccl, ABORT, ncclCommAbort)(m->group);
    m->group = NULL;
    return false;
}

void cuda_settle(struct cuda *c)
{
    struct cuda_comm *m = c->comm;
    while (m && cudaStreamQuery(c->queue.stream) == cudaErrorNotReady && together(c, m))
        nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
    cudaError_t e = cudaStreamSynchronize(c->queue.stream);
    if (m)
        together(c, m);
    cuda_ok(c, e);
}

#else

int cuda_comm_id(struct backend *b, unsigned char id[COMM_ID], struct error *err)
{
    (void)b, (void)id;
    return error_set(err, ERR_ABSENT, "this hinge-train was built without NCCL (nccl.h beside CUDA's headers)");
}

int cuda_comm_open(struct backend *b, const unsigned char id[COMM_ID], int rank, int count, struct error *err)
{
    (void)rank, (void)count, (void)id;
    return cuda_comm_id(b, NULL, err);
}

void cuda_comm_free(struct cuda *c, struct cuda_comm *m)
{
    (void)c, (void)m;
}

void cuda_all_reduce(struct backend *b, float *const *list, const size_t *counts, size_t n, int mark)
{
    (void)b, (void)list, (void)counts, (void)n, (void)mark;
}

void cuda_gather_rows(struct backend *b, const struct divided *list, size_t n, int mark)
{
    (void)b, (void)list, (void)n, (void)mark;
}

void cuda_comm_wait(struct backend *b, int mark)
{
    (void)b, (void)mark;
}

void cuda_settle(struct cuda *c)
{
    cuda_ok(c, cudaStreamSynchronize(c->queue.stream));
}

#endif
