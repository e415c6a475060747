/* Words, sentences and patterns against examples of the Unicode Standard Annex #29 written by hand. */
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/utf8.h"
#include "tests/support/suite.h"
#include "text/function_words.h"
#include "text/pattern.h"
#include "text/segment.h"
#include "text/unicode.h"

/* The tokens of text joined by '|'. */
static void split(struct str *out, struct slice text)
{
    struct map *interner = map_new();
    struct tokens t = {.items = NULL};
    segment(&t, text, interner);
    size_t at = 0;
    str_clear(out);
    for (size_t i = 0; i < t.count; i++) {
        CU_ASSERT_EQUAL(t.items[i].from, at);
        CU_ASSERT(t.items[i].to > at);
        at = t.items[i].to;
        str_adds(out, i ? "|" : "");
        str_add_slice(out, slice_sub(text, t.items[i].from, t.items[i].to));
    }
    CU_ASSERT_EQUAL(at, text.len);
    tokens_free(&t);
    map_free(interner);
}

static void expect_split(const char *expected)
{
    struct str text = {0}, got = {0};
    for (const char *c = expected; *c; c++)
        if (*c != '|')
            str_addc(&text, *c);
    split(&got, str_slice(&text));
    if (!slice_is(str_slice(&got), expected))
        fprintf(stderr, "\nexpected %s\ngot      %s\n", expected, str_z(&got));
    CU_ASSERT(slice_is(str_slice(&got), expected));
    str_free(&text);
    str_free(&got);
}

static void words(void)
{
    expect_split("The| |quick| |(|“|brown|”|)| |fox| |can’t| |jump| |32.3| |feet|,| |right|?");
    expect_split("don't| |stop's|'| |rock|'| |'|n|'");
    expect_split("3.5| |mg|/|dL|,| |1,000|;| |2|,| |x");
    expect_split("e.g|.| |U.S.A|.| |end|.");
    expect_split("12|/|05|/|2020| |10|:|30| |BP|:|high");
    expect_split("snake_case| |__init__| |___");
    expect_split("500mg| |B12| |½| |²");
    expect_split("a|  |b|\t |c");
    expect_split("a|\r\n|b|\n|\n|c|\r|d");
    expect_split("naïve| |Ünïcödé| |Здоров'я| |данные");
    expect_split("e\u0301te\u0301| |x");
    expect_split("שלום| |עולם| |العربية");
    expect_split("한국어| |입니다");
}

static void characters_alone(void)
{
    expect_split("中|文|字|。|か|な|カ|ナ");
    expect_split("mg|を|5|回");
    expect_split("葛\U000E0100|飾"); /* a variation selector stays on its ideograph */
    expect_split("กำ|า");
}

static void clusters_are_never_cut(void)
{
    expect_split("👨‍👩‍👧‍👦|👍🏽|🇩🇪|🇫🇷|❤️");
    expect_split("🏳️‍🌈| |x");
    expect_split("a| \u0301|b"); /* a mark on a blank is seen */
    struct str many = {0};
    str_adds(&many, "a");
    for (int i = 0; i < 500; i++)
        str_adds(&many, "\u0301");
    expect_split(str_z(&many));
    str_free(&many);
}

static void invisible(void)
{
    expect_split("so\u00ADft"); /* inside a word it belongs to it */
    expect_split("end|\u200B| |x");
    expect_split("\u202E|abc|\u202C");
    expect_split("zero|\u200B|width");
    expect_split("a|\x01|\x1B|[|31m");
}

static void broken_bytes(void)
{
    expect_split("abc|\xFF|def");
    expect_split("\xE2\x82|x");
    expect_split("\xC0|\xAF|\xED|\xA0|\x80");
    expect_split("e|\xCC");
}

static enum token_class class_of(const char *text)
{
    enum token_class class;
    CU_ASSERT_EQUAL(segment_step(slice_of(text), 0, &class), strlen(text));
    return class;
}

static void classes(void)
{
    CU_ASSERT_EQUAL(class_of("word"), TOKEN_WORD);
    CU_ASSERT_EQUAL(class_of("don't"), TOKEN_WORD);
    CU_ASSERT_EQUAL(class_of("中"), TOKEN_WORD);
    CU_ASSERT_EQUAL(class_of("_x"), TOKEN_WORD);
    CU_ASSERT_EQUAL(class_of("3.5"), TOKEN_NUMBER);
    CU_ASSERT_EQUAL(class_of("٣"), TOKEN_NUMBER);
    CU_ASSERT_EQUAL(class_of("½"), TOKEN_NUMBER);
    CU_ASSERT_EQUAL(class_of("."), TOKEN_PUNCT);
    CU_ASSERT_EQUAL(class_of("😀"), TOKEN_PUNCT);
    CU_ASSERT_EQUAL(class_of("\u200B"), TOKEN_PUNCT);
    CU_ASSERT_EQUAL(class_of("\xFF"), TOKEN_PUNCT);
    CU_ASSERT_EQUAL(class_of(" \t\u00A0"), TOKEN_SPACE);
    CU_ASSERT_EQUAL(class_of("\r\n"), TOKEN_BREAK);
    CU_ASSERT_EQUAL(class_of("\u2029"), TOKEN_BREAK);
}

