/* Row-wise ops: each row (or column, for sums over rows) is worked by one thread in one order. */
#include <math.h>
#include <string.h>

#include "trainer/backend/cpu_parts.h"

enum { COLUMNS = 256 };

HOT static void add_row(float *to, const float *from, int n)
{
    for (int i = 0; i < n; i++)
        to[i] += from[i];
}

HOT static float dot3(const float *a, const float *b, const float *c, int n)
{
    float lane[16] = {0}, sum = 0;
    int i = 0;
    for (; i + 16 <= n; i += 16) {
        for (int j = 0; j < 16; j++)
            lane[j] += a[i + j] * b[i + j] * c[i + j];
    }
    for (; i < n; i++)
        sum += a[i] * b[i] * c[i];
    for (int j = 0; j < 16; j++)
        sum += lane[j];
    return sum;
}

HOT static float square_sum(const float *x, int n)
{
    float lane[16] = {0}, sum = 0;
    int i = 0;
    for (; i + 16 <= n; i += 16) {
        for (int j = 0; j < 16; j++)
            lane[j] += x[i + j] * x[i + j];
    }
    for (; i < n; i++)
        sum += x[i] * x[i];
    for (int j = 0; j < 16; j++)
        sum += lane[j];
    return sum;
}

void cpu_add_bias(struct backend *b, float *x, const float *bias, int rows, int d, int stride)
{
    PARALLEL_FOR(cpu_workers(b, (double)rows * d))
    for (int r = 0; r < rows; r++)
        add_row(x + (size_t)r * (size_t)stride, bias, d);
}

void cpu_bias_grad(struct backend *b, const real *dy, int rows, int d, float *dbias)
{
    const float *g = dy;
    PARALLEL_FOR(cpu_workers(b, (double)rows * d))
    for (int from = 0; from < d; from += COLUMNS) {
        int n = d - from < COLUMNS ? d - from : COLUMNS;
        for (int r = 0; r < rows; r++)
            add_row(dbias + from, g + (size_t)r * (size_t)d + from, n);
    }
}

void cpu_gather(struct backend *b, const real *x, const int *index, int n, int d, real *out)
{
    const float *from = x;
    float *to = out;
    PARALLEL_FOR(cpu_workers(b, (double)n * d))
    for (int i = 0; i < n; i++)
        memcpy(to + (size_t)i * (size_t)d, from + (size_t)index[i] * (size_t)d,
               (size_t)d * sizeof *to);
}

void cpu_scatter_add_f32(struct backend *b, const real *dout, const int *index, int n, int d, float *x)
{
    const float *from = dout;
    (void)b; /* an index may come twice: one thread, in order */
    for (int i = 0; i < n; i++)
        add_row(x + (size_t)index[i] * (size_t)d, from + (size_t)i * (size_t)d, d);
}

void cpu_scatter_add(struct backend *b, const real *dout, const int *index, int n, int d, real *x)
{
    cpu_scatter_add_f32(b, dout, index, n, d, x);
}

HOT static void norm_row(const float *x, const float *w, float scale, int d, float *y)
{
    for (int i = 0; i < d; i++)
        y[i] = x[i] * scale * w[i];
}

void cpu_rmsnorm(struct backend *b, const real *x, const real *w, int rows, int d, float eps,
                 real *y, float *rstd)
{
    const float *from = x;
    float *to = y;
    PARALLEL_FOR(cpu_workers(b, (double)rows * d))
    for (int r = 0; r < rows; r++) {
        size_t at = (size_t)r * (size_t)d;
        rstd[r] = 1.0F / sqrtf(square_sum(from + at, d) / (float)d + eps);
        norm_row(from + at, w, rstd[r], d, to + at);
    }
}

/* y = x s w with s = (mean x^2 + eps)^(-1/2): dx = s (w dy - x s^2 mean(x w dy)). */
HOT static void norm_grad_row(const float *x, const float *w, const float *dy, float s, float pull,
                              int d, float *dx)
{
    for (int i = 0; i < d; i++)
        dx[i] += s * (w[i] * dy[i] - x[i] * pull);
}

