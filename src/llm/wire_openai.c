/* Chat completions: OpenAI and the many servers that speak it. */
#include <string.h>
#include <strings.h>

#include "llm/wire.h"

static bool is_openai(const struct endpoint *e)
{
    return strstr(e->base_url, "://api.openai.com/") || strstr(e->base_url, ".openai.azure.com/");
}

static void url(const struct endpoint *e, struct str *out)
{
    str_adds(out, e->base_url);
    while (out->len && out->at[out->len - 1] == '/')
        str_cut(out, out->len - 1);
    str_adds(out, "/chat/completions");
}

/* Strict mode takes only schemas whose objects are closed and whose properties are all required. */
static bool is_closed(const struct json *schema)
{
    const struct json *properties = json_get(schema, "properties"), *items = json_get(schema, "items");
    if (properties) {
        if (json_bool(json_get(schema, "additionalProperties"), true) ||
            json_size(json_get(schema, "required")) != json_size(properties))
            return false;
        for (const struct json *p = json_first(properties); p; p = json_next(p)) {
            if (!is_closed(p))
                return false;
        }
    } else if (strcmp(json_string(json_get(schema, "type"), ""), "object") == 0) {
        return false;
    }
    return !items || is_closed(items);
}

static int set_schema(struct json *format, struct json *schema)
{
    if (!schema)
        return -1;
    json_set(format, "schema", schema);
    return 0;
}

static int write_format(struct json *body, const struct endpoint *e, const struct chat_request *q,
                        struct error *err)
{
    static const char *const not_sent[] = {"$schema", NULL};
    static const char *const not_in_strict_mode[] = {"minLength", "maxLength", "$schema", NULL};
    if (!q->schema || e->structured == STRUCTURED_NONE)
        return 0;
    struct json *format = json_new_object();
    json_set(body, "response_format", format);
    if (e->structured != STRUCTURED_SCHEMA) {
        json_set_string(format, "type", "json_object");
        return e->structured == STRUCTURED_OBJECT ? 0 : set_schema(format, wire_schema(q->schema, not_sent, err));
    }
    struct json *schema = wire_schema(q->schema, not_in_strict_mode, err), *inner = json_new_object();
    json_set_string(format, "type", "json_schema");
    json_set_string(inner, "name", q->schema_name ? q->schema_name : "reply");
    if (schema) {
        json_set_bool(inner, "strict", is_closed(schema));
        json_set(inner, "schema", schema);
    }
    json_set(format, "json_schema", inner);
    return schema ? 0 : -1;
}

/* Which models are told through their chat template whether to think, and by which word. */
static const char *think_switch(const char *model)
{
    static const struct {
        const char *part, *name;
    } table[] = {{"qwen3", "enable_thinking"},    {"glm-4.", "enable_thinking"}, {"smollm3", "enable_thinking"},
                 {"deepseek-v3.", "thinking"}, {"granite-3", "thinking"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcasestr(model, table[i].part))
            return table[i].name;
    }
    return NULL;
}

static void write_thinking(struct json *body, const struct endpoint *e)
{
    const char *name = think_switch(e->model);
    if (is_openai(e) || (!name && !e->has_think))
        return;
    struct json *arguments = json_new_object();
    json_set_bool(arguments, name ? name : "enable_thinking", e->think);
    json_set(body, "chat_template_kwargs", arguments);
}

static struct json *write_body(const struct endpoint *e, const struct chat_request *q, struct error *err)
{
    struct json *body = json_new_object(), *messages = json_new_array();
    json_set_string(body, "model", e->model);
    for (size_t i = 0; i < q->n_messages; i++) {
        struct json *m = json_new_object();
        json_set_string(m, "role", q->messages[i].role);
        json_set_string(m, "content", q->messages[i].content);
        json_push(messages, m);
    }
    json_set(body, "messages", messages);
    /* OpenAI's newer models refuse the old name, most other servers know no other. */
    json_set_int(body, is_openai(e) ? "max_completion_tokens" : "max_tokens", wire_max_tokens(e, q));
    wire_sampling(body, e, q, "temperature", "top_p");
    if (q->has_seed)
        json_set_int(body, "seed", q->seed);
    write_thinking(body, e);
    if (write_format(body, e, q, err) != 0) {
        json_free(body);
        return NULL;
    }
    return body;
}

/* Content is a text, or with some servers a list of parts. */
static bool read_content(const struct json *content, struct str *out)
{
    if (json_type(content) == JSON_STRING)
        str_adds(out, json_string(content, ""));
    for (const struct json *p = json_type(content) == JSON_ARRAY ? json_first(content) : NULL; p; p = json_next(p)) {
        if (json_type(p) == JSON_OBJECT)
            str_adds(out, json_string(json_get(p, "text"), ""));
    }
    return json_type(content) == JSON_STRING || json_type(content) == JSON_ARRAY;
}

/* A server without a reasoning parser leaves the thoughts in front of the answer. */
static void drop_thoughts(struct str *text)
{
    struct slice all = slice_trim(str_slice(text));
    if (!slice_starts(all, "<think>"))
        return;
    const char *end = strstr(all.at, "</think>");
    size_t from = end ? (size_t)(end - text->at) + strlen("</think>") : text->len;
    while (from < text->len && strchr(" \t\r\n", text->at[from]))
        from++;
    str_splice(text, 0, from, SLICE(""));
}

static enum chat_finish read_finish(const char *reason, bool refused)
{
    if (refused || strcmp(reason, "content_filter") == 0)
        return CHAT_REFUSED;
    if (strcmp(reason, "stop") == 0)
        return CHAT_STOP;
    return strcmp(reason, "length") == 0 ? CHAT_LENGTH : CHAT_OTHER;
}

static void read_usage(const struct json *usage, struct chat_usage *out)
{
    out->in = wire_count(usage, "prompt_tokens");
    out->out = wire_count(usage, "completion_tokens");
    out->cached = json_type(usage) == JSON_OBJECT
                      ? wire_count(json_get(usage, "prompt_tokens_details"), "cached_tokens")
                      : -1;
}

static int read_body(const struct json *body, struct wire_reply *out, struct error *err)
{
    const struct json *choices = json_type(body) == JSON_OBJECT ? json_get(body, "choices") : NULL;
    const struct json *choice = json_type(choices) == JSON_ARRAY ? json_first(choices) : NULL;
    const struct json *message = json_type(choice) == JSON_OBJECT ? json_get(choice, "message") : NULL;
    if (json_type(message) != JSON_OBJECT)
        return error_set(err, ERR_INPUT, "the reply has no choices[0].message");
    const char *refusal = json_string(json_get(message, "refusal"), "");
    const char *reason = json_string(json_get(choice, "finish_reason"), "");
    out->finish = read_finish(reason, refusal[0] != '\0');
    if (!read_content(json_get(message, "content"), &out->text) && !refusal[0] && out->finish == CHAT_STOP)
        return error_set(err, ERR_INPUT, "the reply's message has no content");
    if (refusal[0] && out->text.len == 0)
        str_adds(&out->text, refusal);
    drop_thoughts(&out->text);
    read_usage(json_get(body, "usage"), &out->usage);
    wire_model(out, json_get(body, "model"));
    return 0;
}

const struct wire wire_openai = {
    .key_line = "Authorization: Bearer ", .idempotent = true, .url = url, .write = write_body, .read = read_body};
