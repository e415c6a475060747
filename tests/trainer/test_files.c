/* safetensors and GGUF: what is right is read, what is hostile is refused. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "trainer/files/gguf.h"
#include "trainer/files/gguf_write.h"
#include "trainer/files/safetensors.h"
#include "trainer/tokenizer/tokenizer.h"

static void put(struct str *s, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        str_addc(s, (char)(v >> 8 * i));
}

static void put_string(struct str *s, const char *text)
{
    put(s, strlen(text), 8);
    str_adds(s, text);
}

static int parse_st(const char *header, size_t data, struct error *err)
{
    struct str s = {0};
    struct weight_set set = {0};
    put(&s, strlen(header), 8);
    str_adds(&s, header);
    for (size_t i = 0; i < data; i++)
        str_addc(&s, 0);
    int result = safetensors_parse(str_slice(&s), &set, err);
    weights_free(&set);
    str_free(&s);
    return result;
}

static void good_safetensors_are_read(void)
{
    struct error err = {0};
    CU_ASSERT_EQUAL(parse_st("{\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
                             "\"b\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[24,26]}}", 26, &err), 0);
    CU_ASSERT_EQUAL(parse_st("{\"__metadata__\":{\"format\":\"pt\"}}", 0, &err), 0);
}

static void hostile_safetensors_are_refused(void)
{
    static const struct {
        const char *header;
        size_t data;
    } bad[] = {
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 9},    /* bytes after the end */
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 7},    /* past the end */
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12},  /* a hole */
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8},    /* backwards */
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}", 8},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8},    /* another size */
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}", 0},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
         "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4},     /* an overlap */
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
         "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8},     /* twice */
        {"{\"a\":{\"dtype\":\"I99\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1],\"data_offsets\":[0,4]}}", 4},
        {"[]", 0},
        {"{\"a\":", 0},
        {"{\"a\xff\":{}}", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err = {0};
        int result = parse_st(bad[i].header, bad[i].data, &err);
        if (result == 0)
            printf("was read: %s\n", bad[i].header);
        CU_ASSERT_EQUAL(result, -1);
        CU_ASSERT(err.text[0] != '\0');
    }
    struct weight_set set = {0};
    struct error err = {0};
    CU_ASSERT_EQUAL(safetensors_parse(SLICE("\xff\xff\xff\xff\xff\xff\xff\xff{}"), &set, &err), -1);
    CU_ASSERT_EQUAL(safetensors_parse(SLICE("short"), &set, &err), -1);
}

static void written_safetensors_are_read(void)
{
    char *dir = tmp_make();
    struct error err = {0};
    const float values[] = {1, -2, 3.5F, 0, 1e-30F, 6};
    const struct st_tensor t[] = {{"x.weight", 2, {2, 2}, values}, {"y", 1, {2}, values + 4}};
    CU_ASSERT_EQUAL(safetensors_write(tmp_join(dir, "model.safetensors"), t, 2, NULL, &err), 0);
    struct weight_set set = {0};
    CU_ASSERT_EQUAL(safetensors_read_folder(dir, &set, &err), 0);
    float back[4];
    CU_ASSERT_EQUAL(weights_read(&set, "x.weight", 2, 2, back, &err), 0);
    CU_ASSERT_EQUAL(memcmp(back, values, sizeof back), 0);
    CU_ASSERT_EQUAL(weights_read(&set, "x.weight", 4, 1, back, &err), -1);
    CU_ASSERT_EQUAL(weights_read(&set, "nobody", 0, 1, back, &err), -1);
    weights_free(&set);
    tmp_remove(dir);
}

/* A GGUF file being made wrong on purpose. */
static void gguf_head(struct str *s, uint64_t tensors, uint64_t pairs)
{
    str_adds(s, "GGUF");
    put(s, 3, 4);
    put(s, tensors, 8);
    put(s, pairs, 8);
}

