#include <stdio.h>
#include <string.h>

#include "app/limit.h"
#include "tests/support/suite.h"

static struct limit l;
static struct error err;
static size_t error_at;

static int parse(const char *text)
{
    limit_free(&l);
    error_clear(&err);
    error_at = 999;
    return limit_parse(&l, slice_of(text), &error_at, &err);
}

static void test_terms(void)
{
    CU_ASSERT_EQUAL(parse("  state:und,flag task=ed score<5.5 text:\"chest pain\" /pcre2 \\/x\\d/i rule:12 "
                          "reviewer:me !tag:late split:train,none id:ed- hinges>=2 nausea \"left arm\" !eval:3,any"),
                    0);
    CU_ASSERT_EQUAL_FATAL(l.count, 14);
    CU_ASSERT(l.terms[13].negated && l.terms[13].field == LIMIT_EVAL && l.terms[13].n_values == 2);
    CU_ASSERT_EQUAL(l.terms[0].field, LIMIT_STATE);
    CU_ASSERT_EQUAL(l.terms[0].n_values, 2);
    CU_ASSERT(slice_is(l.terms[0].values[0], "undecided"));
    CU_ASSERT(slice_is(l.terms[0].values[1], "flagged"));
    CU_ASSERT(slice_is(l.terms[1].values[0], "ed"));
    CU_ASSERT_EQUAL(l.terms[2].op, LIMIT_LESS);
    CU_ASSERT_DOUBLE_EQUAL(l.terms[2].number, 5.5, 0);
    CU_ASSERT(slice_is(l.terms[3].values[0], "chest pain"));
    CU_ASSERT_EQUAL(l.terms[4].field, LIMIT_PATTERN);
    CU_ASSERT(slice_is(l.terms[4].values[0], "pcre2 /x\\d"));
    CU_ASSERT(l.terms[4].caseless);
    CU_ASSERT(l.terms[7].negated && l.terms[7].field == LIMIT_TAG);
    CU_ASSERT_EQUAL(l.terms[8].n_values, 2);
    CU_ASSERT_EQUAL(l.terms[10].op, LIMIT_MORE_IS);
    CU_ASSERT_EQUAL(l.terms[11].field, LIMIT_TEXT);
    CU_ASSERT(slice_is(l.terms[11].values[0], "nausea"));
    CU_ASSERT(slice_is(l.terms[12].values[0], "left arm"));
}

static void test_not_equal(void)
{
    CU_ASSERT_EQUAL(parse("task!=ed !task!=ed"), 0);
    CU_ASSERT_EQUAL_FATAL(l.count, 2);
    CU_ASSERT(l.terms[0].negated);
    CU_ASSERT(!l.terms[1].negated);
}

static void test_faults(void)
{
    static const struct {
        const char *text;
        size_t at;
        const char *says;
    } faults[] = {
        {"state:foo", 6, "'foo'"},
        {"a b score<", 10, "number is missing"},
        {"score<five", 6, "'five'"},
        {"score<1e999x", 6, "number belongs"},
        {"score:1,2", 7, "two terms"},
        {"nope:3", 0, "no such field"},
        {"x \"open", 2, "not closed"},
        {"/open", 0, "no closing"},
        {"//", 0, "empty"},
        {"/a/ix", 4, "only the letter i"},
        {"task<3", 4, "only numbers"},
        {"task:", 5, "value is missing"},
        {"task:a,", 7, "value is missing"},
        {"rule:x", 5, "rule's number"},
        {"! x", 1, "after !"},
        {NULL, 0, NULL},
    };
    for (size_t i = 0; faults[i].text; i++) {
        CU_ASSERT_EQUAL(parse(faults[i].text), -1);
        CU_ASSERT_EQUAL(error_at, faults[i].at);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, faults[i].says));
        CU_ASSERT_EQUAL(l.count, 0);
        if (error_at != faults[i].at || !strstr(err.text, faults[i].says))
            printf("\n  %s: %zu %s\n", faults[i].text, error_at, err.text);
    }
}

static void test_times_are_words(void)
{
    CU_ASSERT_EQUAL(parse("10:30 /a,b/"), 0);
    CU_ASSERT_EQUAL_FATAL(l.count, 2);
    CU_ASSERT(slice_is(l.terms[0].values[0], "10:30"));
    CU_ASSERT_EQUAL(parse("   "), 0);
    CU_ASSERT_EQUAL(l.count, 0);
}

static void test_quote(void)
{
    static const char *const values[] = {"plain", "two words", "a,b", "say \"x\"", "", NULL};
    for (size_t i = 0; values[i]; i++) {
        struct str text = {0};
        str_adds(&text, "tag:");
        limit_quote(&text, slice_of(values[i]));
        if (values[i][0]) {
            CU_ASSERT_EQUAL(parse(str_z(&text)), 0);
            CU_ASSERT_EQUAL_FATAL(l.count, 1);
            CU_ASSERT(slice_is(l.terms[0].values[0], values[i]));
        }
        str_free(&text);
    }
}

static void give(void *context, enum limit_field field, limit_add_fn *add, void *to)
{
    (void)context;
    if (field != LIMIT_TASK)
        return;
    add(to, SLICE("ed-note"));
    add(to, SLICE("ed two"));
    add(to, SLICE("ward"));
}

static void expect(const char *text, size_t from, const char *items)
{
    struct limit_choices c = {0};
    struct limit_source source = {.values = give};
    limit_complete(&c, slice_of(text), strlen(text), &source);
    struct str all = {0};
    for (size_t i = 0; i < c.count; i++)
        str_addf(&all, "%.*s|", (int)c.items[i].len, c.items[i].at);
    CU_ASSERT_STRING_EQUAL(str_z(&all), items);
    CU_ASSERT_EQUAL(c.from, from);
    str_free(&all);
    limit_choices_free(&c);
}

static void test_completion(void)
{
    expect("s", 0, "state:|score<|split:|");
    expect("x !st", 3, "state:|");
    expect("state:f", 6, "flagged|");
    expect("state:flagged,un", 14, "undecided|");
    expect("task:ed", 5, "ed-note|\"ed two\"|");
    expect("task:", 5, "ed-note|\"ed two\"|ward|");
    expect("task:\"ed t", 5, "\"ed two\"|");
    expect("reviewer:", 9, "me|");
    expect("nonsense:", 9, "");
}

static void test_any_bytes(void)
{
    unsigned seed = 7;
    static const char letters[] = "ab:,<>=!/\"\\ score0.text\xC3\xA9\n";
    for (int round = 0; round < 20000; round++) {
        char text[24];
        size_t len = 0;
        while (len < sizeof text - 1 && (seed = seed * 1103515245u + 12345u, (seed >> 16) % 12 != 0))
            text[len++] = letters[(seed >> 18) % (sizeof letters - 1)];
        text[len] = '\0';
        if (parse(text) != 0) {
            CU_ASSERT(error_at <= len);
            CU_ASSERT(err.text[0]);
        }
        struct limit_choices c = {0};
        limit_complete(&c, slice_of(text), len, NULL);
        limit_choices_free(&c);
    }
    limit_free(&l);
}

static const struct test tests[] = {
    {"terms of every kind", test_terms},
    {"!= and ! turn a term round", test_not_equal},
    {"faults name place and cause", test_faults},
    {"what looks like no field is a word", test_times_are_words},
    {"quoting comes back", test_quote},
    {"completion of names and values", test_completion},
    {"any bytes are read or refused", test_any_bytes},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return suite_run("limit", tests, argc, argv);
}
