/*
 * Products of few rows (tokens) with weights that lie in 16, 8 or 4 bits: out = alpha x W' + beta from + bias. They wait
 * for memory, so the weights are read once, as they lie, and become bf16 in registers on their way to the tensor cores.
 *
 * Weights are the left operand (16 of their rows), tokens the right one (8 of them): a decoding step of a few sequences
 * wastes little. A block takes 16 R rows of W; its warps share their columns, and so do SPLITS blocks where rows of W are
 * too few to fill the GPU. All sums of parts are taken in one order.
 *
 * A step is SEGMENT bytes of each row, copied into the warp's own ring. Lane l works on rows l / 4 and l / 4 + 8 and
 * on numbers that lie side by side in them: of 32 or 64 numbers (a group) the quarter l % 4. The operand wants other
 * columns there, but a sum does not mind its terms' order, so x is read in the same one.
 */
#include "trainer/backend/cuda_device.cuh"
#include "trainer/backend/cuda_kernels.h"
#include "trainer/backend/cuda_ptx.cuh"

enum { WARPS = 4, THREADS = WARPS * WARP, STAGES = 4, SEGMENT = 64, JOIN_THREADS = 256 };

/* How weights of so many bits become operands: eight numbers of a row as they lie are four pairs. */
template <int BITS> struct width;

template <> struct width<16> {
    typedef uint4 eight;
    enum { GROUPS = 1, GROUP = 32 };
    static __device__ __forceinline__ void pairs(uint4 raw, unsigned (&out)[4])
    {
        out[0] = raw.x;
        out[1] = raw.y;
        out[2] = raw.z;
        out[3] = raw.w;
    }
};

template <> struct width<8> {
    typedef uint2 eight;
    enum { GROUPS = 1, GROUP = 64 };
    /* A byte u under the exponent of 2^23 is the float 2^23 + u; -128..127 are exact in bf16, the row's scale waits. */
    static __device__ __forceinline__ void pairs(uint2 raw, unsigned (&out)[4])
    {
        const float offset = 8388608.0F + 128.0F;
#pragma unroll
        for (int i = 0; i < 4; i++) {
            unsigned bytes = (i < 2 ? raw.x : raw.y) ^ 0x80808080U, at = i % 2 * 2;
            float low = __uint_as_float(__byte_perm(bytes, 0x4b000000U, 0x7440U + at)) - offset;
            float high = __uint_as_float(__byte_perm(bytes, 0x4b000000U, 0x7441U + at)) - offset;
            out[i] = __byte_perm(__float_as_uint(low), __float_as_uint(high), 0x7632U);
        }
    }
};

template <> struct width<4> {
    typedef unsigned eight;
    enum { GROUPS = 2, GROUP = 64 };
    /* Of 16 levels (as in cuda_quant.cu, in bf16) the low bytes and the high ones, four to a word: a byte is looked up
     * among eight by the number's low three bits, in both halves, and its high bit chooses. The group's scale waits. */
    static __device__ __forceinline__ void pairs(unsigned raw, unsigned (&out)[4])
    {
        constexpr unsigned low[4] = {0xca063280U, 0x00ba3d92U, 0xad7c25a3U, 0x803910e2U};
        constexpr unsigned high[4] = {0xbebfbfbfU, 0x00bdbebeU, 0x3e3e3e3dU, 0x3f3f3f3eU};
#pragma unroll
        for (int i = 0; i < 2; i++) {
            unsigned four = raw >> 16 * i, index = four & 0x7777U;
            unsigned upper = __byte_perm(0xff00U, 0U, four >> 3 & 0x1111U);
            unsigned l = (__byte_perm(low[0], low[1], index) & ~upper) | (__byte_perm(low[2], low[3], index) & upper);
            unsigned h = (__byte_perm(high[0], high[1], index) & ~upper) | (__byte_perm(high[2], high[3], index) & upper);
            out[2 * i] = __byte_perm(l, h, 0x5140U);
            out[2 * i + 1] = __byte_perm(l, h, 0x7362U);
        }
    }
};

