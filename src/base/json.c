#include "base/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* struct json is cJSON under another name: no room but this file sees the library. */
static cJSON *raw(const struct json *j)
{
    return (cJSON *)(uintptr_t)j;
}

static struct json *wrap(cJSON *j)
{
    return (struct json *)j;
}

/* True when the backslash at text[at] starts an escape, not the second half of one. */
static bool escapes(struct slice text, size_t at)
{
    size_t before = at;
    while (before > 0 && text.at[before - 1] == '\\')
        before--;
    return (at - before) % 2 == 0;
}

/* cJSON ends strings at an escaped NUL, which would lose the rest: make it U+FFFD beforehand. */
static size_t replace_nul_escapes(struct str *out, struct slice text)
{
    size_t found = 0, copied = 0;
    for (size_t i = 0; i + 6 <= text.len; i++) {
        const char *hit = memchr(text.at + i, '\\', text.len - 5 - i);
        if (!hit)
            break;
        i = (size_t)(hit - text.at);
        if (memcmp(hit, "\\u0000", 6) == 0 && escapes(text, i)) {
            str_add(out, text.at + copied, i - copied);
            str_adds(out, "\\ufffd");
            copied = i + 6;
            i += 5;
            found++;
        }
    }
    if (found)
        str_add(out, text.at + copied, text.len - copied);
    return found;
}

struct json *json_parse(struct slice text, size_t *repaired, struct error *err)
{
    struct str clean = {0};
    size_t nuls = replace_nul_escapes(&clean, text);
    struct slice body = nuls ? str_slice(&clean) : text;
    const char *end = NULL;
    cJSON *tree = cJSON_ParseWithLengthOpts(body.at, body.len, &end, 0);
    size_t at = end ? (size_t)(end - body.at) : 0;
    if (tree && slice_trim(slice_sub(body, at, body.len)).len) {
        cJSON_Delete(tree);
        tree = NULL;
    }
    if (!tree)
        error_set(err, ERR_INPUT, "not valid JSON at byte %zu", at);
    else if (repaired)
        *repaired += nuls;
    str_free(&clean);
    return wrap(tree);
}

void json_free(struct json *j)
{
    cJSON_Delete(raw(j));
}

enum json_type json_type(const struct json *j)
{
    const cJSON *c = raw(j);
    if (cJSON_IsBool(c))
        return JSON_BOOL;
    if (cJSON_IsNumber(c))
        return JSON_NUMBER;
    if (cJSON_IsString(c))
        return JSON_STRING;
    if (cJSON_IsArray(c))
        return JSON_ARRAY;
    return cJSON_IsObject(c) ? JSON_OBJECT : JSON_NULL;
}

const struct json *json_get(const struct json *object, const char *name)
{
    return wrap(cJSON_GetObjectItemCaseSensitive(raw(object), name));
}

const struct json *json_at(const struct json *array, size_t index)
{
    return cJSON_IsArray(raw(array)) ? wrap(cJSON_GetArrayItem(raw(array), (int)index)) : NULL;
}

size_t json_size(const struct json *j)
{
    return (size_t)cJSON_GetArraySize(raw(j));
}

const struct json *json_first(const struct json *j)
{
    const cJSON *c = raw(j);
    return cJSON_IsArray(c) || cJSON_IsObject(c) ? wrap(c->child) : NULL;
}

const struct json *json_next(const struct json *child)
{
    return wrap(raw(child)->next);
}

const char *json_name(const struct json *member)
{
    const cJSON *c = raw(member);
    return c && c->string ? c->string : "";
}

const char *json_string(const struct json *j, const char *fallback)
{
    const cJSON *c = raw(j);
    return cJSON_IsString(c) ? c->valuestring : fallback;
}

double json_number(const struct json *j, double fallback)
{
    const cJSON *c = raw(j);
    return cJSON_IsNumber(c) ? c->valuedouble : fallback;
}

bool json_bool(const struct json *j, bool fallback)
{
    const cJSON *c = raw(j);
    return cJSON_IsBool(c) ? cJSON_IsTrue(c) : fallback;
}

bool json_int(const struct json *j, int64_t *out)
{
    const cJSON *c = raw(j);
    if (!cJSON_IsNumber(c) || floor(c->valuedouble) != c->valuedouble ||
        fabs(c->valuedouble) > 9007199254740992.0)
        return false;
    *out = (int64_t)c->valuedouble;
    return true;
}

struct json *json_new_object(void)
{
    return wrap(cJSON_CreateObject());
}

struct json *json_new_array(void)
{
    return wrap(cJSON_CreateArray());
}

