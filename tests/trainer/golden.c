#include "tests/trainer/golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

float *golden_floats(const struct weight_set *set, const char *name, size_t *count)
{
    const struct weight *w = weights_find(set, name);
    if (!w) {
        fprintf(stderr, "golden: no tensor %s\n", name);
        exit(1);
    }
    float *out = mem_alloc(w->count * sizeof *out);
    dtype_read(w->dtype, w->data, w->count, out);
    if (count)
        *count = w->count;
    return out;
}

int *golden_ids(const struct weight_set *set, const char *name, size_t *count)
{
    float *values = golden_floats(set, name, count);
    int *ids = mem_alloc(*count * sizeof *ids);
    for (size_t i = 0; i < *count; i++)
        ids[i] = (int)values[i];
    mem_free(values);
    return ids;
}

double distance(const float *a, const float *b, size_t count)
{
    double off = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        off += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        size += (double)b[i] * b[i];
    }
    return sqrt(off / (size > 0 ? size : 1));
}
