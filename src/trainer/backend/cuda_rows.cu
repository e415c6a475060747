/* Kernels that go over rows once: casts, bias, gather and scatter, RMSNorm, SwiGLU. They are bound by memory. */
#include "trainer/backend/cuda_device.cuh"
#include "trainer/backend/cuda_kernels.h"

enum { THREADS = 256, COLUMNS = 32, ROW_GROUPS = 8 };

template <int V> __global__ void to_float(const bf16 *x, float *out, size_t count)
{
    size_t at = ((size_t)blockIdx.x * THREADS + threadIdx.x) * V;
    if (at >= count)
        return;
    float v[V];
    load<V>(x + at, v);
#pragma unroll
    for (int i = 0; i < V; i++)
        out[at + i] = v[i];
}

template <int V> __global__ void to_real(const float *x, bf16 *out, size_t count)
{
    size_t at = ((size_t)blockIdx.x * THREADS + threadIdx.x) * V;
    if (at >= count)
        return;
    float v[V];
#pragma unroll
    for (int i = 0; i < V; i++)
        v[i] = x[at + i];
    store<V>(out + at, v);
}

/* Picks the kernel for 8 numbers a thread, or for 1. */
#define BY_WIDTH(kernel, wide, count, stream, ...)                                                                     \
    do {                                                                                                               \
        if (wide)                                                                                                      \
            LAUNCH(kernel<8>, blocks_of(count, THREADS * 8), THREADS, 0, stream, __VA_ARGS__);                         \
        else                                                                                                           \
            LAUNCH(kernel<1>, blocks_of(count, THREADS), THREADS, 0, stream, __VA_ARGS__);                             \
    } while (0)

void kernel_to_float(cuda_stream s, const void *x, float *out, size_t count)
{
    const bf16 *from = (const bf16 *)x;
    BY_WIDTH(to_float, in_eights(x, out, x, x, count), count, s, from, out, count);
}

void kernel_to_real(cuda_stream s, const float *x, void *out, size_t count)
{
    bf16 *to = (bf16 *)out;
    BY_WIDTH(to_real, in_eights(x, out, x, x, count), count, s, x, to, count);
}

template <int V> __global__ void add_bias(bf16 *x, const bf16 *bias, size_t count, int d, int stride)
{
    size_t at = ((size_t)blockIdx.x * THREADS + threadIdx.x) * V;
    if (at >= count)
        return;
    float v[V], w[V];
    size_t column = at % (size_t)d, to = at / (size_t)d * (size_t)stride + column;
    load<V>(x + to, v);
    load<V>(bias + column, w);
#pragma unroll
    for (int i = 0; i < V; i++)
        v[i] += w[i];
    store<V>(x + to, v);
}

void kernel_add_bias(cuda_stream s, void *x, const void *bias, int rows, int d, int stride)
{
    size_t count = (size_t)rows * (size_t)d;
    bf16 *to = (bf16 *)x;
    const bf16 *w = (const bf16 *)bias;
    bool wide = in_eights(x, bias, x, x, (size_t)d) && stride % 8 == 0;
    BY_WIDTH(add_bias, wide, count, s, to, w, count, d, stride);
}

/* Sums over rows, 32 columns a block: eight groups of rows, put together in one order. With x each row is
 * multiplied by x * rstd first. */
__global__ void column_sums(const bf16 *dy, const bf16 *x, const float *rstd, int rows, int d, float *out)
{
    __shared__ float part[ROW_GROUPS][COLUMNS];
    int lane = threadIdx.x % COLUMNS, group = threadIdx.x / COLUMNS, column = blockIdx.x * COLUMNS + lane;
    float sum = 0;
    for (int r = group; column < d && r < rows; r += ROW_GROUPS) {
        size_t at = (size_t)r * (size_t)d + (size_t)column;
        float g = __bfloat162float(dy[at]);
        sum += x ? g * __bfloat162float(x[at]) * rstd[r] : g;
    }
    part[group][lane] = sum;
    __syncthreads();
    if (group || column >= d)
        return;
    for (int i = 1; i < ROW_GROUPS; i++)
        sum += part[i][lane];
    out[column] += sum;
}

void kernel_bias_grad(cuda_stream s, const void *dy, int rows, int d, float *dbias)
{
    LAUNCH(column_sums, blocks_of((size_t)d, COLUMNS), COLUMNS * ROW_GROUPS, 0, s, (const bf16 *)dy,
           (const bf16 *)nullptr, (const float *)nullptr, rows, d, dbias);
}

