/* What needs no network: wire formats, structured answers, retry and pace, hashes, prices. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "llm/pace.h"
#include "llm/retry.h"
#include "llm/schema.h"
#include "llm/structured.h"
#include "llm/wire.h"
#include "tests/support/suite.h"

static const char schema[] =
    "{\"type\":\"object\",\"properties\":{\"score\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":6},"
    "\"minLength\":{\"type\":\"string\",\"minLength\":2,\"maxLength\":5}},"
    "\"required\":[\"score\",\"minLength\"],\"additionalProperties\":false}";

static char *body_of(struct endpoint *e, const struct chat_request *q)
{
    struct error err = {0};
    struct str text = {0};
    struct json *j = wire_of(e->kind)->write(e, q, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(j);
    json_print(&text, j);
    json_free(j);
    return str_take(&text);
}

static const struct chat_message talk[] = {
    {"system", "Be brief."}, {"user", "Hi"}, {"assistant", "Hello"}, {"user", "\"Quote\"\n\xC3\xA9"}};

static void check_body(enum endpoint_kind kind, const char *model, const char *url, bool structured, const char *want)
{
    struct endpoint e;
    struct chat_request q = {.messages = talk, .n_messages = 4, .has_temperature = true, .temperature = 0.5};
    endpoint_defaults(&e, kind);
    e.model = model;
    e.base_url = url ? url : e.base_url;
    e.max_tokens = 100;
    q.has_seed = !structured;
    q.seed = 7;
    q.schema = structured ? schema : NULL;
    q.schema_name = "verdict";
    char *text = body_of(&e, &q);
    CU_ASSERT_STRING_EQUAL(text, want);
    if (strcmp(text, want) != 0)
        printf("\n%s\n%s\n", text, want);
    mem_free(text);
}

#define TALK \
    "{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"content\":\"Hello\"}," \
    "{\"role\":\"user\",\"content\":\"\\\"Quote\\\"\\n\xC3\xA9\"}]"
#define OPENAI_TALK "\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"}," TALK
#define GEMINI_TALK \
    "{\"systemInstruction\":{\"parts\":[{\"text\":\"Be brief.\"}]},\"contents\":[" \
    "{\"role\":\"user\",\"parts\":[{\"text\":\"Hi\"}]},{\"role\":\"model\",\"parts\":[{\"text\":\"Hello\"}]}," \
    "{\"role\":\"user\",\"parts\":[{\"text\":\"\\\"Quote\\\"\\n\xC3\xA9\"}]}]"
#define BARE_SCHEMA \
    "{\"type\":\"object\",\"properties\":{\"score\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":6}," \
    "\"minLength\":{\"type\":\"string\"}},\"required\":[\"score\",\"minLength\"],\"additionalProperties\":false}"

static void requests_are_as_the_references_say(void)
{
    check_body(ENDPOINT_OPENAI, "gpt-x", NULL, false,
               "{\"model\":\"gpt-x\"," OPENAI_TALK ",\"max_completion_tokens\":100,\"temperature\":0.5,\"seed\":7}");
    check_body(ENDPOINT_OPENAI, "llama", "http://127.0.0.1:8000/v1", true,
               "{\"model\":\"llama\"," OPENAI_TALK ",\"max_tokens\":100,\"temperature\":0.5,\"response_format\":"
               "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"verdict\",\"strict\":true,\"schema\":" BARE_SCHEMA
               "}}}");
    check_body(ENDPOINT_OPENAI, "Qwen/Qwen3-32B", "http://127.0.0.1:8000/v1", false,
               "{\"model\":\"Qwen/Qwen3-32B\"," OPENAI_TALK ",\"max_tokens\":100,\"temperature\":0.5,\"seed\":7,"
               "\"chat_template_kwargs\":{\"enable_thinking\":false}}");
    check_body(ENDPOINT_ANTHROPIC, "claude-3-5-haiku-20241022", NULL, false,
               "{\"model\":\"claude-3-5-haiku-20241022\",\"max_tokens\":100,\"system\":\"Be brief.\",\"messages\":[" TALK
               ",\"temperature\":0.5}");
    check_body(ENDPOINT_GEMINI, "gemini-2.5-pro", NULL, false,
               GEMINI_TALK ",\"generationConfig\":{\"maxOutputTokens\":100,\"temperature\":0.5,\"seed\":7}}");
    check_body(ENDPOINT_GEMINI, "gemini-2.5-pro", NULL, true,
               GEMINI_TALK ",\"generationConfig\":{\"maxOutputTokens\":100,\"temperature\":0.5,"
               "\"responseMimeType\":\"application/json\",\"responseJsonSchema\":" BARE_SCHEMA "}}");
}

static void a_tool_holds_anthropic_to_a_schema(void)
{
    struct endpoint e;
    struct chat_request q = {.messages = talk, .n_messages = 2, .schema = schema, .schema_name = "verdict"};
    endpoint_defaults(&e, ENDPOINT_ANTHROPIC);
    e.model = "claude";
    char *text = body_of(&e, &q);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"tool_choice\":{\"type\":\"tool\",\"name\":\"verdict\","));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"minLength\":{\"type\":\"string\",\"minLength\":2,\"maxLength\":5}"));
    mem_free(text);
}

static void urls_end_where_questions_go(void)
{
    static const struct {
        enum endpoint_kind kind;
        const char *base, *url;
    } cases[] = {
        {ENDPOINT_OPENAI, "https://h/v1/", "https://h/v1/chat/completions"},
        {ENDPOINT_ANTHROPIC, "https://h/v1", "https://h/v1/messages"},
        {ENDPOINT_ANTHROPIC, "https://h/", "https://h/v1/messages"},
        {ENDPOINT_GEMINI, "https://h/v1beta", "https://h/v1beta/models/m:generateContent"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct endpoint e = {.kind = cases[i].kind, .base_url = cases[i].base, .model = "m"};
        struct str url = {0};
        wire_of(e.kind)->url(&e, &url);
        CU_ASSERT_STRING_EQUAL(str_z(&url), cases[i].url);
        str_free(&url);
    }
}

static void check_reply(enum endpoint_kind kind, const char *body, const char *text, enum chat_finish finish, int64_t in,
                        int64_t out, int64_t cached)
{
    struct wire_reply r;
    struct error err = {0};
    CU_ASSERT_EQUAL_FATAL(wire_read_text(wire_of(kind), slice_of(body), &r, &err), 0);
    CU_ASSERT_STRING_EQUAL(str_z(&r.text), text);
    CU_ASSERT_EQUAL(r.finish, finish);
    CU_ASSERT_EQUAL(r.usage.in, in);
    CU_ASSERT_EQUAL(r.usage.out, out);
    CU_ASSERT_EQUAL(r.usage.cached, cached);
    wire_reply_free(&r);
}

static void replies_are_read(void)
{
    check_reply(ENDPOINT_OPENAI,
                "{\"choices\":[{\"message\":{\"content\":\"<think>\\nhm\\n</think>\\n\\nYes\"},\"finish_reason\":"
                "\"stop\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":6}}", "Yes", CHAT_STOP, 5, 6, -1);
    check_reply(ENDPOINT_OPENAI,
                "{\"choices\":[{\"message\":{\"content\":\"<think>\\nhm\"},\"finish_reason\":\"length\"}]}", "",
                CHAT_LENGTH, -1, -1, -1);
    check_reply(ENDPOINT_OPENAI,
                "{\"choices\":[{\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"text\":\"b\"}]},"
                "\"finish_reason\":\"stop\"}]}", "ab", CHAT_STOP, -1, -1, -1);
    check_reply(ENDPOINT_OPENAI,
                "{\"choices\":[{\"message\":{\"content\":null,\"refusal\":\"no\"},\"finish_reason\":\"stop\"}]}", "no",
                CHAT_REFUSED, -1, -1, -1);
    check_reply(ENDPOINT_ANTHROPIC,
                "{\"content\":[{\"type\":\"text\",\"text\":\"Well: \"},{\"type\":\"tool_use\",\"input\":{\"a\":1}}],"
                "\"stop_reason\":\"tool_use\",\"usage\":{\"input_tokens\":3,\"cache_creation_input_tokens\":4,"
                "\"cache_read_input_tokens\":5,\"output_tokens\":6}}", "{\"a\":1}", CHAT_STOP, 12, 6, 5);
    check_reply(ENDPOINT_GEMINI,
                "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"mm\",\"thought\":true},{\"text\":\"Yes\"}]},"
                "\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":9,\"candidatesTokenCount\":2,"
                "\"thoughtsTokenCount\":30,\"cachedContentTokenCount\":8}}", "Yes", CHAT_STOP, 9, 32, 8);
    check_reply(ENDPOINT_GEMINI, "{\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}", "", CHAT_REFUSED, -1, -1, -1);
    check_reply(ENDPOINT_GEMINI, "{\"candidates\":[{\"finishReason\":\"RECITATION\"}]}", "", CHAT_REFUSED, -1, -1, -1);
}

static void what_is_no_reply_is_said(void)
{
    static const struct {
        const char *body, *says;
    } cases[] = {
        {"", "not valid JSON from byte 0 of 0 on"},
        {"{\"choices\":[", "not valid JSON from byte 12 of 12 on"},
        {"[]", "no choices[0].message"},
        {"{\"choices\":{}}", "no choices[0].message"},
        {"{\"choices\":[7]}", "no choices[0].message"},
        {"{\"choices\":[{\"message\":{},\"finish_reason\":\"stop\"}]}", "has no content"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wire_reply r;
        struct error err = {0};
        CU_ASSERT_EQUAL(wire_read_text(&wire_openai, slice_of(cases[i].body), &r, &err), -1);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].says));
    }
}

static void faults_are_read_in_every_shape(void)
{
    static const struct {
        const char *body, *message, *code;
        int64_t retry_ms;
    } cases[] = {
        {"{\"error\":{\"message\":\"slow\",\"type\":\"requests\",\"code\":\"rate_limit_exceeded\"}}", "slow",
         "rate_limit_exceeded", -1},
        {"{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}", "busy",
         "overloaded_error", -1},
        {"[{\"error\":{\"code\":429,\"message\":\"q\",\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{\"retryDelay\":"
         "\"34.5s\"}]}}]", "q", "RESOURCE_EXHAUSTED", 34500},
        {"{\"error\":{\"code\":400,\"message\":\"bad\",\"status\":\"INVALID_ARGUMENT\",\"details\":[{\"reason\":"
         "\"API_KEY_INVALID\"}]}}", "bad", "API_KEY_INVALID", -1},
        {"{\"object\":\"error\",\"message\":\"old vLLM\"}", "old vLLM", "", -1},
        {"{\"detail\":\"Not Found\"}", "Not Found", "", -1},
        {"{\"error\":\"model not found\"}", "model not found", "", -1},
        {"17", "", "", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wire_fault f = {0};
        struct json *j = json_parse(slice_of(cases[i].body), NULL, NULL);
        wire_read_fault(j, &f);
        CU_ASSERT_STRING_EQUAL(str_z(&f.message), cases[i].message);
        CU_ASSERT_STRING_EQUAL(str_z(&f.code), cases[i].code);
        CU_ASSERT_EQUAL(f.retry_ms, cases[i].retry_ms);
        wire_fault_free(&f);
        json_free(j);
    }
}

static void check_read(const char *reply, const char *want)
{
    struct error err = {0};
    struct json *j = structured_read(slice_of(reply), schema, &err);
    struct str text = {0};
    json_print(&text, j);
    if (j && strcmp(str_z(&text), want) != 0)
        printf("\n%s\n", str_z(&text));
    if (!j && !strstr(err.text, want))
        printf("\n%s\n", err.text);
    CU_ASSERT(j ? strcmp(str_z(&text), want) == 0 : strstr(err.text, want) != NULL);
    str_free(&text);
    json_free(j);
}

static void json_is_found_in_words(void)
{
    static const char good[] = "{\"score\":4,\"minLength\":\"abc\"}";
    check_read(good, good);
    check_read(" \n{\"score\":4,\"minLength\":\"abc\"}\n", good);
    check_read("Sure!\n```json\n{\"score\":4,\"minLength\":\"abc\"}\n```\nDone.", good);
    check_read("```\n{\"score\":1}\n```\nbetter:\n```\n{\"score\":4,\"minLength\":\"abc\"}\n```", good);
    check_read("I think {so} that {\"score\":4,\"minLength\":\"abc\"} fits", good);
    check_read("```json\n{\"score\":4,\"minLength\":\"abc\"}", good);
    check_read("{\"score\":4,\"minLength\":\"a\\u0000c\"}", "{\"score\":4,\"minLength\":\"a\xEF\xBF\xBD" "c\"}");
    check_read("", "the reply is empty");
    check_read("4", "holds no JSON object");
    check_read("{\"score\":4", "holds no JSON object");
    check_read("{\"score\":9,\"minLength\":\"abc\"}", "score: at most 6 was expected");
    check_read("{\"score\":-1,\"minLength\":\"abc\"}", "score: at least 0 was expected");
    check_read("{\"score\":\"4\",\"minLength\":\"abc\"}", "score: integer was expected, not string");
    check_read("{\"score\":4.5,\"minLength\":\"abc\"}", "score: integer was expected, not number");
    check_read("{\"score\":4}", "minLength: is missing");
    check_read("{\"score\":4,\"minLength\":\"a\"}", "minLength: at least 2 characters were expected, not 1");
    check_read("{\"score\":4,\"minLength\":\"\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\"}", "at most 5 characters");
    check_read("{\"score\":4,\"minLength\":\"abc\",\"x\":1}", "it has a member that the schema does not know");
}

static void schemas_reach_inside(void)
{
    static const char rules[] =
        "{\"type\":\"object\",\"properties\":{\"spans\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":"
        "{\"kind\":{\"enum\":[\"a\",\"b\"]},\"note\":{\"type\":[\"string\",\"null\"]}},\"required\":[\"kind\"]}}}}";
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"{\"spans\":[{\"kind\":\"a\",\"note\":null},{\"kind\":\"b\",\"note\":\"x\"}]}", NULL},
        {"{\"spans\":[{\"kind\":\"a\"},{\"kind\":\"c\"}]}", "spans[1].kind: one of [\"a\",\"b\"] was expected"},
        {"{\"spans\":[{\"kind\":\"a\",\"note\":4}]}", "spans[0].note: number is not among the types expected"},
        {"{\"spans\":{}}", "spans: array was expected, not object"},
        {"{\"spans\":[{}]}", "spans[0].kind: is missing"},
    };
    struct json *s = json_parse(slice_of(rules), NULL, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        struct json *j = json_parse(slice_of(cases[i].text), NULL, NULL);
        CU_ASSERT_EQUAL(schema_check(s, j, &err), cases[i].says ? -1 : 0);
        CU_ASSERT_STRING_EQUAL(err.text, cases[i].says ? cases[i].says : "");
        json_free(j);
    }
    json_free(s);
}

static void waits_grow_and_are_bounded(void)
{
    CU_ASSERT_EQUAL(retry_backoff(1, 0), 250);
    CU_ASSERT(retry_backoff(1, 0.999) <= 500);
    CU_ASSERT_EQUAL(retry_backoff(4, 0), 2000);
    CU_ASSERT_EQUAL(retry_backoff(100, 0), 30000);
    CU_ASSERT(retry_heals(408) && retry_heals(409) && retry_heals(429) && retry_heals(500) && retry_heals(529));
    CU_ASSERT(!retry_heals(400) && !retry_heals(401) && !retry_heals(404) && !retry_heals(422) && !retry_heals(501));
    int64_t now = 784111777000; /* Sun, 06 Nov 1994 08:49:37 GMT */
    CU_ASSERT_EQUAL(retry_after("30", now), 30000);
    CU_ASSERT_EQUAL(retry_after("1.5", now), 1500);
    CU_ASSERT_EQUAL(retry_after("Sun, 06 Nov 1994 08:49:40 GMT", now), 3000);
    CU_ASSERT_EQUAL(retry_after("Sunday, 06-Nov-94 08:49:40 GMT", now), 3000);
    CU_ASSERT_EQUAL(retry_after("Sun Nov  6 08:49:40 1994", now), 3000);
    CU_ASSERT_EQUAL(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), 0);
    CU_ASSERT_EQUAL(retry_after("soon", now), -1);
    CU_ASSERT_EQUAL(retry_after("-5", now), -1);
    CU_ASSERT_EQUAL(retry_after("12 parsecs", now), -1);
    CU_ASSERT_EQUAL(retry_after_ms("250"), 250);
}