struct json *json_new_string(const char *text)
{
    return wrap(text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

struct json *json_new_slice(struct slice text)
{
    char *copy = mem_strndup(text.at, text.len);
    struct json *j = json_new_string(copy);
    mem_free(copy);
    return j;
}

struct json *json_new_number(double value)
{
    return wrap(isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

struct json *json_new_bool(bool value)
{
    return wrap(cJSON_CreateBool(value));
}

struct json *json_new_null(void)
{
    return wrap(cJSON_CreateNull());
}

struct json *json_new_raw(struct slice text)
{
    char *copy = mem_strndup(text.at, text.len);
    struct json *j = wrap(cJSON_CreateRaw(copy));
    mem_free(copy);
    return j;
}

void json_set(struct json *object, const char *name, struct json *value)
{
    if (cJSON_GetObjectItemCaseSensitive(raw(object), name)) /* by name: the new item has none yet */
        cJSON_ReplaceItemInObjectCaseSensitive(raw(object), name, raw(value));
    else
        cJSON_AddItemToObject(raw(object), name, raw(value));
}

void json_push(struct json *array, struct json *value)
{
    cJSON_AddItemToArray(raw(array), raw(value));
}

void json_set_string(struct json *object, const char *name, const char *text)
{
    json_set(object, name, json_new_string(text));
}

void json_set_int(struct json *object, const char *name, int64_t value)
{
    json_set(object, name, json_new_number((double)value));
}

void json_set_number(struct json *object, const char *name, double value)
{
    json_set(object, name, json_new_number(value));
}

void json_set_bool(struct json *object, const char *name, bool value)
{
    json_set(object, name, json_new_bool(value));
}

void json_quote(struct str *out, struct slice text)
{
    str_addc(out, '"');
    size_t copied = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        str_add(out, text.at + copied, i - copied);
        copied = i + 1;
        switch (c) {
        case '"': str_adds(out, "\\\""); break;
        case '\\': str_adds(out, "\\\\"); break;
        case '\n': str_adds(out, "\\n"); break;
        case '\r': str_adds(out, "\\r"); break;
        case '\t': str_adds(out, "\\t"); break;
        case '\b': str_adds(out, "\\b"); break;
        case '\f': str_adds(out, "\\f"); break;
        default: str_addf(out, "\\u%04x", c);
        }
    }
    str_add(out, text.at + copied, text.len - copied);
    str_addc(out, '"');
}

static void indent(struct str *out, int depth)
{
    if (depth < 0)
        return;
    str_addc(out, '\n');
    for (int i = 0; i < depth; i++)
        str_adds(out, "  ");
}

static void print(struct str *out, const cJSON *c, int depth);

/* The children of c between open and close; depth < 0 means on one line. */
static void print_children(struct str *out, const cJSON *c, int depth, const char *ends)
{
    int inner = depth < 0 ? -1 : depth + 1;
    str_addc(out, ends[0]);
    for (const cJSON *child = c->child; child; child = child->next) {
        indent(out, inner);
        if (cJSON_IsObject(c)) {
            json_quote(out, slice_of(child->string));
            str_adds(out, depth < 0 ? ":" : ": ");
        }
        print(out, child, inner);
        if (child->next)
            str_addc(out, ',');
    }
    if (c->child)
        indent(out, depth);
    str_addc(out, ends[1]);
}

/* The shortest text that reads back as the same double. */
static void print_number(struct str *out, double value)
{
    char text[32];
    if (floor(value) == value && fabs(value) < 9007199254740992.0)
        snprintf(text, sizeof text, "%.0f", value);
    else
        for (int digits = 15; digits <= 17; digits++) {
            double back;
            snprintf(text, sizeof text, "%.*g", digits, value);
            if (sscanf(text, "%lf", &back) == 1 && back == value)
                break;
        }
    str_adds(out, text);
}

static void print(struct str *out, const cJSON *c, int depth)
{
    if (cJSON_IsObject(c))
        print_children(out, c, depth, "{}");
    else if (cJSON_IsArray(c))
        print_children(out, c, depth, "[]");
    else if (cJSON_IsString(c))
        json_quote(out, slice_of(c->valuestring));
    else if (cJSON_IsNumber(c))
        print_number(out, c->valuedouble);
    else if (cJSON_IsRaw(c))
        str_adds(out, c->valuestring);
    else
        str_adds(out, cJSON_IsTrue(c) ? "true" : cJSON_IsFalse(c) ? "false" : "null");
}

void json_print(struct str *out, const struct json *j)
{
    print(out, raw(j), -1);
}

void json_print_pretty(struct str *out, const struct json *j)
{
    print(out, raw(j), 0);
}
