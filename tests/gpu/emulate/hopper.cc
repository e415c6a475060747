/*
 * Hopper's barriers, copies and products on the CPU, as the PTX ISA describes them. Whoever uses memory or registers too early or
 * gives them back too early finds other numbers: copies arrive when nothing else can go on, at once, or by chance (emulate_order), and
 * products read their operands only when they are waited for.
 */
#include <stdio.h>
#include <stdlib.h>

#include <deque>
#include <map>
#include <vector>

#include "block.h"
#include "emulate_hopper.h"
#include "emulate_ptx.h"

enum { WARP = 32, BARRIERS = 16, SHARED_FROM = 128, SHARED_SPACE = 1 << 18 };

[[noreturn]] static void wrong(const char *what)
{
    fprintf(stderr, "emulated Hopper: %s\n", what);
    abort();
}

/* Shared memory. */
unsigned shared_address(const void *p)
{
    size_t at = (size_t)((const char *)p - (const char *)emulate_shared());
    if (at > block_shared_bytes())
        wrong("an address is not in shared memory");
    return (unsigned)at + SHARED_FROM;
}

static char *shared_place(unsigned address, size_t bytes)
{
    if (address < SHARED_FROM || address + bytes > SHARED_FROM + block_shared_bytes())
        wrong("an operand lies outside of shared memory");
    return (char *)emulate_shared() + (address - SHARED_FROM);
}

static unsigned swizzled(unsigned address)
{
    return address ^ (address >> 7 & 7) << 4;
}

/* mbarrier: what its eight bytes hold. */
struct phases {
    unsigned mark : 12, parity : 1, count : 9, missing : 10;
    int bytes;
};
static_assert(sizeof(phases) == sizeof(mbarrier), "a barrier is eight bytes");
enum { MARK = 0xba7 };

static phases read_barrier(const mbarrier *b)
{
    phases p;
    memcpy(&p, b, sizeof p);
    if (p.mark != MARK || (uintptr_t)b % sizeof *b)
        wrong("a barrier was not initialised, or overwritten");
    return p;
}

static void write_barrier(mbarrier *b, phases p)
{
    if (p.missing == 0 && p.bytes == 0) {
        p.parity ^= 1U;
        p.missing = p.count;
    }
    memcpy(b, &p, sizeof p);
}

void mbarrier_init(mbarrier *b, int count)
{
    phases p = {MARK, 0, (unsigned)count & 511U, (unsigned)count & 511U, 0};
    memcpy(b, &p, sizeof p);
}

void mbarrier_arrive_expect(mbarrier *b, int bytes)
{
    phases p = read_barrier(b);
    if (p.missing == 0)
        wrong("more threads arrive at a barrier than it counts");
    p.missing--;
    p.bytes += bytes;
    write_barrier(b, p);
}

void mbarrier_arrive(mbarrier *b)
{
    mbarrier_arrive_expect(b, 0);
}

struct waited {
    mbarrier *b;
    int parity;
};

static bool phase_ended(void *ctx)
{
    const waited *w = (const waited *)ctx;
    return (int)read_barrier(w->b).parity != w->parity;
}

void mbarrier_wait(mbarrier *b, int parity)
{
    waited w = {b, parity};
    if (!phase_ended(&w))
        block_until(phase_ended, &w);
}

/* Barriers by number. */
struct named {
    int arrived;
    unsigned opened;
};
struct named_place {
    named *n;
    unsigned opened;
};
static named names[BARRIERS];

static named *arrive(int number, int threads)
{
    if (number < 1 || number >= BARRIERS || threads % WARP)
        wrong("no such barrier");
    named *n = &names[number];
    if (++n->arrived == threads) {
        n->arrived = 0;
        n->opened++;
    }
    return n;
}

static bool opened(void *ctx)
{
    const named_place *p = (const named_place *)ctx;
    return p->n->opened != p->opened;
}

void named_wait(int number, int threads)
{
    named_place p = {&names[number & (BARRIERS - 1)], names[number & (BARRIERS - 1)].opened};
    arrive(number, threads);
    if (!opened(&p))
        block_until(opened, &p);
}

void named_arrive(int number, int threads)
{
    arrive(number, threads);
}

/* Tensor maps. */
struct tensor {
    char *base;
    uint64_t dims[3], strides[2]; /* strides in bytes, of the second and third */
    uint32_t box[3];
    uint32_t each, swizzle;
};
static_assert(sizeof(tensor) <= sizeof(CUtensorMap), "a map has 128 bytes");

