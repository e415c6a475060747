/* Replies of servers: the three wire formats, their faults, JSON in words, Retry-After. The first byte chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "llm/lane.h"
#include "llm/retry.h"
#include "llm/schema.h"
#include "llm/structured.h"
#include "llm/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char schema[] =
    "{\"type\":\"object\",\"properties\":{\"score\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":6},\"spans\":"
    "{\"type\":\"array\",\"maxItems\":3,\"items\":{\"type\":\"object\",\"properties\":{\"quote\":{\"type\":\"string\","
    "\"minLength\":1,\"maxLength\":9}},\"required\":[\"quote\"],\"additionalProperties\":false}}},\"required\":[\"score\"]}";

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* What a format gives is text as the header promises: valid, without NUL. */
static void read_reply(const struct wire *w, struct slice text)
{
    struct wire_reply r;
    struct error err = {0};
    int result = wire_read_text(w, text, &r, &err);
    must(result == 0 || err.text[0]);
    if (result == 0) {
        must(utf8_valid(str_slice(&r.text)) && strlen(str_z(&r.text)) == r.text.len);
        must(utf8_valid(slice_of(r.model)));
        must(r.usage.in >= -1 && r.usage.out >= -1 && r.usage.cached >= -1);
        wire_reply_free(&r);
    }
}

static void read_fault(struct slice text)
{
    struct wire_fault f = {0};
    struct str clean = {0}, said = {0};
    utf8_repair(&clean, text);
    struct json *j = json_parse(str_slice(&clean), NULL, NULL);
    wire_read_fault(j, &f);
    must(f.retry_ms >= -1);
    said_add(&said, str_slice(&f.message), "key-123456", SLICE("{\"messages\":[{\"content\":\"the patient's own words stay here\"}]}"));
    must(utf8_valid(str_slice(&said)) && said.len < 210);
    for (size_t i = 0; i < said.len; i++)
        must((unsigned char)said.at[i] >= 0x20 && said.at[i] != 0x7F);
    must(!said.len || (!strstr(said.at, "key-123456") && !strstr(said.at, "the patient's own words stay")));
    json_free(j);
    wire_fault_free(&f);
    str_free(&clean);
    str_free(&said);
}

/* What is given fits, and says so again when it is written and read once more. */
static void read_structured(struct slice text)
{
    struct error err = {0};
    struct json *j = structured_read(text, schema, &err);
    must(j || err.text[0]);
    if (!j)
        return;
    struct str again = {0};
    json_print(&again, j);
    json_free(j);
    j = structured_read(str_slice(&again), schema, &err);
    must(j != NULL);
    json_free(j);
    str_free(&again);
}

static void read_header(struct slice text)
{
    char *line = mem_strndup(text.at, text.len);
    must(retry_after(line, 784111777000) >= -1);
    must(retry_after_ms(line) >= -1);
    mem_free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct slice text = {(const char *)data + 1, size - 1};
    switch (data[0] % 6) {
    case 0:
        read_reply(&wire_openai, text);
        break;
    case 1:
        read_reply(&wire_anthropic, text);
        break;
    case 2:
        read_reply(&wire_gemini, text);
        break;
    case 3:
        read_fault(text);
        break;
    case 4:
        read_structured(text);
        break;
    default:
        read_header(text);
        break;
    }
    return 0;
}