HOT static void norm_weight_grad(const float *x, const float *dy, float s, int n, float *dw)
{
    for (int i = 0; i < n; i++)
        dw[i] += dy[i] * x[i] * s;
}

void cpu_rmsnorm_grad(struct backend *b, const real *x, const real *w, const float *rstd,
                      const real *dy, int rows, int d, real *dx, float *dw)
{
    const float *in = x, *g = dy;
    float *to = dx;
    PARALLEL_FOR(cpu_workers(b, (double)rows * d))
    for (int r = 0; r < rows; r++) {
        size_t at = (size_t)r * (size_t)d;
        float pull = rstd[r] * rstd[r] * dot3(in + at, w, g + at, d) / (float)d;
        norm_grad_row(in + at, w, g + at, rstd[r], pull, d, to + at);
    }
    if (!dw)
        return;
    PARALLEL_FOR(cpu_workers(b, (double)rows * d))
    for (int from = 0; from < d; from += COLUMNS) {
        int n = d - from < COLUMNS ? d - from : COLUMNS;
        for (int r = 0; r < rows; r++) {
            size_t at = (size_t)r * (size_t)d + (size_t)from;
            norm_weight_grad(in + at, g + at, rstd[r], n, dw + from);
        }
    }
}

void cpu_rope_table(struct backend *b, const int *positions, const float *freqs, int rows,
                    int head_dim, float *table)
{
    int half = head_dim / 2;
    PARALLEL_FOR(cpu_workers(b, 16.0 * rows * half))
    for (int r = 0; r < rows; r++) {
        float *cosines = table + (size_t)r * (size_t)head_dim, *sines = cosines + half;
        for (int i = 0; i < half; i++) {
            float angle = (float)positions[r] * freqs[i]; /* in fp32, as the reference does */
            cosines[i] = cosf(angle);
            sines[i] = sinf(angle);
        }
    }
}

HOT static void turn(float *x, const float *cosines, const float *sines, int half, float sign)
{
    for (int i = 0; i < half; i++) {
        float a = x[i], c = x[i + half];
        x[i] = a * cosines[i] - sign * c * sines[i];
        x[i + half] = c * cosines[i] + sign * a * sines[i];
    }
}

static void rope(struct backend *b, float *to, const float *table, int rows, int heads, int head_dim, bool back)
{
    int half = head_dim / 2;
    PARALLEL_FOR(cpu_workers(b, (double)rows * heads * half))
    for (int r = 0; r < rows; r++) {
        const float *cosines = table + (size_t)r * (size_t)head_dim;
        for (int h = 0; h < heads; h++)
            turn(to + ((size_t)r * (size_t)heads + (size_t)h) * (size_t)head_dim, cosines,
                 cosines + half, half, back ? -1.0F : 1.0F);
    }
}

void cpu_norm_rope(struct backend *b, const real *x, const real *w, const float *table, int rows, int heads,
                   int head_dim, float eps, real *y, float *rstd)
{
    size_t count = (size_t)rows * (size_t)heads * (size_t)head_dim;
    if (w)
        cpu_rmsnorm(b, x, w, rows * heads, head_dim, eps, y, rstd);
    else if (x != y)
        memcpy(y, x, count * sizeof(float));
    rope(b, y, table, rows, heads, head_dim, false);
}

void cpu_norm_rope_grad(struct backend *b, const real *x, const real *w, const float *rstd, const float *table,
                        int rows, int heads, int head_dim, real *d, float *dw)
{
    size_t count = (size_t)rows * (size_t)heads * (size_t)head_dim;
    rope(b, d, table, rows, heads, head_dim, true);
    if (!w)
        return;
    float *raw = cpu_room(b, count);
    memset(raw, 0, count * sizeof *raw);
    cpu_rmsnorm_grad(b, x, w, rstd, d, rows * heads, head_dim, raw, dw);
    memcpy(d, raw, count * sizeof *raw);
}
