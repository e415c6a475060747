/* The part of JSON Schema that hinge's own schemas use: type, properties, required, enum, items, minimum, maximum,
 * minLength, maxLength (in characters), minItems, maxItems, additionalProperties: false. Other keywords are passed
 * over. */
#ifndef LLM_SCHEMA_H
#define LLM_SCHEMA_H

#include "base/json.h"

/* 0, or -1 and err: which field ("spans[2].start"), what was expected. Names that the schema does not know are not
 * repeated (they are the reply's text). A NULL schema fits everything. */
int schema_check(const struct json *schema, const struct json *value, struct error *err);

#endif