void kernel_norm_weight_grad(cuda_stream s, const void *x, const float *rstd, const void *dy, int rows, int d,
                             float *dw)
{
    LAUNCH(column_sums, blocks_of((size_t)d, COLUMNS), COLUMNS * ROW_GROUPS, 0, s, (const bf16 *)dy, (const bf16 *)x,
           rstd, rows, d, dw);
}

template <int V> __global__ void gather(const bf16 *x, const int *index, size_t count, int d, bf16 *out)
{
    size_t at = ((size_t)blockIdx.x * THREADS + threadIdx.x) * V;
    if (at >= count)
        return;
    size_t row = at / (size_t)d, column = at % (size_t)d;
    float v[V];
    load<V>(x + (size_t)index[row] * (size_t)d + column, v);
    store<V>(out + at, v);
}

void kernel_gather(cuda_stream s, const void *x, const int *index, int n, int d, void *out)
{
    size_t count = (size_t)n * (size_t)d;
    const bf16 *from = (const bf16 *)x;
    bf16 *to = (bf16 *)out;
    BY_WIDTH(gather, in_eights(x, out, x, x, (size_t)d), count, s, from, index, count, d, to);
}

__device__ __forceinline__ void add_to(bf16 *x, float by)
{
    *x = __float2bfloat16_rn(__bfloat162float(*x) + by);
}

__device__ __forceinline__ void add_to(float *x, float by)
{
    *x += by;
}

/* A block a row of x: what comes to it is added in the order of its list, before it is rounded. */
template <typename T>
__global__ void scatter_add(const bf16 *dout, const int *rows, const int *starts, const int *order, int d, T *x)
{
    int from = starts[blockIdx.x], to = starts[blockIdx.x + 1];
    if (from == to)
        return;
    for (int column = threadIdx.x; column < d; column += THREADS) {
        float sum = 0;
        for (int i = from; i < to; i++)
            sum += __bfloat162float(dout[(size_t)order[i] * (size_t)d + (size_t)column]);
        add_to(x + (size_t)rows[blockIdx.x] * (size_t)d + (size_t)column, sum);
    }
}

void kernel_scatter_add(cuda_stream s, const void *dout, const int *rows, const int *starts, const int *order, int n,
                        int d, void *x, bool wide)
{
    if (wide)
        LAUNCH(scatter_add<float>, (unsigned)n, THREADS, 0, s, (const bf16 *)dout, rows, starts, order, d, (float *)x);
    else
        LAUNCH(scatter_add<bf16>, (unsigned)n, THREADS, 0, s, (const bf16 *)dout, rows, starts, order, d, (bf16 *)x);
}

/* GROUP threads a row: a warp for short rows, a block for long ones. */
template <int V, int GROUP>
__global__ void rmsnorm(const bf16 *x, const bf16 *w, int rows, int d, float eps, bf16 *y, float *rstd)
{
    __shared__ float room[THREADS / WARP];
    int row = blockIdx.x * (THREADS / GROUP) + threadIdx.x / GROUP, first = threadIdx.x % GROUP * V;
    bool here = row < rows;
    const bf16 *from = x + (size_t)(here ? row : 0) * (size_t)d;
    float squares = 0, v[V], weight[V];
    for (int i = first; here && i < d; i += GROUP * V) {
        load<V>(from + i, v);
#pragma unroll
        for (int j = 0; j < V; j++)
            squares += v[j] * v[j];
    }
    float scale = rsqrtf(group_sum<GROUP>(squares, room) / (float)d + eps);
    if (!here)
        return;
    if (first == 0)
        rstd[row] = scale;
    for (int i = first; i < d; i += GROUP * V) {
        load<V>(from + i, v);
        load<V>(w + i, weight);
#pragma unroll
        for (int j = 0; j < V; j++)
            v[j] *= scale * weight[j];
        store<V>(y + (size_t)row * (size_t)d + i, v);
    }
}

