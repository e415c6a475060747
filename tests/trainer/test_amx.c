/*
 * Products on AMX's tiles beside the BLAS and a product in double. What is asked: as near to the true product as the
 * BLAS's, on any shape; the same bits for any number of threads; and infinities, NaN and numbers near the ends of fp32's
 * range as the BLAS gives them. Skipped where the processor or the kernel gives no tiles.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/suite.h"
#include "tests/trainer/slope.h"
#include "trainer/backend/cpu_amx.h"
#include "trainer/backend/cpu_parts.h"

/* A product whose rows in memory are longer than what is multiplied, and its results. */
struct trial {
    struct matmul p;
    size_t a_size, b_size, c_size;
    float *a, *b, *before, *tiles, *blas;
};

static struct trial trial_of(struct backend *b, bool ta, bool tb, int m, int n, int k)
{
    struct trial t = {.p = {.ta = ta, .tb = tb, .m = m, .n = n, .k = k, .alpha = 0.75F, .beta = -0.5F,
                            .lda = (ta ? m : k) + 3, .ldb = (tb ? k : n) + 1, .ldc = n + 2}};
    t.a_size = (size_t)(ta ? k : m) * (size_t)t.p.lda;
    t.b_size = (size_t)(tb ? n : k) * (size_t)t.p.ldb;
    t.c_size = (size_t)m * (size_t)t.p.ldc;
    t.a = some_numbers(b, t.a_size, 1);
    t.b = some_numbers(b, t.b_size, 2);
    t.before = some_numbers(b, t.c_size, 3);
    t.tiles = no_numbers(b, t.c_size);
    t.blas = no_numbers(b, t.c_size);
    return t;
}

static void release(struct backend *b, struct trial *t)
{
    float *all[] = {t->a, t->b, t->before, t->tiles, t->blas};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        b->ops->release(b, all[i]);
}

static void multiply(struct backend *b, struct trial *t)
{
    memcpy(t->tiles, t->before, t->c_size * sizeof *t->tiles);
    memcpy(t->blas, t->before, t->c_size * sizeof *t->blas);
    cpu_amx_matmul(b, &t->p, t->a, t->b, t->tiles);
    cpu_small_matmul(&t->p, t->a, t->b, t->blas);
}

static float *at_a(struct trial *t, size_t i, size_t x)
{
    size_t ld = (size_t)t->p.lda;
    return t->a + (t->p.ta ? x * ld + i : i * ld + x);
}

static float *at_b(struct trial *t, size_t x, size_t j)
{
    size_t ld = (size_t)t->p.ldb;
    return t->b + (t->p.tb ? j * ld + x : x * ld + j);
}

/* The true element i, j, and in *size the sum of its terms' magnitudes. */
static double truth(struct trial *t, size_t i, size_t j, double *size)
{
    double sum = 0, before = t->p.beta == 0 ? 0 : (double)t->p.beta * t->before[i * (size_t)t->p.ldc + j];
    *size = fabs(before);
    for (size_t x = 0; x < (size_t)t->p.k; x++) {
        double term = (double)*at_a(t, i, x) * *at_b(t, x, j);
        sum += term;
        *size += fabs(t->p.alpha * term);
    }
    return t->p.alpha * sum + before;
}

/* Errors as parts of the terms' sum: the largest of both, and their mean squares. */
struct errors {
    double tiles_most, tiles_squares, blas_squares;
};

static struct errors errors_of(struct trial *t)
{
    struct errors e = {0};
    for (size_t i = 0; i < (size_t)t->p.m; i++) {
        for (size_t j = 0; j < (size_t)t->p.n; j++) {
            double size, want = truth(t, i, j, &size);
            size_t at = i * (size_t)t->p.ldc + j;
            double tiles = fabs(t->tiles[at] - want) / size, blas = fabs(t->blas[at] - want) / size;
            e.tiles_most = tiles > e.tiles_most ? tiles : e.tiles_most;
            e.tiles_squares += tiles * tiles;
            e.blas_squares += blas * blas;
        }
    }
    return e;
}

static void nothing_beyond_rows(const struct trial *t)
{
    for (int i = 0; i < t->p.m; i++) {
        size_t end = (size_t)i * (size_t)t->p.ldc + (size_t)t->p.n;
        CU_ASSERT_EQUAL(memcmp(t->tiles + end, t->before + end, 2 * sizeof *t->tiles), 0);
    }
}

