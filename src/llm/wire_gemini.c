/* Gemini's generateContent. */
#include <string.h>

#include "llm/wire.h"

static void url(const struct endpoint *e, struct str *out)
{
    str_adds(out, e->base_url);
    while (out->len && out->at[out->len - 1] == '/')
        str_cut(out, out->len - 1);
    bool prefixed = strncmp(e->model, "models/", 7) == 0 || strncmp(e->model, "tunedModels/", 12) == 0;
    str_addf(out, "/%s%s:generateContent", prefixed ? "" : "models/", e->model);
}

static struct json *new_content(const char *role, const char *text)
{
    struct json *content = json_new_object(), *parts = json_new_array(), *part = json_new_object();
    if (role)
        json_set_string(content, "role", role);
    json_set_string(part, "text", text);
    json_push(parts, part);
    json_set(content, "parts", parts);
    return content;
}

static int write_config(struct json *body, const struct endpoint *e, const struct chat_request *q,
                        struct error *err)
{
    static const char *const not_known[] = {"minLength", "maxLength", "$schema", NULL};
    struct json *config = json_new_object();
    json_set(body, "generationConfig", config);
    json_set_int(config, "maxOutputTokens", wire_max_tokens(e, q));
    wire_sampling(config, e, q, "temperature", "topP");
    if (q->has_seed)
        json_set_int(config, "seed", q->seed % 2147483647); /* 32 bits there */
    if (e->has_think) {
        struct json *thinking = json_new_object();
        json_set_int(thinking, "thinkingBudget", e->think ? -1 : 0); /* -1: as much as it likes */
        json_set(config, "thinkingConfig", thinking);
    }
    if (!q->schema || e->structured == STRUCTURED_NONE)
        return 0;
    json_set_string(config, "responseMimeType", "application/json");
    if (e->structured == STRUCTURED_OBJECT)
        return 0;
    struct json *schema = wire_schema(q->schema, not_known, err);
    if (schema)
        json_set(config, "responseJsonSchema", schema);
    return schema ? 0 : -1;
}

static struct json *write_body(const struct endpoint *e, const struct chat_request *q, struct error *err)
{
    struct json *body = json_new_object(), *contents = json_new_array();
    struct str system = {0};
    if (wire_system(q, &system))
        json_set(body, "systemInstruction", new_content(NULL, str_z(&system)));
    str_free(&system);
    for (size_t i = 0; i < q->n_messages; i++) {
        const char *role = q->messages[i].role;
        if (strcmp(role, "system") != 0)
            json_push(contents, new_content(strcmp(role, "assistant") == 0 ? "model" : "user",
                                            q->messages[i].content));
    }
    bool empty = json_size(contents) == 0;
    json_set(body, "contents", contents);
    int result = write_config(body, e, q, err);
    if (empty)
        result = error_set(err, ERR_INPUT, "a question to Gemini needs a user's message besides the system's");
    if (result == 0)
        return body;
    json_free(body);
    return NULL;
}

static enum chat_finish read_finish(const char *reason)
{
    static const char *const refused[] = {"SAFETY",     "RECITATION",         "BLOCKLIST",
                                          "PROHIBITED_CONTENT", "SPII",       "IMAGE_SAFETY"};
    if (strcmp(reason, "STOP") == 0)
        return CHAT_STOP;
    if (strcmp(reason, "MAX_TOKENS") == 0)
        return CHAT_LENGTH;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (strcmp(reason, refused[i]) == 0)
            return CHAT_REFUSED;
    }
    return CHAT_OTHER;
}

static void read_parts(const struct json *content, struct str *out)
{
    const struct json *parts = json_type(content) == JSON_OBJECT ? json_get(content, "parts") : NULL;
    for (const struct json *p = json_type(parts) == JSON_ARRAY ? json_first(parts) : NULL; p; p = json_next(p)) {
        if (json_type(p) == JSON_OBJECT && !json_bool(json_get(p, "thought"), false))
            str_adds(out, json_string(json_get(p, "text"), ""));
    }
}

static void read_usage(const struct json *usage, struct chat_usage *out)
{
    int64_t thoughts = wire_count(usage, "thoughtsTokenCount");
    out->in = wire_count(usage, "promptTokenCount");
    out->out = wire_count(usage, "candidatesTokenCount");
    if (thoughts > 0)
        out->out = (out->out > 0 ? out->out : 0) + thoughts;
    out->cached = wire_count(usage, "cachedContentTokenCount");
}

static int read_body(const struct json *body, struct wire_reply *out, struct error *err)
{
    if (json_type(body) != JSON_OBJECT)
        return error_set(err, ERR_INPUT, "the reply is no JSON object");
    const struct json *candidates = json_get(body, "candidates"), *feedback = json_get(body, "promptFeedback");
    const struct json *first = json_type(candidates) == JSON_ARRAY ? json_first(candidates) : NULL;
    bool blocked = json_type(feedback) == JSON_OBJECT && json_get(feedback, "blockReason");
    if (json_type(first) != JSON_OBJECT && !blocked)
        return error_set(err, ERR_INPUT, "the reply has no candidates");
    if (json_type(first) == JSON_OBJECT) {
        read_parts(json_get(first, "content"), &out->text);
        out->finish = read_finish(json_string(json_get(first, "finishReason"), ""));
    } else {
        out->finish = CHAT_REFUSED; /* the prompt itself was blocked */
    }
    read_usage(json_get(body, "usageMetadata"), &out->usage);
    wire_model(out, json_get(body, "modelVersion"));
    return 0;
}

const struct wire wire_gemini = {.key_line = "x-goog-api-key: ", .url = url, .write = write_body, .read = read_body};