/* dx += s (w dy - x s^2 mean(x w dy)) */
template <int V, int GROUP>
__global__ void rmsnorm_grad(const bf16 *x, const bf16 *w, const float *rstd, const bf16 *dy, int rows, int d, bf16 *dx)
{
    __shared__ float room[THREADS / WARP];
    int row = blockIdx.x * (THREADS / GROUP) + threadIdx.x / GROUP, first = threadIdx.x % GROUP * V;
    bool here = row < rows;
    size_t at = (size_t)(here ? row : 0) * (size_t)d;
    float sum = 0, v[V], weight[V], g[V], to[V];
    for (int i = first; here && i < d; i += GROUP * V) {
        load<V>(x + at + i, v);
        load<V>(w + i, weight);
        load<V>(dy + at + i, g);
#pragma unroll
        for (int j = 0; j < V; j++)
            sum += v[j] * weight[j] * g[j];
    }
    sum = group_sum<GROUP>(sum, room);
    if (!here)
        return;
    float scale = rstd[row], pull = scale * scale * sum / (float)d;
    for (int i = first; i < d; i += GROUP * V) {
        load<V>(x + at + i, v);
        load<V>(w + i, weight);
        load<V>(dy + at + i, g);
        load<V>(dx + at + i, to);
#pragma unroll
        for (int j = 0; j < V; j++)
            to[j] += scale * (weight[j] * g[j] - v[j] * pull);
        store<V>(dx + at + i, to);
    }
}

/* Rows of up to 512 numbers are a warp's work. */
#define BY_ROW(kernel, wide, rows, d, stream, ...)                                                                     \
    do {                                                                                                               \
        bool narrow = (d) <= 512;                                                                                      \
        unsigned blocks = narrow ? blocks_of((size_t)(rows), THREADS / WARP) : (unsigned)(rows);                       \
        auto *eight = narrow ? kernel<8, WARP> : kernel<8, THREADS>;                                                   \
        auto *one = narrow ? kernel<1, WARP> : kernel<1, THREADS>;                                                     \
        auto *chosen = (wide) ? eight : one;                                                                           \
        LAUNCH(chosen, blocks, THREADS, 0, stream, __VA_ARGS__);                                                       \
    } while (0)

void kernel_rmsnorm(cuda_stream s, const void *x, const void *w, int rows, int d, float eps, void *y, float *rstd)
{
    BY_ROW(rmsnorm, in_eights(x, w, y, x, (size_t)d), rows, d, s, (const bf16 *)x, (const bf16 *)w, rows, d, eps,
           (bf16 *)y, rstd);
}

void kernel_rmsnorm_grad(cuda_stream s, const void *x, const void *w, const float *rstd, const void *dy, int rows,
                         int d, void *dx)
{
    BY_ROW(rmsnorm_grad, in_eights(x, w, dy, dx, (size_t)d), rows, d, s, (const bf16 *)x, (const bf16 *)w, rstd,
           (const bf16 *)dy, rows, d, (bf16 *)dx);
}

template <int V> __global__ void swiglu(const bf16 *gate, const bf16 *up, size_t count, bf16 *out)
{
    size_t at = ((size_t)blockIdx.x * THREADS + threadIdx.x) * V;
    if (at >= count)
        return;
    float g[V], u[V];
    load<V>(gate + at, g);
    load<V>(up + at, u);
#pragma unroll
    for (int i = 0; i < V; i++)
        g[i] = g[i] / (1.0F + __expf(-g[i])) * u[i];
    store<V>(out + at, g);
}

void kernel_swiglu(cuda_stream s, const void *gate, const void *up, size_t count, void *out)
{
    const bf16 *g = (const bf16 *)gate, *u = (const bf16 *)up;
    bf16 *to = (bf16 *)out;
    BY_WIDTH(swiglu, in_eights(gate, up, out, out, count), count, s, g, u, count, to);
}

template <int V>
__global__ void swiglu_grad(const bf16 *gate, const bf16 *up, const bf16 *dout, size_t count, bf16 *dgate, bf16 *dup)
{
    size_t at = ((size_t)blockIdx.x * THREADS + threadIdx.x) * V;
    if (at >= count)
        return;
    float g[V], u[V], d[V];
    load<V>(gate + at, g);
    load<V>(up + at, u);
    load<V>(dout + at, d);
#pragma unroll
    for (int i = 0; i < V; i++) {
        float s = 1.0F / (1.0F + __expf(-g[i])), to_up = d[i] * g[i] * s;
        g[i] = d[i] * u[i] * s * (1.0F + g[i] * (1.0F - s));
        u[i] = to_up;
    }
    store<V>(dgate + at, g);
    store<V>(dup + at, u);
}

void kernel_swiglu_grad(cuda_stream s, const void *gate, const void *up, const void *dout, size_t count, void *dgate,
                        void *dup)
{
    const bf16 *g = (const bf16 *)gate, *u = (const bf16 *)up, *d = (const bf16 *)dout;
    bf16 *to_gate = (bf16 *)dgate, *to_up = (bf16 *)dup;
    bool wide = in_eights(gate, up, dout, dgate, count) && in_eights(dup, dup, dup, dup, count);
    BY_WIDTH(swiglu_grad, wide, count, s, g, u, d, count, to_gate, to_up);
}
