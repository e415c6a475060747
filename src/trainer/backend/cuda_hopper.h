/* Launchers of attention on Hopper (cuda_attention_hopper.cu, cuda_attention_grad_hopper.cu), and what they are given. */
#ifndef TRAINER_BACKEND_CUDA_HOPPER_H
#define TRAINER_BACKEND_CUDA_HOPPER_H

#include <cuda.h>

#include "trainer/backend/cuda_kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Forward, blocks of 128 queries meet blocks of 128 keys. */
enum { HOPPER_BLOCK = 128 };

/* Tensors as TMA reads them: columns of a head, heads, rows; boxes of 64 columns, one head, HOPPER_BLOCK rows. */
struct hopper_maps {
    CUtensorMap q, k, v;
};

/* As kernel_attention, with queries in blocks of at most HOPPER_BLOCK rows. */
int kernel_attention_hopper(cuda_stream s, const struct cuda_attention *a, const struct hopper_maps *maps);

#ifdef __cplusplus
}
#endif
#endif
