/* Hostile text never leaves as it came; honest text does. */
#include "text/visible.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "tests/support/suite.h"

static void expect(const char *text, const char *want)
{
    struct str out = {0};
    visible_text(&out, slice_of(text));
    if (strcmp(str_z(&out), want) != 0)
        fprintf(stderr, "\n  want %s\n  got  %s\n", want, str_z(&out));
    CU_ASSERT_STRING_EQUAL(str_z(&out), want);
    str_free(&out);
}

static void test_plain(void)
{
    expect("metformin 500 mg", "metformin 500 mg");
    expect("caf\u00E9 漢字 \u0434\u043E\u0437\u0430", "caf\u00E9 漢字 \u0434\u043E\u0437\u0430");
    expect("a\nb\r\nc\td", "a b c d");
    expect("e\u0301", "e\u0301");
}

static void test_controls(void)
{
    expect("\x1B[31m", "^[[31m");
    expect("a\x07\x08\x7F", "a^G^H^?");
    expect("\xC2\x9B" "31m", "<U+009B>31m");
    expect("\x9B", "<9B>");
    expect("\xC0\xAF\xFF", "<C0><AF><FF>");
    expect("\r", "^M");
}

static void test_invisible(void)
{
    expect("a\u202Eb\u200Bc\u00ADd\uFEFF", "a<RLO>b<ZWSP>c<SHY>d<BOM>");
    expect("\u2066x\u2069", "<LRI>x<PDI>");
    expect("\U000E0041", "<U+E0041>");
    expect("\uE000", "<U+E000>");
    expect("a\u00A0b", "a b");
}

static void test_combining(void)
{
    expect("\u0301x", "\u25CC\u0301x");
    struct str heap = {0};
    str_adds(&heap, "Z");
    for (int i = 0; i < 200; i++)
        str_adds(&heap, "\u0335");
    expect(str_z(&heap), "Z\u0335\u0335\u0335\u0335<+196>");
    CU_ASSERT_EQUAL(visible_width(str_slice(&heap)), 7);
    str_free(&heap);
}

static void test_emoji(void)
{
    expect("\U0001F468\u200D\U0001F469", "\U0001F468+\U0001F469");
    expect("\U0001F1EC\U0001F1E7", "GB");
    expect("\U0001F44D\U0001F3FD", "\U0001F44D~4");
    expect("\u2764\uFE0F!", "\u2764!");
    expect("a\u200Db", "a<ZWJ>b");
}

static void test_cut(void)
{
    struct str out = {0};
    CU_ASSERT_EQUAL(visible_cut(&out, slice_of("one two"), 5), 5);
    CU_ASSERT_STRING_EQUAL(str_z(&out), "one …");
    str_clear(&out);
    CU_ASSERT_EQUAL(visible_cut(&out, slice_of("漢字漢"), 4), 3);
    CU_ASSERT_STRING_EQUAL(str_z(&out), "漢…");
    str_clear(&out);
    CU_ASSERT_EQUAL(visible_cut(&out, slice_of("fits"), 4), 4);
    CU_ASSERT_STRING_EQUAL(str_z(&out), "fits");
    str_free(&out);
}

/* Whatever the bytes: valid UTF-8, no controls, and the whole text is consumed. */
static void test_any_bytes(void)
{
    unsigned seed = 7;
    for (int round = 0; round < 3000; round++) {
        char bytes[24];
        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * 1103515245u + 12345u;
            bytes[i] = (char)(seed >> 16);
        }
        struct str out = {0};
        visible_text(&out, (struct slice){bytes, sizeof bytes});
        CU_ASSERT(utf8_valid(str_slice(&out)));
        for (size_t i = 0; i < out.len; i++)
            CU_ASSERT((unsigned char)out.at[i] >= 0x20 && out.at[i] != 0x7F);
        CU_ASSERT(strstr(str_z(&out), "\xC2\x9B") == NULL);
        str_free(&out);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"honest text stays as it is", test_plain},
        {"controls and invalid bytes become marks", test_controls},
        {"what cannot be seen is named", test_invisible},
        {"heaps of combining marks are counted", test_combining},
        {"emoji come in parts of known width", test_emoji},
        {"cut to a width", test_cut},
        {"any bytes are safe", test_any_bytes},
        {NULL, NULL},
    };
    return suite_run("visible", tests, argc, argv);
}
