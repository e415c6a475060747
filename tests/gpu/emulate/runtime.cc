/*
 * The runtime's calls: memory of the machine, and streams that are lists of what is to be done. A stream made with a
 * priority is a second one beside the first: its work waits for somebody as the first's does, or runs as soon as it may
 * (EMULATED_STREAMS=eager). Where one stream does not wait for the other's event, one of the two gives other numbers.
 * The environment says of the devices: EMULATED_GPUS how many there are (1), EMULATED_CAPABILITY what they are (80; 90
 * is a Hopper), EMULATED_MEMORY how many bytes each has. EMULATED_FAULT=CODE:N lets one fail with that error of CUDA's at
 * the Nth piece of work and from then on, as one that falls off does: nothing is carried out any more and every call
 * says so. EMULATED_REPORT names a file that is told at the end how often memory was asked for, what was held when the
 * last work came, and how much work came.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <deque>
#include <map>
#include <set>
#include <vector>

#include "stream.h"

typedef std::vector<std::function<void()>> work_list;

struct emulated_stream {
    std::deque<std::function<void()>> work;
    unsigned long added, done;
    bool eager, runs;
    bool captures, spoilt; /* spoilt: something came that no capture takes */
    work_list captured;
};

struct emulated_event {
    emulated_stream *stream;
    unsigned long after; /* how much of the stream must be done */
    bool captured;       /* of a stream that was captured: nobody may wait for it */
};

struct emulated_graph {
    work_list work;
};

struct emulated_exec {
    work_list work;
    unsigned long waiting; /* launches that are not done */
};

static std::map<void *, size_t> blocks;
static std::set<cudaStream_t> streams;
static size_t used, limit, mallocs, held;
static unsigned long fault_at;
static cudaError_t fault, fault_code;
static int capability_now = 80;
static emulated_counts counts;
static bool refuse;

static void report()
{
    FILE *f = fopen(getenv("EMULATED_REPORT"), "w");
    if (f) {
        fprintf(f, "mallocs %zu\nheld %zu\nworks %lu\n", mallocs, held, counts.work);
        fclose(f);
    }
}

/* What the environment says, once. */
static bool read_environment()
{
    const char *bytes = getenv("EMULATED_MEMORY"), *at = getenv("EMULATED_FAULT");
    const char *capability = getenv("EMULATED_CAPABILITY");
    unsigned code = 0;
    if (bytes)
        limit = strtoull(bytes, NULL, 10);
    if (at && sscanf(at, "%u:%lu", &code, &fault_at) == 2)
        fault_code = static_cast<cudaError_t>(code);
    if (capability)
        capability_now = atoi(capability);
    if (getenv("EMULATED_REPORT"))
        atexit(report);
    return true;
}

static const bool environment_was_read = read_environment();

struct emulated_counts emulate_counts(void)
{
    return counts;
}

void emulate_refuse_capture(void)
{
    refuse = true;
}

void emulate_memory(size_t bytes)
{
    limit = bytes;
}

void emulate_capability(int capability)
{
    capability_now = capability;
}

cudaError_t emulate_state(void)
{
    return fault;
}

static void run_until(emulated_stream *s, unsigned long after)
{
    if (s->runs && s->done < after) {
        fprintf(stderr, "emulated GPU: two streams wait for one another\n");
        abort();
    }
    while (s->done < after && fault == cudaSuccess) {
        std::function<void()> work = std::move(s->work.front());
        s->work.pop_front();
        s->runs = true;
        work();
        s->runs = false;
        s->done++;
    }
}

void stream_add(cudaStream_t stream, std::function<void()> work)
{
    held = used;
    counts.work++;
    if (fault_at && counts.work >= fault_at)
        fault = fault_code;
    if (fault != cudaSuccess)
        return;
    if (stream->captures) {
        stream->captured.push_back(std::move(work));
        return;
    }
    stream->work.push_back(std::move(work));
    stream->added++;
    if (stream->eager)
        run_until(stream, stream->added);
}