static void equal_words_have_equal_ids(void)
{
    struct map *interner = map_new();
    struct tokens a = {.items = NULL}, b = {.items = NULL};
    segment(&a, SLICE("no fever no"), interner);
    segment(&b, SLICE("fever"), interner);
    CU_ASSERT_EQUAL(a.items[0].id, a.items[4].id);
    CU_ASSERT_EQUAL(a.items[2].id, b.items[0].id);
    CU_ASSERT_NOT_EQUAL(a.items[0].id, a.items[2].id);
    CU_ASSERT_EQUAL(tokens_find(&a, 0), 0);
    CU_ASSERT_EQUAL(tokens_find(&a, 5), 2);
    CU_ASSERT_EQUAL(tokens_find(&a, 8), 3);
    CU_ASSERT_EQUAL(tokens_find(&a, 99), a.count);
    tokens_free(&a);
    tokens_free(&b);
    map_free(interner);
}

static void expect_sentences(const char *expected)
{
    struct str text = {0}, got = {0};
    for (const char *c = expected; *c; c++)
        if (*c != '|')
            str_addc(&text, *c);
    struct ranges r = {.items = NULL};
    sentences(&r, str_slice(&text));
    size_t at = 0;
    for (size_t i = 0; i < r.count; i++) {
        CU_ASSERT_EQUAL(r.items[i].from, at);
        at = r.items[i].to;
        str_adds(&got, i ? "|" : "");
        str_add_slice(&got, slice_sub(str_slice(&text), r.items[i].from, r.items[i].to));
    }
    CU_ASSERT_EQUAL(at, text.len);
    if (!slice_is(str_slice(&got), expected))
        fprintf(stderr, "\nexpected %s\ngot      %s\n", expected, str_z(&got));
    CU_ASSERT(slice_is(str_slice(&got), expected));
    ranges_free(&r);
    str_free(&text);
    str_free(&got);
}

static void sentence_borders(void)
{
    expect_sentences("");
    expect_sentences("One. |Two! |Three? |Four");
    expect_sentences("He takes 3.5 mg. |Dr. Smith agreed. |She (e.g. her) did not.");
    expect_sentences("He said “No.” |She left.");
    expect_sentences("approx. 5 mg of x etc. and more. |Next.");
    expect_sentences("One line\n|another line.\n|\n|Third. |End");
    expect_sentences("CRLF.\r\n|Next.");
    expect_sentences("1. Metformin was stopped.\n|2. Follow up.");
    expect_sentences("你好。|再见！|好");
    expect_sentences("J. Smith came. |What? |no way.");
    expect_sentences("Wait... what. |Oh.");
}

static void clusters(void)
{
    CU_ASSERT_EQUAL(unicode_grapheme(SLICE("a"), 0), 1);
    CU_ASSERT_EQUAL(unicode_grapheme(SLICE("\r\nx"), 0), 2);
    CU_ASSERT_EQUAL(unicode_grapheme(SLICE("e\u0301x"), 0), 3);
    CU_ASSERT_EQUAL(unicode_grapheme(SLICE("🇩🇪🇫🇷"), 0), 8);
    CU_ASSERT_EQUAL(unicode_grapheme(SLICE("👨‍👩‍👧x"), 0), 18);
    CU_ASSERT_EQUAL(unicode_grapheme(SLICE("\xFF\u0301"), 0), 1);
    CU_ASSERT_EQUAL(unicode_grapheme_width(SLICE("e\u0301")), 1);
    CU_ASSERT_EQUAL(unicode_grapheme_width(SLICE("中")), 2);
    CU_ASSERT_EQUAL(unicode_grapheme_width(SLICE("❤")), 1);
    CU_ASSERT_EQUAL(unicode_grapheme_width(SLICE("❤️")), 2);
    CU_ASSERT_EQUAL(unicode_grapheme_width(SLICE("👨‍👩‍👧‍👦")), 2);
    CU_ASSERT_EQUAL(unicode_grapheme_width(SLICE("🇩🇪")), 2);
    CU_ASSERT_EQUAL(unicode_grapheme_width(SLICE("\u0301")), 0);
}

static void forms(void)
{
    struct str s = {0};
    unicode_compose(&s, SLICE("cafe\u0301 \xFF e\u0301"));
    CU_ASSERT(slice_is(str_slice(&s), "café \xFF é"));
    str_clear(&s);
    unicode_decompose(&s, SLICE("café"));
    CU_ASSERT(slice_is(str_slice(&s), "cafe\u0301"));
    str_clear(&s);
    unicode_fold(&s, SLICE("STRASSE Straße ÉTÉ E\u0301"));
    CU_ASSERT(slice_is(str_slice(&s), "strasse strasse été é"));
    str_free(&s);
}

