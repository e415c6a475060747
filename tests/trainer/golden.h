/* Reading tests/golden and comparing with it. */
#ifndef TESTS_TRAINER_GOLDEN_H
#define TESTS_TRAINER_GOLDEN_H

#include <stddef.h>

#include "trainer/files/weights.h"

/* A tensor of a set as fp32; the caller frees with mem_free. Ends the test program when absent. */
float *golden_floats(const struct weight_set *set, const char *name, size_t *count);
int *golden_ids(const struct weight_set *set, const char *name, size_t *count);
/* ||a - b|| / ||b|| */
double distance(const float *a, const float *b, size_t count);

#endif
