#include "llm/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"
#include "base/utf8.h"

const struct wire *wire_of(enum endpoint_kind kind)
{
    switch (kind) {
    case ENDPOINT_OPENAI:
        return &wire_openai;
    case ENDPOINT_ANTHROPIC:
        return &wire_anthropic;
    case ENDPOINT_GEMINI:
        return &wire_gemini;
    case ENDPOINT_LOCAL:
    case ENDPOINT_REPLAY:
    case ENDPOINT_KINDS:
        break;
    }
    return NULL;
}

void wire_reply_free(struct wire_reply *r)
{
    str_free(&r->text);
}

void wire_fault_free(struct wire_fault *f)
{
    str_free(&f->message);
    str_free(&f->code);
}

/* Gemini's RetryInfo: {"retryDelay": "34s"}. */
static int64_t retry_delay(const struct json *details)
{
    if (json_type(details) != JSON_ARRAY)
        return -1;
    for (const struct json *d = json_first(details); d; d = json_next(d)) {
        const char *delay = json_type(d) == JSON_OBJECT ? json_string(json_get(d, "retryDelay"), NULL) : NULL;
        char *end = NULL;
        double seconds = delay ? strtod(delay, &end) : -1;
        if (delay && end != delay && *end == 's' && seconds >= 0 && seconds < 1e6)
            return (int64_t)(seconds * 1000);
    }
    return -1;
}

static void add_code(struct wire_fault *out, const struct json *value)
{
    const char *text = json_string(value, NULL);
    if (text && out->code.len == 0)
        str_adds(&out->code, text);
}

/* Gemini tells a bad key from other bad requests by {"reason": "API_KEY_INVALID"} in its details alone. */
static void add_reasons(struct wire_fault *out, const struct json *details)
{
    for (const struct json *d = json_type(details) == JSON_ARRAY ? json_first(details) : NULL; d; d = json_next(d)) {
        if (json_type(d) == JSON_OBJECT)
            add_code(out, json_get(d, "reason"));
    }
}

void wire_read_fault(const struct json *body, struct wire_fault *out)
{
    out->retry_ms = -1;
    if (json_type(body) == JSON_ARRAY) /* Gemini may send a list of one */
        body = json_first(body);
    if (json_type(body) != JSON_OBJECT)
        return;
    const struct json *error = json_get(body, "error");
    const char *message = json_string(error, NULL);
    if (json_type(error) != JSON_OBJECT)
        error = body; /* older vLLM: {"object":"error","message":...} */
    if (!message)
        message = json_string(json_get(error, "message"), NULL);
    if (!message)
        message = json_string(json_get(error, "detail"), NULL);
    str_adds(&out->message, message ? message : "");
    int64_t status = 0;
    if (json_int(json_get(error, "code"), &status) && status >= 400 && status < 600)
        out->status = (int)status;
    add_reasons(out, json_get(error, "details"));
    add_code(out, json_get(error, "code"));
    add_code(out, json_get(error, "status"));
    add_code(out, json_get(error, "type"));
    out->retry_ms = retry_delay(json_get(error, "details"));
}

int wire_read_text(const struct wire *w, struct slice body, struct wire_reply *out, struct error *err)
{
    struct str clean = {0};
    *out = (struct wire_reply){.usage = {-1, -1, -1}};
    size_t repaired = json_repair(&clean, body), bad = 0;
    struct slice text = repaired ? str_slice(&clean) : body;
    int result = -1;
    struct json *j = json_check(text, &bad) ? json_parse(text, NULL, err) : NULL;
    if (j)
        result = w->read(j, out, err);
    else
        error_set(err, ERR_INPUT, "the reply is not valid JSON from byte %zu of %zu on", bad, text.len);
    if (result != 0) {
        wire_reply_free(out);
        *out = (struct wire_reply){.usage = {-1, -1, -1}};
    }
    json_free(j);
    str_free(&clean);
    return result;
}

int wire_max_tokens(const struct endpoint *e, const struct chat_request *q)
{
    return q->max_tokens > 0 ? q->max_tokens : e->max_tokens;
}

void wire_sampling(struct json *object, const struct endpoint *e, const struct chat_request *q,
                   const char *temperature, const char *top_p)
{
    if (q->has_temperature || e->has_temperature)
        json_set_number(object, temperature, q->has_temperature ? q->temperature : e->temperature);
    if (q->has_top_p || e->has_top_p)
        json_set_number(object, top_p, q->has_top_p ? q->top_p : e->top_p);
}

bool wire_system(const struct chat_request *q, struct str *out)
{
    bool any = false;
    for (size_t i = 0; i < q->n_messages; i++) {
        if (strcmp(q->messages[i].role, "system") != 0)
            continue;
        str_adds(out, any ? "\n\n" : "");
        str_adds(out, q->messages[i].content);
        any = true;
    }
    return any;
}

static bool named(const char *const *list, const char *name)
{
    for (; list && *list; list++) {
        if (strcmp(*list, name) == 0)
            return true;
    }
    return false;
}

static struct json *copy_value(const struct json *j)
{
    switch (json_type(j)) {
    case JSON_BOOL:
        return json_new_bool(json_bool(j, false));
    case JSON_NUMBER:
        return json_new_number(json_number(j, 0));
    case JSON_STRING:
        return json_new_string(json_string(j, ""));
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return json_new_null();
}

/* names: j is a map of names people chose ("properties"), which are no keywords. */
static struct json *copy(const struct json *j, const char *const *drop, bool names)
{
    if (json_type(j) == JSON_ARRAY) {
        struct json *list = json_new_array();
        for (const struct json *c = json_first(j); c; c = json_next(c))
            json_push(list, copy(c, drop, false));
        return list;
    }
    if (json_type(j) == JSON_OBJECT) {
        struct json *object = json_new_object();
        for (const struct json *c = json_first(j); c; c = json_next(c)) {
            if (names || !named(drop, json_name(c)))
                json_set(object, json_name(c), copy(c, drop, !names && strcmp(json_name(c), "properties") == 0));
        }
        return object;
    }
    return copy_value(j);
}

struct json *wire_schema(const char *schema, const char *const *drop, struct error *err)
{
    struct json *j = json_parse(slice_of(schema), NULL, NULL), *out = NULL;
    if (json_type(j) == JSON_OBJECT)
        out = copy(j, drop, false);
    else
        error_set(err, ERR_INTERNAL, "the schema asked for is no JSON object");
    json_free(j);
    return out;
}

int64_t wire_count(const struct json *object, const char *name)
{
    int64_t n = -1;
    if (json_type(object) != JSON_OBJECT || !json_int(json_get(object, name), &n) || n < 0)
        return -1;
    return n;
}

void wire_model(struct wire_reply *out, const struct json *name)
{
    const char *text = json_string(name, "");
    size_t len = strlen(text), max = sizeof out->model - 1;
    while (len > max)
        len = utf8_prev(slice_of(text), len);
    memcpy(out->model, text, len);
    out->model[len] = '\0';
}
