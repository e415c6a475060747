/*
 * JSON trees over cJSON, the only file that knows it. Strings are UTF-8 and never hold NUL: an
 * escaped \u0000 is read as U+FFFD and counted. Numbers are doubles; where a source's exact number
 * text matters (records that must come out as they went in) use json_raw.h, which keeps the bytes.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct json; /* a value; a tree is freed at its root with json_free */

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* Parses one value with nothing but blanks after it. On failure NULL, and err names the byte
 * offset. repaired (may be NULL) is increased by the number of NULs replaced. Invalid UTF-8 must be
 * repaired before (utf8_repair). The caller frees. */
struct json *json_parse(struct slice text, size_t *repaired, struct error *err);
void json_free(struct json *j); /* NULL is fine */

enum json_type json_type(const struct json *j); /* NULL gives JSON_NULL */

/* Members and elements; borrowed. NULL when absent or j is of another type. Names are exact. */
const struct json *json_get(const struct json *object, const char *name);
const struct json *json_at(const struct json *array, size_t index); /* O(index): iterate instead */
size_t json_size(const struct json *j);

/* Iteration over an array's elements or an object's members:
 *     for (const struct json *c = json_first(j); c; c = json_next(c)) */
const struct json *json_first(const struct json *j);
const struct json *json_next(const struct json *child);
const char *json_name(const struct json *member); /* "" for an array's element */

/* Values; the fallback when j is NULL or of another type. Strings are borrowed. */
const char *json_string(const struct json *j, const char *fallback);
double json_number(const struct json *j, double fallback);
bool json_bool(const struct json *j, bool fallback);
/* True and *out set when j is a whole number that fits. */
bool json_int(const struct json *j, int64_t *out);

/* Building: each returns a new value the caller owns until it is put into another. */
struct json *json_new_object(void);
struct json *json_new_array(void);
struct json *json_new_string(const char *text); /* NULL gives null */
struct json *json_new_slice(struct slice text); /* cut at a NUL */
struct json *json_new_number(double value);     /* not finite gives null */
struct json *json_new_bool(bool value);
struct json *json_new_null(void);
/* A piece of JSON text put in as it is; it must be one valid value. */
struct json *json_new_raw(struct slice text);

/* Puts value into object or array, which owns it from then on. Set replaces a member of that name. */
void json_set(struct json *object, const char *name, struct json *value);
void json_push(struct json *array, struct json *value);
void json_set_string(struct json *object, const char *name, const char *text);
void json_set_int(struct json *object, const char *name, int64_t value);
void json_set_number(struct json *object, const char *name, double value);
void json_set_bool(struct json *object, const char *name, bool value);

/* Appends the text: one line, or indented by two spaces. Non-ASCII stays UTF-8. */
void json_print(struct str *out, const struct json *j);
void json_print_pretty(struct str *out, const struct json *j);
/* Appends text as a JSON string with its quotes: the building block for writing lines by hand. */
void json_quote(struct str *out, struct slice text);

#endif
