/* Cross entropy: a block a row of logits, which it reads twice and, for the gradient, a third time; a row of 150,000
 * is in the cache by then. */
#include "trainer/backend/cuda_device.cuh"
#include "trainer/backend/cuda_kernels.h"

enum { THREADS = 512 };

/* The softmax so far of what a thread has seen. */
struct soft {
    float top, sum;
};

__device__ __forceinline__ soft join(soft a, soft b)
{
    float top = fmaxf(a.top, b.top);
    if (top == -INFINITY)
        return soft{top, 0.0F};
    return soft{top, a.sum * __expf(a.top - top) + b.sum * __expf(b.top - top)};
}

/* The whole block's, in one order. */
__device__ __forceinline__ soft join_block(soft mine, soft *room)
{
#pragma unroll
    for (int by = WARP / 2; by > 0; by /= 2) {
        soft other;
        other.top = __shfl_xor_sync(ALL_LANES, mine.top, by);
        other.sum = __shfl_xor_sync(ALL_LANES, mine.sum, by);
        mine = join(mine, other);
    }
    if (threadIdx.x % WARP == 0)
        room[threadIdx.x / WARP] = mine;
    __syncthreads();
    mine = room[0];
    for (int i = 1; i < THREADS / WARP; i++)
        mine = join(mine, room[i]);
    return mine;
}

/* What the row says beside its loss. */
__device__ __forceinline__ void describe(const float *x, int vocab, int target, float lse, const cuda_loss &out)
{
    __shared__ float sums[THREADS / WARP], others[THREADS / WARP];
    __shared__ int ranks[THREADS / WARP];
    float entropy = 0, other = -INFINITY, logit = x[target];
    int rank = 0;
    for (int i = threadIdx.x; i < vocab; i += THREADS) {
        float logp = x[i] - lse;
        entropy -= __expf(logp) * logp;
        rank += x[i] > logit;
        other = i != target ? fmaxf(other, x[i]) : other;
    }
    entropy = group_sum<THREADS>(entropy, sums);
    rank = group_sum<THREADS>(rank, ranks);
    other = warp_max(other);
    if (threadIdx.x % WARP == 0)
        others[threadIdx.x / WARP] = other;
    __syncthreads();
    if (threadIdx.x)
        return;
    for (int i = 1; i < THREADS / WARP; i++)
        other = fmaxf(other, others[i]);
    if (out.entropy)
        out.entropy[blockIdx.x] = entropy;
    if (out.margin)
        out.margin[blockIdx.x] = logit - other;
    if (out.rank)
        out.rank[blockIdx.x] = rank;
}

__global__ void cross_entropy(const float *logits, const int *targets, const float *weights, int vocab, cuda_loss out,
                              bf16 *d_logits)
{
    __shared__ soft room[THREADS / WARP];
    size_t row = blockIdx.x, at = row * (size_t)vocab;
    const float *x = logits + at;
    int target = targets[row];
    soft mine = {-INFINITY, 0.0F};
    for (int i = threadIdx.x; i < vocab; i += THREADS) {
        float value = x[i];
        if (value > mine.top) {
            mine.sum = mine.sum * __expf(mine.top - value) + 1.0F;
            mine.top = value;
        } else {
            mine.sum += __expf(value - mine.top);
        }
    }
    mine = join_block(mine, room);
    float log_sum = logf(mine.sum);
    if (threadIdx.x == 0 && out.loss)
        out.loss[row] = log_sum + (mine.top - x[target]);
    if (out.entropy || out.margin || out.rank)
        describe(x, vocab, target, mine.top + log_sum, out);
    if (!weights)
        return;
    float weight = weights[row], scale = weight / mine.sum;
    for (int i = threadIdx.x; i < vocab; i += THREADS) {
        float g = scale * __expf(x[i] - mine.top);
        d_logits[at + (size_t)i] = __float2bfloat16_rn(i == target ? g - weight : g);
    }
}

void kernel_cross_entropy(cuda_stream s, const float *logits, const int *targets, const float *weights, int rows,
                          int vocab, const struct cuda_loss *out, void *d_logits)
{
    cuda_loss to = *out;
    LAUNCH(cross_entropy, (unsigned)rows, THREADS, 0, s, logits, targets, weights, vocab, to, (bf16 *)d_logits);
}