__device__ __forceinline__ void finish(const cuda_few &f, float alpha, float beta, int token, int row, float sum)
{
    size_t at = (size_t)token * (size_t)f.ldc + (size_t)row;
    sum *= alpha;
    if (f.from)
        sum += beta * __bfloat162float(((const bf16 *)f.from)[at]);
    if (f.bias)
        sum += __bfloat162float(((const bf16 *)f.bias)[row]);
    ((bf16 *)f.out)[at] = __float2bfloat16_rn(sum);
}

/* Begins to copy one step's segments of rows first .. first + ROWS. Quarters of odd pairs of rows change places, so that
 * eight bytes a lane fall on different banks, too. */
template <int ROWS>
__device__ __forceinline__ void copy_step(unsigned char *to, const cuda_few &f, size_t pitch, int first, int step)
{
#pragma unroll
    for (int i = threadIdx.x % WARP; i < ROWS * 4; i += WARP) {
        int row = i / 4, part = i % 4;
        size_t at = (size_t)step * SEGMENT + (size_t)part * 16;
        bool there = first + row < f.n && at < pitch;
        const unsigned char *from = (const unsigned char *)f.w;
        cp_async16(to + row * SEGMENT + (part ^ (row & 2)) * 16, there ? from + (size_t)(first + row) * pitch + at : from,
                   there);
    }
}

template <int BITS, int R, int T> struct few_warp {
    typedef width<BITS> W;
    enum { QUARTER = W::GROUP / 4 }; /* numbers of a lane in a row's group */
    float sums[R][T][4];

    /* x of this lane: eight numbers from column on, of token l / 4 of each eight. */
    static __device__ __forceinline__ void tokens(uint4 (&x)[T], const cuda_few &f, int first, int column)
    {
        int lane = threadIdx.x % WARP;
#pragma unroll
        for (int t = 0; t < T; t++) {
            int token = first + t * 8 + lane / 4;
            bool there = token < f.m && column < f.k;
            x[t] = there ? *(const uint4 *)((const bf16 *)f.x + (size_t)token * (size_t)f.lda + column)
                         : make_uint4(0, 0, 0, 0);
        }
    }

    /* Eight numbers of one row as pairs; part: which eight of the lane's. */
    static __device__ __forceinline__ void weights(unsigned (&out)[4], const unsigned char *ring, int row, int group,
                                                   int part)
    {
        enum { BYTES = SEGMENT / W::GROUPS };
        int quarter = threadIdx.x % 4, byte = group * BYTES + quarter * (BYTES / 4) + part * (int)sizeof(typename W::eight);
        int at = row * SEGMENT + ((byte / 16) ^ (row & 2)) * 16 + byte % 16;
        W::pairs(*(const typename W::eight *)(ring + at), out);
    }

    /* The scale of a row's group in 4 bits. */
    static __device__ __forceinline__ float scale(const cuda_few &f, int row, int group)
    {
        int groups = f.k / W::GROUP;
        return row < f.n && group < groups ? f.scales[(size_t)row * (size_t)groups + (size_t)group] : 0.0F;
    }

    __device__ __forceinline__ void step(const cuda_few &f, const unsigned char *ring,
                                         const float (&scales)[W::GROUPS][R][2], int token, int number)
    {
        int lane = threadIdx.x % WARP;
#pragma unroll
        for (int i = 0; i < W::GROUPS * (QUARTER / 8); i++) {
            int group = i / (QUARTER / 8), part = i % (QUARTER / 8);
            uint4 x[T];
            tokens(x, f, token, (number * W::GROUPS + group) * W::GROUP + lane % 4 * QUARTER + part * 8);
#pragma unroll
            for (int r = 0; r < R; r++) {
                unsigned up[4], down[4];
                weights(up, ring, r * 16 + lane / 4, group, part);
                weights(down, ring, r * 16 + lane / 4 + 8, group, part);
                const unsigned a[2][4] = {{up[0], down[0], up[1], down[1]}, {up[2], down[2], up[3], down[3]}};
#pragma unroll
                for (int t = 0; t < T; t++) {
                    const unsigned b[2][2] = {{x[t].x, x[t].y}, {x[t].z, x[t].w}};
                    if constexpr (BITS == 4) {
                        float part_sum[4] = {0, 0, 0, 0};
                        mma_bf16(part_sum, a[0], b[0]);
                        mma_bf16(part_sum, a[1], b[1]);
#pragma unroll
                        for (int c = 0; c < 4; c++)
                            sums[r][t][c] += scales[group][r][c / 2] * part_sum[c];
                    } else {
                        mma_bf16(sums[r][t], a[0], b[0]);
                        mma_bf16(sums[r][t], a[1], b[1]);
                    }
                }
            }
        }
    }

    /* Steps first .. end of the rows from row on. */
    __device__ __forceinline__ void run(const cuda_few &f, unsigned char *ring, int row, int token, int first, int end)
    {
        enum { BYTES = R * 16 * SEGMENT };
        int lane = threadIdx.x % WARP;
        size_t pitch = (size_t)f.k * BITS / 8;
#pragma unroll
        for (int i = 0; i < STAGES - 1; i++) {
            if (first + i < end)
                copy_step<R * 16>(ring + i * BYTES, f, pitch, row, first + i);
            cp_async_commit();
        }
        for (int i = first; i < end; i++) {
            float scales[W::GROUPS][R][2];
            if constexpr (BITS == 4) {
#pragma unroll
                for (int j = 0; j < W::GROUPS * R * 2; j++)
                    scales[j / (2 * R)][j / 2 % R][j % 2] =
                        scale(f, row + j / 2 % R * 16 + lane / 4 + j % 2 * 8, i * W::GROUPS + j / (2 * R));
            }
            cp_async_wait<STAGES - 2>();
            __syncwarp(); /* what other lanes copied is here, and the place before it is read */
            int next = i + STAGES - 1;
            if (next < end)
                copy_step<R * 16>(ring + (next - first) % STAGES * BYTES, f, pitch, row, next);
            cp_async_commit();
            step(f, ring + (i - first) % STAGES * BYTES, scales, token, i);
        }
        cp_async_wait<0>();
    }
};