static void function_words(void)
{
    CU_ASSERT(is_function_word(SLICE("the")) && is_function_word(SLICE("The")));
    CU_ASSERT(is_function_word(SLICE("it’s")) && is_function_word(SLICE("und")));
    CU_ASSERT(is_function_word(SLICE("a")) && is_function_word(SLICE("your")));
    CU_ASSERT(is_function_word(SLICE("але")) && is_function_word(SLICE("für")));
    CU_ASSERT_FALSE(is_function_word(SLICE("no")) || is_function_word(SLICE("not")));
    CU_ASSERT_FALSE(is_function_word(SLICE("without")) || is_function_word(SLICE("mg")));
    CU_ASSERT_FALSE(is_function_word(SLICE("")) || is_function_word(SLICE("\xFF")));
    CU_ASSERT_FALSE(is_function_word(SLICE("otherwisewordsthatarelong")));
}

static enum pattern_result find(const char *source, unsigned flags, struct slice text, size_t *from,
                                size_t *to)
{
    struct error err = {0};
    struct pattern *p = pattern_compile(slice_of(source), flags, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    enum pattern_result r = pattern_find(p, text, 0, from, to);
    pattern_free(p);
    return r;
}

static void patterns(void)
{
    size_t from = 0, to = 0;
    CU_ASSERT_EQUAL(find("m[cg]+\\b", 0, SLICE("5 mcg"), &from, &to), PATTERN_YES);
    CU_ASSERT(from == 2 && to == 5);
    CU_ASSERT_EQUAL(find("ÉTÉ", PATTERN_CASELESS, SLICE("en été"), &from, &to), PATTERN_YES);
    CU_ASSERT(from == 3 && to == 8);
    CU_ASSERT_EQUAL(find("été", 0, SLICE("EN ÉTÉ"), NULL, NULL), PATTERN_NO);
    CU_ASSERT_EQUAL(find("a.c", PATTERN_LITERAL, SLICE("abc"), NULL, NULL), PATTERN_NO);
    CU_ASSERT_EQUAL(find("a.c", PATTERN_LITERAL, SLICE("xa.c"), &from, &to), PATTERN_YES);
    CU_ASSERT_EQUAL(find("dose", PATTERN_WORD, SLICE("overdose"), NULL, NULL), PATTERN_NO);
    CU_ASSERT_EQUAL(find("^b$", 0, SLICE("a\nb\nc"), &from, &to), PATTERN_YES);
    CU_ASSERT_EQUAL(from, 2);
    CU_ASSERT_EQUAL(find("x", 0, SLICE("\xFF\xE2\x82x"), &from, &to), PATTERN_YES);
    CU_ASSERT_EQUAL(from, 3);
    CU_ASSERT_EQUAL(find("", 0, SLICE(""), &from, &to), PATTERN_YES);
    CU_ASSERT(from == 0 && to == 0);
}

static void bad_patterns(void)
{
    struct error err = {0};
    size_t at = 0;
    CU_ASSERT_PTR_NULL(pattern_compile(SLICE("ab(c"), 0, &at, &err));
    CU_ASSERT_EQUAL(at, 4);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "byte 4"));
    CU_ASSERT_PTR_NULL(pattern_compile(SLICE("\xFF"), 0, &at, &err));
    CU_ASSERT_PTR_NULL(pattern_compile(SLICE("\\C"), 0, &at, &err));
}

/* A pattern made to run for ever ends, and says so. */
static void patterns_are_bounded(void)
{
    struct str text = {0};
    for (int i = 0; i < 5000; i++)
        str_addc(&text, 'a');
    str_addc(&text, '!');
    CU_ASSERT_EQUAL(find("(a+)+(b|$)\\d", 0, str_slice(&text), NULL, NULL), PATTERN_GAVE_UP);
    str_free(&text);
}

static void groups(void)
{
    struct error err = {0};
    size_t from = 0, to = 0;
    struct pattern *p = pattern_compile(SLICE("(\\d+) ?(mg)|(x)"), 0, NULL, &err);
    CU_ASSERT_EQUAL(pattern_find(p, SLICE("take 500 mg"), 0, NULL, NULL), PATTERN_YES);
    CU_ASSERT(pattern_group(p, 1, &from, &to));
    CU_ASSERT(from == 5 && to == 8);
    CU_ASSERT_FALSE(pattern_group(p, 3, &from, &to));
    CU_ASSERT_EQUAL(pattern_find(p, SLICE("take 500 mg"), 9, NULL, NULL), PATTERN_NO);
    CU_ASSERT_FALSE(pattern_group(p, 0, &from, &to));
    pattern_free(p);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"words", words},
        {"ideographs, kana and Thai by character", characters_alone},
        {"grapheme clusters are never cut", clusters_are_never_cut},
        {"invisible characters", invisible},
        {"broken bytes are tokens of their own", broken_bytes},
        {"classes", classes},
        {"equal words have equal ids", equal_words_have_equal_ids},
        {"sentences", sentence_borders},
        {"clusters and their width", clusters},
        {"NFC, NFD, folding", forms},
        {"function words", function_words},
        {"patterns", patterns},
        {"bad patterns say where", bad_patterns},
        {"patterns are bounded", patterns_are_bounded},
        {"groups", groups},
        {.name = NULL},
    };
    return suite_run("text/segment", tests, argc, argv);
}
