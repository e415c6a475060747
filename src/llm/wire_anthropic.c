/* Anthropic's messages. A schema is held to by a tool that must be used: every model since Claude 3 knows that. */
#include <string.h>

#include "llm/wire.h"

static void url(const struct endpoint *e, struct str *out)
{
    str_adds(out, e->base_url);
    while (out->len && out->at[out->len - 1] == '/')
        str_cut(out, out->len - 1);
    bool versioned = out->len > 3 && strcmp(out->at + out->len - 3, "/v1") == 0;
    str_adds(out, versioned ? "/messages" : "/v1/messages");
}

static int write_tool(struct json *body, const struct chat_request *q, struct error *err)
{
    static const char *const none[] = {"$schema", NULL};
    struct json *schema = wire_schema(q->schema, none, err);
    if (!schema)
        return -1;
    const char *name = q->schema_name ? q->schema_name : "reply";
    struct json *tool = json_new_object(), *tools = json_new_array(), *choice = json_new_object();
    json_set_string(tool, "name", name);
    json_set_string(tool, "description", "Gives the answer. It is the only way to answer.");
    json_set(tool, "input_schema", schema);
    json_push(tools, tool);
    json_set(body, "tools", tools);
    json_set_string(choice, "type", "tool");
    json_set_string(choice, "name", name);
    json_set_bool(choice, "disable_parallel_tool_use", true);
    json_set(body, "tool_choice", choice);
    return 0;
}

static struct json *write_body(const struct endpoint *e, const struct chat_request *q, struct error *err)
{
    struct json *body = json_new_object(), *messages = json_new_array();
    struct str system = {0};
    json_set_string(body, "model", e->model);
    json_set_int(body, "max_tokens", wire_max_tokens(e, q));
    if (wire_system(q, &system))
        json_set_string(body, "system", str_z(&system));
    str_free(&system);
    for (size_t i = 0; i < q->n_messages; i++) {
        if (strcmp(q->messages[i].role, "system") == 0)
            continue;
        struct json *m = json_new_object();
        json_set_string(m, "role", q->messages[i].role);
        json_set_string(m, "content", q->messages[i].content);
        json_push(messages, m);
    }
    bool empty = json_size(messages) == 0;
    json_set(body, "messages", messages);
    wire_sampling(body, e, q, "temperature", "top_p");
    int result = 0;
    if (empty)
        result = error_set(err, ERR_INPUT, "a question to Anthropic needs a user's message besides the system's");
    else if (q->schema && e->structured <= STRUCTURED_OBJECT_SCHEMA)
        result = write_tool(body, q, err);
    if (result == 0)
        return body;
    json_free(body);
    return NULL;
}

static enum chat_finish read_finish(const char *reason)
{
    static const struct {
        const char *reason;
        enum chat_finish finish;
    } table[] = {{"end_turn", CHAT_STOP},   {"stop_sequence", CHAT_STOP},
                 {"tool_use", CHAT_STOP},   {"max_tokens", CHAT_LENGTH},
                 {"refusal", CHAT_REFUSED}, {"model_context_window_exceeded", CHAT_LENGTH}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].reason, reason) == 0)
            return table[i].finish;
    }
    return CHAT_OTHER;
}

/* The tool's input where there is one, else all text blocks. */
static void read_content(const struct json *content, struct str *out)
{
    for (const struct json *b = json_first(content); b; b = json_next(b)) {
        if (json_type(b) != JSON_OBJECT)
            continue;
        const char *type = json_string(json_get(b, "type"), "");
        if (strcmp(type, "tool_use") == 0 && json_get(b, "input")) {
            str_clear(out);
            json_print(out, json_get(b, "input"));
            return;
        }
        if (strcmp(type, "text") == 0)
            str_adds(out, json_string(json_get(b, "text"), ""));
    }
}

/* input_tokens leaves out what was written to or read from the cache. */
static void read_usage(const struct json *usage, struct chat_usage *out)
{
    int64_t fresh = wire_count(usage, "input_tokens"), made = wire_count(usage, "cache_creation_input_tokens");
    out->cached = wire_count(usage, "cache_read_input_tokens");
    out->in = fresh;
    if (fresh >= 0)
        out->in += (made > 0 ? made : 0) + (out->cached > 0 ? out->cached : 0);
    out->out = wire_count(usage, "output_tokens");
}

static int read_body(const struct json *body, struct wire_reply *out, struct error *err)
{
    const struct json *content = json_type(body) == JSON_OBJECT ? json_get(body, "content") : NULL;
    if (json_type(content) != JSON_ARRAY)
        return error_set(err, ERR_INPUT, "the reply has no content");
    read_content(content, &out->text);
    out->finish = read_finish(json_string(json_get(body, "stop_reason"), ""));
    read_usage(json_get(body, "usage"), &out->usage);
    wire_model(out, json_get(body, "model"));
    return 0;
}

const struct wire wire_anthropic = {.header = "anthropic-version: 2023-06-01",
                                    .key_line = "x-api-key: ",
                                    .url = url,
                                    .write = write_body,
                                    .read = read_body};
