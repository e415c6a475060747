/*
 * Copies between host and device that nobody waits for. Small arrays (positions, ids, masks) go through a ring of
 * pinned memory with a twin on the device, in a stream of their own: what is staged ahead is there when what computes
 * comes to it. A half of the ring is written again when an event tells that all that read it is done. Results have a
 * place on the device until finish brings them all in one copy. In a body that may be repeated both are of cuda_graph.c.
 */
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "trainer/backend/cuda_parts.h"

enum { HALVES = 2, ALIGN = 256, READERS = 8, PART = 1 << 20 };
static const size_t HALF = (size_t)8 << 20, RESULTS = (size_t)8 << 20, LARGE = (size_t)32 << 20;

struct cuda_stage {
    char *pinned, *device; /* HALVES * HALF each */
    int half;              /* of the ring, that is written now */
    size_t used;           /* of it */
    cudaEvent_t done[HALVES];
    cudaStream_t copies; /* of the ring: beside what computes */
    cudaEvent_t sent;
    char *results, *results_pinned;
    size_t results_at;
    struct cuda_promise *promises;
    size_t promise_count, promise_cap;
    char *large[HALVES]; /* pinned, for stream_in */
    cudaEvent_t large_done[HALVES];
};

static bool open_half(struct cuda *c, struct cuda_stage *s, int i)
{
    return cuda_ok(c, cudaEventCreateWithFlags(&s->done[i], cudaEventDisableTiming)) &&
           cuda_ok(c, cudaEventCreateWithFlags(&s->large_done[i], cudaEventDisableTiming)) &&
           cuda_ok(c, cudaEventRecord(s->done[i], c->queue.stream)) &&
           cuda_ok(c, cudaEventRecord(s->large_done[i], c->queue.stream)) &&
           cuda_ok(c, cudaMallocHost((void **)&s->large[i], LARGE));
}

static bool open_copies(struct cuda *c, struct cuda_stage *s)
{
    int least = 0, most = 0;
    return cuda_ok(c, cudaDeviceGetStreamPriorityRange(&least, &most)) &&
           cuda_ok(c, cudaStreamCreateWithPriority(&s->copies, cudaStreamNonBlocking, most)) &&
           cuda_ok(c, cudaEventCreateWithFlags(&s->sent, cudaEventDisableTiming));
}

struct cuda_stage *cuda_stage_new(struct cuda *c, struct error *err)
{
    struct cuda_stage *s = mem_zalloc(1, sizeof *s);
    cuda_begin(c, "buffers for copies", (long)(2 * (HALVES * HALF + RESULTS) + HALVES * LARGE), 0, 0);
    bool ok = cuda_ok(c, cudaMallocHost((void **)&s->pinned, HALVES * HALF)) &&
              cuda_ok(c, cudaMalloc((void **)&s->device, HALVES * HALF)) &&
              cuda_ok(c, cudaMallocHost((void **)&s->results_pinned, RESULTS)) &&
              cuda_ok(c, cudaMalloc((void **)&s->results, RESULTS)) && open_half(c, s, 0) && open_half(c, s, 1) &&
              open_copies(c, s);
    if (ok) {
        cuda_owns(c, HALVES * HALF + RESULTS);
        return s;
    }
    *err = c->fault;
    cuda_stage_free(c, s);
    return NULL;
}

void cuda_stage_free(struct cuda *c, struct cuda_stage *s)
{
    (void)c;
    if (!s)
        return;
    if (s->copies)
        cudaStreamDestroy(s->copies);
    if (s->sent)
        cudaEventDestroy(s->sent);
    cudaFreeHost(s->pinned);
    cudaFreeHost(s->results_pinned);
    cudaFree(s->device);
    cudaFree(s->results);
    for (int i = 0; i < HALVES; i++) {
        cudaFreeHost(s->large[i]);
        if (s->done[i])
            cudaEventDestroy(s->done[i]);
        if (s->large_done[i])
            cudaEventDestroy(s->large_done[i]);
    }
    mem_free(s->promises);
    mem_free(s);
}