extern "C" CUresult cuTensorMapEncodeTiled(CUtensorMap *map, CUtensorMapDataType type, cuuint32_t rank, void *base,
                                           const cuuint64_t *dims, const cuuint64_t *strides, const cuuint32_t *box,
                                           const cuuint32_t *element_strides, CUtensorMapInterleave interleave,
                                           CUtensorMapSwizzle swizzle, CUtensorMapL2promotion, CUtensorMapFloatOOBfill)
{
    tensor t = {(char *)base, {dims[0], dims[1], dims[2]}, {strides[0], strides[1]}, {box[0], box[1], box[2]},
                type == CU_TENSOR_MAP_DATA_TYPE_FLOAT32 ? 4U : 2U, swizzle == CU_TENSOR_MAP_SWIZZLE_128B};
    bool good = rank == 3 && (uintptr_t)map % 64 == 0 && (uintptr_t)base % 16 == 0 && interleave == CU_TENSOR_MAP_INTERLEAVE_NONE &&
                t.strides[0] % 16 == 0 && t.strides[1] % 16 == 0 && box[0] * t.each % 16 == 0 &&
                (!t.swizzle || box[0] * t.each <= 128);
    for (int i = 0; i < 3; i++)
        good = good && dims[i] >= 1 && dims[i] <= (uint64_t)1 << 32 && box[i] >= 1 && box[i] <= 256 && element_strides[i] == 1;
    if (!good)
        return CUDA_ERROR_INVALID_VALUE;
    memset(map, 0, sizeof *map);
    memcpy(map, &t, sizeof t);
    return CUDA_SUCCESS;
}

extern "C" cudaError_t cudaGetDriverEntryPoint(const char *name, void **function, unsigned long long,
                                               cudaDriverEntryPointQueryResult *found)
{
    bool known = strcmp(name, "cuTensorMapEncodeTiled") == 0;
    *function = known ? (void *)cuTensorMapEncodeTiled : nullptr;
    *found = known ? cudaDriverEntryPointSuccess : cudaDriverEntryPointSymbolNotFound;
    return cudaSuccess;
}

/* Copies. */
struct load {
    tensor t;
    char *to;
    mbarrier *barrier;
    int64_t at[3];
};
static std::deque<load> loads;

static void carry_out(const load &l)
{
    const tensor &t = l.t;
    unsigned place = shared_address(l.to), bytes = 0;
    for (uint32_t z = 0; z < t.box[2]; z++) {
        for (uint32_t y = 0; y < t.box[1]; y++) {
            for (uint32_t x = 0; x < t.box[0]; x++, bytes += t.each) {
                int64_t c[3] = {l.at[0] + x, l.at[1] + y, l.at[2] + z};
                bool there = true;
                for (int i = 0; i < 3; i++)
                    there = there && c[i] >= 0 && (uint64_t)c[i] < t.dims[i];
                unsigned address = place + bytes;
                char *to = shared_place(t.swizzle ? swizzled(address) : address, t.each);
                if (there)
                    memcpy(to, t.base + c[0] * t.each + c[1] * (int64_t)t.strides[0] + c[2] * (int64_t)t.strides[1], t.each);
                else
                    memset(to, 0, t.each);
            }
        }
    }
    phases p = read_barrier(l.barrier);
    p.bytes -= (int)bytes;
    write_barrier(l.barrier, p);
}

void tma_load(void *to, const CUtensorMap *map, mbarrier *b, int column, int head, int row)
{
    load l = {{}, (char *)to, b, {column, head, row}};
    memcpy(&l.t, map, sizeof l.t);
    if ((uintptr_t)map % 64 || shared_address(to) % (l.t.swizzle ? 1024 : 128))
        wrong("TMA: an address is not aligned");
    read_barrier(b);
    if (block_order() == 1 || (block_order() > 1 && block_chance(2)))
        carry_out(l);
    else
        loads.push_back(l);
}

struct outgoing {
    float *to;
    const char *from;
    int bytes;
    bool add;
};
static std::map<unsigned, std::vector<outgoing>> leaving; /* by thread */

static void send(float *to, const void *from, int bytes, bool add)
{
    if ((uintptr_t)to % 16 || shared_address(from) % 16 || bytes % 16 || bytes < 0)
        wrong("a bulk copy is not aligned");
    leaving[emulate_now->linear].push_back({to, (const char *)from, bytes, add});
}

void bulk_store(float *to, const void *from, int bytes)
{
    send(to, from, bytes, false);
}

void bulk_add(float *to, const void *from, int bytes)
{
    send(to, from, bytes, true);
}

void bulk_finish()
{
    for (const outgoing &o : leaving[emulate_now->linear]) {
        const float *from = (const float *)o.from;
        for (int i = 0; i < o.bytes / 4; i++)
            o.to[i] = o.add ? o.to[i] + from[i] : from[i];
    }
    leaving[emulate_now->linear].clear();
}

void turn_wait(const int *count, int turn)
{
    if (*count != turn)
        wrong("a block waits for one that starts after it");
}

/* Products. */
struct lane_products {
    std::vector<emulated_product> open;
    std::deque<std::vector<emulated_product>> groups;
    std::map<float *, std::pair<int, std::vector<float>>> numbers; /* of accumulators in use: how often, and what they hold */
    bool begun;
};
static lane_products products[1024]; /* by thread */

void wgmma_begin()
{
    __syncwarp();
    products[emulate_now->linear].begun = true;
}

void emulate_wgmma(const emulated_product &p)
{
    lane_products &mine = products[emulate_now->linear];
    if (!mine.begun)
        wrong("a product begins without wgmma.fence");
    auto &use = mine.numbers[p.c];
    if (use.first++ == 0) {
        use.second.assign(p.c, p.c + p.n / 2);
        for (int i = 0; i < p.n / 2; i++)
            p.c[i] = NAN;
    }
    mine.open.push_back(p);
}

