/* Element types of weights in files, and their reading as fp32. */
#ifndef TRAINER_TENSOR_DTYPE_H
#define TRAINER_TENSOR_DTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dtype {
    DTYPE_F32,
    DTYPE_F16,
    DTYPE_BF16,
    DTYPE_Q4_0,
    DTYPE_Q4_1,
    DTYPE_Q8_0,
    DTYPE_Q4_K,
    DTYPE_Q6_K,
    DTYPES
};

const char *dtype_name(enum dtype t);
/* Elements of one block: 1 for plain types, 32 or 256 for quantised ones. */
size_t dtype_block(enum dtype t);
/* Bytes of count elements into *bytes; false when count is no whole number of blocks or the
 * product does not fit. */
bool dtype_bytes(enum dtype t, size_t count, size_t *bytes);
/* Reads count elements (whole blocks) at from, in any alignment, as fp32. Quantised layouts are
 * ggml's (ggml-quants.c, dequantize_row_*). */
void dtype_read(enum dtype t, const unsigned char *from, size_t count, float *out);

float half_to_float(uint16_t h);
float bf16_to_float(uint16_t h);

#endif