const void *cuda_stage(struct cuda *c, const void *host, size_t bytes)
{
    struct cuda_stage *s = c->stage;
    if (c->body)
        return cuda_look_stage(c->body, host, bytes);
    if (bytes > HALF) {
        cuda_fail(c, "its indexes take over 8 MB");
        return NULL;
    }
    if (s->used + bytes > HALF) { /* on to the other half, once its copies are done */
        cuda_ok(c, cudaEventRecord(s->done[s->half], c->queue.stream));
        s->half = 1 - s->half;
        s->used = 0;
        cuda_ok(c, cudaEventSynchronize(s->done[s->half]));
    }
    size_t at = (size_t)s->half * HALF + s->used;
    char *to = s->device + at;
    memcpy(s->pinned + at, host, bytes);
    if (cuda_ok(c, cudaMemcpyAsync(to, s->pinned + at, bytes, cudaMemcpyHostToDevice, s->copies)) &&
        cuda_ok(c, cudaEventRecord(s->sent, s->copies)))
        cuda_ok(c, cudaStreamWaitEvent(c->queue.stream, s->sent, 0));
    s->used += (bytes + ALIGN - 1) / ALIGN * ALIGN;
    return to;
}

void cuda_send(struct cuda *c, void *to, const void *host, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += HALF) {
        size_t n = bytes - at < HALF ? bytes - at : HALF;
        const void *from = cuda_stage(c, (const char *)host + at, n);
        cuda_copy(c, (char *)to + at, from, n);
    }
}

bool cuda_results_fit(size_t bytes)
{
    return bytes <= RESULTS;
}

void *cuda_results(struct cuda *c, const struct cuda_promise *list, size_t count, size_t bytes)
{
    struct cuda_stage *s = c->stage;
    if (!cuda_results_fit(bytes)) {
        cuda_fail(c, "its results take over 8 MB");
        return NULL;
    }
    if (s->results_at + bytes > RESULTS)
        cuda_stage_finish(c);
    void *to = s->results + s->results_at;
    s->promises = array_reserve(s->promises, &s->promise_cap, s->promise_count + count, sizeof *s->promises);
    for (size_t i = 0; i < count; i++)
        s->promises[s->promise_count++] = (struct cuda_promise){list[i].host, s->results_at + list[i].at, list[i].bytes};
    s->results_at += (bytes + ALIGN - 1) / ALIGN * ALIGN;
    return to;
}

void *cuda_result(struct cuda *c, void *host, size_t bytes)
{
    if (c->body)
        return cuda_look_result(c->body, host, bytes);
    return cuda_results(c, &(struct cuda_promise){host, 0, bytes}, 1, bytes);
}

void cuda_stage_finish(struct cuda *c)
{
    struct cuda_stage *s = c->stage;
    if (s->results_at)
        cuda_ok(c, cudaMemcpyAsync(s->results_pinned, s->results, s->results_at, cudaMemcpyDeviceToHost, c->queue.stream));
    cuda_settle(c);
    for (size_t i = 0; i < s->promise_count; i++)
        memcpy(s->promises[i].host, s->results_pinned + s->promises[i].at, s->promises[i].bytes);
    s->promise_count = 0;
    s->results_at = 0;
    cuda_graphs_settle(c);
}

/* A piece in parts: several threads wait for the file and convert, since a page that is not there yet stops one. */
static void fill_piece(cuda_give_fn *give, const void *from, size_t at, size_t n, size_t each, char *to)
{
    size_t part = PART / each / ALIGN * ALIGN;
    long parts = (long)((n + part - 1) / part);
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic) num_threads(READERS)
#endif
    for (long i = 0; i < parts; i++) {
        size_t first = (size_t)i * part, count = n - first < part ? n - first : part;
        give(from, at + first, count, to + first * each);
    }
}

/* One pinned piece is filled while the other is on its way. */
void cuda_stream_in(struct cuda *c, void *to, size_t each, size_t count, cuda_give_fn *give, const void *from)
{
    struct cuda_stage *s = c->stage;
    size_t most = LARGE / each / ALIGN * ALIGN; /* whole blocks of any quantised type */
    int side = 0;
    for (size_t at = 0; at < count && cuda_outside(c); at += most, side = 1 - side) {
        size_t n = count - at < most ? count - at : most;
        cuda_ok(c, cudaEventSynchronize(s->large_done[side]));
        fill_piece(give, from, at, n, each, s->large[side]);
        cuda_ok(c, cudaMemcpyAsync((char *)to + at * each, s->large[side], n * each, cudaMemcpyHostToDevice, c->queue.stream));
        cuda_ok(c, cudaEventRecord(s->large_done[side], c->queue.stream));
    }
}
