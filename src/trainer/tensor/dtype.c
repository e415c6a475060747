#include "trainer/tensor/dtype.h"

#include <string.h>

typedef void read_fn(const unsigned char *from, size_t count, float *out);

static uint16_t u16_at(const unsigned char *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static float bits_to_float(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

float bf16_to_float(uint16_t h)
{
    return bits_to_float((uint32_t)h << 16);
}

float half_to_float(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000U) << 16;
    uint32_t exponent = h >> 10 & 31U, fraction = h & 0x3FFU;
    if (exponent == 31)
        return bits_to_float(sign | 0x7F800000U | fraction << 13);
    if (exponent != 0)
        return bits_to_float(sign | (exponent + 112) << 23 | fraction << 13);
    float tiny = (float)fraction * 0x1p-24F; /* subnormal: exact in fp32 */
    return sign ? -tiny : tiny;
}

static float half_at(const unsigned char *p)
{
    return half_to_float(u16_at(p));
}

static void read_f32(const unsigned char *from, size_t count, float *out)
{
    memcpy(out, from, count * sizeof *out);
}

static void read_f16(const unsigned char *from, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = half_at(from + 2 * i);
}

static void read_bf16(const unsigned char *from, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = bf16_to_float(u16_at(from + 2 * i));
}

static void read_q4_0(const unsigned char *from, size_t count, float *out)
{
    for (; count; count -= 32, from += 18, out += 32) {
        float d = half_at(from);
        for (int i = 0; i < 16; i++) {
            out[i] = (float)((from[2 + i] & 15) - 8) * d;
            out[i + 16] = (float)((from[2 + i] >> 4) - 8) * d;
        }
    }
}

static void read_q4_1(const unsigned char *from, size_t count, float *out)
{
    for (; count; count -= 32, from += 20, out += 32) {
        float d = half_at(from), m = half_at(from + 2);
        for (int i = 0; i < 16; i++) {
            out[i] = (float)(from[4 + i] & 15) * d + m;
            out[i + 16] = (float)(from[4 + i] >> 4) * d + m;
        }
    }
}

static void read_q8_0(const unsigned char *from, size_t count, float *out)
{
    for (; count; count -= 32, from += 34, out += 32) {
        float d = half_at(from);
        for (int i = 0; i < 32; i++)
            out[i] = (float)(signed char)from[2 + i] * d;
    }
}

/* The 6-bit scale and minimum of sub-block j, packed into 12 bytes. */
static void scale_min_k4(int j, const unsigned char *q, int *scale, int *min)
{
    if (j < 4) {
        *scale = q[j] & 63;
        *min = q[j + 4] & 63;
    } else {
        *scale = (q[j + 4] & 15) | (q[j - 4] >> 6) << 4;
        *min = q[j + 4] >> 4 | (q[j] >> 6) << 4;
    }
}

static void read_q4_k(const unsigned char *from, size_t count, float *out)
{
    for (; count; count -= 256, from += 144) {
        float d = half_at(from), dmin = half_at(from + 2);
        const unsigned char *q = from + 16;
        for (int j = 0; j < 8; j += 2, q += 32) {
            int scale[2], min[2];
            scale_min_k4(j, from + 4, &scale[0], &min[0]);
            scale_min_k4(j + 1, from + 4, &scale[1], &min[1]);
            for (int i = 0; i < 32; i++)
                *out++ = d * (float)scale[0] * (float)(q[i] & 15) - dmin * (float)min[0];
            for (int i = 0; i < 32; i++)
                *out++ = d * (float)scale[1] * (float)(q[i] >> 4) - dmin * (float)min[1];
        }
    }
}

static void read_q6_k(const unsigned char *from, size_t count, float *out)
{
    for (; count; count -= 256, from += 210) {
        const unsigned char *low = from, *high = from + 128, *scales = from + 192;
        float d = half_at(from + 208);
        for (int half = 0; half < 2; half++, out += 128, low += 64, high += 32, scales += 8) {
            for (int i = 0; i < 32; i++) {
                for (int part = 0; part < 4; part++) {
                    int nibble = low[i + (part & 1) * 32] >> (part / 2 * 4) & 15;
                    int q = (nibble | (high[i] >> (2 * part) & 3) << 4) - 32;
                    float scale = (float)(signed char)scales[i / 16 + 2 * part];
                    out[i + part * 32] = d * scale * (float)q;
                }
            }
        }
    }
}

static const struct {
    const char *name;
    size_t block, bytes;
    read_fn *read;
} kinds[DTYPES] = {
    [DTYPE_F32] = {"F32", 1, 4, read_f32},       [DTYPE_F16] = {"F16", 1, 2, read_f16},
    [DTYPE_BF16] = {"BF16", 1, 2, read_bf16},    [DTYPE_Q4_0] = {"Q4_0", 32, 18, read_q4_0},
    [DTYPE_Q4_1] = {"Q4_1", 32, 20, read_q4_1},  [DTYPE_Q8_0] = {"Q8_0", 32, 34, read_q8_0},
    [DTYPE_Q4_K] = {"Q4_K", 256, 144, read_q4_k}, [DTYPE_Q6_K] = {"Q6_K", 256, 210, read_q6_k},
};

const char *dtype_name(enum dtype t)
{
    return kinds[t].name;
}

size_t dtype_block(enum dtype t)
{
    return kinds[t].block;
}

bool dtype_bytes(enum dtype t, size_t count, size_t *bytes)
{
    if (count % kinds[t].block != 0 || count / kinds[t].block > SIZE_MAX / kinds[t].bytes)
        return false;
    *bytes = count / kinds[t].block * kinds[t].bytes;
    return true;
}

void dtype_read(enum dtype t, const unsigned char *from, size_t count, float *out)
{
    kinds[t].read(from, count, out);
}
