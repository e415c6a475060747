/* Splitting fp32 into three bf16 and laying them out as AMX's tiles want them. */
#include "trainer/backend/cpu_amx_parts.h"

#ifdef HAVE_AMX
#include <immintrin.h>
#include <stddef.h>

/* A step of a panel as it comes: lo[i] is row i's k 0..15 and hi[i] its k 16..31, or, where k runs down, lo[i] is k = i
 * and hi[i] k = 16 + i of 16 rows. */
struct step {
    __m512 lo[SIDE], hi[SIDE];
};

static __mmask16 first_of(int n)
{
    return n >= SIDE ? 0xFFFF : n <= 0 ? 0 : (__mmask16)((1U << n) - 1);
}

/* ks: how many k are left */
AMX_CODE static void load_along(const struct operand *o, int first, int k, int ks, struct step *s)
{
    __mmask16 lo = first_of(ks), hi = first_of(ks - SIDE);
    for (int i = 0; i < SIDE; i++) {
        bool there = first + i < o->count;
        const float *x = o->x + (there ? (size_t)(first + i) * (size_t)o->ld + (size_t)k : 0);
        s->lo[i] = _mm512_maskz_loadu_ps(there ? lo : 0, x);
        s->hi[i] = _mm512_maskz_loadu_ps(there && hi ? hi : 0, hi ? x + SIDE : x);
        _mm_prefetch((const char *)(x + 2 * STEP), _MM_HINT_T0);
        _mm_prefetch((const char *)(x + 2 * STEP + SIDE), _MM_HINT_T0);
    }
}

AMX_CODE static void load_down(const struct operand *o, int first, int k, int ks, struct step *s)
{
    __mmask16 rows = first_of(o->count - first);
    for (int i = 0; i < SIDE; i++) {
        const float *x = o->x + (size_t)k * (size_t)o->ld + (size_t)first;
        s->lo[i] = _mm512_maskz_loadu_ps(i < ks ? rows : 0, i < ks ? x + (size_t)i * (size_t)o->ld : x);
        int far = i + SIDE;
        s->hi[i] = _mm512_maskz_loadu_ps(far < ks ? rows : 0, far < ks ? x + (size_t)far * (size_t)o->ld : x);
        _mm_prefetch((const char *)(x + (size_t)(i + STEP) * (size_t)o->ld), _MM_HINT_T0);
        _mm_prefetch((const char *)(x + (size_t)(far + STEP) * (size_t)o->ld), _MM_HINT_T0);
    }
}

/* Rows become columns. */
AMX_CODE static void turn(__m512 x[SIDE])
{
    __m512 y[SIDE];
    for (int i = 0; i < SIDE; i += 2) {
        y[i] = _mm512_unpacklo_ps(x[i], x[i + 1]);
        y[i + 1] = _mm512_unpackhi_ps(x[i], x[i + 1]);
    }
    for (int i = 0; i < SIDE; i++) { /* of four rows, column i % 4 of each quarter */
        int from = i / 4 * 4 + i % 4 / 2;
        __m512d a = _mm512_castps_pd(y[from]), b = _mm512_castps_pd(y[from + 2]);
        x[i] = _mm512_castpd_ps(i % 2 ? _mm512_unpackhi_pd(a, b) : _mm512_unpacklo_pd(a, b));
    }
    for (int j = 0; j < 4; j++) {
        __m512 even = _mm512_shuffle_f32x4(x[j], x[4 + j], 0x88), odd = _mm512_shuffle_f32x4(x[j], x[4 + j], 0xDD);
        __m512 even2 = _mm512_shuffle_f32x4(x[8 + j], x[12 + j], 0x88);
        __m512 odd2 = _mm512_shuffle_f32x4(x[8 + j], x[12 + j], 0xDD);
        y[j] = _mm512_shuffle_f32x4(even, even2, 0x88);
        y[4 + j] = _mm512_shuffle_f32x4(odd, odd2, 0x88);
        y[8 + j] = _mm512_shuffle_f32x4(even, even2, 0xDD);
        y[12 + j] = _mm512_shuffle_f32x4(odd, odd2, 0xDD);
    }
    for (int i = 0; i < SIDE; i++)
        x[i] = y[i];
}

/* The nearest bf16 of lo and hi side by side, and what is left of them: exact, for the difference has fewer bits. */
AMX_CODE static __m512i take_piece(__m512 *lo, __m512 *hi, __m512i interleave)
{
    __m512i both = (__m512i)_mm512_cvtne2ps_pbh(*hi, *lo);
    __m512i pairs = _mm512_permutexvar_epi16(interleave, both);
    __m512i high = _mm512_and_si512(pairs, _mm512_set1_epi32((int)0xFFFF0000U));
    *lo = _mm512_sub_ps(*lo, _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16)));
    *hi = _mm512_sub_ps(*hi, _mm512_castsi512_ps(high));
    return pairs;
}

AMX_CODE static __m512i interleaving(void)
{
    __m512i even = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    return _mm512_or_si512(even, _mm512_slli_epi32(_mm512_add_epi32(even, _mm512_set1_epi32(SIDE)), 16));
}

AMX_CODE uint32_t amx_pack_panel(const struct operand *o, int first, int k0, int kc, uint16_t *out)
{
    __m512i top = _mm512_setzero_si512(), order = interleaving();
    __m512i magnitude = _mm512_set1_epi32(0x7FFFFFFF);
    for (int k = 0; k < kc; k += STEP, out += PANEL_STEP) {
        struct step s;
        if (o->k_fast)
            load_along(o, first, k0 + k, kc - k, &s);
        else
            load_down(o, first, k0 + k, kc - k, &s);
        if (o->k_fast == o->is_b) {
            turn(s.lo);
            turn(s.hi);
        }
        for (int i = 0; i < SIDE; i++) {
            __m512 lo = s.lo[i], hi = s.hi[i];
            top = _mm512_max_epu32(top, _mm512_and_si512(_mm512_castps_si512(lo), magnitude));
            top = _mm512_max_epu32(top, _mm512_and_si512(_mm512_castps_si512(hi), magnitude));
            for (int piece = 0; piece < PIECES; piece++)
                _mm512_storeu_si512(out + (size_t)piece * TILE + (size_t)i * STEP, take_piece(&lo, &hi, order));
        }
    }
    return _mm512_reduce_max_epu32(top);
}
#else
typedef int amx_is_not_compiled; /* a file must hold something */
#endif
