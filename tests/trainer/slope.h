/*
 * Finite differences: the gradient an op computes against the slope of its own forward pass.
 *
 * The five-point central difference, (8 (f(x+h) - f(x-h)) - (f(x+2h) - f(x-2h))) / 12h, with h = 1/32
 * for inputs of about 1. Its own error is h^4/30 of the fifth derivative, about 3e-8; what is left is
 * the rounding of fp32 outputs, about 6e-8 / h = 2e-6 of each term of f, which is summed in double. So
 * 1e-4 of the largest gradient is far above what rounding makes and far below what a wrong term makes.
 */
#ifndef TESTS_TRAINER_SLOPE_H
#define TESTS_TRAINER_SLOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "trainer/backend/ops.h"

#define SLOPE_TOLERANCE 1e-4

/* What is differentiated: a number from what the inputs hold now. */
typedef double slope_fn(void *ctx);

/* Whether grad (of count) is value's slope in x, which is moved and put back. Prints what when not. */
bool slope_fits(const char *what, slope_fn *value, void *ctx, float *x, size_t count, const float *grad);

/* Whether got is want (of count) to tolerance times the largest of want; prints what when not. */
bool near(const char *what, const float *got, const double *want, size_t count, double tolerance);

/* Numbers in [-1, 1), the same for the same seed; memory of the backend, ended by the test program when
 * there is none. */
float *some_numbers(struct backend *b, size_t count, int seed);
float *no_numbers(struct backend *b, size_t count); /* zeros */
/* Sum of weights[i] * x[i] in double. */
double weighted(const float *weights, const float *x, size_t count);

#endif
