/*
 * Sequences of ops that are asked for again, kept as CUDA graphs: the host then puts one thing into the stream instead of
 * thousands. A body that comes again is looked at first: each kernel, copy and product notes what it is (cuda_queue.h),
 * host arrays are gathered, nothing is carried out. What was noted is the key.
 *
 *   like not met lately       the body is carried out, and that is all
 *   key not met lately        the body is carried out
 *   key met, no graph of it   the body is captured, then the graph goes as the next
 *   a graph has the key       gathered arrays go to the graph's place, the graph goes into the stream, its results come to
 *                             where results are promised
 *
 * A key names every address, so a graph touches exactly what the ops would: memory that was given back and taken again
 * makes no graph wrong. Whatever does not work out is carried out op by op.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "trainer/backend/cuda_parts.h"

enum { GRAPHS = 16, MET = 64, ALIGN = 256 };

/* Places that stand in a key for those of a graph: at multiples of 256, as all are. */
static const uintptr_t ROOM = (uintptr_t)1 << 40, STAGED = (uintptr_t)2 << 40, RESULTS = (uintptr_t)3 << 40;

struct cuda_look {
    unsigned char *key;
    size_t key_bytes, key_cap;
    char *staged; /* host arrays, each at a multiple of 256 */
    size_t staged_bytes, staged_cap;
    struct cuda_promise *promises;
    size_t promise_count, promise_cap, result_bytes;
    size_t room;  /* scratch that its ops ask for, at most */
    bool refused; /* an op is among them that no graph may hold */
    /* while it is captured */
    char *place;  /* on the device: staged arrays, then results */
    size_t staged_at, results_at;
    bool differs; /* it asked for something else this time */
};

struct graph {
    cudaGraphExec_t exec;
    unsigned char *key;
    size_t key_bytes;
    uint64_t hash, used;
    char *place;
};

/* What came lately, and when. */
struct met {
    uint64_t what[MET], when[MET];
    int next;
};

struct cuda_graphs {
    struct cuda_look look;
    struct graph graphs[GRAPHS];
    int count;
    struct graph *dead; /* may be at work still: destroyed when all is done */
    size_t dead_count, dead_cap;
    struct met likes, keys;
    uint64_t now; /* counts bodies */
    int depth;
    bool off, must;
};

struct cuda_graphs *cuda_graphs_new(void)
{
    struct cuda_graphs *g = mem_zalloc(1, sizeof *g);
    const char *wish = getenv("HINGE_GRAPHS");
    g->off = wish && strcmp(wish, "off") == 0;
    g->must = wish && strcmp(wish, "must") == 0;
    return g;
}

static void retire(struct cuda_graphs *g, int at)
{
    g->dead = array_reserve(g->dead, &g->dead_cap, g->dead_count + 1, sizeof *g->dead);
    g->dead[g->dead_count++] = g->graphs[at];
    g->graphs[at] = g->graphs[--g->count];
}

void cuda_graphs_drop(struct cuda *c)
{
    while (c->graphs && c->graphs->count)
        retire(c->graphs, 0);
}

void cuda_graphs_settle(struct cuda *c)
{
    struct cuda_graphs *g = c->graphs;
    for (size_t i = 0; g && i < g->dead_count; i++) {
        cudaGraphExecDestroy(g->dead[i].exec);
        cuda_arena_give(c->arena, g->dead[i].place);
        mem_free(g->dead[i].key);
    }
    if (g)
        g->dead_count = 0;
}

void cuda_graphs_free(struct cuda *c)
{
    struct cuda_graphs *g = c->graphs;
    if (!g)
        return;
    cuda_graphs_drop(c);
    cuda_graphs_settle(c);
    mem_free(g->look.key);
    mem_free(g->look.staged);
    mem_free(g->look.promises);
    mem_free(g->dead);
    mem_free(g);
    c->graphs = NULL;
}

void cuda_note(struct cuda_look *look, const void *bytes, size_t count)
{
    look->key = array_reserve(look->key, &look->key_cap, look->key_bytes + count, 1);
    memcpy(look->key + look->key_bytes, bytes, count);
    look->key_bytes += count;
}

bool cuda_outside(struct cuda *c)
{
    if (!c->graphs || c->graphs->depth == 0)
        return true;
    cuda_fail(c, "it may not stand among ops that are repeated");
    return false;
}

