/*
 * Products on AMX in blocks. Of the operand with fewer rows (or columns) a block is packed once, by all threads; of the
 * other each thread packs as much as its second cache holds, and meets with it every panel of the first. Four tiles
 * of sums stay in registers while h, m and l of two panels of each operand go by; the next step is fetched meanwhile.
 */
#include "trainer/backend/cpu_amx.h"

#include <stdlib.h>
#include <string.h>

#include "trainer/backend/cpu_amx_parts.h"
#include "trainer/backend/cpu_parts.h"

#ifdef HAVE_AMX
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    PAIR = 2 * SIDE,   /* rows and columns of C that are summed at once */
    SHARED_PAIRS = 64, /* of a block */
    OWN_PAIRS = 8,     /* with BLOCK_STEPS 0.9 MB */
    BLOCK_STEPS = 18,  /* of k */
};

/* A block of one operand, packed, and the largest magnitude of each panel. */
struct packed {
    const struct operand *from;
    int first, count; /* rows of A, columns of B */
    uint16_t *panels;
    uint32_t *tops;
};

struct product {
    const struct matmul *p;
    struct operand a, b;
    float *c;
    const float *plus; /* what beta multiplies: of this block of k, both */
    float beta;
    int k0, kc, steps;
    bool share_a;
    struct packed shared;
    uint16_t *own; /* room of all threads */
};

struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
};

/* Linux hands out the tiles' state to who asks (Documentation/arch/x86/xstate.rst). */
static bool kernel_permits(void)
{
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };
    return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

static bool processor_has(void)
{
    enum { FEATURES = 7, TILE_BIT = 24, BF16_BIT = 22 };
    unsigned eax = FEATURES, ebx, ecx = 0, edx;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl") ||
        !__builtin_cpu_supports("avx512bf16"))
        return false;
    __asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return edx >> TILE_BIT & 1 && edx >> BF16_BIT & 1;
}

bool cpu_amx_usable(void)
{
    const char *wish = getenv("HINGE_AMX");
    return !(wish && strcmp(wish, "off") == 0) && processor_has() && kernel_permits();
}

/* Where one of m and n is small, packing the other operand takes as long as the product. */
bool cpu_amx_gains(const struct matmul *p)
{
    return p->m > SIDE && p->n > SIDE && p->k >= STEP && (double)p->m * p->n * p->k >= 1 << 18;
}

/* Constant: GCC 12's _tile_loadconfig tells the compiler that it reads 8 bytes, and what is stored in the others before it
 * may be left out. */
AMX_CODE void amx_begin(void)
{
    enum { BYTES = STEP * sizeof(uint16_t) };
    static const struct tile_config config = {
        .palette = 1,
        .bytes = {BYTES, BYTES, BYTES, BYTES, BYTES, BYTES, BYTES, BYTES},
        .rows = {SIDE, SIDE, SIDE, SIDE, SIDE, SIDE, SIDE, SIDE},
    };
    _tile_loadconfig(&config);
}

AMX_CODE void amx_end(void)
{
    _tile_release();
}

AMX_CODE static inline void fetch(const uint16_t *tile)
{
    for (int i = 0; i < TILE; i += 64 / (int)sizeof *tile)
        _mm_prefetch((const char *)(tile + i), _MM_HINT_T0);
}

/* Tiles 0 to 3 are the sums, 4 and 5 one piece of two panels of A, 6 and 7 of B. */
#define LOAD(one, two, at0, at1, piece)                                                            \
    _tile_loadd(one, (at0) + (piece) * TILE, STEP * sizeof(uint16_t));                             \
    _tile_loadd(two, (at1) + (piece) * TILE, STEP * sizeof(uint16_t))
#define MULTIPLY                                                                                   \
    _tile_dpbf16ps(0, 4, 6);                                                                       \
    _tile_dpbf16ps(1, 4, 7);                                                                       \
    _tile_dpbf16ps(2, 5, 6);                                                                       \
    _tile_dpbf16ps(3, 5, 7)