static void tiles_are_as_exact_as_the_blas(void)
{
    struct backend *b = cpu_backend_new(3);
    static const int sizes[][3] = {{1, 1, 1},    {7, 33, 5},    {32, 32, 32},  {33, 31, 65},    {129, 67, 45},
                                   {61, 303, 97}, {300, 40, 600}, {40, 300, 577}, {70, 2100, 64}, {2100, 2060, 33}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int how = 0; how < 4; how++) {
            struct trial t = trial_of(b, how & 1, how & 2, sizes[i][0], sizes[i][1], sizes[i][2]);
            multiply(b, &t);
            struct errors e = errors_of(&t);
            CU_ASSERT(e.tiles_most < 4 * FLT_EPSILON);
            CU_ASSERT(sqrt(e.tiles_squares) < 1.5 * sqrt(e.blas_squares) + 1e-9);
            nothing_beyond_rows(&t);
            release(b, &t);
        }
    }
    cpu_backend_free(b);
}

/* All of one sign and with full mantissas: what is left out of the sum must not lean to one side. */
static void nothing_leans_to_one_side(void)
{
    struct backend *b = cpu_backend_new(1);
    struct trial t = trial_of(b, false, true, 64, 64, 1024);
    for (size_t i = 0; i < t.a_size; i++)
        t.a[i] = 1 + fabsf(t.a[i]);
    for (size_t i = 0; i < t.b_size; i++)
        t.b[i] = 1 + fabsf(t.b[i]);
    multiply(b, &t);
    double lean = 0;
    for (size_t i = 0; i < 64; i++) {
        for (size_t j = 0; j < 64; j++) {
            double size, want = truth(&t, i, j, &size);
            lean += (t.tiles[i * (size_t)t.p.ldc + j] - want) / size / (64 * 64);
        }
    }
    CU_ASSERT(fabs(lean) < FLT_EPSILON / 8);
    release(b, &t);
    cpu_backend_free(b);
}

static void threads_do_not_matter(void)
{
    struct backend *one = cpu_backend_new(1), *three = cpu_backend_new(3);
    for (int how = 0; how < 4; how++) {
        struct trial t = trial_of(one, how & 1, how & 2, 431, 300, 700);
        multiply(one, &t);
        memcpy(t.blas, t.before, t.c_size * sizeof *t.blas);
        cpu_amx_matmul(three, &t.p, t.a, t.b, t.blas);
        CU_ASSERT_EQUAL(memcmp(t.tiles, t.blas, t.c_size * sizeof *t.blas), 0);
        release(one, &t);
    }
    cpu_backend_free(one);
    cpu_backend_free(three);
}

/* What was in C is not looked at when beta is 0: memory that was never written may hold NaN. */
static void beta_zero_does_not_read(void)
{
    struct backend *b = cpu_backend_new(2);
    struct trial t = trial_of(b, false, true, 50, 60, 40);
    t.p.beta = 0;
    for (size_t i = 0; i < t.c_size; i++)
        t.before[i] = NAN;
    multiply(b, &t);
    CU_ASSERT(errors_of(&t).tiles_most < 4 * FLT_EPSILON);
    release(b, &t);
    cpu_backend_free(b);
}

/* What beta multiplies may stand elsewhere, in every way a product goes: by tiles, odd tiles, few rows, the BLAS. */
static void what_is_added_may_stand_elsewhere(void)
{
    struct backend *b = cpu_backend_new(2);
    static const int rows[] = {3, 20, 90};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int odd = 0; odd < 2; odd++) {
            struct trial t = trial_of(b, false, true, rows[i], 100, 700);
            t.a[0] = odd ? 0x1p80F : t.a[0];
            multiply(b, &t);
            t.p.from = t.before;
            float *elsewhere = no_numbers(b, t.c_size);
            for (size_t j = 0; j < t.c_size; j++)
                elsewhere[j] = 7;
            b->ops->matmul(b, &t.p, t.a, t.b, elsewhere);
            for (size_t j = 0; j < t.c_size; j++) {
                bool within = j % (size_t)t.p.ldc < (size_t)t.p.n;
                float want = rows[i] > 16 ? t.tiles[j] : t.blas[j], slack = rows[i] > 16 ? 0 : 1e-6F * fabsf(want) + 1e-5F;
                CU_ASSERT(within ? fabsf(elsewhere[j] - want) <= slack : elsewhere[j] == 7);
            }
            b->ops->release(b, elsewhere);
            release(b, &t);
        }
    }
    cpu_backend_free(b);
}

/* The same number, both NaN, or (near says) numbers of the BLAS to rounding. */
static bool alike(float a, float b, float near)
{
    return isnan(a) ? isnan(b) : a == b || fabsf(a - b) <= near;
}