static void a_minute_holds_what_it_may(void)
{
    struct pace p;
    int sent = 0;
    pace_init(&p, 120, 0, 1000);
    for (int64_t now = 1000; now < 61000; now++)
        sent += pace_take(&p, now, 100);
    CU_ASSERT(sent >= 129 && sent <= 131); /* ten at the start, then two a second */
    pace_init(&p, 0, 6000, 0); /* 100 tokens a second, 500 at once */
    CU_ASSERT(pace_take(&p, 0, 400));
    CU_ASSERT(!pace_take(&p, 0, 400));
    CU_ASSERT_EQUAL(pace_ready(&p, 0, 400), 3000);
    CU_ASSERT(pace_take(&p, 3000, 400));
    pace_correct(&p, 400, 100); /* it took less */
    CU_ASSERT_EQUAL(pace_ready(&p, 3000, 400), 4000);
    CU_ASSERT_EQUAL(pace_ready(&p, 3000, 100000), 5000); /* larger than the bucket: when it is full */
}

static void the_hash_tells_requests_apart(void)
{
    struct endpoint e;
    struct chat_request q = {.messages = talk, .n_messages = 4};
    char first[SHA256_HEX + 1], other[SHA256_HEX + 1];
    endpoint_defaults(&e, ENDPOINT_OPENAI);
    e.model = "m";
    chat_hash(&e, &q, first);
    e.key = "secret";
    e.parallel = 99;
    q.label = "label";
    q.max_tokens = e.max_tokens; /* the same after defaults */
    chat_hash(&e, &q, other);
    CU_ASSERT_STRING_EQUAL(first, other);
    struct chat_request changed[6];
    for (size_t i = 0; i < 6; i++)
        changed[i] = q;
    changed[0].n_messages = 3;
    changed[1].sample = 1;
    changed[2].schema = schema;
    changed[3].has_seed = true;
    changed[4].has_temperature = true;
    changed[5].max_tokens = 1;
    for (size_t i = 0; i < 6; i++) {
        chat_hash(&e, &changed[i], other);
        CU_ASSERT_STRING_NOT_EQUAL(first, other);
    }
    e.model = "m2";
    chat_hash(&e, &q, other);
    CU_ASSERT_STRING_NOT_EQUAL(first, other);
    CU_ASSERT_EQUAL(strlen(first), 64);
}

