#include <stdio.h>
#include <string.h>

#include "base/json_text.h"
#include "domain/record.h"
#include "tests/support/suite.h"

/* What line becomes when it is read and written; "refused: why" when it is not accepted. */
static const char *through(const char *line, size_t *repaired)
{
    static char text[8192];
    struct record r = {0};
    struct error err = {0};
    struct str out = {0};
    size_t faults = 0;
    if (record_parse(&r, slice_of(line), &faults, &err) == 0)
        record_print(&out, &r);
    else
        str_addf(&out, "refused: %s", err.text);
    snprintf(text, sizeof text, "%s", str_z(&out));
    if (repaired)
        *repaired = faults;
    record_free(&r);
    str_free(&out);
    return text;
}

static void lines_come_back_byte_for_byte(void)
{
    static const char *lines[] = {
        "{\"id\":\"a\",\"prompt\":\"x\"}",
        "{\"id\":\"a\",\"y0\":\"\"}",
        "{\"id\":7,\"y0\":\"\"}",
        "{\"prompt\":\"x\",\"id\":\"a\"}",
        "{\"id\":\"a\",\"prompt\":\"x\",\"score\":1.0,\"score_max\":1e1}",
        "{\"id\":\"a\",\"prompt\":\"x\",\"score\":0.1,\"big\":123456789012345678901234567890}",
        "{\"id\":\"a\",\"big\":1e400,\"prompt\":\"x\",\"\\u0071\":\"\\u00e9\\/\",\"n\":null,\"n\":0}",
        "{\"id\":\"a\",\"task\":null,\"prompt\":\"x\",\"y_star\":null,\"meta\":null}",
        "{\"id\":\"a\",\"prompt\":[{\"role\":\"user\",\"content\":\"hi\"}],\"y0\":\"b\"}",
        "{\"id\":\"a\",\"prompt\":[{\"role\":\"user\",\"content\":\"hi\",\"name\":\"z\"}]}",
        "{\"id\":\"a\",\"prompt\":[{\"content\":[{\"type\":\"text\",\"text\":\"q\"}],\"role\":\"user\"}]}",
        "{\"id\":\"a\",\"prompt\":[],\"y0\":\"b\"}",
        "{\"id\":\"a\",\"y0\":\"b\",\"rounds\":[{\"output\":\"c\",\"score\":3,\"rationale\":\"r\"}]}",
        "{\"id\":\"a\",\"y0\":\"b\",\"rounds\":[{\"output\":\"c\",\"score\":3.0,\"by\":\"g\"}]}",
        "{\"id\":\"a\",\"y0\":\"\xE2\x82\xAC!\",\"spans\":[{\"start\":0,\"end\":2,\"label\":\"l\"}]}",
        "{\"id\":\"a\",\"y0\":\"b\",\"spans\":[],\"rounds\":[],\"rule\":{}}",
        "{\"id\":\"a\",\"y0\":\"b\",\"rule\":{\"mistake\":\"m\",\"guardrail\":\"g\"},\"split\":\"test\"}",
        "{\"id\":\"a\",\"y0\":\"b\",\"rule\":{\"guardrail\":\"g\",\"model\":\"h\"},\"split\":\"dev\"}",
        "{\"id\":\"a\",\"y0\":\"b\",\"meta\":{\"x\":1.50,\"y\":[\"\\u00e9\"]}}",
        "{\"meta\":3,\"*\":1,\"y0\":\"b\",\"a b\":2,\"id\":\"a\",\"\":{}}",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        CU_ASSERT_STRING_EQUAL(through(lines[i], NULL), lines[i]);
}

static void spelling_of_strings_is_normalised(void)
{
    CU_ASSERT_STRING_EQUAL(
        through(" { \"id\" : \"\\u0061\" , \"y0\" : \"\\u20ac\\/\\ud83d\\ude00\\n\" } ", NULL),
        "{\"id\":\"a\",\"y0\":\"\xE2\x82\xAC/\xF0\x9F\x98\x80\\n\"}");
    CU_ASSERT_STRING_EQUAL(through("{\"id\":\"a\",\"y0\":\"1\",\"y0\":\"2\"}", NULL),
                           "{\"id\":\"a\",\"y0\":\"2\"}");
}

static void broken_characters_are_repaired_and_counted(void)
{
    size_t repaired;
    CU_ASSERT_STRING_EQUAL(
        through("{\"id\":\"a\",\"y0\":\"\xFF \\u0000 \\ud800 \\\\u0000\",\"k\":\"\\udc00\"}",
                &repaired),
        "{\"id\":\"a\",\"y0\":\"\uFFFD \uFFFD \uFFFD \\\\u0000\",\"k\":\"\\ufffd\"}");
    CU_ASSERT_EQUAL(repaired, 4);
}

static void refusals_name_the_field(void)
{
    static const struct {
        const char *line, *why;
    } cases[] = {
        {"", "not valid JSON"},
        {"[]", "a record must be an object"},
        {"{\"id\":\"a\",\"y0\":\"b\"", "not valid JSON at byte 18"},
        {"{\"id\":\"a\",\"y0\":\"b\"} x", "not valid JSON"},
        {"{\"id\":\"a\",\"y0\":\"b\",\"meta\":{\"x\":01}}", "not valid JSON"},
        {"{\"id\":\"a\",\"y0\":\"b\tc\"}", "not valid JSON"},
        {"{\"id\":\"a\",\"y0\":\"b\",\"score\":NaN}", "not valid JSON"},
        {"{\"y0\":\"b\"}", "id: is missing"},
        {"{\"id\":\"\",\"y0\":\"b\"}", "id: is missing"},
        {"{\"id\":true,\"y0\":\"b\"}", "id: must be text, not true or false"},
        {"{\"id\":\"a\"}", "prompt: is missing"},
        {"{\"id\":\"a\",\"prompt\":{}}", "prompt: must be text or a list of messages, not an object"},
        {"{\"id\":\"a\",\"prompt\":[1]}", "prompt: must be a list of messages, not a number"},
        {"{\"id\":\"a\",\"prompt\":[{\"content\":\"b\"}]}", "prompt: a message has no role"},
        {"{\"id\":\"a\",\"y0\":1}", "y0: must be text, not a number"},
        {"{\"id\":\"a\",\"y0\":\"b\",\"score\":\"1\"}", "score: must be a number, not text"},
        {"{\"id\":\"a\",\"y0\":\"b\",\"score\":1e999}", "score: is not a finite number"},
        {"{\"id\":\"a\",\"y0\":\"b\",\"split\":\"x\"}", "split: must be train, valid or test"},
        {"{\"id\":\"a\",\"y0\":\"b\",\"rounds\":[{}]}", "rounds: a round has no output"},
        {"{\"id\":\"a\",\"y0\":\"b\",\"rule\":\"x\"}", "rule: must be an object"},
        {"{\"id\":\"a\",\"y0\":\"\xC3\xA9\",\"spans\":[{\"start\":0,\"end\":2}]}",
         "spans: 0 to 2 is outside y0, which has 1 characters"},
        {"{\"id\":\"a\",\"y0\":\"b\",\"spans\":[{\"start\":-1,\"end\":1}]}", "spans: start must be"},
        {"{\"id\":\"a\",\"y0\":\"b\",\"spans\":[{\"start\":0.5,\"end\":1}]}", "spans: start must be"},
        {"{\"id\":\"a\",\"prompt\":\"b\",\"spans\":[{\"start\":0,\"end\":0}]}", "spans: there is no y0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = through(cases[i].line, NULL);
        bool as_said = strncmp(got, "refused: ", 9) == 0 &&
                       strncmp(got + 9, cases[i].why, strlen(cases[i].why)) == 0;
        CU_ASSERT(as_said);
        if (!as_said)
            printf("\n    %s\n    gives %s\n", cases[i].line, got);
    }
}

static void deep_nesting_is_refused_not_followed(void)
{
    struct str line = {0};
    str_adds(&line, "{\"id\":\"a\",\"y0\":\"b\",\"meta\":");
    for (int i = 0; i < 100000; i++)
        str_addc(&line, '[');
    CU_ASSERT(strncmp(through(line.at, NULL), "refused: not valid JSON", 20) == 0);
    str_free(&line);
}

static void what_was_learnt_later_is_written_too(void)
{
    struct record r = {0};
    struct error err = {0};
    struct str out = {0};
    const char *line = "{\"score\":1.0,\"id\":\"a\",\"y_star\":null,\"prompt\":\"x\",\"k\":1}";
    CU_ASSERT_EQUAL_FATAL(record_parse(&r, slice_of(line), NULL, &err), 0);
    r.y0 = arena_strndup(&r.arena, "later", 5);
    r.y_star = arena_strndup(&r.arena, "last", 4);
    r.score = 2;
    record_print(&out, &r);
    CU_ASSERT_STRING_EQUAL(str_z(&out), "{\"score\":2,\"id\":\"a\",\"y_star\":\"last\",\"prompt\":"
                                        "\"x\",\"k\":1,\"y0\":\"later\"}");
    str_free(&out);
    record_free(&r);
}

static void chats_read_as_one_text(void)
{
    struct record r = {0};
    struct str out = {0};
    const char *line = "{\"id\":\"a\",\"prompt\":[{\"role\":\"system\",\"content\":\"Be brief.\"},"
                       "{\"role\":\"user\",\"content\":\"Why?\"}]}";
    CU_ASSERT_EQUAL_FATAL(record_parse(&r, slice_of(line), NULL, NULL), 0);
    prompt_text(&out, &r.prompt);
    CU_ASSERT_STRING_EQUAL(str_z(&out), "System: Be brief.\n\nUser: Why?");
    str_free(&out);
    record_free(&r);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"lines come back byte for byte", lines_come_back_byte_for_byte},
        {"spelling of strings is normalised", spelling_of_strings_is_normalised},
        {"broken characters are repaired and counted", broken_characters_are_repaired_and_counted},
        {"refusals name the field", refusals_name_the_field},
        {"deep nesting is refused, not followed", deep_nesting_is_refused_not_followed},
        {"what was learnt later is written too", what_was_learnt_later_is_written_too},
        {"chats read as one text", chats_read_as_one_text},
        {NULL, NULL},
    };
    return suite_run("record", tests, argc, argv);
}
