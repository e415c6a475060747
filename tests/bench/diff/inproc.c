/* Time of one diff in this process, segmentation included: median of many, in milliseconds.
 * usage: inproc A B [ROUNDS] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "text/diff.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(struct slice a, struct slice b, enum diff_layer layer, size_t rounds)
{
    double *took = mem_alloc(rounds * sizeof *took);
    for (size_t i = 0; i < rounds; i++) {
        double began = now();
        diff_free(diff_texts(a, b, layer));
        took[i] = now() - began;
    }
    qsort(took, rounds, sizeof *took, by_size);
    double result = took[rounds / 2];
    mem_free(took);
    return result;
}

int main(int argc, char **argv)
{
    struct error err = {0};
    struct str a = {0}, b = {0};
    size_t rounds = argc > 3 ? (size_t)strtoul(argv[3], NULL, 10) : 1000;
    if (argc < 3 || !rounds || file_read(argv[1], 1 << 30, &a, &err) != 0 ||
        file_read(argv[2], 1 << 30, &b, &err) != 0) {
        fprintf(stderr, "inproc: %s\n", err.code ? err.text : "usage: inproc A B [ROUNDS]");
        return 1;
    }
    printf("%.4f %.4f\n", median(str_slice(&a), str_slice(&b), DIFF_EXACT, rounds),
           median(str_slice(&a), str_slice(&b), DIFF_READABLE, rounds));
    str_free(&a);
    str_free(&b);
    return 0;
}
