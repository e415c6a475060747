/*
 * Exchanges between processes of one machine through a shared file. An exchange is work of its stream and waits there
 * for the other processes, as on a GPU. Each says what it is about to exchange: processes that do not do the same in the
 * same order are told so. EMULATED_NCCL_FAULT=RANK:N lets a rank's Nth exchange fail: that rank learns it when it
 * asks, the others never.
 */
#include "nccl.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <vector>

#include "stream.h"

static const size_t PIECE = (size_t)64 << 10;

struct slot {
    char what[48];
    char data[PIECE];
};

struct shared {
    std::atomic<int> arrived, turn;
    slot slots[1]; /* one a rank */
};

struct ncclComm {
    shared *all;
    size_t bytes;
    int rank, count;
    int number, faulty; /* of the exchange at hand; of the one that fails */
    ncclResult_t state;
};

static std::vector<std::function<void()>> grouped;
static cudaStream_t grouped_on;
static int depth;

ncclResult_t ncclGetUniqueId(ncclUniqueId *out)
{
    const char *dir = getenv("TMPDIR");
    memset(out, 0, sizeof *out);
    snprintf(out->internal, sizeof out->internal, "%.100s/emulated-nccl-XXXXXX", dir ? dir : "/tmp");
    int file = mkstemp(out->internal);
    if (file < 0)
        return ncclSystemError;
    close(file);
    return ncclSuccess;
}

static void meet(ncclComm *c)
{
    int turn = c->all->turn;
    if (++c->all->arrived == c->count) {
        c->all->arrived = 0;
        c->all->turn++;
        return;
    }
    while (c->all->turn == turn)
        usleep(20);
}

ncclResult_t ncclCommInitRank(ncclComm_t *out, int count, ncclUniqueId id, int rank)
{
    const char *fault = getenv("EMULATED_NCCL_FAULT");
    int who = 0, number = 0;
    ncclComm *c = new ncclComm{nullptr, sizeof(shared) + (size_t)count * sizeof(slot), rank, count, 0, 0, ncclSuccess};
    if (fault && sscanf(fault, "%d:%d", &who, &number) == 2 && who == rank)
        c->faulty = number;
    int file = open(id.internal, O_RDWR);
    void *at = file < 0 || ftruncate(file, (off_t)c->bytes) != 0
                   ? MAP_FAILED
                   : mmap(nullptr, c->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file >= 0)
        close(file);
    if (at == MAP_FAILED) {
        delete c;
        return ncclSystemError;
    }
    c->all = static_cast<shared *>(at);
    meet(c);
    if (rank == 0)
        unlink(id.internal);
    *out = c;
    return ncclSuccess;
}

ncclResult_t ncclCommDestroy(ncclComm_t c)
{
    munmap(c->all, c->bytes);
    delete c;
    return ncclSuccess;
}

ncclResult_t ncclCommAbort(ncclComm_t c)
{
    c->state = ncclRemoteError; /* what is still in a stream does nothing; so it may not be freed */
    return ncclSuccess;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t c, ncclResult_t *out)
{
    *out = c->state;
    return ncclSuccess;
}

const char *ncclGetErrorString(ncclResult_t e)
{
    return e == ncclRemoteError ? "remote process exited or there was a network error" : "an emulated error";
}

const char *ncclGetLastError(ncclComm_t)
{
    return "";
}

ncclResult_t ncclGroupStart()
{
    depth++;
    return ncclSuccess;
}

ncclResult_t ncclGroupEnd()
{
    if (--depth)
        return ncclSuccess;
    for (std::function<void()> &work : grouped)
        stream_add(grouped_on, std::move(work));
    grouped.clear();
    return ncclSuccess;
}

static ncclResult_t put(cudaStream_t stream, std::function<void()> work)
{
    if (depth && !grouped.empty() && grouped_on != stream)
        return ncclInvalidUsage;
    grouped_on = stream;
    if (depth)
        grouped.push_back(std::move(work));
    else
        stream_add(stream, std::move(work));
    return ncclSuccess;
}

/* All say what they exchange, and find that it is the same. */
static bool agree(ncclComm *c, const char *what, size_t bytes)
{
    if (c->state != ncclSuccess)
        return false;
    if (++c->number == c->faulty) {
        c->state = ncclRemoteError;
        return false;
    }
    snprintf(c->all->slots[c->rank].what, sizeof c->all->slots[0].what, "%s of %zu bytes", what, bytes);
    meet(c);
    const char *first = c->all->slots[0].what, *mine = c->all->slots[c->rank].what;
    if (strcmp(first, mine) != 0) {
        fprintf(stderr, "emulated NCCL: rank 0 comes for %s, rank %d for %s\n", first, c->rank, mine);
        abort();
    }
    meet(c);
    return true;
}

static void reduce(ncclComm *c, const float *from, float *to, size_t count)
{
    if (!agree(c, "all-reduce", count * sizeof *to))
        return;
    for (size_t at = 0, most = PIECE / sizeof *to; at < count; at += most) {
        size_t n = count - at < most ? count - at : most;
        memcpy(c->all->slots[c->rank].data, from + at, n * sizeof *to);
        meet(c);
        for (size_t i = 0; i < n; i++) {
            float sum = 0;
            for (int k = 0; k < c->count; k++)
                sum += reinterpret_cast<const float *>(c->all->slots[k].data)[i];
            to[at + i] = sum;
        }
        meet(c);
    }
}

static void gather(ncclComm *c, const char *from, char *to, size_t bytes)
{
    if (!agree(c, "all-gather", bytes))
        return;
    for (size_t at = 0; at < bytes; at += PIECE) {
        size_t n = bytes - at < PIECE ? bytes - at : PIECE;
        memcpy(c->all->slots[c->rank].data, from + at, n);
        meet(c);
        for (int k = 0; k < c->count; k++)
            memcpy(to + (size_t)k * bytes + at, c->all->slots[k].data, n);
        meet(c);
    }
}

static void broadcast(ncclComm *c, const char *from, char *to, size_t bytes, int root)
{
    if (!agree(c, "broadcast", bytes))
        return;
    for (size_t at = 0; at < bytes; at += PIECE) {
        size_t n = bytes - at < PIECE ? bytes - at : PIECE;
        if (c->rank == root)
            memcpy(c->all->slots[root].data, from + at, n);
        meet(c);
        memcpy(to + at, c->all->slots[root].data, n);
        meet(c);
    }
}

ncclResult_t ncclAllReduce(const void *from, void *to, size_t count, ncclDataType_t type, ncclRedOp_t op, ncclComm_t comm,
                           cudaStream_t stream)
{
    if (type != ncclFloat || op != ncclSum)
        return ncclInvalidArgument;
    return put(stream, [=] { reduce(comm, static_cast<const float *>(from), static_cast<float *>(to), count); });
}

ncclResult_t ncclAllGather(const void *from, void *to, size_t count, ncclDataType_t type, ncclComm_t comm,
                           cudaStream_t stream)
{
    if (type != ncclInt8)
        return ncclInvalidArgument;
    return put(stream, [=] { gather(comm, static_cast<const char *>(from), static_cast<char *>(to), count); });
}

ncclResult_t ncclBroadcast(const void *from, void *to, size_t count, ncclDataType_t type, int root, ncclComm_t comm,
                           cudaStream_t stream)
{
    if (type != ncclInt8)
        return ncclInvalidArgument;
    return put(stream, [=] { broadcast(comm, static_cast<const char *>(from), static_cast<char *>(to), count, root); });
}
