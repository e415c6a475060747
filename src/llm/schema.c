#include "llm/schema.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

enum { PATH_MAX_BYTES = 160 };

struct place { /* where in the reply */
    char path[PATH_MAX_BYTES];
    struct error *err;
};

static int check(const struct json *schema, const struct json *value, const struct place *p);

static int fault(const struct place *p, const char *fmt, ...) PRINTF_LIKE(2, 3);

static int fault(const struct place *p, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return error_set(p->err, ERR_INPUT, "%s%s%s", p->path[0] ? p->path : "the reply", ": ", text);
}

static struct place inside(const struct place *p, const char *name)
{
    struct place q = {.err = p->err};
    snprintf(q.path, sizeof q.path, "%.100s%s%.50s", p->path, p->path[0] ? "." : "", name);
    return q;
}

static const char *type_name(const struct json *j)
{
    static const char *const names[] = {"null", "boolean", "number", "string", "array", "object"};
    return names[json_type(j)];
}

static bool is_type(const struct json *value, const char *type)
{
    int64_t whole;
    if (strcmp(type, "integer") == 0)
        return json_int(value, &whole);
    return strcmp(type, type_name(value)) == 0;
}

static int check_type(const struct json *type, const struct json *value, const struct place *p)
{
    if (json_type(type) == JSON_STRING && !is_type(value, json_string(type, "")))
        return fault(p, "%s was expected, not %s", json_string(type, ""), type_name(value));
    if (json_type(type) != JSON_ARRAY)
        return 0;
    for (const struct json *t = json_first(type); t; t = json_next(t)) {
        if (is_type(value, json_string(t, "")))
            return 0;
    }
    return fault(p, "%s is not among the types expected", type_name(value));
}

static bool equal(const struct json *a, const struct json *b)
{
    struct str x = {0}, y = {0};
    json_print(&x, a);
    json_print(&y, b);
    bool same = slice_eq(str_slice(&x), str_slice(&y));
    str_free(&x);
    str_free(&y);
    return same;
}

static int check_enum(const struct json *list, const struct json *value, const struct place *p)
{
    if (json_type(list) != JSON_ARRAY)
        return 0;
    for (const struct json *c = json_first(list); c; c = json_next(c)) {
        if (equal(c, value))
            return 0;
    }
    struct str text = {0};
    json_print(&text, list);
    int result = fault(p, "one of %.160s was expected", str_z(&text));
    str_free(&text);
    return result;
}

static double limit(const struct json *schema, const char *name)
{
    return json_number(json_get(schema, name), NAN);
}

static int check_bounds(const struct json *schema, const struct json *value, const struct place *p)
{
    double n = json_number(value, 0), least = limit(schema, "minimum"), most = limit(schema, "maximum");
    if (n < least)
        return fault(p, "at least %g was expected", least);
    if (n > most)
        return fault(p, "at most %g was expected", most);
    return 0;
}

static int check_size(const struct json *schema, double n, bool text, const struct place *p)
{
    double least = limit(schema, text ? "minLength" : "minItems"), most = limit(schema, text ? "maxLength" : "maxItems");
    const char *what = text ? "characters" : "elements";
    if (n < least)
        return fault(p, "at least %g %s were expected, not %g", least, what, n);
    if (n > most)
        return fault(p, "at most %g %s were expected, not %g", most, what, n);
    return 0;
}

static int check_object(const struct json *schema, const struct json *value, const struct place *p)
{
    const struct json *properties = json_get(schema, "properties"), *more = json_get(schema, "additionalProperties");
    const struct json *required = json_get(schema, "required");
    for (const struct json *r = json_first(required); r; r = json_next(r)) {
        if (!json_get(value, json_string(r, ""))) {
            struct place q = inside(p, json_string(r, ""));
            return fault(&q, "is missing");
        }
    }
    for (const struct json *c = json_first(value); c; c = json_next(c)) {
        const struct json *own = json_type(properties) == JSON_OBJECT ? json_get(properties, json_name(c)) : NULL;
        if (!own && json_type(more) == JSON_BOOL && !json_bool(more, true))
            return fault(p, "it has a member that the schema does not know");
        struct place q = inside(p, own ? json_name(c) : "*");
        if (own && check(own, c, &q) != 0)
            return -1;
    }
    return 0;
}

static int check_array(const struct json *schema, const struct json *value, const struct place *p)
{
    const struct json *items = json_get(schema, "items");
    size_t i = 0;
    for (const struct json *c = json_first(value); items && c; c = json_next(c), i++) {
        struct place q = {.err = p->err};
        snprintf(q.path, sizeof q.path, "%.140s[%zu]", p->path, i);
        if (check(items, c, &q) != 0)
            return -1;
    }
    return check_size(schema, (double)json_size(value), false, p);
}

static int check(const struct json *schema, const struct json *value, const struct place *p)
{
    if (json_type(schema) != JSON_OBJECT)
        return 0;
    if (check_type(json_get(schema, "type"), value, p) != 0 || check_enum(json_get(schema, "enum"), value, p) != 0)
        return -1;
    switch (json_type(value)) {
    case JSON_NUMBER:
        return check_bounds(schema, value, p);
    case JSON_STRING:
        return check_size(schema, (double)utf8_count(slice_of(json_string(value, ""))), true, p);
    case JSON_ARRAY:
        return check_array(schema, value, p);
    case JSON_OBJECT:
        return check_object(schema, value, p);
    case JSON_NULL:
    case JSON_BOOL:
        break;
    }
    return 0;
}

int schema_check(const struct json *schema, const struct json *value, struct error *err)
{
    struct place root = {.err = err};
    return check(schema, value, &root);
}