static void gguf_tensor(struct str *s, const char *name, uint32_t dims, const uint64_t *shape,
                        uint32_t type, uint64_t offset)
{
    put_string(s, name);
    put(s, dims, 4);
    for (uint32_t i = 0; i < dims; i++)
        put(s, shape[i], 8);
    put(s, type, 4);
    put(s, offset, 8);
}

static void gguf_pad(struct str *s, size_t extra)
{
    while (s->len % 32 != 0)
        str_addc(s, 0);
    for (size_t i = 0; i < extra; i++)
        str_addc(s, 0);
}

static struct gguf *gguf_end(struct str *s, struct error *err)
{
    return gguf_parse(str_slice(s), err);
}

static void good_gguf_is_read(void)
{
    struct str s = {0};
    struct error err = {0};
    gguf_head(&s, 2, 2);
    put_string(&s, "answer");
    put(&s, GGUF_U32, 4);
    put(&s, 42, 4);
    put_string(&s, "words");
    put(&s, GGUF_ARRAY, 4);
    put(&s, GGUF_STRING, 4);
    put(&s, 2, 8);
    put_string(&s, "one");
    put_string(&s, "two");
    gguf_tensor(&s, "a", 2, (uint64_t[]){2, 3}, 0, 0);
    gguf_tensor(&s, "b", 1, (uint64_t[]){32}, 8, 32);
    gguf_pad(&s, 32 + 34);
    struct gguf *g = gguf_end(&s, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(g);
    CU_ASSERT_EQUAL(gguf_number(g, "answer", 0), 42);
    const struct weight *w = weights_find(gguf_weights(g), "a");
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    CU_ASSERT(w->shape[0] == 3 && w->shape[1] == 2);
    size_t offset = 0;
    gguf_string_next(gguf_get(g, "words"), &offset);
    CU_ASSERT(slice_is(gguf_string_next(gguf_get(g, "words"), &offset), "two"));
    gguf_close(g);
    str_free(&s);
}

/* Refused, with a message; the file is s, freed here. */
static void refuse(struct str *s, const char *why)
{
    struct error err = {0};
    gguf_pad(s, 4096);
    struct gguf *g = gguf_end(s, &err);
    if (g)
        printf("was read: %s\n", why);
    CU_ASSERT_PTR_NULL(g);
    CU_ASSERT(err.text[0] != '\0');
    gguf_close(g);
    str_free(s);
}

static void refuse_tensor(const char *why, uint32_t dims, const uint64_t *shape, uint32_t type,
                          uint64_t offset)
{
    struct str s = {0};
    gguf_head(&s, 1, 0);
    gguf_tensor(&s, "a", dims, shape, type, offset);
    refuse(&s, why);
}

/* CVE-2024-21802: more dimensions than the reader's array has room for overran it. */
static void cve_2024_21802_dimensions(void)
{
    refuse_tensor("nine dimensions", 9, (uint64_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1}, 0, 0);
    refuse_tensor("five dimensions", 5, (uint64_t[]){1, 1, 1, 1, 1}, 0, 0);
    refuse_tensor("no dimension", 0, NULL, 0, 0);
}

/* CVE-2025-49847: a token's length, taken for a signed 32-bit number, passed the check of the buffer it was
 * copied into. Lengths are size_t here, bounded by the file, and a token's by the tokenizer. */
static void cve_2025_49847_long_tokens(void)
{
    static const uint64_t lengths[] = {0xFFFFFFFFFFFFFFF0U, 0x100000000U, 0x80000000U, 1U << 20};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct str s = {0};
        gguf_head(&s, 0, 1);
        put_string(&s, "tokenizer.ggml.tokens");
        put(&s, GGUF_ARRAY, 4);
        put(&s, GGUF_STRING, 4);
        put(&s, 1, 8);
        put(&s, lengths[i], 8);
        refuse(&s, "a token longer than the file");
    }
    struct str s = {0}, token = {0};
    struct error err = {0};
    for (int i = 0; i < 5000; i++)
        str_addc(&token, 't');
    gguf_head(&s, 0, 4);
    put_string(&s, "tokenizer.ggml.model");
    put(&s, GGUF_STRING, 4);
    put_string(&s, "gpt2");
    put_string(&s, "tokenizer.ggml.pre");
    put(&s, GGUF_STRING, 4);
    put_string(&s, "gpt-2");
    put_string(&s, "tokenizer.ggml.tokens");
    put(&s, GGUF_ARRAY, 4);
    put(&s, GGUF_STRING, 4);
    put(&s, 1, 8);
    put_string(&s, str_z(&token));
    put_string(&s, "tokenizer.ggml.token_type");
    put(&s, GGUF_ARRAY, 4);
    put(&s, GGUF_I32, 4);
    put(&s, 1, 8);
    put(&s, 1, 4);
    gguf_pad(&s, 0);
    struct gguf *g = gguf_end(&s, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(g);
    CU_ASSERT_PTR_NULL(tokenizer_from_gguf(g, &err));
    CU_ASSERT(strstr(err.text, "too long") != NULL);
    gguf_close(g);
    str_free(&s);
    str_free(&token);
}

/* CVE-2025-53630: the sum of the tensors' sizes wrapped around, so that too little was allocated. */
static void cve_2025_53630_sum_of_sizes(void)
{
    struct str s = {0};
    gguf_head(&s, 2, 0);
    gguf_tensor(&s, "a", 1, (uint64_t[]){0x3FFFFFFFFFFFFFF8U}, 0, 0);
    gguf_tensor(&s, "b", 1, (uint64_t[]){64}, 0, 0xFFFFFFFFFFFFFFE0U);
    refuse(&s, "a sum of sizes that wraps");
    gguf_head(&s, 3, 0);
    gguf_tensor(&s, "a", 1, (uint64_t[]){1ULL << 61}, 0, 0);
    gguf_tensor(&s, "b", 1, (uint64_t[]){1ULL << 61}, 0, 1ULL << 63);
    gguf_tensor(&s, "c", 1, (uint64_t[]){8}, 0, 0);
    refuse(&s, "a sum of sizes that wraps to nothing");
}

/* CVE-2026-27940: the check for the above let sums just below the limit pass, to which the tensors'
 * descriptions were then added: it wrapped after the check. The same for the padding of one size. */
static void cve_2026_27940_just_below_the_limit(void)
{
    static const uint64_t sizes[] = {0x3FFFFFFFFFFFFFFFU, 0x3FFFFFFFFFFFFFF8U, 0x3FFFFFFFFFFFFFF0U,
                                     0x3FFFFFFFFFFFFF80U, 0x1FFFFFFFFFFFFFF8U};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct str s = {0};
        gguf_head(&s, 2, 0);
        gguf_tensor(&s, "a", 1, &sizes[i], 0, 0);
        gguf_tensor(&s, "b", 1, (uint64_t[]){8}, 0, 0);
        refuse(&s, "a size that wraps when something is added");
        refuse_tensor("a size just below the limit, alone", 1, &sizes[i], 0, 0);
    }
}

