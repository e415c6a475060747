/* Curves: what lines become, what is told of windows, and when the index is believed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "runs/curve.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

enum { MANY = 20000 };

static void put(const char *dir, const char *mode, const char *text)
{
    FILE *f = fopen(tmp_join(dir, "metrics.jsonl"), mode);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(text, f);
    fclose(f);
}

/* A value that is different in each row and neither rises nor falls. */
static double wave(int step)
{
    return 2 + sin(step * 0.37) + (step % 977 == 0 ? 5 : 0);
}

static void put_many(const char *dir, int from, int to, double plus)
{
    FILE *f = fopen(tmp_join(dir, "metrics.jsonl"), from == 1 ? "w" : "a");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    for (int i = from; i <= to; i++) {
        fprintf(f, "{\"step\":%d,\"steps\":%d,\"examples\":%d,\"tokens\":%d,\"loss\":%.17g,\"lr\":2e-4,\"seconds\":0.5", i, MANY,
                8 * i, 100 * i, wave(i) + plus);
        fprintf(f, i % 3 ? "}\n" : ",\"loss_B\":%.17g}\n", 0.5 * wave(i));
        if (i % 100 == 0)
            fprintf(f, "{\"step\":%d,\"valid\":{\"loss\":%.17g,\"trained_tokens\":7}}\n", i, 3 * wave(i));
    }
    fclose(f);
}