/* One element of A is value, row 20: that row is as the BLAS has it, the others as if it were not there. */
static void check_value(struct backend *b, float value)
{
    enum { ROW = 20, M = 100, N = 70, K = 96 };
    struct trial t = trial_of(b, false, false, M, N, K);
    *at_a(&t, ROW, 5) = value;
    multiply(b, &t);
    for (size_t i = 0; i < M; i++) {
        for (size_t j = 0; j < N; j++) {
            size_t at = i * (size_t)t.p.ldc + j;
            float slack = i == ROW && isfinite(value) ? fabsf(value) * 4e-6F + 2e-5F : 2e-5F;
            CU_ASSERT(alike(t.tiles[at], t.blas[at], slack));
            CU_ASSERT(i == ROW || isfinite(t.tiles[at]));
        }
    }
    release(b, &t);
}

static void odd_numbers_are_the_blas_s(void)
{
    struct backend *b = cpu_backend_new(2);
    static const float values[] = {INFINITY, -INFINITY, NAN, FLT_MAX, -FLT_MAX, 0x1p126F, 0x1p61F, 0x1p-149F,
                                   FLT_MIN, -0x1p-130F, 0.0F};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        check_value(b, values[i]);
    cpu_backend_free(b);
}

/* Operands of any scale: what is small as a whole is not lost to the tiles' smallest number. */
static void scale_does_not_matter(void)
{
    struct backend *b = cpu_backend_new(2);
    static const float scales[][2] = {{0x1p-60F, 0x1p-60F}, {0x1p-30F, 0x1p-33F}, {0x1p-100F, 1}, {0x1p-120F, 0x1p20F},
                                      {0x1p100F, 0x1p-100F}, {0x1p59F, 0x1p59F},   {1, 0x1p90F},   {0x1p-31F, 0x1p-31F}};
    for (size_t s = 0; s < sizeof scales / sizeof *scales; s++) {
        struct trial t = trial_of(b, true, false, 90, 80, 100);
        t.p.beta = 0;
        for (size_t i = 0; i < t.a_size; i++)
            t.a[i] *= scales[s][0];
        for (size_t i = 0; i < t.b_size; i++)
            t.b[i] *= scales[s][1];
        multiply(b, &t);
        struct errors e = errors_of(&t);
        CU_ASSERT(e.tiles_most < 4 * FLT_EPSILON);
        CU_ASSERT(sqrt(e.tiles_squares) < 1.5 * sqrt(e.blas_squares) + 1e-9);
        release(b, &t);
    }
    cpu_backend_free(b);
}

/* HINGE_AMX=off is how results of machines without tiles are had on one that has them. */
static void it_can_be_left_out(void)
{
    CU_ASSERT_EQUAL(setenv("HINGE_AMX", "off", 1), 0);
    CU_ASSERT_FALSE(cpu_amx_usable());
    struct backend *blas = cpu_backend_new(1);
    CU_ASSERT_EQUAL(unsetenv("HINGE_AMX"), 0);
    CU_ASSERT_TRUE(cpu_amx_usable());
    struct backend *tiles = cpu_backend_new(1);
    struct trial t = trial_of(blas, false, true, 100, 100, 100);
    multiply(tiles, &t);
    float *by_table = no_numbers(blas, t.c_size);
    memcpy(by_table, t.before, t.c_size * sizeof *by_table);
    blas->ops->matmul(blas, &t.p, t.a, t.b, by_table);
    CU_ASSERT_EQUAL(memcmp(by_table, t.blas, t.c_size * sizeof *by_table), 0);
    memcpy(by_table, t.before, t.c_size * sizeof *by_table);
    tiles->ops->matmul(tiles, &t.p, t.a, t.b, by_table);
    CU_ASSERT_EQUAL(memcmp(by_table, t.tiles, t.c_size * sizeof *by_table), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(t.blas, t.tiles, t.c_size * sizeof *by_table), 0);
    blas->ops->release(blas, by_table);
    release(blas, &t);
    cpu_backend_free(blas);
    cpu_backend_free(tiles);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"as exact as the BLAS", tiles_are_as_exact_as_the_blas},
        {"no side is leant to", nothing_leans_to_one_side},
        {"any number of threads", threads_do_not_matter},
        {"beta 0", beta_zero_does_not_read},
        {"what is added stands elsewhere", what_is_added_may_stand_elsewhere},
        {"infinities, NaN and the ends of the range", odd_numbers_are_the_blas_s},
        {"any scale", scale_does_not_matter},
        {"HINGE_AMX=off", it_can_be_left_out},
        {NULL, NULL},
    };
    enum { SKIPPED = 77 };
    if (!cpu_amx_usable()) {
        puts("test_amx: skipped: no AMX here (or HINGE_AMX=off): products go through the BLAS, which test_ops tests");
        return SKIPPED;
    }
    return suite_run("trainer: amx", tests, argc, argv);
}