/* CVE-2026-33298: dimensions whose product, or whose product with the type's size, wraps to few bytes. */
static void cve_2026_33298_product(void)
{
    refuse_tensor("a product that wraps", 4, (uint64_t[]){1U << 31, 1U << 31, 4, 1}, 0, 0);
    refuse_tensor("a product that wraps twice", 3, (uint64_t[]){1ULL << 62, 4, 4}, 8, 0);
    refuse_tensor("bytes that wrap", 2, (uint64_t[]){1U << 31, 1U << 31}, 0, 0);
    refuse_tensor("bytes that wrap to one element", 1, (uint64_t[]){(1ULL << 62) + 1}, 0, 0);
    refuse_tensor("bytes of blocks that wrap", 1, (uint64_t[]){5124095576030431008U}, 2, 0);
    refuse_tensor("a negative dimension", 1, (uint64_t[]){0x8000000000000000U}, 0, 0);
    refuse_tensor("no elements", 1, (uint64_t[]){0}, 0, 0);
}

/* general.alignment and a name's length at their bounds; true when read. */
static bool reads(uint64_t alignment, size_t name_bytes)
{
    struct str s = {0}, name = {0};
    struct error err = {0};
    for (size_t i = 0; i < name_bytes; i++)
        str_addc(&name, 'n');
    gguf_head(&s, 1, 1);
    put_string(&s, "general.alignment");
    put(&s, GGUF_U32, 4);
    put(&s, alignment, 4);
    gguf_tensor(&s, str_z(&name), 1, (uint64_t[]){8}, 0, 0);
    while (s.len % 65536 != 0)
        str_addc(&s, 0);
    for (int i = 0; i < 32; i++)
        str_addc(&s, 0);
    struct gguf *g = gguf_end(&s, &err);
    bool result = g != NULL;
    gguf_close(g);
    str_free(&s);
    str_free(&name);
    return result;
}