static struct curve *open_curve(const char *dir)
{
    struct error err = {0};
    struct curve *c = curve_open(dir, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    return c;
}

static size_t series(const struct curve *c, const char *name)
{
    int at = curve_find(c, name);
    CU_ASSERT_FATAL(at >= 0);
    return (size_t)at;
}

static void lines_become_series(void)
{
    char *dir = tmp_make();
    put(dir, "w",
        "{\"step\":1,\"examples\":3,\"tokens\":10,\"loss\":6.25,\"loss_A\":6,\"lr\":2e-4,\"seconds\":0.5,\"memory_bytes\":1234567}\n"
        "{\"step\":2,\"examples\":6,\"tokens\":25,\"loss\":5.5,\"grad_norm\":null,\"seconds\":1.5}\n"
        "{\"step\":2,\"valid\":{\"loss\":5.75,\"loss_A\":5.5}}\n"
        "{\"step\":3,\"examples\":9,\"tokens\":30,\"loss\":4.125e0,\"seconds\":2}\n");
    struct curve *c = open_curve(dir);
    struct curve_point p;
    CU_ASSERT_EQUAL(curve_points(c, series(c, "loss")), 3);
    CU_ASSERT_EQUAL(curve_points(c, series(c, "loss_A")), 1);
    CU_ASSERT_EQUAL(curve_points(c, series(c, "valid.loss")), 1);
    CU_ASSERT_EQUAL(curve_find(c, "step"), -1);
    CU_ASSERT_EQUAL(curve_find(c, "examples"), -1);
    CU_ASSERT_EQUAL(curve_faults(c, NULL), 0);
    CU_ASSERT(curve_last(c, series(c, "loss"), CURVE_TOKENS, &p));
    CU_ASSERT(p.at == 30 && p.value == 4.125);
    CU_ASSERT(curve_last(c, series(c, "valid.loss"), CURVE_EXAMPLES, &p));
    CU_ASSERT(p.at == 6 && p.value == 5.75); /* of the step it was measured after */
    CU_ASSERT(curve_last(c, series(c, "loss"), CURVE_SECONDS, &p));
    CU_ASSERT(p.at == 4);
    CU_ASSERT(curve_last(c, series(c, "memory_bytes"), CURVE_STEP, &p));
    CU_ASSERT(p.at == 1 && p.value == 1234567);
    CU_ASSERT(curve_nearest(c, series(c, "loss"), CURVE_STEP, 2.4, &p));
    CU_ASSERT(p.at == 2 && p.value == 5.5);
    CU_ASSERT(curve_nearest(c, series(c, "loss_A"), CURVE_STEP, 3, &p));
    CU_ASSERT(p.at == 1);
    curve_close(c);
    tmp_remove(dir);
}

static void no_metrics_yet(void)
{
    char *dir = tmp_make();
    struct curve *c = open_curve(dir);
    bool changed = true;
    struct error err = {0};
    CU_ASSERT_EQUAL(curve_count(c), 0);
    CU_ASSERT_EQUAL(curve_update(c, &changed, &err), 0);
    CU_ASSERT_FALSE(changed);
    put(dir, "w", "{\"step\":1,\"loss\":6}\n");
    CU_ASSERT_EQUAL(curve_update(c, &changed, &err), 0);
    CU_ASSERT(changed && curve_points(c, series(c, "loss")) == 1);
    curve_close(c);
    tmp_remove(dir);
}

static void half_a_line_waits(void)
{
    char *dir = tmp_make();
    struct error err = {0};
    bool changed = false;
    put(dir, "w", "{\"step\":1,\"loss\":6}\n{\"step\":2,\"lo");
    struct curve *c = open_curve(dir);
    CU_ASSERT_EQUAL(curve_points(c, series(c, "loss")), 1);
    CU_ASSERT_EQUAL(curve_faults(c, NULL), 0);
    put(dir, "a", "ss\":5}");
    CU_ASSERT_EQUAL(curve_update(c, &changed, &err), 0);
    CU_ASSERT_FALSE(changed);
    put(dir, "a", "\n");
    CU_ASSERT_EQUAL(curve_update(c, &changed, &err), 0);
    CU_ASSERT(changed && curve_points(c, series(c, "loss")) == 2);
    CU_ASSERT_EQUAL(curve_faults(c, NULL), 0);
    curve_close(c);
    tmp_remove(dir);
}

static void hostile_lines_are_counted(void)
{
    char *dir = tmp_make();
    const char *first;
    put(dir, "w",
        "{\"step\":1,\"loss\":6}\n"
        "not metrics\n"
        "{\"loss\":5}\n"
        "{\"step\":1,\"loss\":5}\n"
        "{\"step\":2,\"loss\":\"5\"}\n"
        "{\"step\":2,\"loss\":1e999}\n"
        "{\"step\":2,\"loss\":5} and more\n"
        "{\"step\":2,\"x\":{\"y\":1}}\n"
        "[[[[[[[[\n"
        "\x80\xff\x1b[2J\n"
        "{\"step\":2,\"a b\":1,\"\\u0041\":2}\n"
        "{\"step\":2,\"a b\":1,\"this_name_is_longer_than_any_name_of_metrics_is\":2,\"loss\":5}\n");
    struct curve *c = open_curve(dir);
    CU_ASSERT_EQUAL(curve_count(c), 1);
    CU_ASSERT_EQUAL(curve_points(c, series(c, "loss")), 2);
    CU_ASSERT_EQUAL(curve_faults(c, &first), 10);
    CU_ASSERT_STRING_EQUAL(first, "line 2: no object of numbers");
    curve_close(c);
    tmp_remove(dir);
}

static void more_names_than_series(void)
{
    char *dir = tmp_make();
    FILE *f = fopen(tmp_join(dir, "metrics.jsonl"), "w");
    for (int i = 1; i <= 200; i++)
        fprintf(f, "{\"step\":%d,\"n%d\":1,\"loss\":2}\n", i, i);
    fclose(f);
    struct curve *c = open_curve(dir);
    CU_ASSERT(curve_count(c) <= 64);
    CU_ASSERT_EQUAL(curve_points(c, series(c, "loss")), 200);
    curve_close(c);
    tmp_remove(dir);
}

/* A column of the window against all rows one by one. */
static void check_bucket(const struct curve_bucket *b, int from, int to)
{
    double low = INFINITY, high = -INFINITY, sum = 0;
    size_t count = 0;
    for (int i = from; i < to; i++, count++) {
        double v = (float)wave(i);
        low = fmin(low, v);
        high = fmax(high, v);
        sum += v;
    }
    CU_ASSERT_EQUAL(b->count, count);
    if (!count)
        return;
    CU_ASSERT(b->low == low && b->high == high);
    CU_ASSERT_DOUBLE_EQUAL(b->mean, sum / (double)count, 1e-9);
    CU_ASSERT(b->first_at == from && b->last_at == to - 1);
}

static void check_window(const struct curve *c, int from, int to, size_t n)
{
    struct curve_bucket *b = calloc(n, sizeof *b);
    size_t loss = series(c, "loss");
    size_t total = curve_window(c, loss, CURVE_STEP, from, to, false, n, b);
    CU_ASSERT_EQUAL(total, (size_t)(to - from + 1));
    int at = from;
    for (size_t i = 0; i < n; i++) {
        double border = from + (to - from) * ((double)(i + 1) / (double)n);
        int end = i + 1 == n ? to + 1 : (int)ceil(border);
        check_bucket(&b[i], at, end);
        at = end;
    }
    free(b);
}

static void windows_are_exact(void)
{
    char *dir = tmp_make();
    struct curve_bucket b[80];
    put_many(dir, 1, MANY, 0);
    struct curve *c = open_curve(dir);
    for (int indexed = 0; indexed < 2; indexed++) {
        CU_ASSERT_EQUAL(curve_was_indexed(c), indexed == 1);
        check_window(c, 1, MANY, 79);
        check_window(c, 17, 19000, 160);
        check_window(c, 977, 977 + 300, 50);
        check_window(c, 5, 9, 40);
        CU_ASSERT_EQUAL(curve_window(c, series(c, "loss_B"), CURVE_EXAMPLES, 1, 8.0 * MANY, false, 80, b), MANY / 3);
        CU_ASSERT_EQUAL(curve_window(c, series(c, "valid.loss"), CURVE_STEP, 1, MANY, true, 80, b), MANY / 100);
        CU_ASSERT_EQUAL(curve_window(c, series(c, "loss"), CURVE_STEP, 1, MANY, true, 80, b), MANY);
        CU_ASSERT(b[79].count > 1000 && b[0].count == 1); /* equal ratios */
        CU_ASSERT_EQUAL(curve_window(c, series(c, "loss"), CURVE_STEP, MANY + 1.0, 2.0 * MANY, false, 80, b), 0);
        curve_close(c);
        c = open_curve(dir);
    }
    curve_close(c);
    tmp_remove(dir);
}

static double last_loss(const struct curve *c)
{
    struct curve_point p = {0};
    CU_ASSERT(curve_last(c, series(c, "loss"), CURVE_STEP, &p));
    return p.value;
}

static void index_grows_with_the_run(void)
{
    char *dir = tmp_make();
    struct error err = {0};
    bool changed;
    put_many(dir, 1, 10007, 0);
    curve_close(open_curve(dir));
    CU_ASSERT(file_exists(tmp_join(dir, "metrics.index")));
    put_many(dir, 10008, 15003, 0);
    struct curve *c = open_curve(dir);
    CU_ASSERT(curve_was_indexed(c));
    CU_ASSERT_EQUAL(curve_points(c, series(c, "loss")), 15003);
    check_window(c, 9000, 15003, 60); /* over the seam */
    put_many(dir, 15004, MANY, 0);
    CU_ASSERT(curve_update(c, &changed, &err) == 0 && changed);
    check_window(c, 1, MANY, 200);
    CU_ASSERT_EQUAL(curve_save(c, &err), 0);
    curve_close(c);
    c = open_curve(dir);
    CU_ASSERT(curve_was_indexed(c));
    check_window(c, 1, MANY, 200);
    curve_close(c);
    tmp_remove(dir);
}

/* A resumed run takes back the steps after its checkpoint: the beginning of the file is the same, its end is not. */
static void a_resumed_run_is_read_anew(void)
{
    char *dir = tmp_make();
    struct error err = {0};
    bool changed = false;
    put_many(dir, 1, 12000, 0);
    struct curve *open = open_curve(dir);
    curve_close(open_curve(dir));
    CU_ASSERT_EQUAL(rename(tmp_join(dir, "metrics.jsonl"), tmp_join(dir, "old")), 0);
    put_many(dir, 1, 9000, 0);
    FILE *f = fopen(tmp_join(dir, "metrics.jsonl"), "a");
    for (int i = 9001; i <= 14000; i++)
        fprintf(f, "{\"step\":%d,\"loss\":%.17g}\n", i, 50.0);
    fclose(f);
    struct curve *c = open_curve(dir);
    CU_ASSERT_FALSE(curve_was_indexed(c));
    CU_ASSERT(last_loss(c) == 50 && curve_points(c, series(c, "loss")) == 14000);
    curve_close(c);
    CU_ASSERT(curve_update(open, &changed, &err) == 0 && changed);
    CU_ASSERT(last_loss(open) == 50 && curve_points(open, series(open, "loss")) == 14000);
    /* Cut short in place, as nobody should. */
    CU_ASSERT_EQUAL(truncate(tmp_join(dir, "metrics.jsonl"), 5000), 0);
    CU_ASSERT(curve_update(open, &changed, &err) == 0 && changed);
    CU_ASSERT(curve_points(open, series(open, "loss")) < 100);
    curve_close(open);
    tmp_remove(dir);
}

static void damage(const char *path, long at, char with)
{
    FILE *f = fopen(path, "r+");
    fseek(f, at, SEEK_SET);
    fputc(with, f);
    fclose(f);
}

static void a_damaged_index_is_not_believed(void)
{
    char *dir = tmp_make();
    struct stat st;
    const char *path = strdup(tmp_join(dir, "metrics.index"));
    put_many(dir, 1, MANY, 0);
    curve_close(open_curve(dir));
    CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
    for (int round = 0; round < 64; round++) { /* every 8th byte of what sizes are read from */
        damage(path, 8 * round + 3, (char)0x7F);
        struct curve *c = open_curve(dir);
        CU_ASSERT_EQUAL(curve_points(c, series(c, "loss")), MANY);
        curve_close(c);
        if (round % 8 == 0) {
            CU_ASSERT_EQUAL(truncate(path, st.st_size / 2 + round), 0);
            c = open_curve(dir);
            CU_ASSERT_FALSE(curve_was_indexed(c));
            check_window(c, 1, MANY, 30);
            curve_close(c);
        }
        unlink(path);
        curve_close(open_curve(dir));
    }
    free((char *)path);
    tmp_remove(dir);
}

static void a_folder_that_may_not_be_written(void)
{
    char *dir = tmp_make();
    put_many(dir, 1, MANY, 0);
    CU_ASSERT_EQUAL(mkdir(tmp_join(dir, "metrics.index"), 0700), 0); /* stands in the way, also of root */
    struct curve *c = open_curve(dir);
    check_window(c, 1, MANY, 30);
    curve_close(c);
    tmp_remove(dir);
}

int main(int argc, char **argv)
{
    const struct test tests[] = {
        {"lines become series", lines_become_series},
        {"no metrics yet", no_metrics_yet},
        {"half a line waits", half_a_line_waits},
        {"hostile lines are counted", hostile_lines_are_counted},
        {"more names than series", more_names_than_series},
        {"windows are exact", windows_are_exact},
        {"the index grows with the run", index_grows_with_the_run},
        {"a resumed run is read anew", a_resumed_run_is_read_anew},
        {"a damaged index is not believed", a_damaged_index_is_not_believed},
        {"a folder that may not be written", a_folder_that_may_not_be_written},
        {NULL, NULL},
    };
    return suite_run("curve", tests, argc, argv);
}