/* sums (PAIR by PAIR) = two panels of A times two of B, the first steps of each; panels are so far apart. */
AMX_CODE static void multiply_pair(const uint16_t *a, size_t a_panel, const uint16_t *b, size_t b_panel, int steps,
                                   float *sums)
{
    enum { HIGH, MIDDLE, LOW, ROW = PAIR * sizeof(float) };
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int s = 0; s < steps; s++, a += PANEL_STEP, b += PANEL_STEP) {
        const uint16_t *a1 = a + a_panel, *b1 = b + b_panel;
        LOAD(4, 5, a, a1, HIGH);
        LOAD(6, 7, b, b1, LOW);
        fetch(a + PANEL_STEP);
        fetch(a1 + PANEL_STEP);
        MULTIPLY;
        LOAD(6, 7, b, b1, MIDDLE);
        fetch(b + PANEL_STEP);
        fetch(b1 + PANEL_STEP);
        MULTIPLY;
        LOAD(4, 5, a, a1, MIDDLE);
        fetch(a + PANEL_STEP + TILE);
        fetch(a1 + PANEL_STEP + TILE);
        MULTIPLY;
        LOAD(6, 7, b, b1, HIGH);
        fetch(b + PANEL_STEP + TILE);
        fetch(b1 + PANEL_STEP + TILE);
        MULTIPLY;
        LOAD(4, 5, a, a1, HIGH);
        fetch(a + PANEL_STEP + 2 * TILE);
        fetch(a1 + PANEL_STEP + 2 * TILE);
        MULTIPLY;
        LOAD(4, 5, a, a1, LOW);
        fetch(b + PANEL_STEP + 2 * TILE);
        fetch(b1 + PANEL_STEP + 2 * TILE);
        MULTIPLY;
    }
    _tile_stored(0, sums, ROW);
    _tile_stored(1, sums + SIDE, ROW);
    _tile_stored(2, sums + SIDE * PAIR, ROW);
    _tile_stored(3, sums + SIDE * PAIR + SIDE, ROW);
}

/* C = alpha sums + beta plus for a part of C of at most PAIR by PAIR */
AMX_CODE static void add_sums(const float *sums, const struct matmul *p, const float *plus, float *c)
{
    __m512 by = _mm512_set1_ps(p->alpha), keep = _mm512_set1_ps(p->beta);
    for (int i = 0; i < p->m; i++) {
        for (int j = 0; j < p->n; j += SIDE) {
            __mmask16 there = p->n - j >= SIDE ? 0xFFFF : (__mmask16)((1U << (p->n - j)) - 1);
            size_t at = (size_t)i * (size_t)p->ldc + (size_t)j;
            __m512 x = _mm512_mul_ps(by, _mm512_load_ps(sums + (size_t)i * PAIR + j));
            if (p->beta != 0)
                x = _mm512_fmadd_ps(keep, _mm512_maskz_loadu_ps(there, plus + at), x);
            _mm512_mask_storeu_ps(c + at, there, x);
        }
    }
}

/* The same where tiles cannot. */
static void multiply_odd(const struct matmul *p, const float *a, const float *b, const float *plus, float *c)
{
    for (size_t i = 0; plus != c && p->beta != 0 && i < (size_t)p->m; i++)
        memcpy(c + i * (size_t)p->ldc, plus + i * (size_t)p->ldc, (size_t)p->n * sizeof *c);
    cpu_small_matmul(p, a, b, c);
}

/* Bits of the largest magnitudes on both sides: whether no piece or product of pieces overflows, and whether what
 * vanishes below 2^-126, which tiles take for zero, is nothing beside the product's largest terms. */
bool amx_can(uint32_t a, uint32_t b)
{
    enum { BIAS = 127, LARGE = 60, SMALL = -64 };
    int ea = (int)(a >> 23), eb = (int)(b >> 23);
    return ea < BIAS + LARGE && eb < BIAS + LARGE && (a == 0 || b == 0 || ea + eb > 2 * BIAS + SMALL);
}