static void gguf_bounds_are_exact(void)
{
    CU_ASSERT(reads(32, 63) && reads(8, 1) && reads(65536, 5));
    CU_ASSERT_FALSE(reads(32, 64));
    CU_ASSERT_FALSE(reads(32, 0));
    static const uint64_t alignments[] = {0, 1, 4, 12, 33, 131072, 0x80000000U};
    for (size_t i = 0; i < sizeof alignments / sizeof *alignments; i++)
        CU_ASSERT_FALSE(reads(alignments[i], 5));
}

static void no_gguf_is_refused(void)
{
    static const char *const heads[] = {"GGUF\2", "GGUF\1", "GGML\3", "", "GG"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct str s = {0};
        str_adds(&s, heads[i]);
        refuse(&s, "another version or format");
    }
    struct str s = {0};
    str_adds(&s, "GGUF");
    put(&s, 0x03000000U, 4); /* big-endian */
    refuse(&s, "a big-endian file");
    gguf_head(&s, 0, 1);
    put_string(&s, "nested");
    put(&s, GGUF_ARRAY, 4);
    put(&s, GGUF_ARRAY, 4);
    put(&s, 1, 8);
    refuse(&s, "an array of arrays");
    gguf_head(&s, 2, 0);
    gguf_tensor(&s, "a", 1, (uint64_t[]){8}, 0, 0);
    gguf_tensor(&s, "a", 1, (uint64_t[]){8}, 0, 32);
    refuse(&s, "a tensor twice");
    gguf_head(&s, 2, 0);
    gguf_tensor(&s, "a", 1, (uint64_t[]){9}, 0, 0);
    gguf_tensor(&s, "b", 1, (uint64_t[]){8}, 0, 36);
    refuse(&s, "an offset that is not padded");
}

/* The header may have 100,000,000 bytes, no more; such a file is made of holes. */
static void a_header_over_100_million_bytes_is_refused(void)
{
    char *dir = tmp_make();
    for (uint64_t len = 100000000; len <= 100000001; len++) {
        struct error err = {0};
        struct weight_set set = {0};
        const char *path = tmp_join(dir, "long");
        FILE *f = fopen(path, "wb");
        CU_ASSERT_PTR_NOT_NULL_FATAL(f);
        for (int i = 0; i < 8; i++)
            fputc((int)(len >> 8 * i & 255), f);
        fputc('x', f);
        CU_ASSERT_EQUAL(fseek(f, 110000000, SEEK_SET), 0);
        fputc('x', f);
        fclose(f);
        CU_ASSERT_EQUAL(safetensors_read(path, &set, &err), -1);
        CU_ASSERT_EQUAL(strstr(err.text, "header's length") != NULL, len > 100000000);
        weights_free(&set);
    }
    tmp_remove(dir);
}

