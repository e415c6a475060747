/*
 * How long runs take to open: 20 of 100,000 steps, each line as hinge-train writes it, a validation every 100 steps. Opened
 * without an index, with it, listed, and drawn at any zoom. Prints a Markdown table. "make" only makes the runs.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "runs/curve.h"
#include "runs/runs.h"

enum { RUNS = 20, STEPS = 100000, COLUMNS = 320, ROUNDS = 9, ZOOMS = 2000, DRAWN = 4 };

static const char *const drawn[DRAWN] = {"loss", "loss_A", "loss_B", "valid.loss"};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void die(const char *what)
{
    fprintf(stderr, "runs: %s\n", what);
    exit(1);
}

static const char *path_of(const char *dir, int run, const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/run-%d%s%s", dir, run, *name ? "/" : "", name);
    return path;
}

static void make_metrics(const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f)
        die("cannot make metrics");
    for (int i = 1; i <= STEPS; i++) {
        double loss = 1 + 5 / sqrt(i) + 0.3 * sin(i * 1.7) * sin(i * 0.031);
        fprintf(f,
                "{\"step\":%d,\"steps\":%d,\"examples\":%d,\"tokens\":%d,\"loss\":%.17g,\"loss_A\":%.17g,\"loss_B\":%.17g,"
                "\"loss_strategy\":%.17g,\"loss_answer\":%.17g,\"trained_tokens\":%d,\"objective\":%.17g,\"lr\":0.0002,"
                "\"grad_norm\":%.17g,\"seconds\":%.3f,\"tokens_per_second\":%.15g,\"plain_tokens_per_second\":%.15g,"
                "\"flops_per_second\":%.15g,\"memory_bytes\":%d,\"resident_bytes\":%d}\n",
                i, STEPS, 8 * i, 2345 * i, loss, loss * 1.1, loss * 0.9, loss * 0.8, loss * 0.95, 900 + i % 300, loss, loss / 3,
                0.4 + 0.001 * (i % 50), 2345 / 0.42, 3456 / 0.42, 1.2345e12 + i, 123456789, 234567890);
        if (i % 100 == 0)
            fprintf(f, "{\"step\":%d,\"valid\":{\"loss\":%.17g,\"loss_A\":%.17g,\"trained_tokens\":9000}}\n", i, loss + 0.1, loss);
    }
    if (fclose(f) != 0)
        die("cannot write metrics");
}

static void make(const char *dir)
{
    for (int i = 0; i < RUNS; i++) {
        char about[128];
        if (file_make_dir(path_of(dir, i, ""), NULL) != 0)
            die("cannot make a folder");
        snprintf(about, sizeof about, "{\"uuid\":\"%d\",\"method\":\"rgt\",\"created\":%d}", i, i);
        if (file_write_atomic(path_of(dir, i, "run.json"), 0600, slice_of(about), NULL) != 0)
            die("cannot write run.json");
        make_metrics(path_of(dir, i, "metrics.jsonl"));
    }
}

/* The whole length of the four losses, as a view draws it first. */
static void draw(const struct curve *c, double from, double to)
{
    struct curve_bucket b[COLUMNS];
    for (int i = 0; i < DRAWN; i++) {
        int at = curve_find(c, drawn[i]);
        if (at < 0)
            die("a series is missing");
        curve_window(c, (size_t)at, CURVE_EXAMPLES, from, to, false, COLUMNS, b);
    }
}

static double open_all(const char *dir, struct curve *all[RUNS], bool indexed)
{
    double start = now();
    for (int i = 0; i < RUNS; i++) {
        all[i] = curve_open(path_of(dir, i, ""), NULL);
        if (!all[i] || curve_was_indexed(all[i]) != indexed)
            die("a run did not open as expected");
        draw(all[i], 1, 8.0 * STEPS);
    }
    return now() - start;
}

static void close_all(struct curve *all[RUNS])
{
    for (int i = 0; i < RUNS; i++)
        curve_close(all[i]);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double zoom(struct curve *all[RUNS], double *most)
{
    double start = now();
    *most = 0;
    for (int i = 0; i < ZOOMS; i++) {
        double width = 8.0 * STEPS / (1 << (i % 12)), from = (8.0 * STEPS - width) * ((i * 37) % 101) / 101, began = now();
        draw(all[i % RUNS], from, from + width);
        *most = fmax(*most, now() - began);
    }
    return (now() - start) / ZOOMS;
}

static double list(const char *dir)
{
    struct runs runs;
    double start = now();
    if (runs_list(dir, &runs, NULL) != 0 || runs.count != RUNS)
        die("the runs are not listed");
    runs_free(&runs);
    return now() - start;
}

int main(int argc, char **argv)
{
    struct curve *all[RUNS];
    double times[ROUNDS], lists[ROUNDS], most;
    if (argc < 3)
        die("usage: runs DIR make|measure");
    if (strcmp(argv[2], "make") == 0) {
        make(argv[1]);
        return 0;
    }
    double cold = open_all(argv[1], all, false);
    close_all(all);
    for (int i = 0; i < ROUNDS; i++) {
        times[i] = open_all(argv[1], all, true);
        if (i + 1 < ROUNDS)
            close_all(all);
        lists[i] = list(argv[1]);
    }
    qsort(times, ROUNDS, sizeof *times, by_size);
    qsort(lists, ROUNDS, sizeof *lists, by_size);
    double each = zoom(all, &most);
    close_all(all);
    printf("| hinge: opened and drawn, no index yet (all lines read, the index written) | %.0f |\n", cold);
    printf("| hinge: opened and drawn, with the index (median of %d; most) | %.1f; %.1f |\n", ROUNDS, times[ROUNDS / 2],
           times[ROUNDS - 1]);
    printf("| hinge: the list of runs with state, progress and ETA (median; most) | %.1f; %.1f |\n", lists[ROUNDS / 2],
           lists[ROUNDS - 1]);
    printf("| hinge: one run drawn at another zoom (mean of %d; most) | %.3f; %.3f |\n", ZOOMS, each, most);
    return 0;
}
