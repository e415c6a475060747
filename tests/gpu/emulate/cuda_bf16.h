/* bf16 by rounding to nearest even, as the GPU does. */
#ifndef TESTS_CUDA_EMULATE_CUDA_BF16_H
#define TESTS_CUDA_EMULATE_CUDA_BF16_H

#include "cuda_runtime.h"

struct __nv_bfloat16 {
    uint16_t bits;
};

static inline __nv_bfloat16 __float2bfloat16_rn(float x)
{
    unsigned u = __float_as_uint(x);
    if ((u & 0x7fffffffU) > 0x7f800000U)
        return __nv_bfloat16{0x7fff};
    return __nv_bfloat16{(uint16_t)((u + 0x7fffU + (u >> 16 & 1U)) >> 16)};
}

static inline float __bfloat162float(__nv_bfloat16 x)
{
    return __uint_as_float((unsigned)x.bits << 16);
}

#endif