static void hostile_gguf_is_refused(void)
{
    struct str s = {0};
    refuse_tensor("an unknown type", 1, (uint64_t[]){8}, 99, 0);
    refuse_tensor("half a block", 1, (uint64_t[]){8}, 8, 0);
    refuse_tensor("an offset that leaves a hole", 1, (uint64_t[]){8}, 0, 32);
    refuse_tensor("larger than the file", 1, (uint64_t[]){1 << 20}, 0, 0);
    gguf_head(&s, 1ULL << 60, 0);
    refuse(&s, "more tensors than room");
    gguf_head(&s, 0, 1ULL << 60);
    refuse(&s, "more keys than room");
    gguf_head(&s, 0, 2);
    for (int i = 0; i < 2; i++) {
        put_string(&s, "same");
        put(&s, GGUF_U8, 4);
        put(&s, 1, 1);
    }
    refuse(&s, "a key twice");
    gguf_head(&s, 0, 1);
    put_string(&s, "general.alignment");
    put(&s, GGUF_U32, 4);
    put(&s, 33, 4);
    refuse(&s, "alignment 33");
    gguf_head(&s, 0, 1);
    put_string(&s, "many");
    put(&s, GGUF_ARRAY, 4);
    put(&s, GGUF_U64, 4);
    put(&s, 0x2000000000000001U, 8);
    refuse(&s, "an array whose size wraps");
    gguf_head(&s, 1, 0);
    put(&s, 64, 8);
    for (int i = 0; i < 64; i++)
        str_addc(&s, 'n');
    refuse(&s, "a name of 64 bytes");
}

static void halves_are_exact(void)
{
    CU_ASSERT_EQUAL(half_to_float(0x3C00), 1.0F);
    CU_ASSERT_EQUAL(half_to_float(0xC000), -2.0F);
    CU_ASSERT_EQUAL(half_to_float(0x0001), 0x1p-24F);
    CU_ASSERT_EQUAL(half_to_float(0x7BFF), 65504.0F);
    CU_ASSERT(isinf(half_to_float(0x7C00)));
    CU_ASSERT_EQUAL(bf16_to_float(0x3F80), 1.0F);
}

