/* Clipping and AdamW over all tensors that train: three launches, and the host need not know the norm in between. */
#include "trainer/backend/cuda_device.cuh"
#include "trainer/backend/cuda_kernels.h"

enum { THREADS = 256 };

__global__ void piece_squares(const cuda_piece *pieces, double *partial)
{
    __shared__ double room[THREADS / WARP];
    const cuda_piece p = pieces[blockIdx.x];
    double sum = 0;
    for (int i = threadIdx.x; i < p.count; i += THREADS)
        sum += (double)p.grad[i] * p.grad[i];
    sum = group_sum<THREADS>(sum, room);
    if (threadIdx.x == 0)
        partial[blockIdx.x] = sum;
}

/* clip / (norm + 1e-6) where that is below 1: torch.nn.utils.clip_grad_norm_. clip 0: no clipping. */
__global__ void whole_norm(const double *partial, int count, float clip, cuda_norm *out)
{
    __shared__ double room[THREADS / WARP];
    double sum = 0;
    for (int i = threadIdx.x; i < count; i += THREADS)
        sum += partial[i];
    sum = group_sum<THREADS>(sum, room);
    if (threadIdx.x)
        return;
    double norm = sqrt(sum), scale = clip > 0 ? clip / (norm + 1e-6) : 1.0;
    out->norm = norm;
    out->scale = !(norm < 1e300) ? 0.0F : scale < 1 ? (float)scale : 1.0F;
}

void kernel_grad_norm(cuda_stream s, const struct cuda_piece *pieces, int count, double *partial, float clip,
                      struct cuda_norm *out)
{
    LAUNCH(piece_squares, (unsigned)count, THREADS, 0, s, pieces, partial);
    LAUNCH(whole_norm, 1U, THREADS, 0, s, partial, count, clip, out);
}

/* Loshchilov and Hutter 2019, in PyTorch's order of operations (torch.optim.AdamW). */
__global__ void adamw(const cuda_piece *pieces, cuda_adamw a, const cuda_norm *norm)
{
    float scale = norm->scale;
    if (scale == 0)
        return;
    const cuda_piece piece = pieces[blockIdx.x];
    bf16 *work = (bf16 *)piece.work;
    for (int i = threadIdx.x; i < piece.count; i += THREADS) {
        float g = piece.grad[i] * scale, m = piece.m[i], v = piece.v[i];
        m = m + (g - m) * a.new1;
        v = v * a.keep2 + g * g * a.new2;
        float p = piece.p[i] * a.keep - a.step * m / (sqrtf(v) / a.root + a.eps);
        piece.m[i] = m;
        piece.v[i] = v;
        piece.p[i] = p;
        work[i] = __float2bfloat16_rn(p);
    }
}

void kernel_adamw(cuda_stream s, const struct cuda_piece *pieces, int count, const struct cuda_adamw *a,
                  const struct cuda_norm *norm)
{
    cuda_adamw values = *a;
    LAUNCH(adamw, (unsigned)count, THREADS, 0, s, pieces, values, norm);
}