static uint32_t top_of(const struct packed *x, int pair)
{
    uint32_t one = x->tops[2 * pair], two = x->tops[2 * pair + 1];
    return one > two ? one : two;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int parts_of(int n, int most)
{
    return (n + most - 1) / most;
}

static size_t pair_size(int steps)
{
    return 2 * (size_t)steps * PANEL_STEP;
}

/* Where row (column of B) i and k begin. */
static const float *element(const struct operand *o, int i, int k)
{
    size_t ld = (size_t)o->ld;
    return o->x + (o->k_fast ? (size_t)i * ld + (size_t)k : (size_t)k * ld + (size_t)i);
}

/* The part of C that a pair of rows' panels and one of columns' make. */
static void work_pair(const struct product *t, const struct packed *rows, int i, const struct packed *columns, int j)
{
    _Alignas(64) float sums[PAIR * PAIR];
    struct matmul part = *t->p;
    int row = rows->first + i * PAIR, column = columns->first + j * PAIR;
    part.m = least(rows->count - i * PAIR, PAIR);
    part.n = least(columns->count - j * PAIR, PAIR);
    part.k = t->kc;
    part.beta = t->beta;
    size_t at = (size_t)row * (size_t)part.ldc + (size_t)column;
    float *c = t->c + at;
    const float *plus = t->plus + at;
    if (amx_can(top_of(rows, i), top_of(columns, j))) {
        size_t panel = (size_t)t->steps * PANEL_STEP;
        multiply_pair(rows->panels + 2 * (size_t)i * panel, panel, columns->panels + 2 * (size_t)j * panel, panel,
                      t->steps, sums);
        add_sums(sums, &part, plus, c);
    } else {
        multiply_odd(&part, element(&t->a, row, t->k0), element(&t->b, column, t->k0), plus, c);
    }
}

/* A whole pair: a panel beyond the end is zero. */
static void pack_pair(const struct product *t, const struct packed *x, int pair)
{
    uint16_t *out = x->panels + (size_t)pair * pair_size(t->steps);
    for (int i = 0; i < 2; i++)
        x->tops[2 * pair + i] = amx_pack_panel(x->from, x->first + (2 * pair + i) * SIDE, t->k0, t->kc,
                                               out + (size_t)i * (size_t)t->steps * PANEL_STEP);
}

/* A thread's part of the operand that is not shared: pairs from one to another. */
static void work_own(const struct product *t, int from, int to, int thread)
{
    uint32_t tops[2 * OWN_PAIRS];
    const struct operand *o = t->share_a ? &t->b : &t->a;
    struct packed own = {.from = o, .first = from * PAIR, .tops = tops};
    own.count = least(o->count, to * PAIR) - own.first;
    own.panels = t->own + (size_t)thread * OWN_PAIRS * pair_size(t->steps);
    for (int i = 0; i < to - from; i++)
        pack_pair(t, &own, i);
    amx_begin();
    for (int s = 0; s < parts_of(t->shared.count, PAIR); s++) {
        for (int i = 0; i < to - from; i++) {
            if (t->share_a)
                work_pair(t, &t->shared, s, &own, i);
            else
                work_pair(t, &own, i, &t->shared, s);
        }
    }
    amx_end();
}

static void work_block(struct backend *b, const struct product *t)
{
    double work = (double)t->p->m * t->p->n * t->kc / 32;
    int threads = cpu_workers(b, work), pairs = parts_of(t->share_a ? t->p->n : t->p->m, PAIR);
    int tasks = parts_of(parts_of(pairs, OWN_PAIRS), threads) * threads;
    PARALLEL_FOR_ANY_ORDER(threads)
    for (int i = 0; i < parts_of(t->shared.count, PAIR); i++)
        pack_pair(t, &t->shared, i);
    PARALLEL_FOR_ANY_ORDER(threads)
    for (int i = 0; i < tasks; i++) {
        int from = (int)((long)pairs * i / tasks), to = (int)((long)pairs * (i + 1) / tasks);
        work_own(t, from, to, cpu_thread());
    }
}

void cpu_amx_matmul(struct backend *b, const struct matmul *p, const float *a, const float *bm, float *c)
{
    uint32_t tops[2 * SHARED_PAIRS];
    int all = parts_of(p->k, STEP), steps = parts_of(all, parts_of(all, BLOCK_STEPS));
    int shared_count = least(p->m, p->n), shared_pairs = least(parts_of(shared_count, PAIR), SHARED_PAIRS);
    struct product t = {.p = p, .c = c, .steps = steps, .share_a = p->m < p->n};
    size_t pair = pair_size(steps), pairs = (size_t)shared_pairs + (size_t)b->threads * OWN_PAIRS;
    t.a = (struct operand){a, p->lda, p->m, !p->ta, false};
    t.b = (struct operand){bm, p->ldb, p->n, p->tb, true};
    t.shared = (struct packed){.from = t.share_a ? &t.a : &t.b, .tops = tops};
    t.shared.panels = (uint16_t *)(void *)cpu_room(b, pairs * pair * sizeof(uint16_t) / sizeof(float));
    t.own = t.shared.panels + (size_t)shared_pairs * pair;
    for (; t.k0 < p->k; t.k0 += steps * STEP) {
        t.kc = least(p->k - t.k0, steps * STEP);
        t.steps = parts_of(t.kc, STEP);
        t.beta = t.k0 == 0 ? p->beta : 1;
        t.plus = t.k0 == 0 && p->from ? p->from : c;
        for (t.shared.first = 0; t.shared.first < shared_count; t.shared.first += SHARED_PAIRS * PAIR) {
            t.shared.count = least(shared_count - t.shared.first, SHARED_PAIRS * PAIR);
            work_block(b, &t);
        }
    }
}

uint32_t amx_pack(const struct operand *o, int k, uint16_t *packed)
{
    uint32_t most = 0;
    int panels = 2 * parts_of(o->count, PAIR), steps = parts_of(k, STEP);
    for (int i = 0; i < panels; i++) {
        uint32_t top = amx_pack_panel(o, i * SIDE, 0, k, packed + (size_t)i * (size_t)steps * PANEL_STEP);
        most = top > most ? top : most;
    }
    return most;
}

void amx_multiply(const struct matmul *p, const uint16_t *a, int a_steps, const uint16_t *b, int b_steps, float *c)
{
    _Alignas(64) float sums[PAIR * PAIR];
    size_t a_panel = (size_t)a_steps * PANEL_STEP, b_panel = (size_t)b_steps * PANEL_STEP;
    for (int i = 0; i < p->m; i += PAIR) {
        for (int j = 0; j < p->n; j += PAIR) {
            struct matmul part = *p;
            float *to = c + (size_t)i * (size_t)p->ldc + j;
            part.m = least(p->m - i, PAIR);
            part.n = least(p->n - j, PAIR);
            multiply_pair(a + (size_t)(i / SIDE) * a_panel, a_panel, b + (size_t)(j / SIDE) * b_panel, b_panel,
                          parts_of(p->k, STEP), sums);
            add_sums(sums, &part, to, to);
        }
    }
}
#else
void amx_begin(void)
{
}

void amx_end(void)
{
}

uint32_t amx_pack(const struct operand *o, int k, uint16_t *packed)
{
    (void)o, (void)k, (void)packed;
    return 0;
}

bool amx_can(uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return false;
}

void amx_multiply(const struct matmul *p, const uint16_t *a, int a_steps, const uint16_t *b, int b_steps, float *c)
{
    (void)p, (void)a, (void)a_steps, (void)b, (void)b_steps, (void)c;
}

bool cpu_amx_usable(void)
{
    return false;
}

bool cpu_amx_gains(const struct matmul *p)
{
    (void)p;
    return false;
}

void cpu_amx_matmul(struct backend *b, const struct matmul *p, const float *a, const float *bm, float *c)
{
    (void)b;
    cpu_small_matmul(p, a, bm, c);
}
#endif