/* Every type against the gguf package's own reading of the same bytes (tests/golden/make.py). */
static void types_are_read_as_the_reference(void)
{
    static const char *const types[] = {"F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q4_K", "Q6_K"};
    struct error err = {0};
    struct gguf *g = gguf_open(GOLDEN "/quants.gguf", &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(g);
    CU_ASSERT_EQUAL(gguf_weights(g)->count, 16);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        enum { ROWS = 2, COLS = 512 };
        float got[ROWS * COLS], want[ROWS * COLS];
        char name[16];
        snprintf(name, sizeof name, "%s.want", types[i]);
        const struct weight *w = weights_find(gguf_weights(g), types[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(w);
        CU_ASSERT_STRING_EQUAL(dtype_name(w->dtype), types[i]);
        CU_ASSERT_EQUAL(weights_read(gguf_weights(g), types[i], ROWS, COLS, got, &err), 0);
        CU_ASSERT_EQUAL(weights_read(gguf_weights(g), name, ROWS, COLS, want, &err), 0);
        int off = 0;
        float largest = 0;
        for (size_t k = 0; k < (size_t)ROWS * COLS; k++) { /* a rounding of the block's largest, where a */
            for (size_t j = k; k % 256 == 0 && j < k + 256; j++) /* multiply-add is fused */
                largest = j == k || fabsf(want[j]) > largest ? fabsf(want[j]) : largest;
            off += !(fabsf(got[k] - want[k]) <= 2e-7F * largest);
        }
        if (off)
            printf("%s: %d numbers are others\n", types[i], off);
        CU_ASSERT_EQUAL(off, 0);
    }
    gguf_close(g);
}

/* What a file made like another is given: its tensors in fp32. */
static void give_read(void *ctx, size_t tensor, size_t first, size_t count, float *out)
{
    const struct weight *w = &gguf_weights(ctx)->items[tensor];
    CU_ASSERT_EQUAL(first, 0);
    dtype_read(w->dtype, w->data, count, out);
}

static int write_like(const char *path, struct gguf *g, const char *first_name, struct error *err)
{
    const struct weight_set *set = gguf_weights(g);
    struct st_tensor list[16] = {0};
    for (size_t i = 0; i < set->count; i++) {
        list[i].name = i == 0 && first_name ? first_name : set->items[i].name;
        list[i].dims = set->items[i].dims;
        memcpy(list[i].shape, set->items[i].shape, sizeof list[i].shape);
    }
    return gguf_write_like(path, g, list, set->count, give_read, g, err);
}

static void a_file_like_another_has_its_keys_and_values(void)
{
    static const char path[] = "test-files-like.gguf";
    struct error err = {0};
    struct gguf *g = gguf_open(GOLDEN "/quants.gguf", &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(g);
    CU_ASSERT_EQUAL(write_like(path, g, NULL, &err), 0);
    struct gguf *made = gguf_open(path, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(made);
    size_t pairs, made_pairs;
    struct slice all = gguf_pairs(g, &pairs), made_all = gguf_pairs(made, &made_pairs);
    CU_ASSERT(pairs > 0 && pairs == made_pairs && all.len == made_all.len);
    CU_ASSERT_TRUE(slice_is(gguf_string(made, "general.architecture"), "llama"));
    CU_ASSERT_EQUAL(gguf_number(made, "general.file_type", 0), 0);
    for (size_t i = 0; i < gguf_weights(g)->count; i++) {
        const struct weight *w = &gguf_weights(g)->items[i], *m = &gguf_weights(made)->items[i];
        float want[1024], got[1024];
        CU_ASSERT_FATAL(w->count == 1024 && m->count == 1024);
        CU_ASSERT_STRING_EQUAL(m->name, w->name);
        CU_ASSERT_STRING_EQUAL(dtype_name(m->dtype), "F32");
        dtype_read(w->dtype, w->data, 1024, want);
        dtype_read(m->dtype, m->data, 1024, got);
        CU_ASSERT_EQUAL(memcmp(want, got, sizeof want), 0);
    }
    gguf_close(made);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_NOT_EQUAL(write_like(path, g, "a.tensor.name.that.is.longer.than.the.63.bytes.that.readers.take.of.it", &err), 0);
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
    gguf_close(g);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"safetensors: good files are read", good_safetensors_are_read},
        {"safetensors: hostile files are refused", hostile_safetensors_are_refused},
        {"safetensors: what is written is read", written_safetensors_are_read},
        {"gguf: a good file is read", good_gguf_is_read},
        {"gguf: CVE-2024-21802", cve_2024_21802_dimensions},
        {"gguf: CVE-2025-49847", cve_2025_49847_long_tokens},
        {"gguf: CVE-2025-53630", cve_2025_53630_sum_of_sizes},
        {"gguf: CVE-2026-27940", cve_2026_27940_just_below_the_limit},
        {"gguf: CVE-2026-33298", cve_2026_33298_product},
        {"gguf: bounds are exact", gguf_bounds_are_exact},
        {"gguf: what is none is refused", no_gguf_is_refused},
        {"safetensors: a header over 100,000,000 bytes", a_header_over_100_million_bytes_is_refused},
        {"gguf: other hostile files are refused", hostile_gguf_is_refused},
        {"every type is read as the gguf package does", types_are_read_as_the_reference},
        {"halves and bf16 are exact", halves_are_exact},
        {"GGUF: a file like another", a_file_like_another_has_its_keys_and_values},
        {NULL, NULL},
    };
    return suite_run("trainer: files", tests, argc, argv);
}