static void money_counts_cached_tokens_apart(void)
{
    struct endpoint e = {.price_in = 2, .price_out = 10, .price_cached = 0.5};
    CU_ASSERT_DOUBLE_EQUAL(endpoint_cost(&e, 1000000, 100000, 400000), 1.2 + 0.2 + 1.0, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(endpoint_cost(&e, 1000000, 0, -1), 2, 1e-9);
    e.price_cached = -1; /* not known: as the others */
    CU_ASSERT_DOUBLE_EQUAL(endpoint_cost(&e, 1000000, 0, 400000), 2, 1e-9);
    CU_ASSERT(endpoint_cost(&e, -1, 5, 0) < 0);
    e.price_out = -1;
    CU_ASSERT(endpoint_cost(&e, 1, 1, 0) < 0);
}

static const struct test tests[] = {
    {"requests are as the references say", requests_are_as_the_references_say},
    {"a tool holds anthropic to a schema", a_tool_holds_anthropic_to_a_schema},
    {"urls end where questions go", urls_end_where_questions_go},
    {"replies are read", replies_are_read},
    {"what is no reply is said", what_is_no_reply_is_said},
    {"faults are read in every shape", faults_are_read_in_every_shape},
    {"json is found in words", json_is_found_in_words},
    {"schemas reach inside", schemas_reach_inside},
    {"waits grow and are bounded", waits_grow_and_are_bounded},
    {"a minute holds what it may", a_minute_holds_what_it_may},
    {"the hash tells requests apart", the_hash_tells_requests_apart},
    {"money counts cached tokens apart", money_counts_cached_tokens_apart},
    {0},
};

int main(int argc, char **argv)
{
    return suite_run("wire", tests, argc, argv);
}
