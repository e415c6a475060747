/*
 * JSON by its bytes: splits an object or array into the exact source text of its parts, without
 * changing a digit or an escape. Used to keep unknown keys as they came and to stream arrays too
 * large for a tree. It checks structure only as far as it must to find the borders; json_parse
 * decides what is valid.
 */
#ifndef BASE_JSON_RAW_H
#define BASE_JSON_RAW_H

#include <stdbool.h>

#include "base/str.h"

/* Walks the members of an object or the elements of an array. Zero *at before the first call.
 * Each call sets key (with its quotes; empty for elements) and value, both borrowed from text, and
 * returns true; false at the end or where the text is not well formed. */
bool json_raw_next(struct slice text, size_t *at, struct slice *key, struct slice *value);

/* Length of the value that starts at text.at[at], or 0 when it is cut short or malformed. */
size_t json_raw_value(struct slice text, size_t at);

#endif
