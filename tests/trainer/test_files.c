/* safetensors and GGUF: what is right is read, what is hostile is refused. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "trainer/files/gguf.h"
#include "trainer/files/safetensors.h"

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

/* CVE-2024-21802: more dimensions than the reader has room for overran its array. */
static void cve_2024_21802_dimensions(void)
{
    refuse_tensor("nine dimensions", 9, (uint64_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1}, 0, 0);
    refuse_tensor("no dimension", 0, NULL, 0, 0);
}

/* CVE-2025-49847: a token longer than a signed length overran the copy's buffer. */
static void cve_2025_49847_long_strings(void)
{
    struct str s = {0};
    gguf_head(&s, 0, 1);
    put_string(&s, "tokenizer.ggml.tokens");
    put(&s, GGUF_ARRAY, 4);
    put(&s, GGUF_STRING, 4);
    put(&s, 1, 8);
    put(&s, 0xFFFFFFFFFFFFFFF0U, 8);
    refuse(&s, "a string longer than the file");
}

/* CVE-2025-53630: the sum of tensor sizes wrapped around. */
static void cve_2025_53630_sum_of_sizes(void)
{
    struct str s = {0};
    gguf_head(&s, 2, 0);
    gguf_tensor(&s, "a", 1, (uint64_t[]){0x3FFFFFFFFFFFFFF8U}, 0, 0);
    gguf_tensor(&s, "b", 1, (uint64_t[]){64}, 0, 0xFFFFFFFFFFFFFFE0U);
    refuse(&s, "a sum of sizes that wraps");
}

/* CVE-2026-27940: sizes near the limit wrapped when padding was added. */
static void cve_2026_27940_padding(void)
{
    struct str s = {0};
    gguf_head(&s, 2, 0);
    gguf_tensor(&s, "a", 1, (uint64_t[]){0x3FFFFFFFFFFFFFFFU}, 0, 0);
    gguf_tensor(&s, "b", 1, (uint64_t[]){8}, 0, 0);
    refuse(&s, "a size that wraps when padded");
}

/* CVE-2026-33298: dimensions whose product wraps to a small tensor. */
static void cve_2026_33298_product(void)
{
    refuse_tensor("a product that wraps", 4, (uint64_t[]){1U << 31, 1U << 31, 4, 1}, 0, 0);
    refuse_tensor("a product that wraps twice", 3, (uint64_t[]){1ULL << 62, 4, 4}, 8, 0);
    refuse_tensor("a negative dimension", 1, (uint64_t[]){0x8000000000000000U}, 0, 0);
    refuse_tensor("no elements", 1, (uint64_t[]){0}, 0, 0);
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

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"safetensors: good files are read", good_safetensors_are_read},
        {"safetensors: hostile files are refused", hostile_safetensors_are_refused},
        {"safetensors: what is written is read", written_safetensors_are_read},
        {"gguf: a good file is read", good_gguf_is_read},
        {"gguf: CVE-2024-21802", cve_2024_21802_dimensions},
        {"gguf: CVE-2025-49847", cve_2025_49847_long_strings},
        {"gguf: CVE-2025-53630", cve_2025_53630_sum_of_sizes},
        {"gguf: CVE-2026-27940", cve_2026_27940_padding},
        {"gguf: CVE-2026-33298", cve_2026_33298_product},
        {"gguf: other hostile files are refused", hostile_gguf_is_refused},
        {"halves and bf16 are exact", halves_are_exact},
        {NULL, NULL},
    };
    return suite_run("trainer: files", tests, argc, argv);
}
