#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/json_raw.h"
#include "base/lines.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/student.h"
#include "base/utf8.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

static void error_is_cut_on_a_character(void)
{
    struct error err = {0};
    char text[ERROR_TEXT_MAX * 2];
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xC3\xA9", 3);
    CU_ASSERT_EQUAL(error_set(&err, ERR_INPUT, "x%s", text), -1);
    CU_ASSERT(utf8_valid(slice_of(err.text)));
    CU_ASSERT(strlen(err.text) >= ERROR_TEXT_MAX - 3);
    error_set(&err, ERR_INPUT, "bad field");
    error_prefix(&err, "line %d: ", 3);
    CU_ASSERT_STRING_EQUAL(err.text, "line 3: bad field");
    CU_ASSERT_EQUAL(err.code, ERR_INPUT);
}

static void str_splices(void)
{
    struct str s = {0};
    str_adds(&s, "hello world");
    str_splice(&s, 0, 5, SLICE("good morning"));
    CU_ASSERT_STRING_EQUAL(s.at, "good morning world");
    str_splice(&s, 4, 12, SLICE(""));
    CU_ASSERT_STRING_EQUAL(s.at, "good world");
    str_splice(&s, s.len, s.len, SLICE("!"));
    CU_ASSERT_STRING_EQUAL(s.at, "good world!");
    str_free(&s);
}

static void utf8_counts_maximal_subparts(void)
{
    /* Unicode Standard, table 3-8 and its neighbours. */
    static const struct { const char *in, *out; size_t faults; } cases[] = {
        {"\x61\xF1\x80\x80\xE1\x80\xC2\x62", "a\uFFFD\uFFFD\uFFFDb", 3},
        {"\xC0\xAF", "\uFFFD\uFFFD", 2},
        {"\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD", 3},
        {"\xF4\x91\x92\x93", "\uFFFD\uFFFD\uFFFD\uFFFD", 4},
        {"ok \xE2\x82\xAC", "ok \u20AC", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str out = {0};
        CU_ASSERT_EQUAL(utf8_repair(&out, slice_of(cases[i].in)), cases[i].faults);
        CU_ASSERT_STRING_EQUAL(str_z(&out), cases[i].out);
        CU_ASSERT_EQUAL(utf8_valid(slice_of(cases[i].in)), cases[i].faults == 0);
        str_free(&out);
    }
}

static void utf8_round_trips_every_character(void)
{
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        if (cp == 0xD800)
            cp = 0xE000;
        char bytes[4];
        uint32_t back;
        size_t len = utf8_encode(cp, bytes);
        if (utf8_decode(bytes, len, &back) != len || back != cp)
            CU_FAIL("a code point does not come back");
        if (utf8_prev((struct slice){bytes, len}, len) != 0)
            CU_FAIL("prev misses the start");
    }
}

static void map_keeps_insertion_order(void)
{
    struct map *m = map_new();
    char key[32];
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof key, "key %d", i * 7919 % 5000);
        CU_ASSERT_EQUAL(map_intern(m, slice_of(key)), (uint64_t)i);
    }
    CU_ASSERT_EQUAL(map_count(m), 5000);
    CU_ASSERT(slice_is(map_key(m, 0), "key 0"));
    CU_ASSERT(slice_is(map_key(m, 1), "key 2919"));
    CU_ASSERT_FALSE(map_put(m, SLICE("key 0"), 9));
    uint64_t value = 0;
    CU_ASSERT(map_get(m, SLICE("key 0"), &value));
    CU_ASSERT_EQUAL(value, 9);
    CU_ASSERT_FALSE(map_get(m, SLICE("absent"), NULL));
    map_free(m);
}

