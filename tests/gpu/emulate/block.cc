/*
 * Blocks of threads on one core. Every thread is a fiber that runs to the next barrier; the order in which they
 * run is chosen (emulate_order), so that a barrier that is missing shows as a result that depends on it.
 */
#include <stdio.h>
#include <stdlib.h>

#include <memory>
#include <vector>

#include "block.h"
#include "emulate_ptx.h"
#include "fiber.h"
#include "stream.h"

enum wait_kind { RUNS, AT_BLOCK, AT_WARP, UNTIL, ENDED };
enum { WARP = 32, SLOT = 64 };

struct copy {
    void *to;
    const void *from; /* NULL: zeros */
    unsigned bytes;
};

struct lane : emulated_thread {
    fiber *stack;
    wait_kind state;
    bool (*ready)(void *ctx); /* UNTIL */
    void *ready_ctx;
    std::vector<std::vector<copy>> groups; /* begun and committed */
    std::vector<copy> open;
    lane() : emulated_thread{}, stack(nullptr), state(ENDED), ready(nullptr), ready_ctx(nullptr) {}
    lane(const lane &) = delete;
    lane &operator=(const lane &) = delete;
    ~lane() { fiber_free(stack); }
};

struct warp {
    alignas(16) unsigned char slots[2][WARP][SLOT];
    const void *places[2][WARP];
};

emulated_thread *emulate_now;
dim3 emulate_block, emulate_grid, emulate_block_index;

static std::vector<std::unique_ptr<lane>> lanes; /* kept from block to block: a stack is dear */
static std::vector<warp> warps;
static const std::function<void()> *body_now;
static unsigned order_now;
static uint64_t chance = 88172645463325252ULL;
static char *shared_now;
static size_t shared_bytes_now;

void *emulate_shared()
{
    return shared_now;
}

void emulate_order(unsigned order)
{
    order_now = order;
}

static lane *self()
{
    return static_cast<lane *>(emulate_now);
}

static void give_way(wait_kind state)
{
    lane *me = self();
    me->state = state;
    fiber_yield(me->stack);
}

void block_until(bool (*ready)(void *ctx), void *ctx)
{
    self()->ready = ready;
    self()->ready_ctx = ctx;
    give_way(UNTIL);
}

unsigned block_order()
{
    return order_now;
}

unsigned block_chance(unsigned n)
{
    chance ^= chance << 13, chance ^= chance >> 7, chance ^= chance << 17;
    return (unsigned)(chance % n);
}

size_t block_shared_bytes()
{
    return shared_bytes_now;
}

void __syncthreads()
{
    give_way(AT_BLOCK);
}

void __syncwarp(unsigned)
{
    give_way(AT_WARP);
}

const void *const *emulate_exchange(const void *from, size_t bytes)
{
    lane *me = self();
    warp *w = &warps[me->linear / WARP];
    unsigned side = me->phase++ % 2, at = me->linear % WARP;
    if (bytes > SLOT)
        abort();
    memcpy(w->slots[side][at], from, bytes);
    w->places[side][at] = w->slots[side][at];
    give_way(AT_WARP);
    return w->places[side];
}

void emulate_copy_begin(void *to, const void *from, unsigned bytes)
{
    if ((uintptr_t)to % 16 || (uintptr_t)from % 16) {
        fprintf(stderr, "cp.async: an address is not a multiple of 16\n");
        abort();
    }
    self()->open.push_back({to, from, bytes});
}

void emulate_copy_commit()
{
    self()->groups.push_back(std::move(self()->open));
    self()->open.clear();
}

void emulate_copy_wait(int pending)
{
    auto &groups = self()->groups;
    while (groups.size() > (size_t)pending) {
        for (const copy &c : groups.front()) {
            if (c.from)
                memcpy(c.to, c.from, c.bytes);
            else
                memset(c.to, 0, c.bytes);
        }
        groups.erase(groups.begin());
    }
}

static void live(void *ctx)
{
    (void)ctx;
    for (;;) {
        (*body_now)();
        give_way(ENDED);
    }
}

static void open_lanes(unsigned count)
{
    while (lanes.size() < count) {
        lanes.emplace_back(new lane);
        lanes.back()->stack = fiber_new(live, nullptr);
        lanes.back()->linear = (unsigned)lanes.size() - 1;
    }
    warps.resize((count + WARP - 1) / WARP);
    for (unsigned i = 0; i < count; i++) {
        lane *l = lanes[i].get();
        l->state = RUNS;
        l->phase = 0;
        l->groups.clear();
        l->open.clear();
        l->index = dim3(i % emulate_block.x, i / emulate_block.x % emulate_block.y,
                        i / emulate_block.x / emulate_block.y);
    }
}

/* Runs every thread of one warp that may; whether any did. */
static bool run_warp(unsigned from, unsigned to)
{
    unsigned n = to - from, turn = 0;
    bool any = false;
    if (order_now > 1)
        turn = block_chance(n);
    for (unsigned i = 0; i < n; i++) {
        unsigned at = from + (order_now == 1 ? n - 1 - i : (i + turn) % n);
        if (lanes[at]->state == UNTIL && lanes[at]->ready(lanes[at]->ready_ctx))
            lanes[at]->state = RUNS;
        if (lanes[at]->state != RUNS)
            continue;
        any = true;
        emulate_now = lanes[at].get();
        fiber_resume(lanes[at]->stack);
    }
    return any;
}

/* Opens a barrier when all that have not ended stand at it. */
static bool open_barrier(unsigned from, unsigned to, wait_kind kind)
{
    bool any = false;
    for (unsigned i = from; i < to; i++) {
        if (lanes[i]->state == ENDED)
            continue;
        if (lanes[i]->state != kind)
            return false;
        any = true;
    }
    for (unsigned i = from; any && i < to; i++) {
        if (lanes[i]->state == kind)
            lanes[i]->state = RUNS;
    }
    return any;
}

static void run_block(unsigned count)
{
    unsigned warps_here = (count + WARP - 1) / WARP;
    open_lanes(count);
    hopper_begin();
    for (;;) {
        bool moved = false;
        for (unsigned k = 0; k < warps_here; k++) {
            unsigned w = order_now == 1 ? warps_here - 1 - k : k, from = w * WARP;
            unsigned to = from + WARP < count ? from + WARP : count;
            while (run_warp(from, to) || open_barrier(from, to, AT_WARP))
                moved = true;
        }
        if (open_barrier(0, count, AT_BLOCK))
            continue;
        bool ended = true;
        for (unsigned i = 0; i < count; i++)
            ended = ended && lanes[i]->state == ENDED;
        if (ended) {
            hopper_end();
            return;
        }
        if (!moved && !hopper_idle()) {
            fprintf(stderr, "a block hangs: its threads wait at different barriers\n");
            abort();
        }
    }
}

static void run_grid(dim3 grid, dim3 block, size_t shared, const std::function<void()> &body)
{
    body_now = &body;
    emulate_grid = grid;
    emulate_block = block;
    void *room = nullptr;
    for (unsigned i = 0; i < grid.x * grid.y * grid.z; i++) {
        if (posix_memalign(&room, 128, shared + 1) != 0)
            abort();
        memset(room, 0xff, shared);
        shared_now = (char *)room;
        shared_bytes_now = shared;
        emulate_block_index = dim3(i % grid.x, i / grid.x % grid.y, i / grid.x / grid.y);
        run_block(block.x * block.y * block.z);
        free(room);
    }
}

void emulate_launch(dim3 grid, dim3 block, size_t shared, cudaStream_t stream, std::function<void()> body)
{
    stream_add(stream, [=] { run_grid(grid, block, shared, body); });
}