template <int BITS, int R, int T> __global__ void few(cuda_few f, float alpha, float beta)
{
    SHARED_BYTES(shared);
    enum { ROWS = R * 16, TOKENS = T * 8 };
    int warp = threadIdx.x / WARP, lane = threadIdx.x % WARP;
    int row = blockIdx.x * ROWS, token = blockIdx.z * TOKENS;
    int part = blockIdx.y * WARPS + warp, parts = f.splits * WARPS;
    few_warp<BITS, R, T> w;
#pragma unroll
    for (int i = 0; i < R * T * 4; i++)
        w.sums[i / (T * 4)][i / 4 % T][i % 4] = 0;
    w.run(f, shared + warp * STAGES * ROWS * SEGMENT, row, token, (int)((long)f.steps * part / parts),
          (int)((long)f.steps * (part + 1) / parts));
    __syncthreads();
    float *all = (float *)shared;
#pragma unroll
    for (int i = 0; i < R * T * 4; i++) {
        int r = i / (T * 4), t = i / 4 % T, c = i % 4;
        all[(warp * TOKENS + t * 8 + lane % 4 * 2 + c % 2) * ROWS + r * 16 + lane / 4 + c / 2 * 8] = w.sums[r][t][c];
    }
    __syncthreads();
    for (int i = threadIdx.x; i < ROWS * TOKENS; i += THREADS) {
        int r = row + i % ROWS, t = token + i / ROWS;
        if (r >= f.n || t >= f.m)
            continue;
        float sum = 0;
#pragma unroll
        for (int k = 0; k < WARPS; k++)
            sum += all[k * TOKENS * ROWS + i];
        if constexpr (BITS == 8)
            sum *= f.scales[r];
        if (f.splits == 1)
            finish(f, alpha, beta, t, r, sum);
        else
            f.room[((size_t)blockIdx.y * (size_t)f.m + (size_t)t) * (size_t)f.n + (size_t)r] = sum;
    }
}