cudaError_t cudaGetDeviceCount(int *count)
{
    const char *set = getenv("EMULATED_GPUS");
    *count = set ? atoi(set) : 1;
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int device)
{
    int count;
    cudaGetDeviceCount(&count);
    return device >= 0 && device < count ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t cudaDeviceGetPCIBusId(char *out, int bytes, int device)
{
    snprintf(out, (size_t)bytes, "0000:%02X:00.0", device + 1);
    return cudaSuccess;
}

cudaError_t cudaDeviceGetStreamPriorityRange(int *least, int *most)
{
    *least = 0;
    *most = -1;
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *out, int device)
{
    snprintf(out->name, sizeof out->name, "emulated GPU %d", device);
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr what, int device)
{
    (void)device;
    *value = what == cudaDevAttrMultiProcessorCount         ? 4
             : what == cudaDevAttrComputeCapabilityMajor ? capability_now / 10
                                                         : capability_now % 10;
    return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t *free, size_t *total)
{
    *total = limit ? limit : (size_t)4 << 30;
    *free = *total - used;
    return fault;
}

cudaError_t cudaMalloc(void **out, size_t bytes)
{
    if (fault != cudaSuccess)
        return fault;
    mallocs++;
    if ((limit && used + bytes > limit) || posix_memalign(out, 256, bytes) != 0)
        return cudaErrorMemoryAllocation;
    memset(*out, 0xff, bytes); /* nothing may count on zeros */
    blocks[*out] = bytes;
    used += bytes;
    return cudaSuccess;
}

cudaError_t cudaFree(void *p)
{
    if (!p)
        return cudaSuccess;
    auto at = blocks.find(p);
    if (at == blocks.end())
        return cudaErrorInvalidValue;
    counts.waits++;
    for (cudaStream_t each : streams) /* it waits for the whole device */
        run_until(each, each->added);
    used -= at->second;
    blocks.erase(at);
    free(p);
    return fault;
}

cudaError_t cudaMallocHost(void **out, size_t bytes)
{
    *out = malloc(bytes);
    return *out ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t cudaFreeHost(void *p)
{
    free(p);
    return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream)
{
    (void)kind;
    stream_add(stream, [=] { memmove(to, from, bytes); });
    return fault;
}

cudaError_t cudaMemsetAsync(void *to, int value, size_t bytes, cudaStream_t stream)
{
    stream_add(stream, [=] { memset(to, value, bytes); });
    return fault;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *out, unsigned flags)
{
    (void)flags;
    *out = new emulated_stream{};
    streams.insert(*out);
    return cudaSuccess;
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t *out, unsigned flags, int priority)
{
    const char *set = getenv("EMULATED_STREAMS");
    (void)priority;
    cudaStreamCreateWithFlags(out, flags);
    (*out)->eager = set && strcmp(set, "eager") == 0;
    return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
    run_until(stream, stream->added);
    streams.erase(stream);
    delete stream;
    return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    if (stream->captures) {
        stream->spoilt = true;
        return cudaErrorStreamCaptureUnsupported;
    }
    counts.waits += stream->done < stream->added;
    run_until(stream, stream->added);
    return fault;
}

/* A stream with work is not ready when it is first asked. */
cudaError_t cudaStreamQuery(cudaStream_t stream)
{
    if (fault != cudaSuccess)
        return fault;
    if (stream->done == stream->added)
        return cudaSuccess;
    counts.waits++;
    run_until(stream, stream->added);
    return cudaErrorNotReady;
}

/* What the event stands for now counts, whatever it is recorded for later. */
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags)
{
    emulated_event on = *event;
    (void)flags;
    if (on.stream && on.stream != stream)
        stream_add(stream, [=] { run_until(on.stream, on.after); });
    return fault;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode)
{
    (void)mode;
    if (stream->captures)
        return cudaErrorStreamCaptureUnsupported;
    stream->captures = true;
    stream->spoilt = refuse;
    refuse = false;
    counts.captures++;
    return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *out)
{
    work_list work = std::move(stream->captured);
    stream->captured.clear();
    if (!stream->captures)
        return cudaErrorInvalidValue;
    stream->captures = false;
    *out = stream->spoilt ? nullptr : new emulated_graph{std::move(work)};
    return stream->spoilt ? cudaErrorStreamCaptureInvalidated : cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *out, cudaGraph_t graph, unsigned long long flags)
{
    (void)flags;
    *out = new emulated_exec{graph->work, 0};
    return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream)
{
    if (stream->captures) /* a graph inside a graph: nobody asks for it */
        return cudaErrorStreamCaptureUnsupported;
    exec->waiting++;
    stream_add(stream, [=] {
        for (const auto &one : exec->work)
            one();
        exec->waiting--;
    });
    counts.graphs++;
    return fault;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    delete graph;
    return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec)
{
    if (exec->waiting) {
        fprintf(stderr, "cudaGraphExecDestroy: the graph is at work\n");
        abort();
    }
    delete exec;
    return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *out, unsigned flags)
{
    (void)flags;
    *out = new emulated_event{};
    return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    delete event;
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
    *event = emulated_event{stream, stream->added, stream->captures};
    return fault;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
    if (event->captured)
        return cudaErrorCapturedEvent;
    counts.waits += event->stream && event->stream->done < event->after;
    if (event->stream)
        run_until(event->stream, event->after);
    return fault;
}

cudaError_t cudaGetLastError(void)
{
    return fault;
}

static const struct {
    cudaError_t code;
    const char *name, *text;
} errors[] = {
    {cudaSuccess, "cudaSuccess", "no error"},
    {cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", "out of memory"},
    {cudaErrorDevicesUnavailable, "cudaErrorDevicesUnavailable", "CUDA-capable device(s) is/are busy or unavailable"},
    {cudaErrorECCUncorrectable, "cudaErrorECCUncorrectable", "uncorrectable ECC error encountered"},
    {cudaErrorLaunchFailure, "cudaErrorLaunchFailure", "unspecified launch failure"},
};

const char *cudaGetErrorString(cudaError_t e)
{
    for (const auto &known : errors)
        if (known.code == e)
            return known.text;
    return "an emulated error";
}

const char *cudaGetErrorName(cudaError_t e)
{
    for (const auto &known : errors)
        if (known.code == e)
            return known.name;
    return "cudaError";
}