void wgmma_commit()
{
    lane_products &mine = products[emulate_now->linear];
    mine.groups.push_back(std::move(mine.open));
    mine.open.clear();
}

static unsigned field(descriptor d, int bit)
{
    return (unsigned)(d >> bit & 0x3fff) << 4;
}

/* Number k of row (or column) mn of the matrix that d describes. */
static float element(descriptor d, int across, unsigned mn, unsigned k)
{
    unsigned leading = field(d, 16), stride = field(d, 32), address = field(d, 0);
    if (d >> 62 != 1 || (d >> 49 & 7) != 0)
        wrong("a descriptor of another swizzle");
    address += across ? mn / 64 * leading + mn % 64 * 2 + k / 8 * stride + k % 8 * 128 : mn / 8 * stride + mn % 8 * 128 + k * 2;
    uint16_t bits;
    memcpy(&bits, shared_place(swizzled(address) % SHARED_SPACE, 2), 2);
    return __uint_as_float((unsigned)bits << 16);
}

/* A product of one warp: 16 rows. every: that of each lane. */
static void multiply(unsigned first_lane, const emulated_product *const *every, unsigned rows_from)
{
    const emulated_product &p = *every[0];
    static float a[16][16], b[16][256], c[16][256];
    for (unsigned k = 0; k < 16; k++) {
        for (int n = 0; n < p.n; n++)
            b[k][n] = element(p.right, p.right_across, (unsigned)n, k);
        for (unsigned m = 0; m < 16; m++) {
            /* in registers: row m % 8, columns k % 8 / 2 in that lane's; the upper half of rows, then of columns */
            unsigned two = every[m % 8 * 4 + k % 8 / 2]->a[m / 8 + k / 8 * 2];
            a[m][k] = p.in_registers ? emulate_half(two, k % 2) : element(p.left, p.left_across, rows_from + m, k);
        }
    }
    for (unsigned lane = 0; lane < WARP; lane++) {
        const float *from = products[first_lane + lane].numbers[every[lane]->c].second.data();
        for (int i = 0; i < p.n / 2; i++)
            c[lane / 4 + (unsigned)i % 4 / 2 * 8][(unsigned)i / 4 * 8 + lane % 4 * 2 + (unsigned)i % 2] = p.add ? from[i] : 0;
    }
    for (unsigned m = 0; m < 16; m++) {
        for (unsigned k = 0; k < 16; k++) {
            for (int from = 0; from < p.n; from += 64) { /* of a known length: the compiler takes several at once */
                for (int n = from; n < from + 64; n++)
                    c[m][n] += a[m][k] * b[k][n];
            }
        }
    }
    for (unsigned lane = 0; lane < WARP; lane++) {
        auto &all = products[first_lane + lane].numbers;
        auto at = all.find(every[lane]->c);
        float *to = at->second.second.data();
        for (int i = 0; i < p.n / 2; i++)
            to[i] = c[lane / 4 + (unsigned)i % 4 / 2 * 8][(unsigned)i / 4 * 8 + lane % 4 * 2 + (unsigned)i % 2];
        if (--at->second.first == 0) {
            memcpy(every[lane]->c, to, (size_t)(p.n / 2) * sizeof *to);
            all.erase(at);
        }
    }
}

void emulate_wgmma_wait(int pending)
{
    unsigned lane = emulate_now->linear % WARP, first = emulate_now->linear - lane;
    products[emulate_now->linear].begun = false;
    __syncwarp();
    while (lane == 0 && products[first].groups.size() > (size_t)pending) {
        size_t count = products[first].groups.front().size();
        for (size_t i = 0; i < count; i++) {
            const emulated_product *every[WARP];
            for (unsigned l = 0; l < WARP; l++) {
                every[l] = &products[first + l].groups.front().at(i);
                if (every[l]->left != every[0]->left || every[l]->right != every[0]->right || every[l]->add != every[0]->add)
                    wrong("lanes of a warp describe different products");
            }
            multiply(first, every, first / WARP % 4 * 16);
        }
        for (unsigned l = 0; l < WARP; l++)
            products[first + l].groups.pop_front();
    }
    __syncwarp();
}

void hopper_begin()
{
    memset(names, 0, sizeof names);
    for (lane_products &p : products) {
        p.begun = false;
        p.numbers.clear();
    }
}

bool hopper_idle()
{
    if (loads.empty())
        return false;
    size_t at = block_order() > 1 ? block_chance((unsigned)loads.size()) : 0;
    load l = loads[at];
    loads.erase(loads.begin() + (long)at);
    carry_out(l);
    return true;
}

void hopper_end()
{
    if (!loads.empty())
        wrong("a block ends before its copies came");
    for (const auto &l : leaving) {
        if (!l.second.empty())
            wrong("a block ends before what it sent arrived");
    }
    for (const lane_products &p : products) {
        if (!p.open.empty() || !p.groups.empty())
            wrong("a block ends before its products were waited for");
    }
}