__global__ void few_join(cuda_few f, float alpha, float beta)
{
    size_t count = (size_t)f.m * (size_t)f.n, at = (size_t)blockIdx.x * JOIN_THREADS + threadIdx.x;
    if (at >= count)
        return;
    float sum = 0;
    for (int i = 0; i < f.splits; i++)
        sum += f.room[(size_t)i * count + at];
    finish(f, alpha, beta, (int)(at / (size_t)f.n), (int)(at % (size_t)f.n), sum);
}

template <int BITS, int R, int T> static void launch_few(cuda_stream s, const cuda_few &f, float alpha, float beta)
{
    enum { RING = WARPS * STAGES * R * 16 * SEGMENT, SUMS = WARPS * R * 16 * T * 8 * (int)sizeof(float) };
    constexpr int bytes = (int)RING > (int)SUMS ? (int)RING : (int)SUMS;
    dim3 grid((unsigned)((f.n + R * 16 - 1) / (R * 16)), (unsigned)f.splits, (unsigned)((f.m + T * 8 - 1) / (T * 8)));
    ALLOW_SHARED((few<BITS, R, T>), bytes);
    LAUNCH((few<BITS, R, T>), grid, THREADS, bytes, s, f, alpha, beta);
    if (f.splits > 1)
        LAUNCH(few_join, blocks_of((size_t)f.m * (size_t)f.n, JOIN_THREADS), JOIN_THREADS, 0, s, f, alpha, beta);
}

/* Sixteens of rows of W a block. Each block reads all of x, so more tokens want more rows; in 4 bits the registers do not
 * suffice for 64 rows of 64 sums. */
template <int BITS> static void by_tokens(cuda_stream s, const cuda_few &f, float alpha, float beta)
{
    constexpr int most = BITS == 4 ? 2 : 4;
    if (f.m <= 8)
        launch_few<BITS, 2, 1>(s, f, alpha, beta);
    else if (f.m <= 16)
        launch_few<BITS, 2, 2>(s, f, alpha, beta);
    else if (f.m <= 32)
        launch_few<BITS, 4, 4>(s, f, alpha, beta);
    else
        launch_few<BITS, most, 8>(s, f, alpha, beta);
}

size_t kernel_few_plan(struct cuda_few *f, int processors)
{
    enum { BLOCKS = 4, LEAST = 4, MOST = 16 }; /* blocks a processor holds; steps of a warp; parts */
    int rows = f->m <= 16 || (f->bits == 4 && f->m > 32) ? 32 : 64, blocks = (f->n + rows - 1) / rows, tokens = f->m <= 64 ? 1 : (f->m + 63) / 64;
    f->steps = (f->k * f->bits / 8 + SEGMENT - 1) / SEGMENT;
    int want = BLOCKS * processors / (blocks * tokens), most = f->steps / (WARPS * LEAST);
    f->splits = want < 1 || most < 1 ? 1 : want < most ? want : most;
    f->splits = f->splits > MOST ? MOST : f->splits;
    return f->splits > 1 ? (size_t)f->splits * (size_t)f->m * (size_t)f->n : 0;
}

void kernel_few(cuda_stream s, const struct cuda_few *f, float alpha, float beta)
{
    if (f->bits == 16)
        by_tokens<16>(s, *f, alpha, beta);
    else if (f->bits == 8)
        by_tokens<8>(s, *f, alpha, beta);
    else
        by_tokens<4>(s, *f, alpha, beta);
}