bool cuda_direct(struct cuda *c, cudaStream_t *out)
{
    if (c->queue.look)
        c->queue.look->refused = true;
    *out = c->queue.look ? NULL : c->queue.stream;
    return !c->queue.look;
}

static size_t aligned(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

const void *cuda_look_stage(struct cuda_look *look, const void *host, size_t bytes)
{
    if (look->place) { /* captured: the bytes are those that were gathered */
        size_t at = look->staged_at;
        look->staged_at += aligned(bytes);
        look->differs = look->differs || look->staged_at > look->staged_bytes ||
                        (bytes && memcmp(look->staged + at, host, bytes) != 0);
        return look->place + at;
    }
    size_t at = look->staged_bytes;
    look->staged_bytes += aligned(bytes);
    look->staged = array_reserve(look->staged, &look->staged_cap, look->staged_bytes + 1, 1);
    memset(look->staged + at, 0, look->staged_bytes - at);
    if (bytes)
        memcpy(look->staged + at, host, bytes);
    return (const void *)(STAGED + at); // NOLINT(performance-no-int-to-ptr): a name for a place, never followed
}

void *cuda_look_result(struct cuda_look *look, void *host, size_t bytes)
{
    if (look->place) {
        size_t at = look->results_at;
        look->results_at += aligned(bytes);
        look->differs = look->differs || look->results_at > look->result_bytes;
        return look->place + look->staged_bytes + at;
    }
    size_t at = look->result_bytes;
    look->result_bytes += aligned(bytes);
    look->promises = array_reserve(look->promises, &look->promise_cap, look->promise_count + 1, sizeof *look->promises);
    look->promises[look->promise_count++] = (struct cuda_promise){host, at, bytes};
    return (void *)(RESULTS + at); // NOLINT(performance-no-int-to-ptr)
}

void *cuda_look_room(struct cuda_look *look, size_t bytes)
{
    look->room = bytes > look->room ? bytes : look->room;
    return (void *)ROOM; // NOLINT(performance-no-int-to-ptr)
}

static void carry_out(struct cuda *c, void (*body)(void *ctx), void *ctx)
{
    c->graphs->depth++;
    body(ctx);
    c->graphs->depth--;
}

/* When it was met before, 0 when it was not; it is met now. */
static uint64_t meet(struct met *m, uint64_t what, uint64_t now)
{
    for (int i = 0; i < MET; i++) {
        uint64_t before = m->when[i];
        if (before == 0 || m->what[i] != what)
            continue;
        m->when[i] = now;
        return before;
    }
    m->what[m->next] = what;
    m->when[m->next] = now;
    m->next = (m->next + 1) % MET;
    return 0;
}

/* Notes what body asks for; its scratch is there afterwards, and where that lies is part of the key. */
static void look_at(struct cuda *c, void (*body)(void *ctx), void *ctx)
{
    struct cuda_look *l = &c->graphs->look;
    l->key_bytes = l->staged_bytes = l->promise_count = l->result_bytes = l->room = 0;
    l->refused = l->differs = false;
    c->body = c->queue.look = l;
    c->turn++;
    carry_out(c, body, ctx);
    c->body = c->queue.look = NULL;
    void *room = l->room ? cuda_room(c, l->room) : NULL;
    cuda_note(l, &room, sizeof room);
    cuda_note(l, &l->staged_bytes, sizeof l->staged_bytes);
    cuda_note(l, &l->result_bytes, sizeof l->result_bytes);
}

static uint64_t hash_of(const unsigned char *key, size_t bytes)
{
    uint64_t h = bytes;
    for (size_t at = 0; at < bytes; at += sizeof h) {
        uint64_t word = 0;
        memcpy(&word, key + at, bytes - at < sizeof word ? bytes - at : sizeof word);
        h = (h ^ word) * 0x9e3779b97f4a7c15ULL;
        h ^= h >> 29;
    }
    return h;
}

static struct graph *find(struct cuda_graphs *g, uint64_t hash)
{
    for (int i = 0; i < g->count; i++) {
        struct graph *x = &g->graphs[i];
        if (x->hash == hash && x->key_bytes == g->look.key_bytes && memcmp(x->key, g->look.key, x->key_bytes) == 0)
            return x;
    }
    return NULL;
}

/* Room for one more: a free place, or that of a graph which was not used since the body to be kept was last asked for.
 * So more bodies in turn than there are places do not chase each other out. */
static bool make_place(struct cuda_graphs *g, uint64_t before)
{
    int oldest = 0;
    if (g->count < GRAPHS)
        return true;
    for (int i = 1; i < g->count; i++)
        oldest = g->graphs[i].used < g->graphs[oldest].used ? i : oldest;
    if (g->graphs[oldest].used >= before)
        return false;
    retire(g, oldest);
    return true;
}

/* The body's ops as a graph; false, noted, when the driver or an op refuses. */
static bool record(struct cuda *c, void (*body)(void *ctx), void *ctx, cudaGraph_t *out)
{
    struct cuda_look *l = &c->graphs->look;
    cuda_begin(c, "capturing", (long)l->key_bytes, (long)l->staged_bytes, (long)l->result_bytes);
    if (!cuda_ok(c, cudaStreamBeginCapture(c->queue.stream, cudaStreamCaptureModeRelaxed)))
        return false;
    l->staged_at = l->results_at = 0;
    c->body = l;
    c->turn++;
    carry_out(c, body, ctx);
    c->body = NULL;
    cuda_begin(c, "capturing", (long)l->key_bytes, (long)l->staged_bytes, (long)l->result_bytes);
    bool ok = cuda_ok(c, cudaStreamEndCapture(c->queue.stream, out));
    if (l->differs || l->staged_at != l->staged_bytes || l->results_at != l->result_bytes)
        cuda_fail(c, "its ops ask for something else the second time");
    return ok && c->fault.code == ERR_NONE;
}

/* Keeps the body that was looked at. NULL when it cannot be captured: then none is again, unless the failure is asked
 * for. */
static struct graph *capture(struct cuda *c, uint64_t hash, void (*body)(void *ctx), void *ctx)
{
    struct cuda_graphs *g = c->graphs;
    struct cuda_look *l = &g->look;
    struct graph made = {.hash = hash, .key_bytes = l->key_bytes};
    cudaGraph_t graph = NULL;
    if (!(made.place = cuda_arena_take(c->arena, l->staged_bytes + l->result_bytes)))
        return NULL;
    l->place = made.place;
    bool ok = record(c, body, ctx, &graph) && cuda_ok(c, cudaGraphInstantiate(&made.exec, graph, 0));
    l->place = NULL;
    if (graph)
        cudaGraphDestroy(graph);
    if (ok) {
        made.key = mem_alloc(l->key_bytes);
        memcpy(made.key, l->key, l->key_bytes);
        g->graphs[g->count] = made;
        return &g->graphs[g->count++];
    }
    cuda_arena_give(c->arena, made.place);
    g->off = true;
    if (!g->must)
        error_clear(&c->fault);
    return NULL;
}

static void launch(struct cuda *c, struct graph *graph)
{
    struct cuda_look *l = &c->graphs->look;
    graph->used = c->graphs->now;
    cuda_begin(c, "repeating ops", (long)l->key_bytes, (long)l->staged_bytes, (long)l->result_bytes);
    cuda_send(c, graph->place, l->staged, l->staged_bytes);
    cuda_ok(c, cudaGraphLaunch(graph->exec, c->queue.stream));
    void *to = l->result_bytes ? cuda_results(c, l->promises, l->promise_count, l->result_bytes) : NULL;
    if (to)
        cuda_copy(c, to, graph->place + l->staged_bytes, l->result_bytes);
}

void cuda_repeat(struct backend *b, uint64_t like, void (*body)(void *ctx), void *ctx)
{
    struct cuda *c = cuda_of(b);
    struct cuda_graphs *g = c->graphs;
    g->now++;
    if (g->off || g->depth || c->fault.code || !meet(&g->likes, like, g->now)) {
        carry_out(c, body, ctx);
        return;
    }
    look_at(c, body, ctx);
    if (c->fault.code) /* nothing was carried out, nothing need be */
        return;
    uint64_t hash = hash_of(g->look.key, g->look.key_bytes);
    bool fit = !g->look.refused && cuda_results_fit(g->look.result_bytes);
    struct graph *graph = fit ? find(g, hash) : NULL;
    uint64_t before = graph || !fit ? 0 : meet(&g->keys, hash, g->now);
    if (before && make_place(g, before))
        graph = capture(c, hash, body, ctx);
    if (graph)
        launch(c, graph);
    else if (c->fault.code == ERR_NONE)
        carry_out(c, body, ctx);
}
