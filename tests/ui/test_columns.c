#include <stdio.h>

#include "tests/support/suite.h"
#include "ui/views/columns.h"

static const struct column columns[] = {
    {"state", 7, 7, 0, false},   {"score", 5, 7, 3, true}, {"record", 8, 20, 0, false},
    {"task", 6, 12, 4, false},   {"headline", 12, 0, 0, false},
};
enum { N = sizeof columns / sizeof *columns };

static void test_every_width_fits(void)
{
    for (unsigned width = 1; width < 320; width++) {
        struct place p[N];
        columns_fit(columns, N, width, p);
        unsigned end = 0;
        for (size_t i = 0; i < N; i++) {
            if (!p[i].width)
                continue;
            CU_ASSERT(p[i].at >= end);
            end = p[i].at + p[i].width;
        }
        CU_ASSERT(end <= width);
        if (width >= 60)
            CU_ASSERT_EQUAL(end, width);
    }
}

static void test_narrow_drops_in_order(void)
{
    struct place p[N];
    columns_fit(columns, N, 44, p);
    CU_ASSERT_EQUAL(p[3].width, 0); /* task went first */
    CU_ASSERT(p[1].width > 0);
    columns_fit(columns, N, 32, p);
    CU_ASSERT_EQUAL(p[1].width, 0);
    CU_ASSERT(p[4].width >= 12);
}

static void cell(const char *text, unsigned width, bool right, const char *expected)
{
    struct str out = {0};
    column_cell(&out, slice_of(text), width, right);
    CU_ASSERT_STRING_EQUAL(str_z(&out), expected);
    str_free(&out);
}

static void test_cells(void)
{
    cell("abc", 5, false, "abc  ");
    cell("abc", 5, true, "  abc");
    cell("a\033[2J", 8, false, "a^[[2J  ");
    cell("\xE8\xAF\x8A\xE6\x96\xAD", 5, false, "\xE8\xAF\x8A\xE6\x96\xAD ");
    cell("abcdef", 3, false, "ab\xE2\x80\xA6");
}

static void test_ends(void)
{
    struct str out = {0};
    column_cell_end(&out, SLICE("mts-dialog-eval/386"), 8);
    str_addc(&out, '|');
    column_cell_end(&out, SLICE("ed-01"), 8);
    str_addc(&out, '|');
    column_cell_end(&out, SLICE("\xE8\xAF\x8A\xE6\x96\xAD\xE8\xAF\x8A"), 4);
    CU_ASSERT_STRING_EQUAL(str_z(&out), "\xE2\x80\xA6"
                                        "val/386|ed-01   |\xE2\x80\xA6\xE8\xAF\x8A ");
    str_free(&out);
}

static void test_numbers(void)
{
    struct str out = {0};
    static const long long numbers[] = {0, 999, 1000, 1800, 1234567, -4321};
    for (size_t i = 0; i < 6; i++) {
        add_count(&out, numbers[i]);
        str_addc(&out, ' ');
    }
    CU_ASSERT_STRING_EQUAL(str_z(&out), "0 999 1,000 1,800 1,234,567 -4,321 ");
    str_clear(&out);
    static const long long ages[] = {-5, 59, 60, 3599, 3600, 86400, 86400 * 28, 86400 * 365};
    for (size_t i = 0; i < 8; i++) {
        add_age(&out, 0, ages[i] * 1000);
        str_addc(&out, ' ');
    }
    CU_ASSERT_STRING_EQUAL(str_z(&out), "now now 1m 59m 1h 1d 4w 1y ");
    str_free(&out);
}

static const struct test tests[] = {
    {"every width fits", test_every_width_fits},
    {"a narrow window drops columns in order", test_narrow_drops_in_order},
    {"cells are cut, padded and harmless", test_cells},
    {"the end of an id tells", test_ends},
    {"counts and ages", test_numbers},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return suite_run("columns", tests, argc, argv);
}