static void sha256_is_the_published_one(void)
{
    char hex[SHA256_HEX + 1];
    sha256_hex(SLICE("abc"), hex);
    CU_ASSERT_STRING_EQUAL(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void json_reads_and_prints(void)
{
    struct error err = {0};
    size_t nuls = 0;
    struct json *j = json_parse(SLICE("{\"a\":[1,2.5,true,null],\"s\":\"x\\u0000y\\\\u0000\"} "), &nuls, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(j);
    CU_ASSERT_EQUAL(nuls, 1);
    CU_ASSERT_STRING_EQUAL(json_string(json_get(j, "s"), ""), "x\uFFFDy\\u0000");
    CU_ASSERT_EQUAL(json_size(json_get(j, "a")), 4);
    struct str out = {0};
    json_print(&out, j);
    CU_ASSERT_STRING_EQUAL(out.at, "{\"a\":[1,2.5,true,null],\"s\":\"x\uFFFDy\\\\u0000\"}");
    json_free(j);
    str_free(&out);
    j = json_parse(SLICE("{\"a\":1,\"b\":2}"), NULL, &err);
    json_set_string(j, "a", "other"); /* in its place, under its name */
    json_print(&out, j);
    CU_ASSERT_STRING_EQUAL(out.at, "{\"a\":\"other\",\"b\":2}");
    json_free(j);
    str_free(&out);
    CU_ASSERT_PTR_NULL(json_parse(SLICE("{\"a\":1} x"), NULL, &err));
    CU_ASSERT_EQUAL(err.code, ERR_INPUT);
    CU_ASSERT_PTR_NULL(json_parse(SLICE(""), NULL, &err));
}

static void json_raw_keeps_bytes(void)
{
    struct slice text = SLICE(" { \"big\" : 12345678901234567890, \"o\":{\"]\":\"}\\\"\"} , \"f\":1.0}");
    size_t at = 0;
    struct slice key, value;
    CU_ASSERT(json_raw_next(text, &at, &key, &value));
    CU_ASSERT(slice_is(key, "\"big\"") && slice_is(value, "12345678901234567890"));
    CU_ASSERT(json_raw_next(text, &at, &key, &value));
    CU_ASSERT(slice_is(value, "{\"]\":\"}\\\"\"}"));
    CU_ASSERT(json_raw_next(text, &at, &key, &value));
    CU_ASSERT(slice_is(value, "1.0"));
    CU_ASSERT_FALSE(json_raw_next(text, &at, &key, &value));
    at = 0;
    CU_ASSERT_FALSE(json_raw_next(SLICE("[]"), &at, &key, &value));
    at = 0;
    CU_ASSERT_FALSE(json_raw_next(SLICE("{\"cut"), &at, &key, &value));
}

static void lines_are_bounded(void)
{
    char *dir = tmp_make();
    const char *path = tmp_join(dir, "in");
    struct error err = {0};
    struct str body = {0};
    str_adds(&body, "\xEF\xBB\xBF" "one\r\n\n");
    for (int i = 0; i < 1 << 20; i++)
        str_addc(&body, 'x');
    str_adds(&body, "\nlast");
    CU_ASSERT_EQUAL(file_write_atomic(path, 0600, str_slice(&body), &err), 0);
    struct stat st;
    CU_ASSERT(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    struct lines *l = lines_open(path, 1000, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(l);
    struct slice line;
    CU_ASSERT_EQUAL(lines_next(l, &line, &err), LINES_LINE);
    CU_ASSERT(slice_is(line, "one"));
    CU_ASSERT_EQUAL(lines_next(l, &line, &err), LINES_LINE);
    CU_ASSERT_EQUAL(line.len, 0);
    CU_ASSERT_EQUAL(lines_next(l, &line, &err), LINES_TOO_LONG);
    CU_ASSERT_EQUAL(lines_next(l, &line, &err), LINES_LINE);
    CU_ASSERT(slice_is(line, "last"));
    CU_ASSERT_EQUAL(lines_number(l), 4);
    CU_ASSERT_EQUAL(lines_next(l, &line, &err), LINES_END);
    CU_ASSERT_EQUAL(lines_bytes(l), lines_size(l));
    lines_close(l);
    str_free(&body);
    CU_ASSERT_PTR_NULL(lines_open(dir, 10, &err));
    tmp_remove(dir);
}

static void an_aborted_file_leaves_nothing(void)
{
    char *dir = tmp_make();
    struct error err = {0};
    struct atomic_file *f = atomic_open(tmp_join(dir, "out"), 0600, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs("half", atomic_stream(f));
    atomic_abort(f);
    CU_ASSERT_FALSE(file_exists(tmp_join(dir, "out")));
    CU_ASSERT_EQUAL(rmdir(dir), 0); /* not even the temporary file is left */
    mem_free(dir);
    CU_ASSERT_PTR_NULL(atomic_open("/nonexistent/folder/file", 0600, &err));
    CU_ASSERT(strstr(err.text, "/nonexistent/folder/file") != NULL);
}

static void a_device_or_a_link_is_written_not_replaced(void)
{
    char *dir = tmp_make(), got[8] = "";
    struct error err = {0};
    struct stat st;
    const char *pipe = tmp_join(dir, "pipe"), *link = tmp_join(dir, "link");
    const char *target = tmp_join(dir, "target");
    CU_ASSERT_EQUAL_FATAL(mkfifo(pipe, 0600), 0);
    int fd = open(pipe, O_RDONLY | O_NONBLOCK);
    CU_ASSERT_EQUAL(file_write_atomic(pipe, 0600, SLICE("through"), &err), 0);
    CU_ASSERT_EQUAL(read(fd, got, sizeof got), 7);
    close(fd);
    CU_ASSERT(lstat(pipe, &st) == 0 && S_ISFIFO(st.st_mode));
    CU_ASSERT_EQUAL(file_write_atomic(target, 0600, SLICE("old"), &err), 0);
    CU_ASSERT_EQUAL_FATAL(symlink("target", link), 0);
    CU_ASSERT_EQUAL(file_write_atomic(link, 0600, SLICE("newer"), &err), 0);
    CU_ASSERT(lstat(link, &st) == 0 && S_ISLNK(st.st_mode));
    CU_ASSERT(stat(target, &st) == 0 && st.st_size == 5);
    tmp_remove(dir);
}

/* R: qt(0.975, c(1, 9, 30, 31, 99, 9999)). */
static void student_is_the_tabled_one(void)
{
    static const struct {
        int64_t n;
        double t;
    } known[] = {{2, 12.706205}, {10, 2.262157}, {31, 2.042272}, {32, 2.039513}, {100, 1.984217}, {10000, 1.960201}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        CU_ASSERT_DOUBLE_EQUAL(student_95(known[i].n), known[i].t, 1e-4);
    CU_ASSERT_DOUBLE_EQUAL(student_half_width(10, 2), 1.430714, 1e-4);
    CU_ASSERT_TRUE(student_half_width(1, 0) < 0);
}

static void arena_aligns_and_resets(void)
{
    struct arena a = {0};
    for (size_t i = 1; i < 3000; i++) {
        char *p = arena_alloc(&a, i);
        CU_ASSERT_EQUAL((uintptr_t)p % sizeof(void *), 0);
        memset(p, 1, i);
    }
    arena_reset(&a);
    CU_ASSERT_STRING_EQUAL(arena_strndup(&a, "text", 4), "text");
    arena_free(&a);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"error: a message is cut on a character", error_is_cut_on_a_character},
        {"str: splice", str_splices},
        {"utf8: repair counts maximal subparts", utf8_counts_maximal_subparts},
        {"utf8: every character round-trips", utf8_round_trips_every_character},
        {"map: insertion order", map_keeps_insertion_order},
        {"hash: SHA-256", sha256_is_the_published_one},
        {"json: read and print", json_reads_and_prints},
        {"json_raw: bytes are kept", json_raw_keeps_bytes},
        {"lines: bounded, BOM, CRLF, no last newline", lines_are_bounded},
        {"file: abort leaves nothing", an_aborted_file_leaves_nothing},
        {"a device or a link is written, not replaced",
         a_device_or_a_link_is_written_not_replaced},
        {"student: quantiles", student_is_the_tabled_one},
        {"arena: alignment and reset", arena_aligns_and_resets},
        {NULL, NULL},
    };
    return suite_run("base", tests, argc, argv);
}
