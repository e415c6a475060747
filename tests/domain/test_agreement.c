/* Agreement against examples computed by hand in print. */
#include "domain/agreement.h"

#include <math.h>
#include <string.h>

#include "tests/support/suite.h"

#define NEAR(x, want, within) CU_ASSERT_TRUE(fabs((x) - (want)) < (within))

/* One row a reviewer, one column a record; '.' is no vote, 'a' to 'f' are states. */
static size_t read_units(const char *const *rows, size_t n_rows, struct agreement_unit *out)
{
    size_t n = strlen(rows[0]);
    memset(out, 0, n * sizeof *out);
    for (size_t r = 0; r < n_rows; r++)
        for (size_t i = 0; i < n; i++)
            if (rows[r][i] != '.')
                out[i].votes[rows[r][i] - 'a']++;
    return n;
}

static struct agreement_alpha alpha_of(const char *const *rows, size_t n_rows)
{
    struct agreement_unit units[64];
    size_t n = read_units(rows, n_rows, units);
    return agreement_alpha(units, n);
}

/* Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), parts A, B and C. */
static void test_alpha_published(void)
{
    static const char *const binary[] = {"abaaaaaaba", "bbbaabaaaa"};
    struct agreement_alpha a = alpha_of(binary, 2);
    CU_ASSERT_EQUAL(a.units, 10);
    NEAR(a.alpha, 0.095, 0.0005);
    NEAR(a.raw, 0.6, 1e-9);

    static const char *const nominal[] = {"aabbdcccedda", "babbbccceddd"};
    NEAR(alpha_of(nominal, 2).alpha, 0.692, 0.0005);

    static const char *const four[] = {
        "abccbadab...",
        "abccbbdabe.c",
        ".cccbcdbbea.",
        "abccbddabea.",
    };
    a = alpha_of(four, 4);
    CU_ASSERT_EQUAL(a.units, 11);
    NEAR(a.alpha, 0.743, 0.0005);
    CU_ASSERT_TRUE(a.defined && a.interval);
    CU_ASSERT_TRUE(a.low < a.alpha && a.alpha < a.high && a.high <= 1);
}

static void test_alpha_edges(void)
{
    static const char *const alike[] = {"aaaa", "aaaa"}, *const reversed[] = {"abab", "baba"},
                            *const alone[] = {"abcd"};
    struct agreement_alpha a = alpha_of(alike, 2);
    CU_ASSERT_FALSE(a.defined); /* nothing differs: chance says nothing */
    NEAR(a.raw, 1, 1e-9);
    a = alpha_of(reversed, 2);
    CU_ASSERT_TRUE(a.defined && a.alpha < 0);
    NEAR(a.raw, 0, 1e-9);
    a = alpha_of(alone, 1);
    CU_ASSERT_EQUAL(a.units, 0);
    CU_ASSERT_FALSE(a.defined);
    a = agreement_alpha(NULL, 0);
    CU_ASSERT_FALSE(a.defined || a.interval);
}

/* More records narrow the interval, and the same votes give the same one. */
static void test_interval(void)
{
    static struct agreement_unit units[800];
    for (size_t i = 0; i < 800; i++)
        units[i] = (struct agreement_unit){.votes = {[STATE_ACCEPTED] = i % 4 ? 2 : 1,
                                                     [STATE_REJECTED] = i % 4 ? i % 2 * 2 : 1}};
    struct agreement_alpha few = agreement_alpha(units, 40), many = agreement_alpha(units, 800);
    struct agreement_alpha again = agreement_alpha(units, 800);
    CU_ASSERT_TRUE(few.high - few.low > 2 * (many.high - many.low));
    CU_ASSERT_EQUAL(many.low, again.low);
    CU_ASSERT_EQUAL(many.high, again.high);
}

/* Two readers of fifty grant proposals, and the two tables that show how kappa depends on
 * marginals: the worked examples of Wikipedia's "Cohen's kappa". */
static void test_kappa_published(void)
{
    static const struct {
        unsigned a, b, c, d;
        double raw, kappa;
    } rows[] = {
        {20, 5, 10, 15, 0.70, 0.4000},
        {45, 15, 25, 15, 0.60, 0.1304},
        {25, 35, 5, 35, 0.60, 0.2593},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct agreement_table t = {{{0}}};
        t.votes[STATE_ACCEPTED][STATE_ACCEPTED] = rows[i].a;
        t.votes[STATE_ACCEPTED][STATE_REJECTED] = rows[i].b;
        t.votes[STATE_REJECTED][STATE_ACCEPTED] = rows[i].c;
        t.votes[STATE_REJECTED][STATE_REJECTED] = rows[i].d;
        struct agreement_kappa k = agreement_kappa(&t);
        CU_ASSERT_EQUAL(k.records, rows[i].a + rows[i].b + rows[i].c + rows[i].d);
        NEAR(k.raw, rows[i].raw, 1e-9);
        NEAR(k.kappa, rows[i].kappa, 0.00005);
    }
}

static void test_kappa_edges(void)
{
    struct agreement_table t = {{{0}}};
    CU_ASSERT_FALSE(agreement_kappa(&t).defined);
    t.votes[STATE_ACCEPTED][STATE_ACCEPTED] = 7;
    CU_ASSERT_FALSE(agreement_kappa(&t).defined);
    NEAR(agreement_kappa(&t).raw, 1, 1e-9);
    t.votes[STATE_REJECTED][STATE_REJECTED] = 1;
    NEAR(agreement_kappa(&t).kappa, 1, 1e-9);
}

static void test_unit(void)
{
    struct agreement_unit u = {.votes = {[STATE_ACCEPTED] = 3, [STATE_REJECTED] = 1}};
    NEAR(agreement_share(&u, STATE_ACCEPTED), 0.75, 1e-9);
    NEAR(agreement_share(&u, STATE_FLAGGED), 0, 1e-9);
    CU_ASSERT_TRUE(agreement_disputed(&u));
    u.votes[STATE_REJECTED] = 0;
    CU_ASSERT_FALSE(agreement_disputed(&u));
    CU_ASSERT_EQUAL(agreement_votes(&u), 3);
    u.votes[STATE_ACCEPTED] = 0;
    NEAR(agreement_share(&u, STATE_ACCEPTED), 0, 1e-9);
    CU_ASSERT_TRUE(agreement_is_vote(STATE_FLAGGED));
    CU_ASSERT_FALSE(agreement_is_vote(STATE_SKIPPED));
    CU_ASSERT_FALSE(agreement_is_vote(STATE_UNDECIDED));
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"alpha of published examples", test_alpha_published},
        {"alpha at the edges", test_alpha_edges},
        {"the interval", test_interval},
        {"kappa of published examples", test_kappa_published},
        {"kappa at the edges", test_kappa_edges},
        {"one record", test_unit},
        {NULL, NULL},
    };
    return suite_run("domain/agreement", tests, argc, argv);
}
