/* The CPU backend's memory and products. The BLAS always runs on one thread: a product is split
 * over our own threads instead, so that two pools do not fight over the cores. */
#include <cblas.h>
#ifdef _OPENMP
#include <omp.h>
#endif
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "trainer/backend/cpu_amx.h"
#include "trainer/backend/cpu_parts.h"

/* Measured: hinge-train with OpenBLAS and a small tokenizer, and the buffers a thread of the BLAS packs into. */
enum { PROGRAM = 10000000, PROGRAM_THREAD = 1000000 };

enum { ALIGN = 64, HUGE_PAGE = 1 << 21, HEADER = ALIGN / sizeof(float), WORK_MIN = 1 << 15 };

struct cpu {
    struct backend base;
    float *room;
    size_t room_count;
    bool amx;
};

/* Asks for huge pages where there is enough memory for them: the processor's table of pages holds more, and the kernel
 * is called less often. Small ones do as well. */
static void advise_huge(void *p, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    size_t skip = HUGE_PAGE - (uintptr_t)p % HUGE_PAGE;
    if (bytes >= 2 * (size_t)HUGE_PAGE)
        (void)madvise((char *)p + skip, (bytes - skip) / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
#else
    (void)p;
    (void)bytes;
#endif
}

static float *cpu_alloc_f32(struct backend *b, size_t count, struct error *err)
{
    void *p = NULL;
    if (count > SIZE_MAX / sizeof(float) - HEADER ||
        posix_memalign(&p, ALIGN, (count + HEADER) * sizeof(float)) != 0) {
        error_set(err, ERR_LIMIT, "out of memory: %.1f MB more were needed; %.1f MB are in use",
                  (double)count * 4e-6, (double)b->bytes * 1e-6);
        return NULL;
    }
    size_t bytes = count * sizeof(float);
    advise_huge(p, bytes);
    memcpy(p, &bytes, sizeof bytes); /* so that release knows what it gives back */
    float *at = (float *)p + HEADER;
    memset(at, 0, bytes);
    b->bytes += bytes;
    b->peak = b->bytes > b->peak ? b->bytes : b->peak;
    return at;
}

static real *cpu_alloc(struct backend *b, size_t count, struct error *err)
{
    return cpu_alloc_f32(b, count, err);
}

static void cpu_release(struct backend *b, void *p)
{
    if (!p)
        return;
    float *at = p;
    size_t bytes;
    memcpy(&bytes, at - HEADER, sizeof bytes);
    b->bytes -= bytes;
    free(at - HEADER);
}

static void cpu_upload_ints(struct backend *b, int *to, const int *host, size_t count)
{
    (void)b;
    memcpy(to, host, count * sizeof *to);
}

static void cpu_copy(struct backend *b, float *to, const float *from, size_t count)
{
    (void)b;
    memcpy(to, from, count * sizeof *to);
}

static void cpu_zero(struct backend *b, float *p, size_t count)
{
    (void)b;
    memset(p, 0, count * sizeof *p);
}

static void cpu_copy_real(struct backend *b, real *to, const real *from, size_t count)
{
    cpu_copy(b, to, from, count);
}

static void cpu_upload(struct backend *b, real *to, const float *host, size_t count)
{
    cpu_copy(b, to, host, count);
}

static void cpu_download(struct backend *b, float *host, const real *from, size_t count)
{
    cpu_copy(b, host, from, count);
}

static void cpu_zero_real(struct backend *b, real *p, size_t count)
{
    cpu_zero(b, p, count);
}

static float *cpu_master(struct backend *b, real *work, size_t count, struct error *err)
{
    (void)b, (void)count, (void)err;
    return work;
}

static void cpu_refresh(struct backend *b, real *work, const float *master, size_t count)
{
    (void)b, (void)work, (void)master, (void)count;
}

void cpu_small_matmul(const struct matmul *p, const float *a, const float *bm, float *c)
{
    cblas_sgemm(CblasRowMajor, p->ta ? CblasTrans : CblasNoTrans, p->tb ? CblasTrans : CblasNoTrans,
                p->m, p->n, p->k, p->alpha, a, p->lda, bm, p->ldb, p->beta, c, p->ldc);
}

float *cpu_room(struct backend *b, size_t count)
{
    struct cpu *c = (struct cpu *)(void *)b;
    size_t bytes = (count + HEADER) * sizeof *c->room;
    if (count > c->room_count) {
        mem_free(c->room);
        c->room = mem_alloc(bytes);
        advise_huge(c->room, bytes);
        c->room_count = count;
    }
    return c->room + (ALIGN - (uintptr_t)c->room % ALIGN) % ALIGN / sizeof *c->room;
}

bool cpu_has_tiles(const struct backend *b)
{
    return ((const struct cpu *)(const void *)b)->amx;
}

int cpu_workers(const struct backend *b, double work)
{
    return work < WORK_MIN ? 1 : b->threads;
}

int cpu_thread(void)
{
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

/* Part i of parts of n, in multiples of 16. */
static int part_start(int n, int i, int parts)
{
    int at = (int)((long)n * i / parts + 15) / 16 * 16;
    return i == 0 ? 0 : i == parts || at > n ? n : at;
}

static void copy_rows(const struct matmul *p, const float *from, float *to)
{
    for (size_t i = 0; i < (size_t)p->m; i++)
        memcpy(to + i * (size_t)p->ldc, from + i * (size_t)p->ldc, (size_t)p->n * sizeof *to);
}

static void multiply(struct backend *b, const struct matmul *p, const float *a, const float *bm, float *c)
{
    bool amx = cpu_has_tiles(b) && cpu_amx_gains(p);
    if (!amx && p->from && p->from != c && p->beta != 0)
        copy_rows(p, p->from, c);
    if (cpu_few_rows(p, amx)) {
        cpu_few_matmul(b, p, a, bm, c);
        return;
    }
    if (amx) {
        cpu_amx_matmul(b, p, a, bm, c);
        return;
    }
    int parts = cpu_workers(b, (double)p->m * p->n * p->k / 8);
    bool by_row = p->m > p->n;
    PARALLEL_FOR(parts)
    for (int i = 0; i < parts; i++) {
        struct matmul part = *p;
        int from = part_start(by_row ? p->m : p->n, i, parts);
        int to = part_start(by_row ? p->m : p->n, i + 1, parts);
        if (from >= to)
            continue;
        size_t at = (size_t)from;
        if (by_row) {
            part.m = to - from;
            cpu_small_matmul(&part, a + (p->ta ? at : at * (size_t)p->lda), bm,
                             c + at * (size_t)p->ldc);
        } else {
            part.n = to - from;
            cpu_small_matmul(&part, a, bm + (p->tb ? at * (size_t)p->ldb : at), c + at);
        }
    }
}

static void cpu_matmul(struct backend *b, const struct matmul *p, const real *left, const real *right, void *out)
{
    if (p->m == 0 || p->n == 0)
        return;
    multiply(b, p, left, right, out);
    if (p->bias)
        cpu_add_bias(b, out, p->bias, p->m, p->n, p->ldc);
}

static void cpu_read(struct backend *b, real *to, enum dtype t, const unsigned char *from, size_t count)
{
    (void)b;
    dtype_read(t, from, count, to);
}

static void cpu_repeat(struct backend *b, uint64_t like, void (*body)(void *ctx), void *ctx)
{
    (void)b, (void)like;
    body(ctx);
}

static int cpu_finish(struct backend *b, struct error *err)
{
    (void)b, (void)err;
    return 0;
}

static const struct ops cpu_ops = {
    .close = cpu_backend_free,
    .alloc = cpu_alloc,
    .alloc_f32 = cpu_alloc_f32,
    .release = cpu_release,
    .upload = cpu_upload,
    .download = cpu_download,
    .read = cpu_read,
    .upload_f32 = cpu_copy,
    .download_f32 = cpu_copy,
    .copy = cpu_copy_real,
    .zero = cpu_zero_real,
    .zero_f32 = cpu_zero,
    .master = cpu_master,
    .refresh = cpu_refresh,
    .matmul = cpu_matmul,
    .bias_grad = cpu_bias_grad,
    .gather = cpu_gather,
    .scatter_add = cpu_scatter_add,
    .scatter_add_f32 = cpu_scatter_add_f32,
    .rmsnorm = cpu_rmsnorm,
    .rmsnorm_grad = cpu_rmsnorm_grad,
    .rope_table = cpu_rope_table,
    .norm_rope = cpu_norm_rope,
    .norm_rope_grad = cpu_norm_rope_grad,
    .attention = cpu_attention,
    .attention_grad = cpu_attention_grad,
    .attention_grad_bytes = cpu_attention_grad_bytes,
    .upload_ints = cpu_upload_ints,
    .attention_cached = cpu_attention_cached,
    .move_rows = cpu_move_rows,
    .swiglu = cpu_swiglu,
    .swiglu_grad = cpu_swiglu_grad,
    .cross_entropy = cpu_cross_entropy,
    .sample = cpu_sample,
    .optimize = cpu_optimize,
    .repeat = cpu_repeat,
    .finish = cpu_finish,
    .available = cpu_available,
};

/* Cores this process may run on: mpirun and containers give fewer than the machine has. */
static long usable_cores(void)
{
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
#endif
    return sysconf(_SC_NPROCESSORS_ONLN);
}

/* OpenBLAS takes a processor it does not know for one of 2004 and is five times slower than it could be
 * (0.3.21 on Emerald Rapids). */
const char *cpu_better_kernels(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    static const char *const modern[] = {"Haswell", "Zen", "SkylakeX", "Cooperlake", "Sapphirerapids"};
    const char *name = openblas_get_corename();
    for (size_t i = 0; i < sizeof modern / sizeof *modern; i++) {
        if (strcasecmp(name, modern[i]) == 0)
            return NULL;
    }
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"))
        return "SkylakeX";
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? "Haswell" : NULL;
#else
    return NULL;
#endif
}

struct backend *cpu_backend_new(int threads)
{
    struct cpu *c = mem_zalloc(1, sizeof *c);
    struct backend *b = &c->base;
    long cores = usable_cores();
    b->ops = &cpu_ops;
    b->name = "cpu";
    b->real_bytes = sizeof(float);
    b->merges = true;
    c->amx = cpu_amx_usable();
#ifdef _OPENMP
    b->threads = threads > 0 ? threads : cores > 0 ? (int)cores : 1;
#else
    (void)threads;
    (void)cores;
    b->threads = 1;
#endif
    b->program = PROGRAM + (double)b->threads * PROGRAM_THREAD;
    openblas_set_num_threads(1);
    return b;
}

void cpu_backend_free(struct backend *b)
{
    if (b)
        mem_free(((struct cpu *)(void *)b)->room);
    mem_free(b);
}
